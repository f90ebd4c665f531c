/**
 * How the commit that lists are of stands to the one that was applied last, in the history at hand:
 *   same      they are one
 *   newer     it contains the other
 *   older     the other contains it
 *   apart     neither: a branch, or history that was rewritten
 *   unknown   the other is not in this checkout: rewritten elsewhere, or the checkout is shallow
 */
export type Standing = 'same' | 'newer' | 'older' | 'apart' | 'unknown';
