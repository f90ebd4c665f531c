import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after } from 'node:test';
import { startEmbeddedCtia } from '../../src/embedded-ctia/server.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { call, SIGNING_KEY, tokenFor } from '../embedded-ctia/fixture.ts';
import { type Cleanup, type Ended, folderWith, run } from './ctim-feeds-process.ts';
import { runHere } from './in-this-process.ts';

export const PASSWORD = 'hunter2-hunter2';
export const TOR = 'action: block\nobservables:\n  - 11.0.0.1\n  - 11.0.0.2\n';
export const SETTINGS = 'owner: acme\n';

/** A tenant for all tests of a file, as a stand-in for Cisco's. */
export async function remoteCtia() {
  const client = { id: 'client-of-acme', password: PASSWORD };
  const options = { dataDir: join(folderWith({ after }, {}), 'ctia'), host: '127.0.0.1', port: 0, client };
  const server = await startEmbeddedCtia({
    ...options,
    ...{ signingKey: SIGNING_KEY, clock: systemClock, log: silentLog },
  });
  after(() => server.close());
  const { url } = server;
  const env = { CTIA_URL: url, CTIA_TOKEN_URL: url, CTIA_CLIENT_ID: client.id, CTIA_CLIENT_PASSWORD: PASSWORD };
  return {
    server,
    env,
    /** Speaks to it as a colleague does, past our client. */
    async call(method: string, path: string, body?: unknown) {
      const token = await tokenFor(url, client.id, PASSWORD);
      const { status, json } = await call({ url, token }, method, path, body);
      return { status, json };
    },
    command: (folder: string, args: string | string[], more: Record<string, string> = {}): Promise<Ended> =>
      runHere(folder, words(args), { ...env, ...more }),
    /** The same as people start it. */
    ownProcess: (t: Cleanup, folder: string, args: string | string[], more: Record<string, string> = {}) =>
      run(t, folder, words(args), { ...env, ...more }),
  };
}

function words(args: string | string[]): string[] {
  return typeof args === 'string' ? args.split(' ') : args;
}

/** What must hold whatever was typed: no secret in the output. */
export function checkNoSecret({ stdout, stderr }: Ended): void {
  assert(!`${stdout}${stderr}`.includes(PASSWORD));
  assert.doesNotMatch(`${stdout}${stderr}`, /[?&]s=[^…]/);
}
