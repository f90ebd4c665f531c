import { setImmediate } from 'node:timers/promises';
import type { Entry } from '../ctim/entry.ts';
import { entryHash } from '../ctim/external-id.ts';
import { findsInOrder } from '../lists/in-order.ts';

const SLICE = 20_000;
/** As many as the cache of lists keeps: of more than that all observables are other objects the next time. */
const KEPT_MAX = 400_000;
interface Hashed {
  readonly entries: readonly Entry[];
  readonly hs: readonly string[];
}

/** The latest that were hashed, in their order: what was not parsed again is the same object, and stands a little way on. */
let latest: Hashed = { entries: [], hs: [] };

/** Entries by their h. A million hashes take seconds: other jobs' locks are renewed between slices. */
export async function byHash(entries: readonly Entry[]): Promise<Map<string, Entry>> {
  const desired = new Map<string, Entry>();
  if (entries.length === 0) return desired;
  const known = knownHashes(latest);
  const hs: string[] = [];
  for (const [n, entry] of entries.entries()) {
    const h = known(entry) ?? entryHash(entry.channel, entry.list, entry.observable);
    desired.set(h, entry);
    hs.push(h);
    if (n % SLICE === SLICE - 1) await setImmediate();
  }
  if (entries.length <= KEPT_MAX) latest = { entries, hs };
  return desired;
}

function knownHashes({ entries, hs }: Hashed): (entry: Entry) => string | undefined {
  const find = findsInOrder(entries);
  return ({ observable, list, channel }) =>
    hs[find((it) => it.observable === observable && it.list === list && it.channel === channel) ?? -1];
}
