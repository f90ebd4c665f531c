import type { Ctia } from './ctia.ts';
import { lastSeq, matching, others, planOf, ROW_SLICE, type Search, textsOf } from './matching.ts';
import { queryRefusal } from './refusal.ts';
import {
  compareSorted,
  cursorOf,
  type EntityRow,
  type Order,
  orderOf,
  type SortField,
  type SortValue,
  sortValues,
} from './sorting.ts';
import type { Store } from './store.ts';
import { walked, walkOf } from './walking.ts';

export interface Page {
  readonly sort: readonly SortField[];
  readonly limit: number;
  readonly offset: number;
  readonly after: readonly string[] | undefined;
}

export interface Found {
  readonly total: number;
  /** How many hits the page has. Of a hit that is deleted while the page is put together the document is missing. */
  readonly hits: number;
  readonly documents: readonly string[];
  /** Of the last hit; undefined where there is none. */
  readonly sortValues: readonly SortValue[] | undefined;
}

/** `offset + limit` may not go beyond it; `search_after` does. */
const RESULT_WINDOW = 10_000;
/** Rows, of which a slice takes some ten milliseconds. */
const COUNT_SLICE = 20_000;

interface Hit {
  readonly row: EntityRow;
  readonly values: readonly SortValue[];
}

export async function count({ store, documents }: Pick<Ctia, 'store' | 'documents'>, search: Search): Promise<number> {
  const key = totalKey(search, documents.version(search.kind.name));
  const known = totalsOf(store).get(key);
  if (known !== undefined) return known;
  const plan = planOf(store, search);
  let total = 0;
  if (plan.seqs === undefined && !plan.needsDocument) {
    const last = lastSeq(store);
    const sql = `SELECT count(*) AS total FROM entity e WHERE ${plan.where} AND e.seq > ? AND e.seq <= ?`;
    for (let from = 0; from < last; from += COUNT_SLICE) {
      total += Number(store.rows(sql, [...plan.params, from, from + COUNT_SLICE])[0]?.total);
      await others(search);
    }
  } else {
    for await (const slice of matching(store, search, plan)) total += slice.length;
  }
  remember(store, key, total);
  return total;
}

/**
 * One search over one kind. Three ways lead through the store:
 *
 *   an index leaves few (exact term, source, observable, created …)   those few are read, whatever the order
 *   the order is that of an index (id, the default sorts)             it is walked from the cursor until the page is full
 *   neither                                                           everything is read; the best of it are kept
 *
 * Nothing is read but in slices, between which other requests are answered. A write between two slices may be in the answer
 * or not, but what was there all the time, and stays as it is, is found once: the few are fixed at the start, `seq` never
 * changes, and neither does an id; only who sorts by `timestamp` may meet a record again that was moved on meanwhile.
 *
 * The total is exact. Counting takes time in proportion to the store, so it is remembered until that kind is written to:
 * who walks a million documents in pages counts them once.
 */
export async function find(ctia: Pick<Ctia, 'store' | 'documents'>, search: Search, page: Page): Promise<Found> {
  const { store } = ctia;
  const { limit } = page;
  // A cursor makes the offset irrelevant.
  const offset = page.after === undefined ? page.offset : 0;
  if (limit < 0 || page.offset < 0) throw queryRefusal('[from] and [size] cannot be negative');
  if (offset + limit > RESULT_WINDOW) {
    throw queryRefusal(
      `Result window is too large, from + size must be less than or equal to: [${RESULT_WINDOW}] but was [${offset + limit}]`,
    );
  }
  const order = orderOf(page.sort, search.kind);
  const cursor = cursorOf(order, page.after);
  const plan = planOf(store, search);
  const key = totalKey(search, ctia.documents.version(search.kind.name));
  // Where documents have to be read, the first page counts while it reads them all; those after it walk.
  const counted = totalsOf(store).has(key) || !plan.needsDocument;
  const walk = plan.seqs === undefined && counted ? walkOf(search.kind, order, cursor) : undefined;
  const wanted = offset + limit;
  let hits: Hit[] = [];
  let total = 0;
  if (walk !== undefined) {
    total = await count(ctia, search);
    for await (const slice of walked(store, search, plan, walk, limit)) {
      for (const { row } of slice) hits.push({ row, values: sortValues(order, row, undefined) });
      if (hits.length >= wanted || (cursor === undefined && hits.length >= total)) break;
    }
  } else {
    for await (const slice of matching(store, search, plan, order.needsDocument)) {
      total += slice.length;
      for (const { row, document } of slice) {
        const values = sortValues(order, row, document);
        if (cursor === undefined || compareSorted(order, values, cursor) > 0) hits.push({ row, values });
      }
      if (hits.length > 2 * RESULT_WINDOW) hits = best(hits, order, wanted);
    }
    hits = best(hits, order, wanted);
    remember(store, key, total);
  }
  hits = hits.slice(offset, wanted);
  return {
    total,
    hits: hits.length,
    documents: await documentsOf(store, search, hits),
    sortValues: hits.at(-1)?.values,
  };
}

function best(hits: Hit[], order: Order, wanted: number): Hit[] {
  return hits.sort((a, b) => compareSorted(order, a.values, b.values) || a.row.seq - b.row.seq).slice(0, wanted);
}

async function documentsOf(store: Store, search: Search, hits: readonly Hit[]): Promise<string[]> {
  const found: string[] = [];
  for (let at = 0; at < hits.length; at += ROW_SLICE) {
    if (at > 0) await others(search);
    const rows = hits.slice(at, at + ROW_SLICE).map(({ row }) => row);
    const texts = textsOf(store, rows);
    for (const { seq } of rows) found.push(...[texts.get(seq)].filter((document) => document !== undefined));
  }
  return found;
}

const TOTALS_KEPT = 256;
const totals = new WeakMap<Store, Map<string, number>>();

function totalsOf(store: Store): Map<string, number> {
  const known = totals.get(store) ?? new Map<string, number>();
  totals.set(store, known);
  return known;
}

function totalKey({ kind, identity, now, abandoned: _, ...rest }: Search, version: number): string {
  const asked = JSON.stringify(rest);
  const { login, groups } = identity;
  return JSON.stringify([kind.name, version, login, groups, asked, asked.includes('"now') ? now : 0]);
}

function remember(store: Store, key: string, total: number): void {
  const known = totalsOf(store);
  if (known.size >= TOTALS_KEPT) known.delete(known.keys().next().value ?? key);
  known.set(key, total);
}
