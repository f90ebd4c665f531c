import { setImmediate as otherRequests } from 'node:timers/promises';
import type { Ctia } from './ctia.ts';
import { text } from './documents.ts';
import { wholeView } from './feed-lines.ts';
import { CHANGES_AT, linkedSlices, type Span, VALID } from './feed-links.ts';
import type { Stored } from './kinds.ts';
import type { Rendered } from './view-cache.ts';

/** What `view.txt` sends. */
export async function plainView(ctia: Ctia, feed: Stored, span: Span, now: number): Promise<Rendered> {
  if (feed.output !== 'judgements') return wholeView(ctia, feed, span, now);
  // A judgement has no value of its own, so each becomes an empty line.
  const { entries, changesAt } = await inOrder(ctia, feed, span, now, ({ seq }) => String(seq));
  return { body: Buffer.from('\n'.repeat(Math.max(0, entries.length - 1))), changesAt };
}

/** What `view` sends. */
export async function jsonView(ctia: Ctia, feed: Stored, span: Span, now: number): Promise<Rendered> {
  if (feed.output === 'judgements') {
    const { entries, changesAt } = await inOrder(ctia, feed, span, now, ({ seq }) => String(seq));
    const documents = await documentsOf(ctia, entries);
    return { body: Buffer.from(`{"judgements":[${documents.join(',')}]}`), changesAt };
  }
  const { entries, changesAt } = await inOrder(ctia, feed, span, now, ({ type, value }) => `${type} ${value}`);
  const observables = entries.map(({ type, value }) => ({ type, value }));
  return { body: Buffer.from(JSON.stringify({ observables })), changesAt };
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
  const said = {
    columns: `min(${CHANGES_AT}) AS changes_at,
      json_group_array(json_array(l.timestamp, l.id, j.seq, j.observable_type, j.observable_value)) FILTER (WHERE ${VALID}) AS valid`,
    params: [now, now, now, now],
  };
  for await (const slice of linkedSlices(ctia, feed, span, said)) {
    if (slice.changes_at !== null) changesAt = Math.min(changesAt, Number(slice.changes_at));
    const valid = JSON.parse(text(slice, 'valid')) as Placed[];
    const entries = valid.map(([newest, first, seq, type, value]) => ({ newest, first, seq, type, value }));
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
