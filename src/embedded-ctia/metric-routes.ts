import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { requireCapabilities } from './capability.ts';
import { type Ctia, callerOf } from './ctia.ts';
import { isoInstant } from './instants.ts';
import type { Kind } from './kinds.ts';
import { histogram, type Tally, tallyDates, tallyValues, topn } from './metrics.ts';
import { operation } from './operation.ts';
import { LISTS, pagingShape, parseQuery } from './query-string.ts';
import { queryRefusal } from './refusal.ts';
import { instant } from './schema.ts';
import { type Asked, countShapeOf, searchFor } from './search-routes.ts';

const TIMEZONES = ['+', '-'].flatMap((sign) =>
  Array.from({ length: 12 }, (_, hour) => `${sign}${String(hour).padStart(2, '0')}:00`).filter(
    (zone) => zone !== '-00:00',
  ),
);
const TOPN_LIMIT = 10;

/**
 * How often the values of a field come (`topn`), how many different ones there are (`cardinality`), and how dates are
 * spread (`histogram`). What is counted was created within a year before `to`; for a histogram its own field lies there.
 * Left out: an incident's averages, which are made of intervals that this server does not keep.
 */
export function metricRoutes(app: FastifyInstance, ctia: Ctia, kind: Kind): void {
  const { metrics } = kind;
  if (metrics === undefined) return;
  const path = `/ctia/${kind.name}/metric`;
  const lists = [...LISTS, ...(kind.repeatedFilters ?? [])];
  const shape = { ...countShapeOf(kind), from: instant, 'aggregate-on': z.enum([...metrics.values]) };
  const queries = {
    topn: z.strictObject({ ...shape, limit: pagingShape.limit, sort_order: pagingShape.sort_order }),
    cardinality: z.strictObject(shape),
    histogram: z.strictObject({
      ...shape,
      'aggregate-on': z.enum([...metrics.dates]),
      granularity: z.enum(['day', 'week', 'month']),
      timezone: z.enum(TIMEZONES).optional(),
    }),
  };

  const told = (summary: string, query: z.ZodType) => operation({ tag: kind.name, summary, query, answer: metric });

  function askedOf<T>(request: FastifyRequest, query: z.ZodType<T>): T {
    requireCapabilities(callerOf(request), [`search-${kind.name}`]);
    return parseQuery(query, request.query, lists);
  }

  app.get(`${path}/topn`, told('The most frequent values of a field', queries.topn), async (request, reply) => {
    const {
      'aggregate-on': field,
      limit = TOPN_LIMIT,
      sort_order: order = 'desc',
      ...asked
    } = askedOf(request, queries.topn);
    if (limit < 1) throw queryRefusal(`[size] must be greater than 0. Found [${limit}] in [metric]`);
    const window = windowOf(ctia, asked);
    const tally = await tallyValues(ctia, searchFor(ctia, kind, request, { ...asked, ...window }), field);
    return sendMetric(reply, 'topn', field, asked, window, tally, topn(tally, limit, order));
  });

  app.get(
    `${path}/cardinality`,
    told('How many different values a field has', queries.cardinality),
    async (request, reply) => {
      const { 'aggregate-on': field, ...asked } = askedOf(request, queries.cardinality);
      const window = windowOf(ctia, asked);
      const tally = await tallyValues(ctia, searchFor(ctia, kind, request, { ...asked, ...window }), field);
      return sendMetric(reply, 'cardinality', field, asked, window, tally, tally.counts.size);
    },
  );

  app.get(`${path}/histogram`, told('How dates are spread', queries.histogram), async (request, reply) => {
    const { 'aggregate-on': field, granularity, timezone = '+00:00', ...asked } = askedOf(request, queries.histogram);
    const window = windowOf(ctia, asked);
    const [from, to] = [Date.parse(window.from), Date.parse(window.to)];
    const search = searchFor(ctia, kind, request, { ...asked, from: undefined, to: undefined });
    const tally = await tallyDates(ctia, search, { field, from, to, granularity, timezone });
    return sendMetric(reply, 'histogram', field, asked, window, tally, histogram(tally, granularity, timezone));
  });
}

const metric = z.strictObject({
  data: z.record(z.string(), z.unknown()),
  type: z.enum(['topn', 'cardinality', 'histogram']),
  filters: z.looseObject({ from: instant, to: instant }),
});

interface Window {
  readonly from: string;
  readonly to: string;
}

/** At most the last year before the end. */
function windowOf(
  ctia: Ctia,
  { from, to = isoInstant(ctia.clock.now()) }: { from: string; to?: string | undefined },
): Window {
  const yearBefore = new Date(to);
  yearBefore.setUTCFullYear(yearBefore.getUTCFullYear() - 1);
  return { from: isoInstant(Math.max(Date.parse(from), yearBefore.getTime())), to };
}

function sendMetric(
  reply: FastifyReply,
  type: 'topn' | 'cardinality' | 'histogram',
  field: string,
  { query, simple_query: simple, ...asked }: Asked,
  window: Window,
  { total }: Tally,
  result: unknown,
): FastifyReply {
  const filters = Object.fromEntries(Object.entries(asked).filter(([name]) => name !== 'search_after'));
  const texts = [
    ...(query === undefined ? [] : [{ query, query_mode: 'query_string' }]),
    ...(simple === undefined ? [] : [{ query: simple, query_mode: 'simple_query_string' }]),
  ];
  const data = field.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), result);
  return reply
    .header('X-Total-Hits', String(total))
    .send({ data, type, filters: { ...filters, ...window, ...(texts.length > 0 && { 'full-text': texts }) } });
}
