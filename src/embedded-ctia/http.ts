import { TLSSocket } from 'node:tls';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../runtime/log.ts';
import { missingCapability } from './capability.ts';
import type { Ctia } from './ctia.ts';
import type { FaultPlan } from './faults.ts';
import { LIMIT_HEADER, type RateLimit } from './rate-limit.ts';
import { CTIM_VERSION } from './realize.ts';
import { Refusal } from './refusal.ts';
import type { RequestCounts } from './requests.ts';
import { unauthorized } from './tokens.ts';

interface Parts {
  readonly ctia: Ctia;
  readonly requests: RequestCounts;
  readonly faults: FaultPlan;
  readonly rateLimit: RateLimit | undefined;
  readonly log: Log;
}

/** No token is asked for: the version, and the feed views, which have a secret of their own. */
const OPEN_PATHS = /^\/ctia\/(?:version|feed\/[^/]+\/view(?:\.txt(?:\.md5)?)?)$/;
const CTIA_PATHS = /^\/ctia(?:\/|$)/;

const TOKEN_PATH = '/iroh/oauth2/token';

const METHODS = 'DELETE, GET, PATCH, POST, PUT';
const ALLOWED = 'Authorization, Content-Type, Accept, If-None-Match';
/** As CTIA has it: without the feeds' `X-Search_after`. */
const EXPOSED = 'Retry-After,X-Total-Hits,X-Next,X-Previous,X-Sort,Etag,X-Ctia-Version,X-Ctia-Config,X-Ctim-Version';

/**
 * What holds for every route, in the order in which it happens to a request: counted, refreshed, misbehaved to if a test
 * wants it, authenticated (before it is known whether the path exists), limited, parsed, answered.
 */
