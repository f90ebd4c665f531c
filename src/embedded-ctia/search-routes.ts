import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { TLPS } from '../ctim/judgement.ts';
import { readOf, total } from './answers.ts';
import { requireCapabilities } from './capability.ts';
import { type Ctia, callerOf } from './ctia.ts';
import { deleteFound } from './delete-search.ts';
import type { Kind } from './kinds.ts';
import type { Search } from './matching.ts';
import { type Operation, operation } from './operation.ts';
import { DEFAULT_LIMIT, pagingHeaders, sortFields } from './paging.ts';
import { documentsJson } from './projection.ts';
import { parseLucene, type Query, withLongIds } from './query-language.ts';
import { createdShape, LISTS, names, pagingShape, parseQuery, truth, waitQuery, whole } from './query-string.ts';
import { count, type Found, find, type Page } from './search.ts';
import { parseSimple } from './simple-query.ts';

/** Search, its count, delete-by-search, and the look-up by external id. Their query strings are strict. */
export function searchRoutes(app: FastifyInstance, ctia: Ctia, kind: Kind): void {
  const path = `/ctia/${kind.name}`;
  const queries = queriesOf(kind);
  const lists = [...LISTS, ...(kind.repeatedFilters ?? [])];
  const told = (summary: string, query: z.ZodType, answer: z.ZodType, more: Partial<Operation> = {}) =>
    operation({ tag: kind.name, summary, query, answer, ...more });
  const page = z.array(readOf(kind));

  app.get(`${path}/search`, told('Search', queries.search, page), async (request, reply) => {
    requireCapabilities(callerOf(request), [`search-${kind.name}`]);
    const {
      fields,
      sort_by: sortBy,
      sort_order: sortOrder,
      limit,
      offset,
      search_after: after,
      ...asked
    } = parseQuery(queries.search, request.query, lists);
    const page = pageOf(kind, sortBy, sortOrder, limit, offset, after);
    const found = await find(ctia, searchFor(ctia, kind, request, asked), page);
    return sendPage(reply, found, page, fields);
  });

  app.get(`${path}/search/count`, told('Count what a search finds', queries.count, total), async (request, reply) => {
    requireCapabilities(callerOf(request), [`search-${kind.name}`]);
    const { search_after: _, ...asked } = parseQuery(queries.count, request.query, lists);
    return sendNumber(reply, await count(ctia, searchFor(ctia, kind, request, asked)));
  });

  app.delete(
    `${path}/search`,
    told('Delete what a search finds, or count it', queries.delete, total),
    async (request, reply) => {
      requireCapabilities(callerOf(request), [`search-${kind.name}`, `delete-${kind.name}`]);
      const {
        REALLY_DELETE_ALL_THESE_ENTITIES: really,
        wait_for: _,
        ...asked
      } = parseQuery(queries.delete, request.query, lists);
      if (Object.values(asked).every((value) => value === undefined))
        return reply.code(403).send({ error: UNFILTERED });
      const search = searchFor(ctia, kind, request, asked);
      return sendNumber(reply, really === true ? await deleteFound(ctia, search) : await count(ctia, search));
    },
  );

  const byExternalId = told('Those that bear an external id', queries.externalId, page, {
    refuses: [400, 401, 403, 429],
  });
  app.get<{ Params: { external_id: string } }>(
    `${path}/external_id/:external_id`,
    byExternalId,
    async (request, reply) => {
      requireCapabilities(callerOf(request), [`read-${kind.name}`]);
      const asked = parseQuery(queries.externalId, request.query);
      const page = pageOf(kind, asked.sort_by, asked.sort_order, asked.limit, asked.offset, asked.search_after);
      const search = { ...searchFor(ctia, kind, request, {}), externalId: request.params.external_id };
      return sendPage(reply, await find(ctia, search, page), page, asked.fields);
    },
  );
}

const UNFILTERED = 'you must provide at least one of from, to, query or any field filter.';

export type Asked = Partial<z.infer<ReturnType<typeof queriesOf>['count']>> & { search_fields?: string[] | undefined };

/** Of a search, a count or a metric. */
export function searchFor(ctia: Ctia, kind: Kind, request: FastifyRequest, asked: Asked): Search {
  const { from, to, query, simple_query: simple, search_fields: searchFields, ...filters } = asked;
  const given = Object.entries(filters).filter(([, value]) => value !== undefined);
  const parts: Query[] = [];
  if (query !== undefined) parts.push(withLongIds(parseLucene(query), ctia.url()));
  if (simple !== undefined) parts.push(parseSimple(simple));
  return {
    kind,
    identity: callerOf(request),
    filters: Object.fromEntries(given.map(([name, value]) => [name, [value].flat().map(String)])),
    created: { from, to },
    query: parts.length > 1 ? { kind: 'and', of: parts } : parts[0],
    ...(searchFields !== undefined && { searchFields }),
    now: ctia.clock.now(),
    abandoned: () => request.socket.destroyed,
  };
}

function queriesOf(kind: Kind) {
  const isFeed = kind.name === 'feed';
  const filterShape = Object.fromEntries(
    kind.filters.map((name) => [
      name,
      (kind.repeatedFilters?.includes(name) === true ? z.array(z.string()) : z.string()).optional(),
    ]),
  );
  const shape = {
    ...createdShape,
    ...filterShape,
    query: z.string().optional(),
    simple_query: z.string().optional(),
    id: z.string().optional(),
    revision: whole.optional(),
    language: z.string().optional(),
    tlp: z.enum(TLPS).optional(),
  };
  const refused = [...(kind.countRefuses ?? []), ...(isFeed ? ['simple_query'] : [])];
  const countShape = Object.fromEntries(
    Object.entries(shape).filter(([name]) => !refused.includes(name)),
  ) as typeof shape;
  const fields = names(kind.fields).optional();
  const searchFields = names(kind.searchFields).optional();
  // One name of the list on other routes than search; and on a feed's.
  const oneSort = z.enum([...kind.sortNames]).optional();
  return {
    // A stray cursor is accepted and ignored by the count.
    count: z.strictObject({ ...countShape, search_after: pagingShape.search_after }),
    delete: z.strictObject({
      ...countShape,
      REALLY_DELETE_ALL_THESE_ENTITIES: truth.optional(),
      wait_for: waitQuery.shape.wait_for,
    }),
    search: z.strictObject({
      ...shape,
      ...pagingShape,
      fields,
      sort_by: isFeed ? oneSort : z.string().optional(),
      ...((isFeed ? {} : { search_fields: searchFields }) as { search_fields: typeof searchFields }),
    }),
    externalId: z.strictObject({ ...pagingShape, fields, sort_by: oneSort }),
  };
}

/** What filters, of a kind, without paging and sorting. */
export function countShapeOf(kind: Kind) {
  return queriesOf(kind).count.shape;
}

/** One page of documents as they are stored, or their chosen fields, under the four paging headers. */
export function sendPage(
  reply: FastifyReply,
  found: Found,
  page: Page,
  fields: readonly string[] | undefined,
): FastifyReply {
  return reply
    .headers(pagingHeaders(found, page))
    .type('application/json; charset=utf-8')
    .send(documentsJson(found.documents, fields));
}

function sendNumber(reply: FastifyReply, number: number): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(String(number));
}

export function pageOf(
  kind: Kind,
  sortBy: string | undefined,
  sortOrder: 'asc' | 'desc' | undefined,
  limit = DEFAULT_LIMIT,
  offset = 0,
  after: readonly string[] | undefined,
): Page {
  return { sort: sortFields(sortBy, sortOrder, kind.defaultSort), limit, offset, after };
}
