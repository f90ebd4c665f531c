import { setImmediate as otherRequests } from 'node:timers/promises';
import { type Identity, readableSql } from './access.ts';
import type { Ctia } from './ctia.ts';
import { text } from './documents.ts';
import type { Stored } from './kinds.ts';
import { edn } from './paging.ts';
import { accessRefusal } from './refusal.ts';
import type { SqlValue } from './store.ts';

/** The relationships of one page, by their place, or all, or all after one. */
export type Span = { readonly all: true; readonly after?: number } | { readonly seqs: string };

/** At most so many relationships are on a page. */
export const PAGE_MAX = 10_000;

export function pageOf(
  ctia: Ctia,
  feed: Stored,
  query: { limit?: number | undefined; search_after?: readonly string[] | undefined },
): { headers: Record<string, string>; span: Span } {
  if (query.limit === undefined && query.search_after === undefined) return { headers: {}, span: { all: true } };
  const size = query.limit ?? PAGE_MAX;
  const { sql, params } = linksOf(feed);
  const [time, id] = query.search_after ?? [];
  const beyond = time === undefined ? '1' : '(r.timestamp < ? OR (r.timestamp = ? AND r.id > ?))';
  const cursor = time === undefined ? [] : [Number(time), Number(time), id ?? ''];
  const rows = ctia.store.rows(
    `SELECT r.seq, r.timestamp, r.id FROM relationship r WHERE ${sql} AND ${beyond} ORDER BY r.timestamp DESC, r.id LIMIT ?`,
    [...params, ...cursor, size],
  );
  const last = rows.at(-1);
  const headers: Record<string, string> = {};
  // A page counts relationships, and a full one may be the last: then one empty page follows.
  if (last !== undefined && rows.length === size) {
    headers['X-Limit'] = String(size);
    headers['X-Offset'] = String(size);
    headers['X-Search_after'] = edn([Number(last.timestamp), text(last, 'id')]);
  }
  return { headers, span: { seqs: JSON.stringify(rows.map((row) => row.seq)) } };
}

function linksOf(feed: Stored): { sql: string; params: SqlValue[] } {
  const readable = readableSql(ownerOf(feed), 'r');
  return {
    sql: `r.target_ref = ? AND r.relationship_type = 'element-of' AND ${readable.sql}`,
    params: [String(feed.indicator_id ?? '').toLowerCase(), ...readable.params],
  };
}

export function ownerOf(feed: Stored): Identity {
  return { login: feed.owner, groups: feed.groups };
}

/** Links that are read at a time: other requests are answered in between. */
const SLICE = 4000;

/** What a link to a judgement that is valid now says of it, as SQL over `j` (the judgement) and `l` (the link). */
export const COLUMNS = {
  observable: "j.observable_type || ' ' || j.observable_value",
  placed: 'json_array(l.timestamp, l.id, j.seq, j.observable_type, j.observable_value)',
} as const;

export interface Slice<T> {
  readonly valid: readonly T[];
  /** The next instant at which a judgement of this slice starts or ends to be valid; none is Infinity. */
  readonly changesAt: number;
  /** The place of the youngest link so far. */
  readonly last: number;
}

/**
 * The judgements behind the links of a span that are valid now, both bounds inclusive, slice by slice. What a link points
 * at and cannot be found, or is something else, is skipped; what the owner may not read fails the whole view.
 *
 * What is written between two slices may be in the answer or not, but what was there all the time is: slices follow the
 * order in which links were made, so the new link of an observable comes after its old one.
 */
export async function* linkedSlices<T>(
  ctia: Ctia,
  feed: Stored,
  span: Span,
  column: (typeof COLUMNS)[keyof typeof COLUMNS],
  now: number,
): AsyncGenerator<Slice<T>> {
  const links = linksOf(feed);
  const within = 'all' in span ? '1' : 'r.seq IN (SELECT value FROM json_each(?))';
  const readable = readableSql(ownerOf(feed), 'j');
  const sql = `SELECT max(l.seq) AS last, count(*) AS links, total(j.seq IS NOT NULL AND NOT ${readable.sql}) AS unreadable,
      min(CASE WHEN j.start > ? THEN j.start WHEN j.end >= ? THEN j.end + 1 END) AS changes_at,
      json_group_array(${column}) FILTER (WHERE j.start <= ? AND j.end >= ?) AS valid
    FROM (SELECT r.seq, r.id, r.timestamp, r.source_seq FROM relationship r
      WHERE ${links.sql} AND ${within} AND r.seq > ? ORDER BY r.seq LIMIT ?) l
    LEFT JOIN judgement j ON j.seq = l.source_seq`;
  let last = 'all' in span ? (span.after ?? 0) : 0;
  for (;;) {
    const row = ctia.store.rows(sql, [
      ...[...readable.params, now, now, now, now, ...links.params],
      ...('all' in span ? [] : [span.seqs]),
      ...[last, SLICE],
    ])[0];
    if (Number(row?.unreadable) > 0) throw accessRefusal('read');
    const changesAt = row?.changes_at ?? Number.POSITIVE_INFINITY;
    if (Number(row?.links) > 0) last = Number(row?.last);
    yield { valid: JSON.parse(String(row?.valid)) as T[], changesAt: Number(changesAt), last };
    if (Number(row?.links) < SLICE) return;
    await otherRequests();
  }
}
