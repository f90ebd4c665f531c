import type { Entry } from '../ctim/entry.ts';
import { type HashKeys, layHex } from './hash-keys.ts';

/** What is wanted, by h. A map will do; of a million, columns: the entries are there already, and their h cost 40 bytes each. */
export interface EntriesByHash extends ReadonlyMap<string, Entry> {
  readonly columns?: EntryColumns;
}

export interface EntryColumns {
  /** Those of these entries, and maybe others: who knows more of them adds them here, and none changes its number. */
  readonly hashes: HashKeys;
  readonly entries: readonly Entry[];
  /** The number of the h of each entry, in their order. */
  readonly numbers: Int32Array;
}

const NOWHERE = -1;

/** Of several entries of one h the last stands in the place of the first, as in a map. */
export function makeEntriesByHash(
  given: readonly Entry[],
  numbersGiven: Int32Array,
  hashes: HashKeys,
): EntriesByHash & { readonly columns: EntryColumns } {
  const places = new Int32Array(hashes.size).fill(NOWHERE);
  const entries: Entry[] = [];
  const numbers = new Int32Array(given.length);
  for (const [n, entry] of given.entries()) {
    const number = numbersGiven[n] as number;
    const place = places[number] as number;
    if (place !== NOWHERE) {
      entries[place] = entry;
      continue;
    }
    places[number] = entries.length;
    numbers[entries.length] = number;
    entries.push(entry);
  }
  const hexAt = (place: number) => hashes.hex(numbers[place] as number);
  // An h that was added since is none of these.
  const placeOf = (h: string) => (layHex(h) ? (places[hashes.find()] ?? NOWHERE) : NOWHERE);

  function* pairs(): Generator<[string, Entry], undefined> {
    for (const [place, entry] of entries.entries()) yield [hexAt(place), entry];
  }

  function* hs(): Generator<string, undefined> {
    for (let place = 0; place < entries.length; place++) yield hexAt(place);
  }

  return {
    columns: { hashes, entries, numbers },
    size: entries.length,
    get: (h) => entries[placeOf(h)],
    has: (h) => placeOf(h) !== NOWHERE,
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
  const numbers = columns.numbers.filter((_, place) => !isOut(columns.entries[place] as Entry));
  return makeEntriesByHash(
    columns.entries.filter((entry) => !isOut(entry)),
    numbers,
    columns.hashes,
  );
}
