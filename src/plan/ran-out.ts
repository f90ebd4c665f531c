import type { Entry } from '../ctim/entry.ts';
import { entryHash } from '../ctim/external-id.ts';
import { type Actual, isDead } from './actual.ts';
import { wasWithdrawn } from './documents.ts';
import type { EntriesByHash } from './entries-by-hash.ts';

/**
 * Entries of lists with `renew: false` that had their time: the judgement tells, whatever became of Redis. They are listed
 * and not desired. Another lifetime in the list is another time; what was withdrawn had not run out.
 */
export function findRanOut(desired: EntriesByHash, actual: Actual, now: number): Map<string, Entry> {
  const ranOut = new Map<string, Entry>();
  for (const entry of desired.values()) {
    const { lifetime } = entry.terms;
    if (lifetime.kind !== 'runs-out') continue;
    const h = entryHash(entry.channel, entry.list, entry.observable);
    const known = actual.judgements.get(h) ?? [];
    const had = known.some((stored) => stored.once && stored.lifetimeMs === lifetime.ms && !wasWithdrawn(stored));
    if (had && known.every((stored) => isDead(stored, now))) ranOut.set(h, entry);
  }
  return ranOut;
}
