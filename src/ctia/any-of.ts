/**
 * Many values in one search, as a query has them: `("a" OR "b")`. A request line of more than 8 KiB may be refused, so of
 * long values fewer go into one.
 */
const VALUES_MAX = 40;
const CHARS_MAX = 6000;
/** Quotes and ` OR `, encoded. */
const AROUND_CHARS = 14;

export function anyOf(values: readonly string[]): string {
  return `(${values.map((value) => `"${value.replace(/["\\]/g, '\\$&')}"`).join(' OR ')})`;
}

/** In their order, each group for one search. */
export function* perSearch(values: Iterable<string>): Generator<readonly string[]> {
  let group: string[] = [];
  let room = CHARS_MAX;
  for (const value of values) {
    const chars = encodeURIComponent(value).length + AROUND_CHARS;
    if (group.length === VALUES_MAX || (group.length > 0 && chars > room)) {
      yield group;
      group = [];
      room = CHARS_MAX;
    }
    group.push(value);
    room -= chars;
  }
  if (group.length > 0) yield group;
}
