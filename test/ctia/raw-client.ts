import type { IncomingMessage } from 'node:http';
import type { TestContext } from 'node:test';
import {
  type CtiaClient,
  type CtiaClientOptions,
  type CtiaConnection,
  makeCtiaClient,
  openCtia,
} from '../../src/ctia/client.ts';
import { type FakeTime, fakeTime } from './fake-time.ts';
import { type RawAnswer, type RawServer, rawServer, TOKEN_PATH, tokenAnswer } from './raw-server.ts';

export const PASSWORD = 'correct-horse-battery-staple';

export interface RawClient {
  readonly client: CtiaClient;
  readonly connection: CtiaConnection;
  readonly server: RawServer;
  readonly time: FakeTime;
  readonly waits: string[];
}

/** A client of a server that answers as the test says. Time-outs are short, since they alone are real time. */
export async function rawClient(
  t: TestContext,
  answer: (path: string, request: IncomingMessage) => RawAnswer | 'hang' | 'reset' | undefined,
  options: Partial<CtiaClientOptions> = {},
): Promise<RawClient> {
  let tokens = 0;
  const server = await rawServer(t, (path, request) => {
    const given = answer(path, request);
    if (given !== undefined) return given;
    if (path !== TOKEN_PATH) return { status: 500, body: 'the test has no answer' };
    tokens += 1;
    return tokenAnswer(`token-${tokens}`);
  });
  const time = fakeTime();
  const opened = openCtia({
    clock: time.clock,
    ctiaUrl: server.url,
    tokenUrl: server.url,
    clientId: 'client-7',
    clientPassword: PASSWORD,
  });
  t.after(() => opened.close());
  const connection = withShortTimeouts(opened);
  const waits: string[] = [];
  const client = makeCtiaClient({
    connection,
    clock: time.clock,
    patienceMs: 60_000,
    onWait: ({ kind }, ms) => waits.push(`${kind} ${ms}`),
    ...options,
  });
  return { client, connection, server, time, waits };
}

const TIMEOUT_MS = 600;

export function withShortTimeouts(connection: CtiaConnection): CtiaConnection {
  const { http } = connection;
  return Object.assign(connection, {
    http: {
      ...http,
      send: (request) => http.send({ ...request, timeoutMs: TIMEOUT_MS }),
    } satisfies CtiaConnection['http'],
  });
}

/** The error that a promise ends in. */
export async function errorOf(
  promise: Promise<unknown>,
): Promise<Error & { kind?: string; facts?: Record<string, unknown> }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error('it did not fail');
}
