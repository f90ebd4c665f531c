import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { type Identity, readableSql } from './access.ts';
import type { Ctia } from './ctia.ts';
import { text } from './documents.ts';
import { shortIdOf } from './ids.ts';
import { isoInstant } from './instants.ts';
import type { Stored } from './kinds.ts';
import { edn } from './paging.ts';
import { parseQuery, whole } from './query-string.ts';
import { accessRefusal, Refusal } from './refusal.ts';
import type { SqlValue } from './store.ts';

/**
 * The public URLs that firewalls pull: no token, the secret in the query. A view acts with the identity of the feed's owner
 * and lists what is `element-of` the feed's indicator and valid now. Disposition, verdict and observable type play no part.
 */
const PAGE_MAX = 10_000;
const limit = whole
  .refine((value) => value <= PAGE_MAX, '(not (less-than-10000? %n))')
  .refine((value) => value >= 1, '(not (pos? %n))');
const viewQuery = z.strictObject({
  s: z.string(),
  limit: limit.optional(),
  search_after: z.array(z.string()).optional(),
});
type ViewQuery = z.infer<typeof viewQuery>;

interface OfFeed {
  Params: { id: string };
}

export function feedViewRoutes(app: FastifyInstance, ctia: Ctia): void {
  app.get<OfFeed>('/ctia/feed/:id/view', (request, reply) => {
    const query = parseQuery(viewQuery, request.query);
    const feed = openFeed(ctia, request.params.id, query);
    if (typeof feed === 'string') throw new Refusal(REFUSED[feed], { error: feed });
    const { headers, page } = paged(ctia, feed, query);
    reply.headers(headers).type('application/json; charset=utf-8');
    if (feed.output === 'judgements') return reply.send(`{"judgements":[${judgements(ctia, feed, page).join(',')}]}`);
    return reply.send({ observables: observables(ctia, feed, page) });
  });

  app.get<OfFeed>('/ctia/feed/:id/view.txt', async (request, reply) => {
    // Only where nothing else is asked for: with JSON in `Accept` the body is one quoted text.
    const asJson = /\bapplication\/json\b/.test(request.headers.accept ?? '');
    const send = (body: string) =>
      asJson
        ? reply.type('application/json; charset=utf-8').send(JSON.stringify(body))
        : reply.type('text/plain').send(body);
    const query = ednRefusals(() => parseQuery(viewQuery, request.query));
    const feed = openFeed(ctia, request.params.id, query);
    if (typeof feed === 'string') {
      reply.code(REFUSED[feed]);
      return send(feed);
    }
    const { headers, page } = paged(ctia, feed, query);
    reply.headers(headers);
    if (feed.output === 'judgements') {
      // A judgement has no value of its own, so each becomes an empty line.
      return send('\n'.repeat(Math.max(0, judgements(ctia, feed, page).length - 1)));
    }
    return send(await sortedValues(ctia, feed, page));
  });
}

const REFUSED = { 'feed not found': 404, 'wrong secret': 401 } as const;

/** A feed whose lifetime is over cannot be told from a missing one, and that is looked at before the secret. */
function openFeed(ctia: Ctia, id: string, { s }: ViewQuery): Stored | keyof typeof REFUSED {
  const shortId = shortIdOf(id);
  const feed = shortId === undefined ? undefined : ctia.documents.get('feed', shortId);
  if (feed === undefined || !validNow(feed.lifetime, isoInstant(ctia.clock.now()))) return 'feed not found';
  return feed.secret === s ? feed : 'wrong secret';
}

/** Inclusive at both ends where both are given; a lone end is exclusive. Without a lifetime a feed lives always. */
function validNow(lifetime: unknown, now: string): boolean {
  const { start_time: start, end_time: end } = (lifetime ?? {}) as { start_time?: string; end_time?: string };
  if (start !== undefined && end !== undefined) return start <= now && now <= end;
  if (end !== undefined) return now < end;
  return start === undefined || now >= start;
}

/** The relationships of one page, by their place, or all. */
type Span = { readonly all: true } | { readonly seqs: string };

function paged(ctia: Ctia, feed: Stored, query: ViewQuery): { headers: Record<string, string>; page: Span } {
  if (query.limit === undefined && query.search_after === undefined) return { headers: {}, page: { all: true } };
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
  return { headers, page: { seqs: JSON.stringify(rows.map((row) => row.seq)) } };
}

function linksOf(feed: Stored): { sql: string; params: SqlValue[] } {
  const readable = readableSql(ownerOf(feed), 'r');
  return {
    sql: `r.target_ref = ? AND r.relationship_type = 'element-of' AND ${readable.sql}`,
    params: [String(feed.indicator_id ?? '').toLowerCase(), ...readable.params],
  };
}

function ownerOf(feed: Stored): Identity {
  return { login: feed.owner, groups: feed.groups };
}

