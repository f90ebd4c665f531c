import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { storedOf } from './answers.ts';
import type { Ctia } from './ctia.ts';
import { followedView } from './feed-lines.ts';
import { ownerOf, PAGE_MAX, pageOf, type Span } from './feed-links.ts';
import { jsonView, plainView } from './feed-text.ts';
import { shortIdOf } from './ids.ts';
import { isoInstant } from './instants.ts';
import { kindNamed, type Stored } from './kinds.ts';
import { operation } from './operation.ts';
import { parseQuery, whole } from './query-string.ts';
import { Refusal } from './refusal.ts';
import { type Representation, represented, sendRepresentation } from './representation.ts';
import { observable } from './schema.ts';
import { type Before, makeViewCache, type Rendered } from './view-cache.ts';

/**
 * The public URLs that firewalls pull: no token, the secret in the query. A view acts with the identity of the feed's owner
 * and lists what is `element-of` the feed's indicator and valid now. Disposition, verdict and observable type play no part.
 *
 * Beyond CTIA: HEAD, ETag, gzip, and `view.txt.md5`, which Cisco's firewalls ask for before they fetch a list again.
 */
const limit = whole
  .refine((value) => value <= PAGE_MAX, '(not (less-than-10000? %n))')
  .refine((value) => value >= 1, '(not (pos? %n))');
const viewQuery = z.strictObject({
  s: z.string(),
  limit: limit.optional(),
  search_after: z.array(z.string()).optional(),
});
type ViewQuery = z.infer<typeof viewQuery>;

const told = (summary: string, answerType: string, answer: z.ZodType) =>
  operation({
    tag: 'feed',
    summary,
    query: viewQuery,
    answerType,
    answer,
    access: 'open',
    refuses: [400, 401, 403, 404],
  });
const listed = z.union([
  z.strictObject({ observables: z.array(observable) }),
  z.strictObject({ judgements: z.array(storedOf(kindNamed('judgement'))) }),
]);

interface OfFeed {
  Params: { id: string };
}

const CACHE_BYTES = 64 * 1024 * 1024;

export function feedViewRoutes(app: FastifyInstance, ctia: Ctia): void {
  const cache = makeViewCache(CACHE_BYTES);

  /** One whole view is kept; a page is made for the one who asks. */
  async function viewed(
    feed: Stored,
    query: ViewQuery,
    form: Form,
  ): Promise<{ headers: Record<string, string>; key: string; representation: Representation }> {
    const now = ctia.clock.now();
    const { headers, span } = pageOf(ctia, feed, query);
    const key = JSON.stringify([form, feed.id, feed.indicator_id, feed.output, ownerOf(feed)]);
    const anew = () => FORMS[form](ctia, feed, span, now);
    const render = async (before?: Before) =>
      (before && (await followedView(ctia, feed, now, before))) ?? (await anew());
    const representation =
      'all' in span
        ? await cache.get(key, ctia.changes.stateOf(String(feed.indicator_id)), now, render)
        : represented((await anew()).body);
    return { headers, key, representation };
  }

  app.route<OfFeed>({
    method: ['GET', 'HEAD'],
    url: '/ctia/feed/:id/view',
    ...told('What it lists, as JSON', 'application/json', listed),
    handler: async (request, reply) => {
      const query = parseQuery(viewQuery, request.query);
      const feed = openFeed(ctia, request.params.id, query);
      if (typeof feed === 'string') return reply.code(REFUSED[feed]).send({ error: feed });
      const { headers, key, representation } = await viewed(feed, query, 'json');
      reply.headers(headers).type('application/json; charset=utf-8');
      return sendRepresentation(request, reply, representation, (bytes) => cache.grown(key, bytes));
    },
  });

  /** The text of a view, or what `of` makes of it; refusals are texts too. */
  const textRoute = (url: string, summary: string, of: (view: Representation) => Representation) =>
    app.route<OfFeed>({
      method: ['GET', 'HEAD'],
      url,
      ...told(summary, 'text/plain', z.string()),
      handler: async (request, reply) => {
        const query = ednRefusals(() => parseQuery(viewQuery, request.query));
        const feed = openFeed(ctia, request.params.id, query);
        if (typeof feed === 'string') return refuse(request, reply, feed);
        const json = asksForJson(request);
        const { headers, key, representation } = await viewed(feed, query, json ? 'quoted' : 'plain');
        reply.headers(headers).header('Content-Type', json ? 'application/json; charset=utf-8' : 'text/plain');
        return sendRepresentation(request, reply, of(representation), (bytes) => cache.grown(key, bytes));
      },
    });
  textRoute('/ctia/feed/:id/view.txt', 'What it lists, one value a line', (view) => view);
  textRoute('/ctia/feed/:id/view.txt.md5', 'MD5 of the text', ({ md5 }) => represented(Buffer.from(md5)));
}

type Form = keyof typeof FORMS;
const FORMS = {
  json: jsonView,
  plain: plainView,
  quoted: async (ctia: Ctia, feed: Stored, span: Span, now: number): Promise<Rendered> => {
    const { body, changesAt } = await plainView(ctia, feed, span, now);
    return { body: Buffer.from(JSON.stringify(body.toString())), changesAt };
  },
};

/** Only where nothing else is asked for is a text a text: with JSON in `Accept` it is quoted. */
function asksForJson(request: FastifyRequest): boolean {
  return /\bapplication\/json\b/.test(request.headers.accept ?? '');
}

function refuse(request: FastifyRequest, reply: FastifyReply, why: keyof typeof REFUSED): FastifyReply {
  reply.code(REFUSED[why]);
  return asksForJson(request)
    ? reply.type('application/json; charset=utf-8').send(JSON.stringify(why))
    : reply.header('Content-Type', 'text/plain').send(Buffer.from(why));
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
