import type { FeedName } from '../ctim/feed.ts';
import { type Actual, type ActualJudgement, glances, isLive } from './actual.ts';
import type { Change } from './change.ts';
import { SLICE, type Sliced } from './slices.ts';

export interface Collecting {
  readonly now: number;
  readonly actual: Actual;
  readonly desired: Pick<ReadonlyMap<string, unknown>, 'has'>;
  /** Entries that are listed and had their time, by h: neither desired nor collected. */
  readonly ranOut?: ReadonlySet<string>;
  /** How long what is dead stays. */
  readonly collectAfterMs?: number | undefined;
}

/** Unless the settings say otherwise: long enough to see what was there, and to come back in place. */
export const COLLECT_AFTER_MS = 30 * 24 * 60 * 60 * 1000;

/**
 * Dead judgements cost every pull of a feed that their link is in, so after a time they are deleted, with all of their links:
 *
 *   of an entry that is        | dead for longer than the settings say
 *   ---------------------------+---------------------------------------------------
 *   not listed any more        | collected
 *   listed, another one lives  | collected: a generation before; only where it was followed as long ago, so that what
 *                              | brings an entry back does not ask for more work at once
 *   listed, and ran out        | stays: were it gone, it would be made anew
 *   listed, none lives         | stays: it is revived
 */
export function* collectsInSlices(
  { actual, desired, ranOut, now, collectAfterMs = COLLECT_AFTER_MS }: Collecting,
  feedOf: (stored: ActualJudgement) => FeedName | undefined,
): Sliced<Change[]> {
  const changes: Change[] = [];
  const before = now - collectAfterMs;
  let done = 0;
  const old = new Set<string>();
  for (const held of glances(actual.judgements, () => before)) {
    old.add(held.h);
    if (++done % SLICE === 0) yield;
  }
  for (const h of old) {
    if (++done % SLICE === 0) yield;
    if (ranOut?.has(h)) continue;
    const those = actual.judgements.get(h) ?? [];
    const listed = desired.has(h);
    if (listed && !those.some((stored) => isLive(stored, now))) continue;
    for (const stored of those) {
      if (stored.end >= before || (listed && !wasFollowed(stored, those, before))) continue;
      changes.push({ kind: 'collect', feed: feedOf(stored), stored });
    }
  }
  return changes;
}

/** By a later generation, which may be dead by now too, or by the living one. */
function wasFollowed(stored: ActualJudgement, those: readonly ActualJudgement[], before: number): boolean {
  return those.some((it) => it !== stored && it.start < before && (it.g > stored.g || it.end >= before));
}
