import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { z } from 'zod';
import { type Clock, DAY, SECOND } from '../runtime/clock.ts';
import type { Identity } from './access.ts';
import type { Client, Clients } from './clients.ts';
import { Refusal } from './refusal.ts';
import type { Store } from './store.ts';

/** Who a token speaks for. */
export interface Caller extends Identity {
  readonly scopes: readonly string[];
}

export interface Tokens {
  issue(client: Client): string;
  /** The caller of an `Authorization` header; throws the 401 that CTIA answers. */
  caller(authorization: string | undefined): Caller;
}

export const TOKEN_SECONDS = 600;
const CLAIMS = 'https://schemas.cisco.com/iroh/identity/claims';
const SKEW_SECONDS = 60;

const claimsSchema = z.object({
  sub: z.string(),
  exp: z.number(),
  iat: z.number(),
  nbf: z.number().optional(),
  [`${CLAIMS}/org/id`]: z.string(),
  [`${CLAIMS}/scopes`]: z.array(z.string()),
  [`${CLAIMS}/oauth/client/id`]: z.string().optional(),
});

type Claims = z.infer<typeof claimsSchema>;

/** Tokens whose signature is not checked again. */
const SIGNED_MAX = 200;

/** The key is the store's own; one that is given becomes that of a store which has none. */
export function makeTokens(store: Store, clients: Clients, clock: Clock, given?: string): Tokens {
  const key = signingKey(store, given);
  const publicKey = createPublicKey(key);
  const header = encoded({ alg: 'RS256', typ: 'JWT', kid: 'embedded' });
  const signed = new Map<string, Claims>();

  /** What a token says, its signature checked: a client sends one for ten minutes, and checking costs as much as a small answer. */
  function claimsOf(token: string): Claims {
    const known = signed.get(token);
    if (known !== undefined) return known;
    const [head = '', payload = '', signature = '', ...rest] = token.split('.');
    const claims = claimsSchema.safeParse(decoded(payload));
    if (rest.length > 0 || decoded(head) === undefined || !claims.success) {
      throw unauthorized('jwt_decode_failed_exception', 'This JWT could not be decoded');
    }
    if (!verify('sha256', Buffer.from(`${head}.${payload}`), publicKey, Buffer.from(signature, 'base64url'))) {
      throw unauthorized('jwt_invalid_signature', 'Invalid Signature');
    }
    if (signed.size === SIGNED_MAX) signed.clear();
    signed.set(token, claims.data);
    return claims.data;
  }

  return {
    issue(client) {
      const seconds = Math.floor(clock.now() / SECOND);
      const payload = encoded({
        iss: 'IROH Auth',
        sub: client.login,
        iat: seconds,
        nbf: seconds - SKEW_SECONDS,
        exp: seconds + TOKEN_SECONDS,
        [`${CLAIMS}/org/id`]: client.org,
        [`${CLAIMS}/user/id`]: client.login,
        [`${CLAIMS}/scopes`]: client.scopes,
        [`${CLAIMS}/oauth/client/id`]: client.id,
      });
      const signature = sign('sha256', Buffer.from(`${header}.${payload}`), key).toString('base64url');
      return `${header}.${payload}.${signature}`;
    },
    caller(authorization) {
      const token = /^bearer (.+)$/i.exec(authorization ?? '')?.[1];
      if (token === undefined) throw new Refusal(401, NOT_AUTHENTICATED);
      const { sub, exp, iat, nbf = iat, ...own } = claimsOf(token);
      const now = clock.now() / SECOND;
      if (nbf > now + SKEW_SECONDS) throw unauthorized('jwt_valid_in_future', 'This JWT will be valid in the future');
      if (now > exp) {
        const ago = Math.floor(now - exp);
        const text = `This JWT max lifetime has expired ${Math.floor(ago / 60)}min ${ago % 60}s ago`;
        throw unauthorized('jwt_expired', text);
      }
      if ((now - iat) * SECOND > DAY) throw unauthorized('jwt_expired_via_max_jwt_lifetime', 'This JWT is too old');
      const org = own[`${CLAIMS}/org/id`];
      const scopes = own[`${CLAIMS}/scopes`];
      const client = own[`${CLAIMS}/oauth/client/id`];
      if (typeof client === 'string' && !clients.has(client)) throw unauthorized('jwt_revoked', 'This JWT was revoked');
      return {
        login: sub,
        groups: [String(org)],
        scopes: Array.isArray(scopes) ? scopes : [],
        ...(typeof client === 'string' ? { client } : {}),
      };
    },
  };
}

export const NOT_AUTHENTICATED = { error: 'not_authenticated', message: 'Only authenticated users allowed' };

export function unauthorized(error: string, description: string): Refusal {
  return new Refusal(401, { error, error_description: description });
}

function signingKey(store: Store, given: string | undefined): KeyObject {
  const kept = store.meta('signing-key');
  if (kept !== undefined) return createPrivateKey(kept);
  const privateKey =
    given === undefined ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey : createPrivateKey(given);
  store.setMeta('signing-key', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  return privateKey;
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decoded(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
