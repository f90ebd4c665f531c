import type { Clock } from '../runtime/clock.ts';
import type { Changes } from './changes.ts';
import type { Documents } from './documents.ts';
import { text } from './documents.ts';
import type { Stored } from './kinds.ts';
import type { Store } from './store.ts';

/**
 * CTIA reads are near-real-time: what was written is found after the next refresh of the index, also by GET of one id and
 * by the look-ups inside PUT, DELETE, expire and bundle import. An update not yet refreshed shows the old content.
 *
 * The scheme: a write is put, durably, into the table `pending`; the tables that everything reads do not know it. Before
 * each request what has waited for `refreshMs` moves over, in order, so no reader needs a special case. A write that waits
 * (`wait_for=true`, bundle import) makes that refresh happen at once: as in CTIA, everything written before becomes
 * visible with it. With `refreshMs` 0 nothing is ever pending.
 */
export type Write =
  | { readonly create: readonly Stored[] }
  | { readonly put: readonly Stored[] }
  | { readonly remove: { readonly type: string; readonly ids: readonly string[] } };

export interface Refresh {
  /** Inside the request's transaction. */
  write(write: Write, visible: 'at once' | 'after the refresh'): void;
  /** Called before each request. */
  due(): void;
}

export interface RefreshParts {
  readonly store: Store;
  readonly documents: Documents;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly refreshMs: number;
}

export function makeRefresh({ store, documents, changes, clock, refreshMs }: RefreshParts): Refresh {
  store.exec(
    'CREATE TABLE IF NOT EXISTS pending (n INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, write TEXT NOT NULL)',
  );

  function apply(write: Write): void {
    changes.note(write, written(write));
  }

  /** What was there before under the same ids. */
  function written(write: Write): readonly Stored[] {
    if ('put' in write) return documents.put(write.put);
    if ('remove' in write) return documents.remove(write.remove.type, write.remove.ids);
    documents.create(write.create);
    return [];
  }

  function refresh(until: number): void {
    const waiting = store.rows('SELECT n, write FROM pending WHERE at <= ? ORDER BY n', [until]);
    if (waiting.length === 0) return;
    store.transaction(() => {
      for (const row of waiting) {
        apply(JSON.parse(text(row, 'write')) as Write);
        store.run('DELETE FROM pending WHERE n = ?', [Number(row.n)]);
      }
    });
  }

  // Whatever a process that died had acknowledged is visible when the next one starts.
  refresh(Number.MAX_SAFE_INTEGER);
  // No write waits since earlier than this. Only `due` raises it: what others refresh, their transaction may take back.
  let oldest = Number.POSITIVE_INFINITY;

  return {
    write(write, visible) {
      if (refreshMs > 0 && visible === 'after the refresh') {
        const at = clock.now();
        store.run('INSERT INTO pending (at, write) VALUES (?, ?)', [at, JSON.stringify(write)]);
        oldest = Math.min(oldest, at);
        return;
      }
      if (refreshMs > 0) refresh(Number.MAX_SAFE_INTEGER);
      apply(write);
    },
    due() {
      const until = clock.now() - refreshMs;
      // Each request asks, and mostly no database is needed to tell.
      if (oldest > until) return;
      refresh(until);
      const [next] = store.rows('SELECT min(at) AS at FROM pending');
      oldest = typeof next?.at === 'number' ? next.at : Number.POSITIVE_INFINITY;
    },
  };
}
