import assert from 'node:assert/strict';
import { after } from 'node:test';
import { call, tokenFor } from '../embedded-ctia/fixture.ts';
import { type Cleanup, type Ended, folderWith, freePort, run, start } from './ctim-feeds-process.ts';

export const PASSWORD = 'hunter2-hunter2';
export const TOR = 'action: block\nobservables:\n  - 11.0.0.1\n  - 11.0.0.2\n';
export const SETTINGS = 'owner: acme\n';

/** A tenant for all tests of a file: `ctim-feeds ctia` in a process of its own, as a stand-in for Cisco's. */
export async function remoteCtia() {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const credentials = ['--client-id', 'client-of-acme', '--client-password', PASSWORD];
  const server = start({ after }, folderWith({ after }, {}), ['ctia', '--port', port, ...credentials]);
  await server.shows(/Embedded CTIA at http/);
  const env = {
    ...{ CTIA_URL: url, CTIA_TOKEN_URL: url, CTIA_CLIENT_ID: 'client-of-acme', CTIA_CLIENT_PASSWORD: PASSWORD },
  };
  return {
    env,
    url,
    /** Speaks to it as a colleague does, past our client. */
    async call(method: string, path: string, body?: unknown) {
      const token = await tokenFor(url, 'client-of-acme', PASSWORD);
      const { status, json } = await call({ url, token }, method, path, body);
      return { status, json };
    },
    command: (t: Cleanup, folder: string, args: string, more: Record<string, string> = {}): Promise<Ended> =>
      run(t, folder, args.split(' '), { ...env, ...more }),
  };
}

/** What must hold whatever was typed: no secret in the output. */
export function checkNoSecret({ stdout, stderr }: Ended): void {
  assert(!`${stdout}${stderr}`.includes(PASSWORD));
  assert.doesNotMatch(`${stdout}${stderr}`, /[?&]s=[^…]/);
}
