import type { Clock } from '../runtime/clock.ts';
import { makeChanges } from './changes.ts';
import { makeDocuments, termKey, text } from './documents.ts';
import { EmbeddedCtiaError } from './error.ts';
import type { Stored } from './kinds.ts';
import { makeRefresh } from './refresh.ts';
import { openStore, type Store } from './store.ts';

/**
 * Rewrites the public URL in every id and reference of a store, in one transaction: a process that dies in the middle
 * leaves the old state. What is a mere text (a title, an external reference, an observable) stays, also where it names the
 * old URL.
 *
 *   id, *_id, *_ref, *_refs, *_ids   an id of this server
 *   feed_view_url                    a URL of this server
 *   judgements                       ids, in an indicator's specification
 *   external_id(s)                   names that others gave
 */
export function moveStore(dataDir: string, publicUrl: string, clock: Clock): { from: string; documents: number } {
  const to = publicUrl.replace(/\/+$/, '');
  const store = openStore(dataDir);
  try {
    const from = store.meta('public-url');
    if (from === undefined) {
      throw new EmbeddedCtiaError(
        'public-url',
        `the store in ${dataDir} has no public URL yet: start it with the one you want`,
      );
    }
    if (from === to) return { from, documents: 0 };
    const documents = makeDocuments(store);
    // What waits for its refresh becomes visible first, as at every start, so that documents are all there is to rewrite.
    makeRefresh({ store, documents, changes: makeChanges(), clock, refreshMs: 0 });
    const moved = store.transaction(() => {
      const count = rewriteDocuments(store, from, to);
      const [old, fresh] = [`${from}/ctia/`.toLowerCase(), `${to}/ctia/`.toLowerCase()];
      store.run('UPDATE relationship SET target_ref = ? || substr(target_ref, ?) WHERE substr(target_ref, 1, ?) = ?', [
        ...[fresh, old.length + 1, old.length, old],
      ]);
      store.setMeta('public-url', to);
      return count;
    });
    return { from, documents: moved };
  } finally {
    store.close();
  }
}

/** A store may be larger than the memory. */
const SLICE = 1000;

function rewriteDocuments(store: Store, from: string, to: string): number {
  let moved = 0;
  for (let last = -1; ; ) {
    const rows = store.rows('SELECT seq, document FROM document WHERE seq > ? ORDER BY seq LIMIT ?', [last, SLICE]);
    for (const row of rows) {
      const before = text(row, 'document');
      if (!before.includes(`${from}/ctia/`)) continue;
      const old = JSON.parse(before) as Stored;
      const fresh = rewritten(old, from, to) as Stored;
      store.run('UPDATE document SET document = ? WHERE seq = ?', [JSON.stringify(fresh), Number(row.seq)]);
      // Only links to what is no longer there are found by the text of their source.
      if (typeof old.source_ref === 'string') {
        store.run('UPDATE term SET key = CAST(? AS INTEGER) WHERE key = CAST(? AS INTEGER) AND seq = ?', [
          termKey(old.type, 'source_ref', String(fresh.source_ref)),
          termKey(old.type, 'source_ref', old.source_ref),
          Number(row.seq),
        ]);
      }
      moved += 1;
    }
    if (rows.length < SLICE) return moved;
    last = Number(rows.at(-1)?.seq);
  }
}

const REFERENCE = /^(?!external_ids?$)(?:id|feed_view_url|judgements|.*_(?:id|ref)s?)$/;

export function rewritten(value: unknown, from: string, to: string, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => rewritten(item, from, to, key));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, rewritten(item, from, to, name)]));
  }
  if (typeof value !== 'string' || !REFERENCE.test(key) || !value.startsWith(`${from}/ctia/`)) return value;
  return `${to}${value.slice(from.length)}`;
}
