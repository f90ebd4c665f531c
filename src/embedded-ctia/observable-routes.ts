import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { requireCapabilities } from './capability.ts';
import { type Ctia, callerOf } from './ctia.ts';
import { kindNamed } from './kinds.ts';
import { createdShape, names, pagingShape, parseQuery } from './query-string.ts';
import { schemaRefusal } from './refusal.ts';
import { find } from './search.ts';
import { pageOf, sendPage } from './search-routes.ts';
import { CTIM_OBSERVABLE_TYPES } from './vocabulary.ts';

/** The only sorts of this route that are no single name of the judgement's list. */
const COMPOSITE_SORTS = [
  'disposition:asc,valid_time.start_time:desc',
  'disposition:asc,valid_time.start_time:desc,timestamp:desc',
];

/** What is known of one observable. All judgements on it, expired ones included; type and value match in any case. */
export function observableRoutes(app: FastifyInstance, ctia: Ctia): void {
  const kind = kindNamed('judgement');
  const judgementsQuery = z.strictObject({
    ...createdShape,
    ...pagingShape,
    fields: names(kind.fields).optional(),
    sort_by: z.enum([...kind.sortNames, ...COMPOSITE_SORTS]).optional(),
  });
  app.get<{ Params: { type: string; value: string } }>('/ctia/:type/:value/judgements', (request, reply) => {
    const { type, value } = request.params;
    const identity = callerOf(request);
    requireCapabilities(identity, ['list-judgements']);
    if (!CTIM_OBSERVABLE_TYPES.includes(type)) throw schemaRefusal({ observable_type: `(not (#{…} "${type}"))` });
    const asked = parseQuery(judgementsQuery, request.query);
    const page = pageOf(kind, asked.sort_by, asked.sort_order, asked.limit, asked.offset, asked.search_after);
    const search = {
      kind,
      identity,
      filters: { 'observable.value': value, 'observable.type': type },
      created: { from: asked.from, to: asked.to },
      query: undefined,
      now: ctia.clock.now(),
    };
    const found = find(ctia.store, search, page);
    return sendPage(reply, found, page, asked.fields);
  });
}
