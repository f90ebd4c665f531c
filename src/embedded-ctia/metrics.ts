import type { Ctia } from './ctia.ts';
import { offsetMs } from './instants.ts';
import type { Stored } from './kinds.ts';
import { matching, type Search } from './matching.ts';
import { valuesAt } from './query-match.ts';

/** A value of a field, or the start of a span of time, and how many documents have it. */
export interface Bucket {
  readonly key: string | number;
  readonly value: number;
}

/** How many documents the search finds have each of the keys; `total` are those that have any, or that were found at all. */
export interface Tally {
  readonly total: number;
  readonly counts: ReadonlyMap<string | number, number>;
}

/** Texts count in lower case, as they are indexed. A document counts once for each of its values. */
export function tallyValues(ctia: Ctia, search: Search, field: string): Promise<Tally> {
  return tally(ctia, search, (document) =>
    valuesAt(document, field).map((value) => (typeof value === 'number' ? value : String(value).toLowerCase())),
  );
}

/** Of the values within `from` (inclusive) and `to`, the starts of the spans that they fall into. */
export async function tallyDates(
  ctia: Ctia,
  search: Search,
  { field, from, to, granularity, timezone }: DatesAsked,
): Promise<Tally> {
  const { counts } = await tally(ctia, search, (document) =>
    valuesAt(document, field)
      .map((value) => Date.parse(String(value)))
      .filter((ms) => from <= ms && ms < to)
      .map((ms) => startOf(granularity, ms + offsetMs(timezone))),
  );
  return { total: [...counts.values()].reduce((sum, count) => sum + count, 0), counts };
}

export interface DatesAsked {
  readonly field: string;
  readonly from: number;
  readonly to: number;
  readonly granularity: Granularity;
  readonly timezone: string;
}

async function tally(
  { store }: Ctia,
  search: Search,
  keysOf: (document: Stored) => readonly (string | number)[],
): Promise<Tally> {
  const counts = new Map<string | number, number>();
  let total = 0;
  for await (const slice of matching(store, search, undefined, true)) {
    total += slice.length;
    for (const { document } of slice) {
      const keys = document === undefined ? [] : keysOf(document);
      for (const key of new Set(keys)) counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return { total, counts };
}

/** The most frequent, or the rarest; of equals the smaller key comes first. */
export function topn({ counts }: Tally, limit: number, order: 'asc' | 'desc'): Bucket[] {
  const sign = order === 'asc' ? 1 : -1;
  const sorted = [...counts].sort(([a, m], [b, n]) => sign * (m - n) || (a < b ? -1 : 1));
  return sorted.slice(0, limit).map(([key, value]) => ({ key, value }));
}

export type Granularity = 'day' | 'week' | 'month';

/** From the first span that holds something to the last; those between them also where they are empty. */
export function histogram({ counts }: Tally, granularity: Granularity, timezone: string): Bucket[] {
  const starts = [...counts.keys()].map(Number);
  const last = Math.max(...starts);
  const zone = timezone === '+00:00' ? 'Z' : timezone;
  const buckets: Bucket[] = [];
  for (let start = Math.min(...starts); start <= last; start = startOf(granularity, start + LONGER_THAN[granularity])) {
    buckets.push({ key: new Date(start).toISOString().replace('Z', zone), value: counts.get(start) ?? 0 });
  }
  return buckets;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** From the start of a span by so much, one is in the next. */
const LONGER_THAN: Readonly<Record<Granularity, number>> = { day: DAY_MS, week: 7 * DAY_MS, month: 31 * DAY_MS };

/** In local time, that is of the asked zone. Weeks begin on Monday; the epoch's first day was a Thursday. */
function startOf(granularity: Granularity, ms: number): number {
  const day = Math.floor(ms / DAY_MS);
  if (granularity === 'day') return day * DAY_MS;
  if (granularity === 'week') return (day - ((day + 3) % 7)) * DAY_MS;
  const date = new Date(ms);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}
