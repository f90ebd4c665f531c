import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { NewClient } from '../../src/embedded-ctia/clients.ts';
import { type EmbeddedCtia, type EmbeddedOptions, startEmbeddedCtia } from '../../src/embedded-ctia/server.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { SIGNING_KEY, tokenFor } from '../embedded-ctia/fixture.ts';
import { contractCases, LAST_NUMBER, NOT_HERE } from './contract.ts';
import { KINDS } from './documents.ts';
import { rememberForgotten } from './removal.ts';
import { nameOf, type Tenant, testContract } from './run.ts';
import { type Created, type Lab, openSession, type Session } from './session.ts';

/** The contract against our own server. It is as stale as a real one, only faster, so that a case that forgets to wait fails here. */
const REFRESH_MS = 40;
const RUN = 'contractrun0';

const servers: { server: EmbeddedCtia; dataDir: string }[] = [];
const clients: { session: Session; created: Created }[] = [];
let main: { plain: Session; withLab: Session };

before(async () => {
  const server = await start({});
  const created: Created = { ids: new Set() };
  const token = await firstToken(server);
  const mine = { url: server.url, run: RUN, token: async () => token, created };
  const plain = openSession(mine);
  clients.push({ session: plain, created });
  // What these create is removed by our own client, which may: they are of its organisation.
  const another = async (client: NewClient) => {
    const { id, password } = server.addClient(client);
    const token = await tokenFor(server.url, id, password);
    return openSession({ ...mine, token: async () => token });
  };
  const lab: Lab = {
    failStore: (path, type) => server.faults.push({ on: { path }, kind: 'entity-errors', every: 1, type }),
    withScopes: (scopes) => another({ login: 'limited', scopes: [...scopes] }),
    colleague: () => another({ login: 'colleague' }),
    async stranger() {
      const { id, password } = server.addClient({ login: 'stranger', org: 'elsewhere' });
      const token = await tokenFor(server.url, id, password);
      const created: Created = { ids: new Set() };
      const session = openSession({ url: server.url, run: RUN, token: async () => token, created });
      clients.push({ session, created });
      return session;
    },
    async rateLimited(perHour) {
      const limited = await start({ rateLimitPerHour: perHour });
      const token = await firstToken(limited);
      const created: Created = { ids: new Set() };
      return openSession({ url: limited.url, run: RUN, token: async () => token, created, longestWaitMs: 0 });
    },
  };
  main = { plain, withLab: openSession({ ...mine, lab }) };
});

after(async () => {
  for (const { server, dataDir } of servers) {
    await server.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
});

test('every row of §10 has a case, or a reason why it has none', () => {
  const cases = new Set(contractCases.map(({ number }) => number));
  const reasons = new Set(NOT_HERE.map(({ number }) => number));
  const missing = Array.from({ length: LAST_NUMBER }, (_, i) => i + 1).filter((n) => !cases.has(n) && !reasons.has(n));
  assert.deepEqual(missing, []);
  const names = contractCases.map(nameOf);
  assert.deepEqual(
    names.filter((name, i) => names.indexOf(name) !== i),
    [],
    'names of two cases',
  );
});

const tenant: Tenant = {
  session: (needs) => (needs.length > 0 ? main.withLab : main.plain),
  withholds: new Map(),
  clients,
};

const leftOut = testContract(tenant);

test('the embedded server shows every behaviour', () => {
  assert.deepEqual(leftOut, []);
});

test('nothing of the run is left, as everybody who worked sees it', async () => {
  for (const { session } of clients) {
    const created: Created = { ids: new Set() };
    await rememberForgotten(session, created);
    assert.deepEqual([...created.ids], []);
    for (const { type } of KINDS) {
      const { json } = await session.expect(200, 'GET', `/ctia/${type}/search/count`);
      assert.equal(json, 0, type);
    }
  }
});

async function start(options: Partial<EmbeddedOptions>): Promise<EmbeddedCtia> {
  const dataDir = mkdtempSync(join(tmpdir(), 'contract-'));
  const server = await startEmbeddedCtia({
    dataDir,
    host: '127.0.0.1',
    port: 0,
    clock: systemClock,
    log: silentLog,
    signingKey: SIGNING_KEY,
    refreshMs: REFRESH_MS,
    ...options,
  });
  servers.push({ server, dataDir });
  return server;
}

async function firstToken({ url, credentials }: EmbeddedCtia): Promise<string> {
  assert.ok(credentials !== undefined);
  return tokenFor(url, credentials.id, credentials.password);
}
