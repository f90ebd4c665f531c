import { type Identity, readableSql } from './access.ts';
import type { Ctia } from './ctia.ts';
import { text } from './documents.ts';
import type { Kind, Stored } from './kinds.ts';
import {
  candidates,
  holdsFor,
  type Narrowing,
  narrowedBy,
  narrowedToCreated,
  narrowedToKind,
  narrowingsOf,
} from './narrowing.ts';
import type { Query } from './query-language.ts';
import { filterMatches, matches } from './query-match.ts';
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
import type { Row, SqlValue, Store } from './store.ts';

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
export interface Search {
  readonly kind: Kind;
  readonly identity: Identity;
  /** Exact and case-insensitive, by path, any of the values. A short or long `id` both find. */
  readonly filters: Readonly<Record<string, readonly string[]>>;
  readonly created: { readonly from: string | undefined; readonly to: string | undefined };
  readonly query: Query | undefined;
  /** Where the query's terms without a field look; everywhere, if it is not given. */
  readonly searchFields?: readonly string[];
  /** Bearing this external id, in any case. */
  readonly externalId?: string;
  /** On this observable, value in any case: a judgement's only one, or one of a sighting's. */
  readonly observable?: { readonly type: string; readonly value: string };
  readonly now: number;
  /** Nobody waits for the answer any more. */
  readonly abandoned?: () => boolean;
}

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
/** So many are read whatever the order: more, and walking an index is cheaper. */
const CANDIDATES_MAX = 5000;
/** Sizes of slices, each of which takes some ten milliseconds. */
const DOCUMENT_SLICE = 250;
const ROW_SLICE = 1000;
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

interface Plan {
  /** The few that an index leaves, in order; undefined where it leaves many. */
  readonly seqs: readonly number[] | undefined;
  /** What SQL says of the row `e`. */
  readonly where: string;
  readonly params: readonly SqlValue[];
  /** Filters that no index answers exactly. */
  readonly filters: readonly (readonly [path: string, values: readonly string[]])[];
  readonly needsDocument: boolean;
}

function planOf(store: Store, search: Search): Plan {
  const { kind, identity, created, externalId, observable, query } = search;
  const readable = readableSql(identity, 'e');
  const clauses = ['+e.type = ?', readable.sql];
  const params: SqlValue[] = [kind.name, ...readable.params];
  const narrowings: Narrowing[] = [];
  const filters: (readonly [string, readonly string[]])[] = [];
  if (externalId !== undefined) narrowings.push(...some(narrowedBy(kind.name, 'external_ids', externalId)));
  if (observable !== undefined) {
    narrowings.push(...some(narrowedBy(kind.name, `${observablePath(kind)}.value`, observable.value)));
  }
  for (const [path, values] of Object.entries(search.filters)) {
    const parts = values.map((value) => narrowedBy(kind.name, path, value));
    if (parts.every((part) => part !== undefined)) {
      const exact = parts.every((part) => part.exact);
      narrowings.push({ of: parts.flatMap((part) => part.of), exact });
      if (exact) continue;
    }
    filters.push([path, values]);
  }
  narrowings.push(...narrowingsOf(kind.name, query));
  if (created.from !== undefined || created.to !== undefined) {
    const from = created.from === undefined ? 0 : Date.parse(created.from);
    const to = created.to === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(created.to);
    narrowings.push(narrowedToCreated(kind.name, from, to));
  }
  for (const narrowing of narrowings) {
    const { sql, params: more } = holdsFor(narrowing);
    clauses.push(sql);
    params.push(...more);
  }
  let seqs: number[] | undefined;
  for (const narrowing of [...narrowings, narrowedToKind(kind.name)]) {
    seqs = candidates(store, narrowing, CANDIDATES_MAX);
    if (seqs !== undefined) break;
  }
  return {
    seqs,
    where: clauses.join(' AND '),
    params,
    filters,
    needsDocument: query !== undefined || observable !== undefined || filters.length > 0,
  };
}

function some(narrowing: Narrowing | undefined): Narrowing[] {
  return narrowing === undefined ? [] : [narrowing];
}

function observablePath(kind: Kind): string {
  return kind.name === 'judgement' ? 'observable' : 'observables';
}

interface Matched {
  readonly row: EntityRow;
  readonly document: Stored | undefined;
}

const COLUMNS = 'e.seq, e.id, e.created, e.timestamp';

/** Everything that matches, a slice at a time, in the order of `seq`. */
export async function* matching(
  store: Store,
  search: Search,
  plan = planOf(store, search),
  needsDocument = false,
): AsyncGenerator<readonly Matched[]> {
  const read = plan.needsDocument || needsDocument;
  const size = read ? DOCUMENT_SLICE : ROW_SLICE;
  if (plan.seqs !== undefined) {
    const sql = `SELECT ${COLUMNS} FROM json_each(?) k JOIN entity e ON e.seq = k.value WHERE ${plan.where}`;
    for (let at = 0; at < plan.seqs.length; at += size) {
      const seqs = JSON.stringify(plan.seqs.slice(at, at + size));
      yield matched(store, search, plan, store.rows(sql, [seqs, ...plan.params]).map(entityRow), read);
      await others(search);
    }
    return;
  }
  const sql = `SELECT ${COLUMNS} FROM entity e WHERE ${plan.where} AND e.seq > ? AND e.seq <= ?`;
  const last = lastSeq(store);
  for (let from = 0; from < last; from += size) {
    yield matched(store, search, plan, store.rows(sql, [...plan.params, from, from + size]).map(entityRow), read);
    await others(search);
  }
}

