import { createPrivateKey, sign } from 'node:crypto';
import { call, SIGNING_KEY } from '../embedded-ctia/fixture.ts';

/** A person or program that speaks with the server past our client. */
export type Call = (method: string, path: string, body?: unknown) => Promise<Answered>;

export interface Answered {
  readonly status: number;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever came back
  readonly json: any;
}

const KEY = createPrivateKey(SIGNING_KEY);
const CLAIMS = 'https://schemas.cisco.com/iroh/identity/claims';
const HOUR_SECONDS = 3600;
const SCOPES = ['private-intel', 'casebook', 'asset', 'inspect:read'];

/**
 * With tokens made here by the server's own key: a story of days asks a hundred times, and the password hash behind each
 * token that the server gives would take as long as all the rest.
 */
export function callerOf(
  { url, now, step = () => {} }: { url: string; now: () => number; step?: (ms: number) => void },
  login: string,
  org: string,
): Call {
  let token = '';
  let endsAt = 0;
  return async (method, path, body) => {
    if (endsAt <= now()) {
      const seconds = Math.floor(now() / 1000);
      endsAt = now() + 6 * HOUR_SECONDS * 1000;
      const claims = { sub: login, iat: seconds, exp: seconds + 12 * HOUR_SECONDS };
      token = signed({ ...claims, [`${CLAIMS}/org/id`]: org, [`${CLAIMS}/scopes`]: SCOPES });
    }
    // Whoever asks shares the quota of the organisation, and waits like all others.
    for (;;) {
      const answer = await call({ url, token }, method, path, body);
      if (answer.status !== 429) return answer;
      step(Number(answer.headers.get('retry-after')) * 1000);
    }
  };
}

function signed(claims: object): string {
  const [head, payload] = [{ alg: 'RS256', typ: 'JWT' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  return `${head}.${payload}.${sign('sha256', Buffer.from(`${head}.${payload}`), KEY).toString('base64url')}`;
}
