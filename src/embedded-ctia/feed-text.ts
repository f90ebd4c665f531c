import { setImmediate as otherRequests } from 'node:timers/promises';
import type { Ctia } from './ctia.ts';
import { text } from './documents.ts';
import { COLUMNS, linkedSlices, type Span } from './feed-links.ts';
import type { Stored } from './kinds.ts';
import type { Before, Rendered } from './view-cache.ts';

/** What `view.txt` sends. */
export async function plainView(ctia: Ctia, feed: Stored, span: Span, now: number, before?: Before): Promise<Rendered> {
  // A judgement has no value of its own, so each becomes an empty line.
  if (feed.output === 'judgements') {
    const { entries, changesAt } = await inOrder(ctia, feed, span, now, ({ seq }) => String(seq));
    return { text: '\n'.repeat(Math.max(0, entries.length - 1)), changesAt };
  }
  const grown = before && (await grownView(ctia, feed, now, before));
  if (grown) return grown;
  const found = new Set<string>();
  const values: string[] = [];
  let changesAt = Number.POSITIVE_INFINITY;
  let lastLink = 0;
  for await (const slice of linkedSlices<string>(ctia, feed, span, COLUMNS.observable, now)) {
    changesAt = Math.min(changesAt, slice.changesAt);
    lastLink = slice.last;
    const fresh: string[] = [];
    for (const observable of slice.valid) {
      // Distinct by type and value, so that equal values of two types appear twice.
      if (found.has(observable)) continue;
      found.add(observable);
      fresh.push(observable.slice(observable.indexOf(' ') + 1));
    }
    // Sorted runs make the sort of all of them short: nothing else is answered during it.
    for (const value of fresh.sort()) values.push(value);
  }
  const body = values.sort().join('\n');
  // Code-point order: JavaScript sorts by UTF-16 units, which is the same unless there are surrogates.
  if (!SURROGATE.test(body)) return { text: body, changesAt, lastLink };
  const sorted = values.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return { text: sorted.join('\n'), changesAt };
}

const SURROGATE = /[\ud800-\udfff]/;

/**
 * A view of which nothing is known to have changed but that links were added: only those are read. Undefined where that
 * does not tell all: a value that is there already may be there of the same type or of another.
 */
async function grownView(ctia: Ctia, feed: Stored, now: number, before: Before): Promise<Rendered | undefined> {
  let { changesAt, lastLink } = before;
  const fresh = new Set<string>();
  const added = { all: true, after: lastLink } as const;
  for await (const slice of linkedSlices<string>(ctia, feed, added, COLUMNS.observable, now)) {
    changesAt = Math.min(changesAt, slice.changesAt);
    lastLink = slice.last;
    for (const observable of slice.valid) fresh.add(observable);
  }
  const values = before.text === '' ? [] : before.text.split('\n');
  const held = new Set(values);
  for (const observable of fresh) {
    const value = observable.slice(observable.indexOf(' ') + 1);
    if (held.has(value) || SURROGATE.test(value)) return undefined;
    values.push(value);
  }
  // All but the new ones stand in order already, which makes this sort a short one.
  return { text: values.sort().join('\n'), changesAt, lastLink };
}

/** What `view` sends. */
export async function jsonView(ctia: Ctia, feed: Stored, span: Span, now: number): Promise<Rendered> {
  if (feed.output === 'judgements') {
    const { entries, changesAt } = await inOrder(ctia, feed, span, now, ({ seq }) => String(seq));
    return { text: `{"judgements":[${(await documentsOf(ctia, entries)).join(',')}]}`, changesAt };
  }
  const { entries, changesAt } = await inOrder(ctia, feed, span, now, ({ type, value }) => `${type} ${value}`);
  return { text: JSON.stringify({ observables: entries.map(({ type, value }) => ({ type, value })) }), changesAt };
}

interface Entry {
  readonly newest: number;
  readonly first: string;
  readonly seq: number;
  readonly type: string;
  readonly value: string;
}

/** Links by their time, the newest first, then by id; of several links to one thing the newest time and the first id count. */
async function inOrder(
  ctia: Ctia,
  feed: Stored,
  span: Span,
  now: number,
  same: (entry: Entry) => string,
): Promise<{ entries: Entry[]; changesAt: number }> {
  const found = new Map<string, Entry>();
  let changesAt = Number.POSITIVE_INFINITY;
  type Placed = [timestamp: number, id: string, seq: number, type: string, value: string];
  for await (const slice of linkedSlices<Placed>(ctia, feed, span, COLUMNS.placed, now)) {
    changesAt = Math.min(changesAt, slice.changesAt);
    const entries = slice.valid.map(([newest, first, seq, type, value]) => ({ newest, first, seq, type, value }));
    for (const entry of entries.sort(byPlace)) {
      const key = same(entry);
      const known = found.get(key);
      if (known === undefined) found.set(key, entry);
      else {
        found.set(key, {
          ...known,
          newest: Math.max(known.newest, entry.newest),
          first: known.first < entry.first ? known.first : entry.first,
        });
      }
    }
  }
  return { entries: [...found.values()].sort(byPlace), changesAt };
}

function byPlace(a: Entry, b: Entry): number {
  return b.newest - a.newest || (a.first < b.first ? -1 : 1);
}

const DOCUMENTS = 1000;

/** What was deleted since its link was read is left out. */
async function documentsOf(ctia: Ctia, entries: readonly Entry[]): Promise<string[]> {
  const documents: string[] = [];
  for (let at = 0; at < entries.length; at += DOCUMENTS) {
    const seqs = entries.slice(at, at + DOCUMENTS).map(({ seq }) => seq);
    const rows = ctia.store.rows(
      'SELECT d.document FROM json_each(?) k JOIN document d ON d.seq = k.value ORDER BY k.key',
      [JSON.stringify(seqs)],
    );
    for (const row of rows) documents.push(text(row, 'document'));
    await otherRequests();
  }
  return documents;
}
