import type { Kind } from './kinds.ts';
import {
  COLUMNS,
  DOCUMENT_SLICE,
  entityRow,
  type Matched,
  matched,
  others,
  type Plan,
  ROW_SLICE,
  type Search,
} from './matching.ts';
import type { EntityRow, Order, SortValue } from './sorting.ts';
import type { SqlValue, Store } from './store.ts';

/** A range of an index, in its order. `within` starts it, `beyond` goes on behind a row. */
interface Walk {
  readonly within: { readonly sql: string; readonly params: readonly SqlValue[] };
  readonly beyond: (row: EntityRow) => { readonly sql: string; readonly params: readonly SqlValue[] };
  readonly order: string;
}

/** The orders that an index has, if all their fields go the same way. */
const WALKED: readonly (readonly (keyof EntityRow)[])[] = [['id'], ['created', 'id'], ['timestamp', 'created', 'id']];

export function walkOf(kind: Kind, { fields }: Order, cursor: readonly SortValue[] | undefined): Walk | undefined {
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
export async function* walked(
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
