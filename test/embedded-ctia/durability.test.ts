import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { EmbeddedCtiaError } from '../../src/embedded-ctia/error.ts';
import { type EmbeddedOptions, startEmbeddedCtia } from '../../src/embedded-ctia/server.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { child } from './child-process.ts';
import { steppedClock, tempFolder } from './fixture.ts';

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
