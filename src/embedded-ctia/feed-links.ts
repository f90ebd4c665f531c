import { setImmediate as otherRequests } from 'node:timers/promises';
import { type Identity, readableSql } from './access.ts';
import type { Ctia } from './ctia.ts';
import { text } from './documents.ts';
import type { Stored } from './kinds.ts';
import { edn } from './paging.ts';
import { accessRefusal } from './refusal.ts';
import type { Row, SqlValue } from './store.ts';
import type { ValueStanding } from './view-lines.ts';

/** The relationships of one page, by their place, or all. */
export type Span = { readonly all: true } | { readonly seqs: string };

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

interface Said {
  /** SQL aggregates over `j` (the judgement) and `l` (the link), each with a name. */
  readonly columns: string;
  readonly params: readonly SqlValue[];
}

/** Judgements that are valid at one instant, both bounds inclusive; the instant is two parameters. */
export const VALID = '(j.start <= ? AND j.end >= ?)';
/** The next instant after one at which a judgement starts or ends to be valid; the instant is two parameters. */
export const CHANGES_AT = '(CASE WHEN j.start > ? THEN j.start WHEN j.end >= ? THEN j.end + 1 END)';

/**
 * What is to be said of the judgements behind the links of a span, slice by slice, and `last`, the place of the youngest link
 * so far. What a link points at and cannot be found, or is something else, says nothing; what the owner may not read fails the
 * whole view.
 *
 * What is written between two slices may be in the answer or not, but what was there all the time is: slices follow the
 * order in which links were made, so the new link of an observable comes after its old one.
 */
export async function* linkedSlices(ctia: Ctia, feed: Stored, span: Span, said: Said): AsyncGenerator<Row> {
  const links = linksOf(feed);
  const within = 'all' in span ? '1' : 'r.seq IN (SELECT value FROM json_each(?))';
  const readable = readableSql(ownerOf(feed), 'j');
  const sql = `SELECT max(l.seq) AS last, count(*) AS links, total(j.seq IS NOT NULL AND NOT ${readable.sql}) AS unreadable,
      ${said.columns}
    FROM (SELECT r.seq, r.id, r.timestamp, r.source_seq FROM relationship r
      WHERE ${links.sql} AND ${within} AND r.seq > ? ORDER BY r.seq LIMIT ?) l
    LEFT JOIN judgement j ON j.seq = l.source_seq`;
  let last = 0;
  for (;;) {
    const row = ctia.store.rows(sql, [
      ...[...readable.params, ...said.params, ...links.params],
      ...('all' in span ? [] : [span.seqs]),
      ...[last, SLICE],
    ])[0];
    if (row === undefined || Number(row.links) === 0) return;
    if (Number(row.unreadable) > 0) throw accessRefusal('read');
    last = Number(row.last);
    yield row;
    if (Number(row.links) < SLICE) return;
    await otherRequests();
  }
}

/** The values behind links that were made after `link`, and the last of these; undefined where they are more than `most`. */
export function linkedAfter(
  ctia: Ctia,
  feed: Stored,
  link: number,
  most: number,
): { values: string[]; last: number } | undefined {
  const { sql, params } = linksOf(feed);
  const rows = ctia.store.rows(
    `SELECT r.seq, j.observable_value AS value FROM relationship r LEFT JOIN judgement j ON j.seq = r.source_seq
     WHERE ${sql} AND r.seq > ? ORDER BY r.seq LIMIT ?`,
    [...params, link, most + 1],
  );
  if (rows.length > most) return undefined;
  const values = rows.flatMap(({ value }) => (value === null ? [] : [String(value)]));
  return { values, last: Number(rows.at(-1)?.seq ?? link) };
}

/** How these values stand in the whole view now; what is not told stands nowhere in it. */
export function standingsOf(
  ctia: Ctia,
  feed: Stored,
  values: readonly string[],
  now: number,
): Map<string, ValueStanding> {
  const links = linksOf(feed);
  const readable = readableSql(ownerOf(feed), 'j');
  // CROSS JOIN keeps the order: from the few values to the many links.
  const rows = ctia.store.rows(
    `SELECT j.observable_value AS value, count(DISTINCT CASE WHEN ${VALID} THEN j.observable_type END) AS lines,
       min(${CHANGES_AT}) AS changes_at, total(NOT ${readable.sql}) AS unreadable
     FROM json_each(?) k CROSS JOIN judgement j ON j.observable_key = k.value ->> 0 AND j.observable_value = k.value ->> 1
     CROSS JOIN relationship r ON r.source_seq = j.seq AND ${links.sql}
     GROUP BY k.key`,
    [
      ...[now, now, now, now],
      ...readable.params,
      JSON.stringify(values.map((value) => [value.toLowerCase(), value])),
      ...links.params,
    ],
  );
  const standings = new Map<string, ValueStanding>();
  for (const row of rows) {
    if (Number(row.unreadable) > 0) throw accessRefusal('read');
    const changesAt = row.changes_at === null ? Number.POSITIVE_INFINITY : Number(row.changes_at);
    standings.set(text(row, 'value'), { lines: Number(row.lines), changesAt });
  }
  return standings;
}

/** The values of the judgements with these short ids; those that are gone are left out. */
export function valuesOfJudgements(ctia: Ctia, shortIds: readonly string[]): string[] {
  if (shortIds.length === 0) return [];
  return ctia.store
    .rows(
      `SELECT j.observable_value AS value FROM json_each(?) k CROSS JOIN entity e ON e.id = k.value
       CROSS JOIN judgement j ON j.seq = e.seq`,
      [JSON.stringify(shortIds)],
    )
    .map((row) => text(row, 'value'));
}