/**
 * The judgements behind a page's links that are valid now, both bounds inclusive. What a link points at and cannot be found,
 * or is something else, is skipped; what the owner may not read fails the whole view.
 */
function linked(ctia: Ctia, feed: Stored, page: Span): { from: string; params: SqlValue[] } {
  const links = linksOf(feed);
  const readable = readableSql(ownerOf(feed), 'j');
  const span = 'all' in page ? '1' : 'r.seq IN (SELECT value FROM json_each(?))';
  const spanParams = 'all' in page ? [] : [page.seqs];
  const join = 'relationship r JOIN judgement j ON j.seq = r.source_seq';
  const where = `${links.sql} AND ${span}`;
  const unreadable = ctia.store.rows(`SELECT 1 FROM ${join} WHERE ${where} AND NOT ${readable.sql} LIMIT 1`, [
    ...[...links.params, ...spanParams, ...readable.params],
  ]);
  if (unreadable.length > 0) throw accessRefusal('read');
  const now = ctia.clock.now();
  return {
    from: `${join} WHERE ${where} AND j.start <= ? AND j.end >= ?`,
    params: [...links.params, ...spanParams, now, now],
  };
}

/** Links that are read at a time: other requests are answered in between. */
const SLICE = 8000;

/**
 * Code-point order, distinct by type and value, so that equal values of two types appear twice.
 *
 * What is written between two slices may be in the answer or not, but what was there all the time is: slices follow the
 * order in which links were made, so the new link of an observable comes after its old one.
 */
async function sortedValues(ctia: Ctia, feed: Stored, page: Span): Promise<string> {
  const links = linksOf(feed);
  const span = 'all' in page ? '1' : 'r.seq IN (SELECT value FROM json_each(?))';
  const readable = readableSql(ownerOf(feed), 'j');
  const sql = `SELECT max(l.seq) AS last, count(*) AS links, total(j.seq IS NOT NULL AND NOT ${readable.sql}) AS unreadable,
      json_group_array(j.observable_type || ' ' || j.observable_value) FILTER (WHERE j.start <= ? AND j.end >= ?) AS observables
    FROM (SELECT r.seq, r.source_seq FROM relationship r WHERE ${links.sql} AND ${span} AND r.seq > ? ORDER BY r.seq LIMIT ?) l
    LEFT JOIN judgement j ON j.seq = l.source_seq`;
  const now = ctia.clock.now();
  const found = new Set<string>();
  for (let last = 0; ; await new Promise((resolve) => setImmediate(resolve))) {
    const row = ctia.store.rows(sql, [
      ...[...readable.params, now, now, ...links.params],
      ...('all' in page ? [] : [page.seqs]),
      ...[last, SLICE],
    ])[0];
    if (Number(row?.unreadable) > 0) throw accessRefusal('read');
    for (const observable of JSON.parse(String(row?.observables)) as string[]) found.add(observable);
    if (Number(row?.links) < SLICE) break;
    last = Number(row?.last);
  }
  const values = Array.from(found, (observable) => observable.slice(observable.indexOf(' ') + 1));
  const body = values.sort().join('\n');
  // JavaScript sorts by UTF-16 units, which is code-point order unless there are surrogates.
  if (!/[\ud800-\udfff]/.test(body)) return body;
  return values.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))).join('\n');
}

function observables(ctia: Ctia, feed: Stored, page: Span): object[] {
  const { from, params } = linked(ctia, feed, page);
  return ctia.store
    .rows(
      `SELECT j.observable_type, j.observable_value FROM ${from}
       GROUP BY j.observable_type, j.observable_value ORDER BY max(r.timestamp) DESC, min(r.id)`,
      params,
    )
    .map((row) => ({ type: row.observable_type, value: row.observable_value }));
}

function judgements(ctia: Ctia, feed: Stored, page: Span): string[] {
  const { from, params } = linked(ctia, feed, page);
  return ctia.store
    .rows(
      `SELECT d.document FROM document d JOIN
         (SELECT j.seq, max(r.timestamp) AS newest, min(r.id) AS first FROM ${from} GROUP BY j.seq) l ON l.seq = d.seq
       ORDER BY l.newest DESC, l.first`,
      params,
    )
    .map((row) => text(row, 'document'));
}

/** The text view tells what is wrong with a query in EDN: `{:errors {:s missing-required-key}}`. */
function ednRefusals<T>(parse: () => T): T {
  try {
    return parse();
  } catch (refusal) {
    if (refusal instanceof Refusal)
      throw new Refusal(refusal.status, ednMap(refusal.body), { 'Content-Type': 'text/plain' });
    throw refusal;
  }
}

function ednMap(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(ednMap).join(' ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, item]) => `:${key} ${ednMap(item)}`)
      .join(', ')}}`;
  }
  // Keys of the schema's own vocabulary are symbols, everything else is a quoted text.
  const word = String(value);
  return /^[a-z-]+$/.test(word) ? word : JSON.stringify(word);
}
