import { text } from './documents.ts';
import { EmbeddedCtiaError } from './error.ts';
import { openStore } from './store.ts';

/**
 * Rewrites the public URL in every id and reference of a store, in one transaction: a process that dies in the middle
 * leaves the old state. What is a mere text (a title, an external reference, an observable) stays, also where it names the
 * old URL.
 *
 *   id, *_id, *_ref, *_refs, *_ids   an id of this server
 *   feed_view_url                    a URL of this server
 *   external_id(s)                   names that others gave
 */
export function moveStore(dataDir: string, publicUrl: string): { from: string; documents: number } {
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
    const documents = store.transaction(() => {
      let moved = 0;
      for (const { table, key, column } of TEXTS) {
        if (store.rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", [table]).length === 0) continue;
        // In slices: a store may be larger than the memory.
        for (let last = -1; ; ) {
          const rows = store.rows(
            `SELECT ${key} AS place, ${column} AS json FROM ${table} WHERE ${key} > ? ORDER BY ${key} LIMIT ?`,
            [last, SLICE],
          );
          for (const row of rows) {
            const before = text(row, 'json');
            if (!before.includes(`${from}/ctia/`)) continue;
            const after = JSON.stringify(rewritten(JSON.parse(before), from, to));
            store.run(`UPDATE ${table} SET ${column} = ? WHERE ${key} = ?`, [after, Number(row.place)]);
            moved += 1;
          }
          if (rows.length < SLICE) break;
          last = Number(rows.at(-1)?.place);
        }
      }
      const [old, fresh] = [`${from}/ctia/`.toLowerCase(), `${to}/ctia/`.toLowerCase()];
      store.run('UPDATE relationship SET target_ref = ? || substr(target_ref, ?) WHERE substr(target_ref, 1, ?) = ?', [
        ...[fresh, old.length + 1, old.length, old],
      ]);
      store.setMeta('public-url', to);
      return moved;
    });
    return { from, documents };
  } finally {
    store.close();
  }
}

/** Where documents stand: those that are read, and those that wait for a refresh. */
const TEXTS = [
  { table: 'document', key: 'seq', column: 'document' },
  { table: 'pending', key: 'n', column: 'write' },
] as const;
const SLICE = 1000;

const REFERENCE = /^(?!external_ids?$)(?:id|feed_view_url|.*_(?:id|ref)s?)$/;

export function rewritten(value: unknown, from: string, to: string, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => rewritten(item, from, to, key));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, rewritten(item, from, to, name)]));
  }
  if (typeof value !== 'string' || !REFERENCE.test(key) || !value.startsWith(`${from}/ctia/`)) return value;
  return `${to}${value.slice(from.length)}`;
}
