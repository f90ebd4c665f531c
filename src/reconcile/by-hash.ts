import { setImmediate } from 'node:timers/promises';
import type { Entry } from '../ctim/entry.ts';
import { entryDigest } from '../ctim/external-id.ts';
import { findsInOrder } from '../lists/in-order.ts';
import { type EntriesByHash, makeEntriesByHash } from '../plan/entries-by-hash.ts';
import { H_DESK, layLatin1, makeHashKeys } from '../plan/hash-keys.ts';

const SLICE = 20_000;
/** As many as the cache of lists keeps: of more than that all observables are other objects the next time. */
const KEPT_MAX = 400_000;

/** The latest that were hashed, in their order: what was not parsed again is the same object, and stands a little way on. */
let latest = makeEntriesByHash({ hashes: makeHashKeys(H_DESK), entries: [] });

/** Entries by their h. A million hashes take seconds: other jobs' locks are renewed between slices. */
export async function byHash(entries: readonly Entry[]): Promise<EntriesByHash> {
  const known = latest.columns;
  if (isSame(entries, known.entries)) return latest;
  const place = placesIn(known.entries);
  const hashes = makeHashKeys(H_DESK);
  const rows: Entry[] = [];
  for (const [n, entry] of entries.entries()) {
    const before = place(entry);
    if (before === undefined) layLatin1(entryDigest(entry.channel, entry.list, entry.observable));
    else known.hashes.show(before);
    rows[hashes.add()] = entry;
    if (n % SLICE === SLICE - 1) await setImmediate();
  }
  const desired = makeEntriesByHash({ hashes, entries: rows });
  if (entries.length > 0 && entries.length <= KEPT_MAX) latest = desired;
  return desired;
}

function isSame(a: readonly Entry[], b: readonly Entry[]): boolean {
  return a.length === b.length && a.every((entry, n) => entry === b[n]);
}

function placesIn(entries: readonly Entry[]): (entry: Entry) => number | undefined {
  const find = findsInOrder(entries);
  return ({ observable, list, channel }) =>
    find((it) => it.observable === observable && it.list === list && it.channel === channel);
}
