import { type Identity, readableSql } from './access.ts';
import { externalKey } from './documents.ts';
import { shortIdOf } from './ids.ts';
import { isoInstant } from './instants.ts';
import type { Kind, Stored } from './kinds.ts';
import type { Query } from './query-language.ts';
import { matches } from './query-match.ts';
import { queryRefusal } from './refusal.ts';
import type { Row, SqlValue, Store } from './store.ts';

/**
 * One search over one kind. Filters and sorting are SQL. A Lucene query is not: it is matched against each document that the
 * filters and the query's own exact terms (observable, external id, reference) leave, one at a time, so memory does not
 * grow with the store; a query without such a term reads all documents of its kind.
 */
export interface Search {
  readonly kind: Kind;
  readonly identity: Identity;
  /** Exact and case-insensitive, by path. A short or long `id` both find. */
  readonly filters: Readonly<Record<string, string>>;
  readonly created: { readonly from: string | undefined; readonly to: string | undefined };
  readonly query: Query | undefined;
  /** Bearing this external id, in any case. */
  readonly externalId?: string;
  readonly now: number;
}

export interface Page {
  readonly sort: readonly SortField[];
  readonly limit: number;
  readonly offset: number;
  readonly after: readonly string[] | undefined;
}

export interface Found {
  readonly total: number;
  readonly documents: string[];
  /** Of the last document; undefined where there is none. */
  readonly sortValues: readonly SortValue[] | undefined;
}

/** `null` where the document has no such field. */
export type SortValue = string | number | null;

export interface SortField {
  readonly name: string;
  readonly descending: boolean;
}

/** The document of the row `e`, read only where it is needed. */
const DOCUMENT = '(SELECT document FROM document WHERE document.seq = e.seq)';

/** `offset + limit` may not go beyond it; `search_after` does. */
const RESULT_WINDOW = 10_000;

export function count(store: Store, search: Search): number {
  const { from, where, params } = restriction(search);
  if (search.query === undefined) {
    return Number(store.rows(`SELECT count(*) AS total FROM ${from} WHERE ${where}`, params)[0]?.total);
  }
  let total = 0;
  for (const row of store.each(`SELECT ${DOCUMENT} AS document FROM ${from} WHERE ${where}`, params)) {
    if (matches(search.query, documentOf(row), search.now)) total += 1;
  }
  return total;
}

export function find(store: Store, search: Search, page: Page): Found {
  if (page.limit < 0 || page.offset < 0) throw queryRefusal('[from] and [size] cannot be negative');
  if (page.after === undefined && page.offset + page.limit > RESULT_WINDOW) {
    throw queryRefusal(
      `Result window is too large, from + size must be less than or equal to: [${RESULT_WINDOW}] but was [${page.offset + page.limit}]`,
    );
  }
  const { from, where, params } = restriction(search);
  const sort = page.sort.map((field) => ({ ...field, ...sortable(field, search) }));
  const beyond = after(sort, page.after);
  const columns = sort.map(({ sql }, i) => `${sql} AS sort${i}`).join(', ');
  const order = sort.map(({ sql, descending }) => `${sql}${descending ? ' DESC' : ''}`).join(', ');

  if (search.query === undefined) {
    const offset = page.after === undefined ? page.offset : 0;
    // Documents are fetched for the page only: sorting would carry all of them along.
    const rows = store.rows(
      `SELECT d.document, p.* FROM
         (SELECT e.seq, ${columns} FROM ${from} WHERE ${where} AND ${beyond.sql} ORDER BY ${order} LIMIT ? OFFSET ?) p
       JOIN document d ON d.seq = p.seq ORDER BY ${sort.map(({ descending }, i) => `p.sort${i}${descending ? ' DESC' : ''}`).join(', ')}`,
      [...params, ...beyond.params, page.limit, offset],
    );
    return { total: count(store, search), documents: rows.map(documentText), sortValues: lastSort(rows.at(-1), sort) };
  }

  const found: Row[] = [];
  let total = 0;
  let eligible = 0;
  const candidates = store.each(
    `SELECT ${DOCUMENT} AS document, ${columns}, ${beyond.sql} AS beyond FROM ${from} WHERE ${where} ORDER BY ${order}`,
    [...beyond.params, ...params],
  );
  for (const row of candidates) {
    if (!matches(search.query, documentOf(row), search.now)) continue;
    total += 1;
    if (row.beyond !== 1) continue;
    eligible += 1;
    if ((page.after !== undefined || eligible > page.offset) && found.length < page.limit) found.push(row);
  }
  return { total, documents: found.map(documentText), sortValues: lastSort(found.at(-1), sort) };
}

