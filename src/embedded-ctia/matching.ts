import { type Identity, readableSql } from './access.ts';
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
import { Refusal } from './refusal.ts';
import type { EntityRow } from './sorting.ts';
import type { Row, SqlValue, Store } from './store.ts';

/** What is looked for: one kind, by one caller. */
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

/** So many are read whatever the order: more, and walking an index is cheaper. */
const CANDIDATES_MAX = 5000;
/** Sizes of slices, each of which takes some ten milliseconds. */
export const DOCUMENT_SLICE = 250;
export const ROW_SLICE = 1000;

export interface Plan {
  /** The few that an index leaves, in order; undefined where it leaves many. */
  readonly seqs: readonly number[] | undefined;
  /** What SQL says of the row `e`. */
  readonly where: string;
  readonly params: readonly SqlValue[];
  /** Filters that no index answers exactly. */
  readonly filters: readonly (readonly [path: string, values: readonly string[]])[];
  readonly needsDocument: boolean;
}

export function planOf(store: Store, search: Search): Plan {
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

export interface Matched {
  readonly row: EntityRow;
  readonly document: Stored | undefined;
}

export const COLUMNS = 'e.seq, e.id, e.created, e.timestamp';

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
export function matched(
  store: Store,
  search: Search,
  plan: Plan,
  rows: readonly EntityRow[],
  read: boolean,
): Matched[] {
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

export function entityRow(row: Row): EntityRow {
  return { seq: Number(row.seq), id: text(row, 'id'), created: Number(row.created), timestamp: Number(row.timestamp) };
}

export function textsOf(store: Store, rows: readonly EntityRow[]): Map<number, string> {
  const sql = 'SELECT d.seq, d.document FROM json_each(?) k JOIN document d ON d.seq = k.value';
  const found = store.rows(sql, [JSON.stringify(rows.map(({ seq }) => seq))]);
  return new Map(found.map((row) => [Number(row.seq), text(row, 'document')]));
}

export function lastSeq(store: Store): number {
  return Number(store.rows('SELECT max(seq) AS last FROM entity')[0]?.last ?? 0);
}

/** Other requests have their turn. */
export async function others({ abandoned }: Pick<Search, 'abandoned'>): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  // Nobody reads this answer, and it is no failure that a log should tell.
  if (abandoned?.() === true) throw new Refusal(499, undefined);
}
