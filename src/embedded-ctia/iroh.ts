import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Ctia } from './ctia.ts';
import { inspected } from './inspect.ts';
import { operation } from './operation.ts';
import { Refusal } from './refusal.ts';
import { observable } from './schema.ts';
import { parseOrRefuse } from './schema-error.ts';
import { TOKEN_SECONDS } from './tokens.ts';

/** For the description alone: what comes is no JSON. */
const tokenBody = z.strictObject({ grant_type: z.literal('client_credentials') });
const issued = z.strictObject({
  access_token: z.string(),
  token_type: z.literal('bearer'),
  expires_in: z.int(),
  scope: z.string(),
});
const found = z.array(observable);
const FORM = 'application/x-www-form-urlencoded';

/** What lies on the other host in production and is no part of CTIA: tokens, and observables found in a text. */
export function irohRoutes(app: FastifyInstance, ctia: Ctia): void {
  const token = {
    summary: 'A token for an API client',
    body: tokenBody,
    bodyType: FORM,
    answer: issued,
    access: 'basic',
  } as const;
  app.post('/iroh/oauth2/token', operation({ tag: 'token', ...token }), (request, reply) => {
    const [id, password] = basicCredentials(request.headers.authorization);
    const client = id === undefined || password === undefined ? undefined : ctia.clients.verify(id, password);
    // What Cisco answers to bad credentials is not documented; this is OAuth's own shape.
    if (client === undefined) {
      throw new Refusal(401, { error: 'invalid_client', error_description: 'unknown client or wrong password' });
    }
    const { grant_type: grantType } = Object.fromEntries(new URLSearchParams(String(request.body ?? '')));
    if (grantType !== 'client_credentials') {
      throw new Refusal(400, {
        error: 'unsupported_grant_type',
        error_description: 'grant_type must be client_credentials',
      });
    }
    return reply.header('Cache-Control', 'no-store').send({
      access_token: ctia.tokens.issue(client),
      token_type: 'bearer',
      expires_in: TOKEN_SECONDS,
      scope: client.scopes.join(' '),
    });
  });

  const inspectBody = z.strictObject({ content: z.string() });
  const inspecting = { tag: 'inspect', summary: 'Observables found in a text', body: inspectBody, answer: found };
  app.post(
    '/iroh/iroh-inspect/inspect',
    operation({ ...inspecting, refuses: [400, 401, 403, 413] }),
    (request, reply) => {
      const { scopes } = inspectCaller(ctia, request.headers.authorization);
      if (!scopes.includes('inspect') && !scopes.includes('inspect:read')) {
        throw new Refusal(403, { error: 'missing_scope', 'missing-scopes': ['inspect:read'] });
      }
      return reply.send(inspected(parseOrRefuse(inspectBody, request.body).content));
    },
  );
}

function inspectCaller(ctia: Ctia, authorization: string | undefined) {
  try {
    return ctia.tokens.caller(authorization);
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    throw new Refusal(401, {
      error: 'invalid_request',
      error_description: 'invalid bearer token',
      trace_id: 'embedded',
    });
  }
}

function basicCredentials(authorization: string | undefined): [string | undefined, string | undefined] {
  const encoded = /^basic ([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return [undefined, undefined];
  const [, id, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? [];
  return [id, password];
}