function restriction(search: Search): { from: string; where: string; params: SqlValue[] } {
  const { kind, identity, filters, created, externalId, query } = search;
  const from = externalId === undefined ? 'entity e' : 'external_id x JOIN entity e ON e.seq = x.seq';
  const readable = readableSql(identity, 'e');
  const clauses = [readable.sql];
  const params = [...readable.params];
  function restrict(sql: string, ...values: SqlValue[]): void {
    clauses.push(sql);
    params.push(...values);
  }
  restrict('e.type = ?', kind.name);
  if (externalId !== undefined) restrict('x.key = CAST(? AS INTEGER)', externalKey(kind.name, externalId));
  if (created.from !== undefined) restrict('e.created >= ?', Date.parse(created.from));
  if (created.to !== undefined) restrict('e.created < ?', Date.parse(created.to));
  for (const [path, value] of Object.entries(filters)) {
    const exact = exactTerm(kind, path, value);
    if (exact !== undefined) restrict(exact.sql, ...exact.params);
    else {
      // A list matches by any of its elements, `kill_chain_phases` and `specification` by any text in them.
      restrict(
        `EXISTS (SELECT 1 FROM json_tree(${DOCUMENT}, '$.${path}') t WHERE t.atom IS NOT NULL AND lower(t.atom) = ?)`,
        value.toLowerCase(),
      );
    }
  }
  for (const { field, text } of requiredTerms(query)) {
    const exact = exactTerm(kind, field, text);
    if (exact !== undefined) restrict(exact.sql, ...exact.params);
  }
  return { from, where: clauses.join(' AND '), params };
}

/** Terms that have a table of their own. They only narrow: the query is still matched in full. */
function exactTerm(kind: Kind, field: string, value: string): { sql: string; params: SqlValue[] } | undefined {
  const lower = value.toLowerCase();
  if (field === 'id') return { sql: 'e.id = ?', params: [shortIdOf(value) ?? value] };
  if (field === 'external_ids') {
    const sql = 'e.seq IN (SELECT seq FROM external_id WHERE key = CAST(? AS INTEGER))';
    return { sql, params: [externalKey(kind.name, value)] };
  }
  if (kind.name === 'judgement' && field === 'observable.value') {
    return { sql: 'e.seq IN (SELECT seq FROM judgement WHERE observable_key = ?)', params: [lower] };
  }
  if (kind.name === 'relationship' && field === 'target_ref') {
    return { sql: 'e.seq IN (SELECT seq FROM relationship WHERE target_ref = ?)', params: [lower] };
  }
  if (kind.name === 'relationship' && field === 'source_ref') {
    // The index knows the entity behind the reference. One to nothing, or to what was deleted, is found by reading all.
    const sql = `CASE WHEN EXISTS (SELECT 1 FROM entity WHERE id = ?)
        THEN e.seq IN (SELECT r.seq FROM relationship r JOIN entity s ON s.seq = r.source_seq WHERE s.id = ?) ELSE 1 END
      AND lower(${DOCUMENT} ->> '$.source_ref') = ?`;
    return { sql, params: [shortIdOf(lower) ?? '', shortIdOf(lower) ?? '', lower] };
  }
  return undefined;
}

