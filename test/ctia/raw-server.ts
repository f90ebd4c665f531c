import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** An answer that the embedded server would never give. */
export interface RawAnswer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

export interface RawServer {
  readonly url: string;
  /** `POST /iroh/oauth2/token`, in the order of arrival. */
  readonly seen: string[];
  readonly bodies: string[];
}

export const TOKEN_PATH = '/iroh/oauth2/token';

/** Answers each request as the test wants it; the token service answers by itself unless the test takes it over. */
export async function rawServer(
  t: TestContext,
  answer: (path: string, request: IncomingMessage) => RawAnswer | 'hang' | 'reset',
): Promise<RawServer> {
  const seen: string[] = [];
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '';
      seen.push(`${request.method} ${path}`);
      bodies.push(Buffer.concat(chunks).toString());
      const given = answer(path, request);
      if (given === 'hang') return;
      if (given === 'reset') request.socket.resetAndDestroy();
      else send(response, given);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, bodies };
}

function send(response: ServerResponse, { status = 200, headers = {}, body = '' }: RawAnswer): void {
  const isText = typeof body === 'string';
  response.writeHead(status, { 'content-type': isText ? 'text/plain' : 'application/json', ...headers });
  response.end(isText ? body : JSON.stringify(body));
}

/** What a token service answers: a token whose claims name login and organisation. Its signature is nobody's. */
export function tokenAnswer(name: string, { seconds = 600, scope = 'private-intel' } = {}): RawAnswer {
  const claims = { sub: name, 'https://schemas.cisco.com/iroh/identity/claims/org/id': 'acme-org' };
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const bearer = `${part({ alg: 'RS256' })}.${part(claims)}.${part(name)}`;
  return { body: { access_token: bearer, token_type: 'bearer', expires_in: seconds, scope } };
}
