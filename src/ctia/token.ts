import { type Clock, SECOND } from '../runtime/clock.ts';
import { errorOf, isRecord, jsonOf } from './answer.ts';
import { CtiaError } from './error.ts';
import type { Http } from './http.ts';

export interface TokenOptions {
  http: Http;
  clock: Clock;
  tokenUrl: string;
  clientId: string;
  clientPassword: string;
}

/** What a token says of itself, read without checking its signature: CTIA checks, we only want to know who we are. */
export interface Token {
  readonly bearer: string;
  readonly endsAt: number;
  readonly organisation: string;
  readonly login: string;
  readonly scopes: readonly string[];
}

export interface TokenSource {
  /** A token that is valid for another while; one request for it, however many ask. */
  get(): Promise<Token>;
  /** A new one, because `refused` was. Who comes with an older token than the current one gets the current one. */
  renew(refused: Token): Promise<Token>;
}

/** A token lives for 600 s. One that ends within this margin is not used for a request that may itself take 40 s. */
const MARGIN_MS = 60 * SECOND;
const TIMEOUT_MS = 20 * SECOND;
const CLAIMS = 'https://schemas.cisco.com/iroh/identity/claims';

export function makeTokenSource({ http, clock, tokenUrl, clientId, clientPassword }: TokenOptions): TokenSource {
  let current: Token | undefined;
  let pending: Promise<Token> | undefined;

  function request(): Promise<Token> {
    pending ??= fetchToken().finally(() => {
      pending = undefined;
    });
    return pending;
  }

  async function fetchToken(): Promise<Token> {
    const askedAt = clock.now();
    const answer = await http.send({
      method: 'POST',
      url: tokenUrl,
      headers: {
        authorization: `Basic ${Buffer.from(`${clientId}:${clientPassword}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
      },
      body: Buffer.from('grant_type=client_credentials'),
      timeoutMs: TIMEOUT_MS,
    });
    current = tokenOf(answer.status, answer.text, askedAt, () => errorOf(`POST ${tokenUrl}`, answer));
    return current;
  }

  return {
    async get() {
      return current && current.endsAt - MARGIN_MS > clock.now() ? current : request();
    },
    async renew(refused) {
      return current && current.bearer !== refused.bearer ? current : request();
    },
  };
}

function tokenOf(status: number, text: string, askedAt: number, otherError: () => CtiaError): Token {
  if (status === 400 || status === 401 || status === 403) {
    const message = `the token service refused the API client (${status}): check the client id and password, and that both belong to this region`;
    throw new CtiaError('credentials', message, { status });
  }
  if (status !== 200) throw otherError();
  const body = jsonOf('the token service', { status, text });
  if (!isRecord(body) || typeof body.access_token !== 'string') {
    throw new CtiaError('unexpected', 'the token service answered 200 without an access_token', { status });
  }
  const bearer = body.access_token;
  const seconds = typeof body.expires_in === 'number' ? body.expires_in : 600;
  const claims = claimsOf(bearer);
  const organisation = claims[`${CLAIMS}/org/id`];
  const granted = typeof body.scope === 'string' ? body.scope.split(/\s+/).filter(Boolean) : [];
  return {
    bearer,
    endsAt: askedAt + seconds * SECOND,
    organisation: typeof organisation === 'string' ? organisation : 'unknown',
    login: typeof claims.sub === 'string' ? claims.sub : 'unknown',
    scopes: granted,
  };
}

function claimsOf(bearer: string): Record<string, unknown> {
  try {
    const claims: unknown = JSON.parse(Buffer.from(bearer.split('.')[1] ?? '', 'base64url').toString());
    return isRecord(claims) ? claims : {};
  } catch {
    return {};
  }
}