function requiredTerms(query: Query | undefined): { field: string; text: string }[] {
  if (query === undefined) return [];
  if (query.kind === 'and') return query.of.flatMap(requiredTerms);
  if (query.kind !== 'term' || query.field === undefined || query.form === 'pattern') return [];
  return [{ field: query.field, text: query.text }];
}

const DATE_FIELDS = /^(?:modified|(?:valid_time|lifetime)\.(?:start|end)_time)$/;
const NUMBER_FIELDS: ReadonlySet<string> = new Set(['revision', 'disposition', 'priority']);
const OTHER_SORTABLE: ReadonlySet<string> = new Set([
  'owner',
  'groups',
  'disposition_name',
  'feed_type',
  'external_ids',
]);

/**
 * Missing values come last in Elasticsearch, whatever the direction: `missing` stands for them while sorting. What their
 * cursor looks like in CTIA is not certain; here it is `nil` in `X-Sort` and an empty `search_after`.
 */
interface Sortable {
  readonly sql: string;
  readonly form: 'text' | 'number' | 'millis' | 'date';
  readonly missing: string | number;
}

function sortable({ name, descending }: SortField, { kind }: Search): Sortable {
  if (name === 'id') return { sql: 'e.id', form: 'text', missing: '' };
  if (name === 'created' || name === 'timestamp') return { sql: `e.${name}`, form: 'millis', missing: 0 };
  const date = DATE_FIELDS.test(name);
  if (!date && ![kind.fields, kind.filters].some((known) => known.includes(name)) && !OTHER_SORTABLE.has(name)) {
    throw queryRefusal(`No mapping found for [${name}] in order to sort on`);
  }
  const value = `${DOCUMENT} ->> '$.${name}'`;
  if (NUMBER_FIELDS.has(name)) {
    const missing = descending ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER;
    return { sql: `coalesce(${value}, ${missing})`, form: 'number', missing };
  }
  const missing = descending ? '' : LAST_CHARACTER;
  const sql = `coalesce(${date ? value : `lower(${value})`}, ${descending ? "''" : 'char(1114111)'})`;
  return { sql, form: date ? 'date' : 'text', missing };
}

const LAST_CHARACTER = String.fromCodePoint(1_114_111);

/** "Comes after the cursor" in the order of several fields, each with its own direction. */
function after(
  sort: readonly (SortField & Sortable)[],
  cursor: readonly string[] | undefined,
): { sql: string; params: SqlValue[] } {
  if (cursor === undefined) return { sql: '1', params: [] };
  if (cursor.length !== sort.length) {
    throw queryRefusal(`search_after has ${cursor.length} value(s) but sort has ${sort.length}.`);
  }
  let sql = '0';
  let params: SqlValue[] = [];
  for (let i = sort.length - 1; i >= 0; i -= 1) {
    const field = sort[i];
    const given = cursor[i];
    if (field === undefined || given === undefined) continue;
    const value = cursorValue(field, given);
    sql = `(${field.sql} ${field.descending ? '<' : '>'} ? OR (${field.sql} = ? AND ${sql}))`;
    params = [value, value, ...params];
  }
  return { sql, params };
}

function cursorValue({ form, name, missing }: SortField & Sortable, given: string): SqlValue {
  if (given === '') return missing;
  if (form === 'text') return given;
  const number = Number(given);
  if (Number.isNaN(number)) throw queryRefusal(`Failed to parse search_after value for Field [${name}].`);
  return form === 'date' ? isoInstant(number) : number;
}

function lastSort(row: Row | undefined, sort: readonly Sortable[]): SortValue[] | undefined {
  if (row === undefined) return undefined;
  return sort.map(({ form, missing }, i) => {
    const value = row[`sort${i}`] ?? missing;
    if (value === missing) return null;
    return form === 'date' ? Date.parse(String(value)) : value;
  });
}

function documentText(row: Row): string {
  return String(row.document);
}

function documentOf(row: Row): Stored {
  return JSON.parse(documentText(row)) as Stored;
}
