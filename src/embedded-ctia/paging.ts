import { schemaRefusal } from './refusal.ts';
import type { Found, Page } from './search.ts';
import type { SortField, SortValue } from './sorting.ts';

export const DEFAULT_LIMIT = 100;

/** `valid_time.end_time:desc,id` with `sort_order` for the fields that bring no order of their own. */
export function sortFields(
  sortBy: string | undefined,
  sortOrder: 'asc' | 'desc' | undefined,
  defaults: readonly string[],
): SortField[] {
  if (sortBy === undefined) return defaults.map((name) => ({ name, descending: sortOrder === 'desc' }));
  return sortBy.split(',').map((part) => {
    const [name = '', order = sortOrder] = part.split(':');
    if (order !== undefined && order !== 'asc' && order !== 'desc') {
      throw schemaRefusal({ sort_by: `(not (#{"asc" "desc"} ${JSON.stringify(order)}))` });
    }
    return { name, descending: order === 'desc' };
  });
}

/**
 * CTIA's four paging headers.
 *   X-Total-Hits   always
 *   X-Next         without a cursor while the total goes beyond this page; with one while the page was full, so that a walk
 *                  whose total is a multiple of the limit ends with an empty page
 *   X-Previous     only while paging by offset, within the result window
 *   X-Sort         sort values of the last hit, in EDN
 */
export function pagingHeaders(found: Found, { limit, offset, after }: Page): Record<string, string> {
  const headers: Record<string, string> = { 'X-Total-Hits': String(found.total) };
  const hasNext = after === undefined ? found.total > offset + limit : found.hits === limit;
  if (hasNext && limit > 0) {
    const next = new URLSearchParams({
      limit: String(limit),
      offset: String(after === undefined ? offset + limit : limit),
    });
    for (const value of found.sortValues ?? []) next.append('search_after', value === null ? '' : String(value));
    headers['X-Next'] = next.toString();
  }
  if (after === undefined && offset > 0 && offset + limit < 10_000) {
    headers['X-Previous'] = `limit=${limit}&offset=${Math.max(0, offset - limit)}`;
  }
  if (found.sortValues !== undefined) headers['X-Sort'] = edn(found.sortValues);
  return headers;
}

/** A vector: blanks between the elements, texts quoted, numbers bare. A header holds Latin letters only; CTIA's server puts `?` for others. */
export function edn(values: readonly SortValue[]): string {
  const told = values.map((value) => {
    if (value === null) return 'nil';
    return typeof value === 'number' ? String(value) : JSON.stringify(value).replace(/[^\x20-\xff]/gu, '?');
  });
  return `[${told.join(' ')}]`;
}
