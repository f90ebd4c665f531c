import type { Ctia } from './ctia.ts';
import { matching, type Search } from './matching.ts';

/**
 * Deletes whatever the search finds, a slice at a time, and tells how much that was. What the caller may read is enough:
 * other owners' green and white records go as well, as in CTIA.
 *
 * As with every write, reads see it after the next refresh: CTIA forces none here, not even with `wait_for=true`. Without
 * that parameter CTIA answers before it is done; here all has been deleted, durably, when the number is sent, since nobody
 * could tell a deletion that a crash cut short from one that still goes on.
 */
export async function deleteFound(ctia: Ctia, search: Search): Promise<number> {
  const { abandoned: _, ...toTheEnd } = search;
  let deleted = 0;
  for await (const slice of matching(ctia.store, toTheEnd)) {
    if (slice.length === 0) continue;
    const remove = { type: search.kind.name, ids: slice.map(({ row }) => row.id) };
    ctia.store.transaction(() => ctia.refresh.write({ remove }, 'after the refresh'));
    deleted += slice.length;
  }
  return deleted;
}