export function httpBehaviour(app: FastifyInstance, { ctia, requests, faults, rateLimit, log }: Parts): void {
  const closing = new AbortController();
  const refused = new WeakSet<FastifyRequest>();
  app.addHook('preClose', () => closing.abort());
  app.decorateRequest('caller', undefined);
  app.decorateRequest('fault', undefined);

  app.addHook('onRequest', async (request, reply) => {
    const asked = path(request);
    requests.count(request.method, request.routeOptions.url ?? asked);
    ctia.refresh.due();
    if (!asked.startsWith('/admin/')) request.fault = faults.take(request.method, asked);
    if (request.fault?.kind === 'reset-before') return reset(request, reply);
    if (request.fault?.kind === 'status') {
      const { status, retryAfter, body } = request.fault;
      throw new Refusal(status, body, retryAfter === undefined ? {} : { 'Retry-After': retryAfter });
    }
    if (request.fault?.kind === 'token') throw unauthorized('jwt_revoked', 'This JWT was revoked');
    if (request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined) {
      return reply.headers({ 'Access-Control-Allow-Methods': METHODS, 'Access-Control-Allow-Headers': ALLOWED }).send();
    }
    if (!CTIA_PATHS.test(asked) || OPEN_PATHS.test(asked)) return;
    const caller = ctia.tokens.caller(request.headers.authorization);
    request.caller = caller;
    rateLimit?.spend(caller.groups[0] ?? '');
    if (request.fault?.kind === 'forbidden') throw missingCapability(request.fault.capabilities, caller.login);
  });

  app.addHook('onSend', async (request, reply, payload) => {
    if (request.fault?.kind === 'slow') await ctia.clock.sleep(request.fault.ms, closing.signal).catch(() => undefined);
    if (request.fault?.kind === 'reset-after') return reset(request, reply);
    // By the server's clock, from which clients learn how far theirs is off.
    reply.header('Date', new Date(ctia.clock.now()).toUTCString());
    reply.header('X-Content-Type-Options', 'nosniff');
    const { origin } = request.headers;
    if (origin !== undefined && CTIA_PATHS.test(path(request))) {
      reply.headers({ 'Access-Control-Allow-Origin': origin, 'Access-Control-Expose-Headers': EXPOSED });
      reply.header('Vary', reply.hasHeader('Vary') ? `${reply.getHeader('Vary')}, Origin` : 'Origin');
    }
    if (refused.has(request) || !CTIA_PATHS.test(path(request))) return payload;
    if (rateLimit !== undefined && request.caller !== undefined) reply.header(LIMIT_HEADER, rateLimit.perHour);
    // Only what has a body tells the versions.
    if (payload !== undefined && payload !== null && payload !== '') {
      reply.headers({ 'X-Ctia-Version': 'embedded', 'X-Ctia-Config': '', 'X-Ctim-Version': CTIM_VERSION });
    }
    return payload;
  });

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_, body, done) => {
    if (body === '') return done(null, undefined);
    try {
      done(null, parsedJson(String(body)));
    } catch (cause) {
      done(new Refusal(400, { type: 'json-parse-exception', message: cause instanceof Error ? cause.message : '' }));
    }
  });
  // CTIA reads JSON: a body of any other type is as if there were none. The token is asked for with a form.
  app.addContentTypeParser('*', { parseAs: 'string' }, (request, body, done) =>
    done(null, path(request) === TOKEN_PATH ? body : undefined),
  );

  app.setNotFoundHandler((_, reply) =>
    reply
      .code(404)
      .headers({ 'Content-Security-Policy': "default-src 'self'", 'X-Frame-Options': 'DENY' })
      .type('text/html; charset=utf-8')
      .send('<!DOCTYPE html><html><body><h1>page not found</h1></body></html>'),
  );

  app.setErrorHandler((cause, request, reply) => {
    // That something is not there is an ordinary answer of CTIA; every other refusal is made of an exception.
    if (!(cause instanceof Refusal && cause.status === 404)) refused.add(request);
    // Headers that the handler had already set belong to an answer that is not sent.
    for (const name of Object.keys(reply.getHeaders())) reply.removeHeader(name);
    if (cause instanceof Refusal) {
      reply.code(cause.status).headers(cause.headers);
      if (typeof cause.body === 'string' && !reply.hasHeader('Content-Type')) reply.type('text/plain; charset=utf-8');
      // As bytes, a text is sent with its content type as it is.
      return reply.send(typeof cause.body === 'string' ? Buffer.from(cause.body) : cause.body);
    }
    if (cause instanceof Error && 'code' in cause && cause.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
      // A proxy or the servlet container answers this before CTIA sees it, and not in JSON.
      return reply.code(413).type('text/plain').send(Buffer.from('Request Entity Too Large'));
    }
    const status = cause instanceof Error && 'statusCode' in cause ? Number(cause.statusCode) : 500;
    if (status >= 500) log.error({ err: cause, method: request.method, url: path(request) }, 'request failed');
    return reply.code(status).send({ type: 'unknown-exception', class: 'java.lang.Exception' });
  });
}

/**
 * Half a surrogate pair is no text: it cannot be written as UTF-8, and the database would end the process over it. It only
 * comes as an escape, and so do whole pairs from clients that write ASCII.
 */
function parsedJson(body: string): unknown {
  if (!/\\u[dD][89a-fA-F]/.test(body)) return JSON.parse(body);
  return JSON.parse(body, (key, value: unknown) => {
    for (const text of [key, value]) {
      if (typeof text === 'string' && /\p{Cs}/u.test(text))
        throw new SyntaxError('Incomplete surrogate pair in a text');
    }
    return value;
  });
}

/** A path that cannot be decoded reaches no route: a servlet container answers it, as it does a body that is too large. */
export function unreadableUrl(_: FastifyError, __: FastifyRequest, reply: FastifyReply): void {
  reply.code(400).type('text/plain').send(Buffer.from('Bad Request'));
}

/** Without the query, in which a feed's secret may stand. */
function path(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}

/** The connection is reset, as by a proxy that died; nothing is answered. */
function reset(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.hijack();
  const { socket } = request.raw;
  // A connection with TLS can only be closed.
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
  return reply;
}
