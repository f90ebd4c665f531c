import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { TLPS } from '../ctim/judgement.ts';
import { requireCapabilities } from './capability.ts';
import { type Ctia, callerOf } from './ctia.ts';
import type { Kind } from './kinds.ts';
import { DEFAULT_LIMIT, pagingHeaders, sortFields } from './paging.ts';
import { documentsJson } from './projection.ts';
import { parseLucene } from './query-language.ts';
import { createdShape, names, pagingShape, parseQuery, whole } from './query-string.ts';
import { schemaRefusal } from './refusal.ts';
import { count, type Found, find, type Page, type Search } from './search.ts';

/** Search, its count, and the look-up by external id. Their query strings are strict. */
export function searchRoutes(app: FastifyInstance, ctia: Ctia, kind: Kind): void {
  const path = `/ctia/${kind.name}`;
  const filterShape = Object.fromEntries(kind.filters.map((name) => [name, z.string().optional()]));
  const countShape = {
    ...createdShape,
    ...filterShape,
    query: z.string().optional(),
    id: z.string().optional(),
    revision: whole.optional(),
    language: z.string().optional(),
    tlp: z.enum(TLPS).optional(),
  };
  const fields = names(kind.fields).optional();
  // A stray cursor is accepted and ignored by the count.
  const countQuery = z.strictObject({ ...countShape, search_after: pagingShape.search_after });
  const searchQuery = z.strictObject({ ...countShape, ...pagingShape, fields, sort_by: z.string().optional() });
  const externalIdQuery = z.strictObject({
    ...pagingShape,
    fields,
    // One name of the list here, where search takes any.
    sort_by: z.enum([...kind.sortNames]).optional(),
  });

  function searchFor(request: FastifyRequest, asked: z.infer<typeof countQuery>): Search {
    const { from, to, query, search_after: _, ...filters } = asked;
    const given = Object.entries(filters).filter(([, value]) => value !== undefined);
    return {
      kind,
      identity: callerOf(request),
      filters: Object.fromEntries(given.map(([name, value]) => [name, String(value)])),
      created: { from, to },
      query: query === undefined ? undefined : parseLucene(query),
      now: ctia.clock.now(),
    };
  }

  app.get(`${path}/search`, (request, reply) => {
    requireCapabilities(callerOf(request), [`search-${kind.name}`]);
    refuseUnread(request.query, ['simple_query', 'search_fields']);
    const {
      fields: chosen,
      sort_by: sortBy,
      sort_order: sortOrder,
      limit,
      offset,
      ...asked
    } = parseQuery(searchQuery, request.query);
    const page = pageOf(kind, sortBy, sortOrder, limit, offset, asked.search_after);
    const found = find(ctia.store, searchFor(request, asked), page);
    return sendPage(reply, found, page, chosen);
  });

  app.get(`${path}/search/count`, (request, reply) => {
    requireCapabilities(callerOf(request), [`search-${kind.name}`]);
    refuseUnread(request.query, ['simple_query']);
    const asked = parseQuery(countQuery, request.query);
    return reply.type('application/json; charset=utf-8').send(String(count(ctia.store, searchFor(request, asked))));
  });

  app.get<{ Params: { external_id: string } }>(`${path}/external_id/:external_id`, (request, reply) => {
    const identity = callerOf(request);
    requireCapabilities(identity, [`read-${kind.name}`]);
    const asked = parseQuery(externalIdQuery, request.query);
    const page = pageOf(kind, asked.sort_by, asked.sort_order, asked.limit, asked.offset, asked.search_after);
    const search: Search = {
      kind,
      identity,
      filters: {},
      created: { from: undefined, to: undefined },
      query: undefined,
      externalId: request.params.external_id,
      now: ctia.clock.now(),
    };
    const found = find(ctia.store, search, page);
    return sendPage(reply, found, page, asked.fields);
  });
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

/** Parameters that CTIA knows and this server does not read yet are refused, rather than answered as if they were not there. */
function refuseUnread(query: unknown, parameters: readonly string[]): void {
  for (const name of parameters) {
    if (typeof query === 'object' && query !== null && name in query) {
      throw schemaRefusal({ [name]: 'not supported by the embedded server' });
    }
  }
}
