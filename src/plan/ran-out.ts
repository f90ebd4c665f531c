import type { Entry } from '../ctim/entry.ts';
import { type Actual, type ActualJudgement, isDead } from './actual.ts';

/**
 * Entries of lists with `renew: false` that had their time: the judgement tells, whatever became of Redis. They are listed
 * and not desired. Another lifetime in the list is another time; what was withdrawn had not run out.
 */
export function findRanOut(desired: ReadonlyMap<string, Entry>, actual: Actual, now: number): Map<string, Entry> {
  const ranOut = new Map<string, Entry>();
  for (const [h, entry] of desired) {
    const { lifetime } = entry.terms;
    if (lifetime.kind !== 'runs-out') continue;
    const known = actual.judgements.get(h) ?? [];
    const had = known.some((stored) => stored.once && stored.lifetimeMs === lifetime.ms && !wasWithdrawn(stored));
    if (had && known.every((stored) => isDead(stored, now))) ranOut.set(h, entry);
  }
  return ranOut;
}

/** Of what could only be ended one by one the mark *once* is left, and the reason tells. */
function wasWithdrawn({ words }: ActualJudgement): boolean {
  return / withdrawn \S+$/.test(words.reason ?? '');
}
