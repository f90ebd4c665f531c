import { Agent, request } from 'node:http';
import type { NewBundle } from '../../src/ctia/client.ts';
import { tokenFor } from '../embedded-ctia/fixture.ts';

/** A bundle as the client was given it, and the query it goes with. */
export interface Prepared {
  readonly bundle: NewBundle;
  readonly externalKeyPrefixes: string;
}

/** Posts prepared bundles one after the other and does nothing else. Seconds, from the first byte to the last. */
export async function postBare(url: string, prepared: readonly Prepared[]): Promise<number> {
  const token = await tokenFor(url, 'client-1', 'secret');
  const bodies = prepared.map(({ bundle, externalKeyPrefixes }) => ({
    path: `/ctia/bundle/import?external-key-prefixes=${encodeURIComponent(externalKeyPrefixes)}`,
    body: Buffer.from(JSON.stringify(bundle)),
  }));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const began = performance.now();
  for (const { path, body } of bodies) await post(agent, `${url}${path}`, token, body);
  const seconds = (performance.now() - began) / 1000;
  agent.destroy();
  return seconds;
}

function post(agent: Agent, url: string, token: string, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const sent = request(url, { method: 'POST', agent, headers: { ...headers, 'content-length': body.length } });
    sent.once('error', reject);
    sent.once('response', (response) => {
      response.resume();
      response.once('error', reject);
      response.once('end', () =>
        response.statusCode === 200 ? resolve() : reject(new Error(`POST ${url}: ${response.statusCode}`)),
      );
    });
    sent.end(body);
  });
}
