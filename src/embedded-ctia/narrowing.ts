import { externalKey, termKey } from './documents.ts';
import { shortIdOf } from './ids.ts';
import type { Query } from './query-language.ts';
import type { SqlValue, Store } from './store.ts';

/**
 * What an index knows of a restriction: the union of some rows of some tables. `rows` hold at least everything that the
 * restriction leaves; an exact one holds nothing else, so no document has to be read for it.
 */
export interface Narrowing {
  readonly of: readonly Rows[];
  readonly exact: boolean;
}

interface Rows {
  readonly table: 'entity' | 'external_id' | 'term' | 'judgement' | 'relationship';
  readonly where: string;
  readonly params: readonly SqlValue[];
}

/** A field with an index of its own; `undefined` where all documents have to be read. */
export function narrowedBy(kind: string, field: string, value: string): Narrowing | undefined {
  const lower = value.toLowerCase();
  if (field === 'id') return exactly({ table: 'entity', where: 't.id = ?', params: [shortIdOf(lower) ?? lower] });
  if (field === 'external_ids') return exactly(keyed('external_id', externalKey(kind, value)));
  if (field === 'source' || field === 'observables.value') return exactly(keyed('term', termKey(kind, field, value)));
  if (kind === 'judgement' && field === 'observable.value') {
    return exactly({ table: 'judgement', where: 't.observable_key = ?', params: [lower] });
  }
  if (kind === 'relationship' && field === 'target_ref') {
    return exactly({ table: 'relationship', where: 't.target_ref = ?', params: [lower] });
  }
  if (kind === 'relationship' && field === 'source_ref') {
    const source = 't.source_seq = (SELECT seq FROM entity WHERE id = ?)';
    return {
      of: [
        { table: 'relationship', where: source, params: [shortIdOf(lower) ?? ''] },
        keyed('term', termKey(kind, field, value)),
      ],
      // The first finds references to other hosts too.
      exact: false,
    };
  }
  return undefined;
}

export function narrowedToKind(kind: string): Narrowing {
  // Ids begin with their type. `asset-` holds asset mappings too: not exact.
  return {
    of: [{ table: 'entity', where: 't.id >= ? AND t.id < ?', params: [`${kind}-`, `${kind}.`] }],
    exact: false,
  };
}

export function narrowedToCreated(kind: string, from: number, to: number): Narrowing {
  return exactly({
    table: 'entity',
    where: 't.type = ? AND t.created >= ? AND t.created < ?',
    params: [kind, from, to],
  });
}

/**
 * What the exact terms of a query leave: of an AND each part narrows by itself, an OR only if every part does. They only
 * narrow; the query is still matched in full.
 */
export function narrowingsOf(kind: string, query: Query | undefined): Narrowing[] {
  if (query === undefined) return [];
  if (query.kind === 'and') return query.of.flatMap((part) => narrowingsOf(kind, part));
  if (query.kind === 'or') {
    const parts = query.of.map((part) => narrowingsOf(kind, part)[0]);
    if (parts.length > ALTERNATIVES_MAX || parts.includes(undefined)) return [];
    return [{ of: parts.flatMap((part) => part?.of ?? []), exact: false }];
  }
  if (query.kind !== 'term' || query.field === undefined || query.form === 'pattern' || query.distance) return [];
  const narrowing = narrowedBy(kind, query.field, query.text);
  return narrowing === undefined ? [] : [{ ...narrowing, exact: false }];
}

/** Each is a look-up of its own. */
const ALTERNATIVES_MAX = 1024;

function exactly(rows: Rows): Narrowing {
  return { of: [rows], exact: true };
}

function keyed(table: 'external_id' | 'term', key: string): Rows {
  return { table, where: 't.key = CAST(? AS INTEGER)', params: [key] };
}

/** The rows, in order; undefined where there are more than `max`. */
export function candidates(store: Store, narrowing: Narrowing, max: number): number[] | undefined {
  const found = new Set<number>();
  for (const { table, where, params } of narrowing.of) {
    const some = `(SELECT t.seq FROM ${table} t WHERE ${where} LIMIT ?)`;
    // One row that holds them all: a row each would take ten times as long.
    const row = store.rows(`SELECT count(*) AS found, json_group_array(seq) AS seqs FROM ${some}`, [
      ...params,
      max + 1,
    ])[0];
    if (Number(row?.found) > max) return undefined;
    for (const seq of JSON.parse(String(row?.seqs)) as number[]) found.add(seq);
    if (found.size > max) return undefined;
  }
  return [...found].sort((a, b) => a - b);
}

/** The same as a condition on the row `e`. */
export function holdsFor({ of }: Narrowing): { sql: string; params: SqlValue[] } {
  // Of the row itself nothing has to be looked up, and the plus keeps SQLite from leaving it for an index.
  const tests = of.map(({ table, where }) =>
    table === 'entity'
      ? where.replace(/\bt\./g, '+e.')
      : `EXISTS (SELECT 1 FROM ${table} t WHERE t.seq = e.seq AND ${where})`,
  );
  return { sql: `(${tests.join(' OR ')})`, params: of.flatMap(({ params }) => params) };
}
