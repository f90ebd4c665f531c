import { type Observable, sameObservable } from '../ctim/observable.ts';
import type { Actual, ActualJudgement } from './actual.ts';

/**
 * Where a tenant lets us import and not replace, what goes on is made anew with the next generation, long before the end
 * of the one before it: the observable never leaves its feed.
 *
 *   its predecessor                     | what becomes of it
 *   ------------------------------------+------------------------------------------------------------
 *   ends no later than its successor    | it lapses by itself: no duplicate, and no request
 *   would outlive it                    | ended, once the successor is known live
 *   is on another observable (edited)   | the same: it stands in the feed for something else
 */
export function mustEnd(
  predecessor: Pick<ActualJudgement, 'end' | 'observable'>,
  successor: { readonly end: number; readonly observable: Observable },
): boolean {
  return predecessor.end > successor.end || !sameObservable(predecessor.observable, successor.observable);
}

/** One more than any judgement or link of this entry that we know of, dead ones included: their ids stay taken. */
export function nextGeneration({ judgements, dangling }: Actual, h: string): number {
  const known = judgements.get(h) ?? [];
  const links = [...known.flatMap((judgement) => judgement.links), ...(dangling.get(h) ?? [])];
  return Math.max(nextOf(known), nextOf(links));
}

export function nextOf(those: readonly { g: number }[]): number {
  return those.reduce((next, { g }) => Math.max(next, g + 1), 0);
}

/** The highest generation; of equal ones, which only a race makes, the smallest id. */
export function latestFirst(a: ActualJudgement, b: ActualJudgement): number {
  return b.g - a.g || (a.id < b.id ? -1 : 1);
}