/** Those of some rows that match in full. The rows have been read just now, so their documents are there. */
function matched(store: Store, search: Search, plan: Plan, rows: readonly EntityRow[], read: boolean): Matched[] {
  if (!read) return rows.map((row) => ({ row, document: undefined }));
  const texts = textsOf(store, rows);
  return rows.flatMap((row) => {
    const document = JSON.parse(texts.get(row.seq) ?? '{}') as Stored;
    return holds(search, plan, document) ? [{ row, document }] : [];
  });
}

function holds({ query, searchFields, observable, kind, now }: Search, plan: Plan, document: Stored): boolean {
  if (!plan.filters.every(([path, values]) => filterMatches(document, path, values))) return false;
  if (observable !== undefined) {
    const on = [document[observablePath(kind)]].flat() as { type: string; value: string }[];
    const value = observable.value.toLowerCase();
    if (!on.some((one) => one.type === observable.type && one.value.toLowerCase() === value)) return false;
  }
  return query === undefined || matches(query, document, { fields: searchFields, now });
}

/** A range of an index, in its order. `within` starts it, `beyond` goes on behind a row. */
interface Walk {
  readonly within: { readonly sql: string; readonly params: readonly SqlValue[] };
  readonly beyond: (row: EntityRow) => { readonly sql: string; readonly params: readonly SqlValue[] };
  readonly order: string;
}

/** The orders that an index has, if all their fields go the same way. */
const WALKED: readonly (readonly (keyof EntityRow)[])[] = [['id'], ['created', 'id'], ['timestamp', 'created', 'id']];

function walkOf(kind: Kind, { fields }: Order, cursor: readonly SortValue[] | undefined): Walk | undefined {
  const columns = WALKED.find(
    (walked) => fields.every(({ name }, i) => name === walked[i]) && fields[0]?.name === walked[0],
  );
  const descending = fields[0]?.descending === true;
  if (columns === undefined || fields.some((field) => field.descending !== descending)) return undefined;
  const byTimestamp = columns[0] === 'timestamp';
  // That index leaves out relationships, whose default sort is another.
  if ((byTimestamp && kind.name === 'relationship') || cursor?.includes(null) === true) return undefined;
  const sign = descending ? '<' : '>';
  const range =
    columns[0] === 'id'
      ? { sql: 'e.id > ? AND e.id < ?', params: [`${kind.name}-`, `${kind.name}.`] }
      : { sql: `e.type = ?${byTimestamp ? " AND e.type <> 'relationship'" : ''}`, params: [kind.name] };
  function behind(values: readonly SqlValue[]) {
    const [first = '', last = ''] = range.params;
    // One bound on each side: of two SQLite would start at either.
    if (columns?.[0] === 'id') {
      const id = String(values[0]);
      return { sql: range.sql, params: descending ? [first, id < last ? id : last] : [id > first ? id : first, last] };
    }
    const names = columns?.slice(0, values.length).map((name) => `e.${name}`);
    return {
      sql: `${range.sql} AND (${names}) ${sign} (${values.map(() => '?')})`,
      params: [...range.params, ...values],
    };
  }
  return {
    within: cursor === undefined ? range : behind(cursor),
    beyond: (row) => behind(columns.map((name) => row[name])),
    order: columns.map((name) => `e.${name}${descending ? ' DESC' : ''}`).join(', '),
  };
}

/** Everything that matches in the order of an index. The first slice is a page, which is enough where all of it matches. */
async function* walked(
  store: Store,
  search: Search,
  plan: Plan,
  walk: Walk,
  limit: number,
): AsyncGenerator<readonly Matched[]> {
  const most = plan.needsDocument ? DOCUMENT_SLICE : ROW_SLICE;
  let range = walk.within;
  for (let size = Math.min(limit + 1, most); ; size = most) {
    const rows = store.rows(
      `SELECT ${COLUMNS}, ${plan.where} AS holds FROM
         (SELECT * FROM entity e WHERE ${range.sql} ORDER BY ${walk.order} LIMIT ?) e ORDER BY ${walk.order}`,
      [...plan.params, ...range.params, size],
    );
    const holding = rows.filter((row) => row.holds === 1).map(entityRow);
    yield matched(store, search, plan, holding, plan.needsDocument);
    const last = rows.at(-1);
    if (last === undefined || rows.length < size) return;
    range = walk.beyond(entityRow(last));
    await others(search);
  }
}

function entityRow(row: Row): EntityRow {
  return { seq: Number(row.seq), id: text(row, 'id'), created: Number(row.created), timestamp: Number(row.timestamp) };
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

function textsOf(store: Store, rows: readonly EntityRow[]): Map<number, string> {
  const sql = 'SELECT d.seq, d.document FROM json_each(?) k JOIN document d ON d.seq = k.value';
  const found = store.rows(sql, [JSON.stringify(rows.map(({ seq }) => seq))]);
  return new Map(found.map((row) => [Number(row.seq), text(row, 'document')]));
}

function lastSeq(store: Store): number {
  return Number(store.rows('SELECT max(seq) AS last FROM entity')[0]?.last ?? 0);
}

/** Other requests have their turn. */
async function others({ abandoned }: Search): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  if (abandoned?.() === true) throw new Error('the client hung up');
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
