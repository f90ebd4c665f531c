import type { Entry } from '../ctim/entry.ts';
import { H_DESK, type HashKeys, layHex, makeHashKeys } from './hash-keys.ts';

/** What is wanted, by h. A map will do; of a million, columns: the entries are there already, and their h cost 40 bytes each. */
export interface EntriesByHash extends ReadonlyMap<string, Entry> {
  readonly columns?: EntryColumns;
}

export interface EntryColumns {
  /** The number of an h is the place of its entry. */
  readonly hashes: HashKeys;
  readonly entries: readonly Entry[];
}

export function makeEntriesByHash(columns: EntryColumns): EntriesByHash & { readonly columns: EntryColumns } {
  const { hashes, entries } = columns;

  function* pairs(): Generator<[string, Entry], undefined> {
    for (const [n, entry] of entries.entries()) yield [hashes.hex(n), entry];
  }

  function* hs(): Generator<string, undefined> {
    for (let n = 0; n < entries.length; n++) yield hashes.hex(n);
  }

  return {
    columns,
    size: entries.length,
    get: (h) => (layHex(h) ? entries[hashes.find()] : undefined),
    has: (h) => layHex(h) && hashes.find() >= 0,
    entries: pairs,
    keys: hs,
    values: () => entries.values(),
    forEach(callback) {
      for (const [h, entry] of pairs()) callback(entry, h, this);
    },
    [Symbol.iterator]: pairs,
  };
}

/** The same without some of them. */
export function withoutEntries(desired: EntriesByHash, isOut: (entry: Entry) => boolean): EntriesByHash {
  const { columns } = desired;
  if (columns === undefined) return new Map([...desired].filter(([, entry]) => !isOut(entry)));
  const hashes = makeHashKeys(H_DESK);
  const entries: Entry[] = [];
  for (const [n, entry] of columns.entries.entries()) {
    if (isOut(entry)) continue;
    columns.hashes.show(n);
    hashes.add();
    entries.push(entry);
  }
  return makeEntriesByHash({ hashes, entries });
}
