import { setImmediate } from 'node:timers/promises';
import type { Entry } from '../ctim/entry.ts';
import { entryDigest, entryHash } from '../ctim/external-id.ts';
import { findsInOrder } from '../lists/in-order.ts';
import { type EntriesByHash, makeEntriesByHash } from '../plan/entries-by-hash.ts';
import { H_DESK, layLatin1, makeHashKeys } from '../plan/hash-keys.ts';

const SLICE = 20_000;
/** As many as the cache of lists keeps: of more than that all observables are other objects the next time. */
const KEPT_MAX = 400_000;

/**
 * The latest that were hashed, in their order: what was not parsed again is the same object, and stands a little way on.
 * Their hashes keep their numbers: one that is new is added to those that are known, for whoever looks at them as well.
 */
let latest = {
  entries: [] as readonly Entry[],
  numbers: new Int32Array(),
  byHash: makeEntriesByHash([], new Int32Array(), makeHashKeys(H_DESK)),
};

/** Of hashes that no entry has any more there may be as many as of others, and these. */
const SPARE_MAX = 10_000;

/** Entries by their h. A million hashes take seconds: other jobs' locks are renewed between slices. */
export async function byHash(entries: readonly Entry[]): Promise<EntriesByHash> {
  const before = latest;
  if (isSame(entries, before.entries)) return before.byHash;
  const known = before.byHash.columns.hashes;
  const isWorn = known.size > 2 * entries.length + SPARE_MAX;
  const hashes = isWorn ? makeHashKeys(H_DESK) : known;
  const place = placesIn(before.entries);
  const numbers = new Int32Array(entries.length);
  for (const [n, entry] of entries.entries()) {
    const found = place(entry);
    const number = found === undefined ? undefined : before.numbers[found];
    if (number !== undefined && !isWorn) numbers[n] = number;
    else {
      if (number === undefined) layLatin1(entryDigest(entry.channel, entry.list, entry.observable));
      else known.show(number);
      numbers[n] = hashes.add();
    }
    if (n % SLICE === SLICE - 1) await setImmediate();
  }
  const desired = makeEntriesByHash(entries, numbers, hashes);
  if (entries.length > 0 && entries.length <= KEPT_MAX) latest = { entries, numbers, byHash: desired };
  return desired;
}

/** Their h, for who only asks which. */
export async function hashesOf(entries: readonly Entry[]): Promise<string[]> {
  const hs: string[] = [];
  for (const { channel, list, observable } of entries)
    if (hs.push(entryHash(channel, list, observable)) % SLICE === 0) await setImmediate();
  return hs;
}

function isSame(a: readonly Entry[], b: readonly Entry[]): boolean {
  return a.length === b.length && a.every((entry, n) => entry === b[n]);
}

function placesIn(entries: readonly Entry[]): (entry: Entry) => number | undefined {
  const find = findsInOrder(entries);
  return (entry) => {
    const { observable, list, channel } = entry;
    return find((it) => it === entry || (it.observable === observable && it.list === list && it.channel === channel));
  };
}
