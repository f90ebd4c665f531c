import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { EmbeddedCtiaError } from '../../src/embedded-ctia/error.ts';
import { type EmbeddedOptions, startEmbeddedCtia } from '../../src/embedded-ctia/server.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { call, channel, IMPORT, pairs, steppedClock, tempFolder, tokenFor } from './fixture.ts';

const CHILD = new URL('./child-server.js', import.meta.url);

/** A server in a process of its own, until it has told its URL. */
async function child(t: TestContext, dataDir: string): Promise<{ process: ChildProcess; url: string }> {
  const started = spawn(process.execPath, [CHILD.pathname, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => started.kill('SIGKILL'));
  const [line] = (await once(createInterface(started.stdout), 'line')) as [string];
  return { process: started, url: line };
}

function options(dataDir: string, more: Partial<EmbeddedOptions> = {}): EmbeddedOptions {
  return { dataDir, host: '127.0.0.1', port: 0, clock: steppedClock(), log: silentLog, ...more };
}

async function refusal(start: Promise<unknown>): Promise<EmbeddedCtiaError> {
  try {
    await start;
  } catch (error) {
    assert.ok(error instanceof EmbeddedCtiaError, String(error));
    return error;
  }
  return assert.fail('it started');
}

test('kill -9 in the middle of writes loses nothing that was acknowledged, and the store opens again', async (t) => {
  const dataDir = tempFolder(t);
  const client = { id: 'client-1', password: 'secret' };
  let { process: victim, url } = await child(t, dataDir);
  let session = { url, token: await tokenFor(url, client.id, client.password) };
  const { indicator, feed } = await channel(session);
  const acknowledged: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    const writing = (async () => {
      for (let i = 0; ; i += 1) {
        const { json } = await call(session, 'POST', IMPORT, pairs(20, indicator, round * 10_000 + i * 20));
        for (const { id } of json.results) acknowledged.push(id);
        if (i === 5) victim.kill('SIGKILL');
      }
    })();
    await assert.rejects(writing);
    await once(victim, 'exit');
    ({ process: victim, url } = await child(t, dataDir));
    session = { url, token: await tokenFor(url, client.id, client.password) };
    assert.equal(url, new URL(indicator).origin);
  }
  assert.ok(acknowledged.length >= 3 * 6 * 40);
  const judged = acknowledged.filter((id) => id.includes('/judgement/'));
  const found = new Set<string>();
  let next: string | null = 'limit=1000';
  while (next !== null) {
    const page = await call(session, 'GET', `/ctia/judgement/external_id/acme-owned?sort_by=id&${next}`);
    for (const { id } of page.json) found.add(id);
    next = page.headers.get('x-next');
  }
  assert.deepEqual(
    judged.filter((id) => !found.has(id)),
    [],
  );
  assert.equal((await call(session, 'GET', feed.feed_view_url)).text.split('\n').length, found.size);
});

test('a second process on the same data folder is refused, and takes over once the first is dead', async (t) => {
  const dataDir = tempFolder(t);
  const first = await child(t, dataDir);
  const refused = await refusal(startEmbeddedCtia(options(dataDir)));
  assert.equal(refused.kind, 'store-locked');
  assert.match(refused.message, /ctia\.db is held by another process/);
  first.process.kill('SIGKILL');
  await once(first.process, 'exit');
  const second = await startEmbeddedCtia(options(dataDir));
  assert.equal(second.url, first.url);
  await second.close();
});

test('a busy port is an error that names it; the store has taken no URL from it', async (t) => {
  const dataDir = tempFolder(t);
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const address = other.address();
  assert.ok(typeof address === 'object' && address !== null);
  const refused = await refusal(startEmbeddedCtia(options(dataDir, { port: address.port })));
  assert.equal(refused.kind, 'port-busy');
  assert.match(refused.message, new RegExp(`port ${address.port} .* choose another port`));
  await (await startEmbeddedCtia(options(dataDir))).close();
});

test('the public URL of the first start stays; another one is refused', async (t) => {
  const dataDir = tempFolder(t);
  const first = await startEmbeddedCtia(options(dataDir));
  const { url } = first;
  await first.close();
  const again = await startEmbeddedCtia(options(dataDir));
  assert.equal(again.url, url);
  await again.close();
  const refused = await refusal(startEmbeddedCtia(options(dataDir, { publicUrl: 'https://intel.example' })));
  assert.equal(refused.kind, 'public-url');
  assert.ok(refused.message.includes(url) && refused.message.includes('https://intel.example'));
  assert.equal((await refusal(startEmbeddedCtia(options(tempFolder(t), { host: '0.0.0.0' })))).kind, 'public-url');
});

test('a public URL with a path and an explicit port is what ids carry', async (t) => {
  const publicUrl = 'https://intel.example:443/private/';
  const server = await startEmbeddedCtia(options(tempFolder(t), { publicUrl, client: { id: 'c', password: 'p' } }));
  t.after(() => server.close());
  assert.equal(server.url, 'https://intel.example:443/private');
});

test('a file that is no store is refused and left as it is', async (t) => {
  const dataDir = tempFolder(t);
  const file = join(dataDir, 'ctia.db');
  writeFileSync(file, 'this is no database, and somebody may want it back'.repeat(100));
  const before = readFileSync(file);
  assert.equal((await refusal(startEmbeddedCtia(options(dataDir)))).kind, 'store-unreadable');
  assert.deepEqual(readFileSync(file), before);
});

test('the first start makes a client and its key file, later starts read it; another key is left alone', async (t) => {
  const dataDir = tempFolder(t);
  const keyFile = join(tempFolder(t), 'keys', 'local.key');
  const first = await startEmbeddedCtia(options(dataDir, { keyFile }));
  const { credentials, url } = first;
  assert.ok(credentials !== undefined);
  assert.equal(
    readFileSync(keyFile, 'utf8'),
    `ctr_client_id = ${credentials.id}\nctr_client_password = ${credentials.password}\nhost = ${url}\nhost_for_token = ${url}\n`,
  );
  assert.equal(statSync(keyFile).mode & 0o777, 0o600);
  assert.equal(statSync(join(dataDir, 'ctia.db')).mode & 0o777, 0o600);
  await first.close();
  const second = await startEmbeddedCtia(options(dataDir, { keyFile }));
  assert.deepEqual(second.credentials, credentials);
  await second.close();

  const foreign =
    'ctr_client_id = client-cisco\nctr_client_password = x\nhost = https://private.intel.eu.amp.cisco.com\n';
  writeFileSync(keyFile, foreign);
  const third = await startEmbeddedCtia(options(tempFolder(t), { keyFile }));
  assert.notEqual(third.credentials?.id, 'client-cisco');
  assert.equal(readFileSync(keyFile, 'utf8'), foreign);
  await third.close();
  assert.ok(existsSync(keyFile));
});
