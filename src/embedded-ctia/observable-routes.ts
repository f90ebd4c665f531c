import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { CTIM_OBSERVABLE_TYPES } from '../ctim/vocabulary.ts';
import { readableSql } from './access.ts';
import { readOf } from './answers.ts';
import { requireCapabilities } from './capability.ts';
import { type Ctia, callerOf } from './ctia.ts';
import { text } from './documents.ts';
import { shortIdOf } from './ids.ts';
import { type Kind, kindNamed } from './kinds.ts';
import type { Search } from './matching.ts';
import { type Operation, operation } from './operation.ts';
import { DEFAULT_LIMIT, pagingHeaders } from './paging.ts';
import { createdShape, names, pagingShape, parseQuery } from './query-string.ts';
import { Refusal, schemaRefusal } from './refusal.ts';
import { verdictSchema } from './schema.ts';
import { find } from './search.ts';
import { pageOf, sendPage } from './search-routes.ts';
import { verdictOf } from './verdict.ts';

interface OfObservable {
  Params: { type: string; value: string };
}

/** The only sorts of the judgements' route that are no single name of their list. */
const COMPOSITE_SORTS = [
  'disposition:asc,valid_time.start_time:desc',
  'disposition:asc,valid_time.start_time:desc,timestamp:desc',
];

/**
 * What is known of one observable; its value matches in any case.
 *   judgements             all on it, expired ones included
 *   sightings              those that name it among their observables
 *   …/indicators           where relationships lead from them
 *   …/incidents
 *   verdict
 */
export function observableRoutes(app: FastifyInstance, ctia: Ctia): void {
  app.get<OfObservable>(
    '/ctia/:type/:value/verdict',
    told('Its verdict', verdictQuery, verdictSchema),
    (request, reply) => {
      const identity = callerOf(request);
      requireCapabilities(identity, ['read-verdict']);
      const observable = observableOf(request);
      const { from, to } = parseQuery(verdictQuery, request.query);
      const verdict = verdictOf(ctia.store, { identity, ...observable, from, to, now: ctia.clock.now() });
      if (verdict !== undefined) return reply.send(verdict);
      throw new Refusal(404, { message: 'no verdict currently available for the supplied observable' });
    },
  );

  for (const { kind, sorts, leads } of ROUTES) {
    const query = z.strictObject({
      ...createdShape,
      ...pagingShape,
      fields: names(kind.fields).optional(),
      sort_by: z.enum([...kind.fields, ...sorts]).optional(),
    });
    const path = `/ctia/:type/:value/${kind.plural}`;

    app.get<OfObservable>(
      path,
      told(`${kind.plural} on it`, query, z.array(readOf(kind)), LIST),
      async (request, reply) => {
        requireCapabilities(callerOf(request), [`list-${kind.plural}`]);
        const search = searchOn(ctia, kind, request);
        const asked = parseQuery(query, request.query);
        const page = pageOf(kind, asked.sort_by, asked.sort_order, asked.limit, asked.offset, asked.search_after);
        const found = await find(ctia, { ...search, created: { from: asked.from, to: asked.to } }, page);
        return sendPage(reply, found, page, asked.fields);
      },
    );

    for (const lead of leads) {
      app.get<OfObservable>(
        `${path}/${lead.target}s`,
        told(`${lead.target}s behind them`, idListQuery, z.array(z.string()), LIST),
        async (request, reply) => {
          requireCapabilities(callerOf(request), [`list-${kind.plural}`, 'list-relationships']);
          const search = searchOn(ctia, kind, request);
          const asked = parseQuery(idListQuery, request.query);
          const ids = await targets(ctia, search, lead);
          if (asked.sort_order === 'desc') ids.reverse();
          const { limit = DEFAULT_LIMIT, offset = 0 } = asked;
          const documents = ids.slice(offset, offset + limit);
          const found = { total: ids.length, hits: documents.length, documents, sortValues: undefined };
          return reply.headers(pagingHeaders(found, { sort: [], limit, offset, after: undefined })).send(documents);
        },
      );
    }
  }
}

interface Lead {
  readonly target: 'indicator' | 'incident';
  readonly types: readonly string[];
}

const ROUTES: readonly { kind: Kind; sorts: readonly string[]; leads: readonly Lead[] }[] = [
  {
    kind: kindNamed('judgement'),
    sorts: COMPOSITE_SORTS,
    leads: [{ target: 'indicator', types: ['based-on', 'element-of'] }],
  },
  {
    kind: kindNamed('sighting'),
    sorts: [],
    leads: [
      { target: 'indicator', types: ['sighting-of', 'member-of'] },
      { target: 'incident', types: ['member-of'] },
    ],
  },
];

const verdictQuery = z.strictObject(createdShape);

const told = (summary: string, query: z.ZodType, answer: z.ZodType, more: Partial<Operation> = {}) =>
  operation({ tag: 'observable', summary, query, answer, ...more });
/** A list that is empty is no 404. */
const LIST = { refuses: [400, 401, 403, 429] } as const;

/** These lists have an offset and no cursor. */
const idListQuery = z.strictObject({
  limit: pagingShape.limit,
  offset: pagingShape.offset,
  sort_order: pagingShape.sort_order,
  sort_by: z.enum(['id']).optional(),
});

function observableOf(request: FastifyRequest<OfObservable>): { type: string; value: string } {
  const { type, value } = request.params;
  if (!CTIM_OBSERVABLE_TYPES.includes(type)) throw schemaRefusal({ observable_type: `(not (#{…} "${type}"))` });
  return { type, value };
}

function searchOn(ctia: Ctia, kind: Kind, request: FastifyRequest<OfObservable>): Search {
  return {
    kind,
    identity: callerOf(request),
    filters: {},
    created: { from: undefined, to: undefined },
    query: undefined,
    observable: observableOf(request),
    now: ctia.clock.now(),
    abandoned: () => request.socket.destroyed,
  };
}

/** CTIA looks at the first hundred judgements or sightings and at the first hundred relationships from them. */
const LOOKED_AT = 100;

/** Long ids of what the relationships lead to, sorted: CTIA's order is not said, and pages want one. */
async function targets(ctia: Ctia, search: Search, { target, types }: Lead): Promise<string[]> {
  const page = pageOf(search.kind, undefined, undefined, LOOKED_AT, 0, undefined);
  const { documents } = await find(ctia, search, page);
  const sources = documents.map((document) => shortIdOf((JSON.parse(document) as { id: string }).id));
  const readable = readableSql(search.identity, 'r');
  const rows = ctia.store.rows(
    `SELECT d.document ->> '$.target_ref' AS target
     FROM json_each(?) k JOIN entity s ON s.id = k.value JOIN relationship r ON r.source_seq = s.seq
       JOIN document d ON d.seq = r.seq
     WHERE r.relationship_type IN (SELECT value FROM json_each(?)) AND r.target_ref LIKE ? AND ${readable.sql} LIMIT ?`,
    [JSON.stringify(sources), JSON.stringify(types), `%/ctia/${target}/${target}-%`, ...readable.params, LOOKED_AT],
  );
  return [...new Set(rows.map((row) => text(row, 'target')))].sort();
}
