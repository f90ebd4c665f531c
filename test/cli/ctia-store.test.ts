import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { call, channel, IMPORT, pairs, tokenFor } from '../embedded-ctia/fixture.ts';
import { checkEnded, folderWith, freePort, run, start } from './ctim-feeds-process.ts';
import { runHere } from './in-this-process.ts';

const ADDED = /client id {2}(\S+)\npassword {3}(\S+)\n/;

test('ctia client: added, listed without secrets and removed while the server runs; its tokens end at once', async (t) => {
  const folder = folderWith(t, {});
  const server = start(t, folder, ['ctia', '--port', await freePort()]);
  const [, url = ''] = await server.shows(/Embedded CTIA at (\S+);/);
  const add = ['ctia', 'client', 'add', '--login', 'analyst', '--org', 'soc', '--scopes', 'private-intel:read'];
  const added = checkEnded(await run(t, folder, [...add, '--key-file', 'analyst.txt']), 0);
  const [, id = '', password = ''] = ADDED.exec(added.stdout) ?? [];
  const keyFile = join(folder, 'analyst.txt');
  assert.equal(statSync(keyFile).mode & 0o777, 0o600);
  assert.ok(readFileSync(keyFile, 'utf8').includes(`ctr_client_password = ${password}\nhost = ${url}\n`));
  checkEnded(await runHere(folder, [...add, '--key-file', 'analyst.txt']), 2);

  const session = { url, token: await tokenFor(url, id, password) };
  assert.equal((await call(session, 'GET', '/ctia/status')).status, 200);
  const listed = checkEnded(await runHere(folder, ['ctia', 'client', 'list']), 0).stdout;
  assert.ok(listed.includes(`${id}  login analyst  org soc  private-intel:read`), listed);
  assert.ok(!listed.includes(password));

  checkEnded(await runHere(folder, ['ctia', 'client', 'remove', id]), 0);
  const refused = await call(session, 'GET', '/ctia/status');
  assert.deepEqual([refused.status, refused.json.error], [401, 'jwt_revoked']);
  checkEnded(await runHere(folder, ['ctia', 'client', 'remove', id]), 2);
  assert.equal((await call({ url, token: '' }, 'GET', '/admin/clients')).status, 401);
  for (const secret of [password, session.token, readFileSync(join(folder, 'data/ctia/admin-secret'), 'utf8')]) {
    assert.ok(!`${server.stdout}${server.stderr}`.includes(secret), 'no secret in the log');
  }
});

test('ctia client, move and backup on a store whose server is stopped', async (t) => {
  const folder = folderWith(t, {});
  const none = await runHere(folder, ['ctia', 'client', 'list']);
  assert.match(checkEnded(none, 4).stderr, /there is no store in \S+ yet: start/);

  const port = await freePort();
  const server = start(t, folder, ['ctia', '--port', port, '--log', 'debug']);
  const [, url = ''] = await server.shows(/Embedded CTIA at (\S+);/);
  const key = readFileSync(join(folder, 'data/ctia/client.txt'), 'utf8');
  const [, id = '', password = ''] = /ctr_client_id = (\S+)\nctr_client_password = (\S+)/.exec(key) ?? [];
  const session = { url, token: await tokenFor(url, id, password) };
  const { indicator, feed } = await channel(session);
  assert.equal((await call(session, 'POST', IMPORT, pairs(20, indicator))).status, 200);
  const before = (await call(session, 'GET', feed.feed_view_url)).text;
  await call(session, 'GET', `${feed.id}/view.txt?s=${feed.secret}&wrong=1`);

  // Beside the running server, and restored into a folder of its own.
  checkEnded(await runHere(folder, ['ctia', 'backup', 'copy.db']), 0);
  assert.equal(statSync(join(folder, 'copy.db')).mode & 0o777, 0o600);
  checkEnded(await runHere(folder, ['ctia', 'backup', 'copy.db']), 2);
  const running = await runHere(folder, ['ctia', 'move', '--public-url', 'https://feeds.example.org']);
  assert.match(checkEnded(running, 4).stderr, /held by another process/);
  server.child.kill('SIGTERM');
  checkEnded(await server.ended(), 0);
  for (const secret of [password, session.token, feed.secret]) {
    assert.ok(!`${server.stdout}${server.stderr}`.includes(secret), `no secret in the log:\n${server.stderr}`);
  }
  mkdirSync(join(folder, 'restored/ctia'), { recursive: true });
  cpSync(join(folder, 'copy.db'), join(folder, 'restored/ctia/ctia.db'));
  cpSync(join(folder, 'data/ctia/client.txt'), join(folder, 'restored/ctia/client.txt'));
  const restored = start(t, folder, ['--data', 'restored', 'ctia']);
  await restored.shows(/Embedded CTIA at/);
  assert.equal((await call(session, 'GET', feed.feed_view_url)).text, before);
  assert.equal((await call(session, 'GET', '/ctia/status')).status, 200, 'the signing key is in the copy');
  restored.child.kill('SIGTERM');
  await restored.ended();

  assert.match(checkEnded(await runHere(folder, ['ctia', 'client', 'add']), 0).stdout, ADDED);
  const scopes =
    'private-intel/judgement:read,private-intel/feed,asset,inspect:read,private-intl,private-intel/judgment';
  const misspelt = checkEnded(await runHere(folder, ['ctia', 'client', 'add', '--scopes', scopes]), 0);
  assert.deepEqual(misspelt.stderr.match(/^\S+(?= grants nothing here)/gm), ['private-intl', 'private-intel/judgment']);
  const other = await runHere(folder, ['ctia', '--public-url', 'https://feeds.example.org']);
  assert.match(checkEnded(other, 4).stderr, /ctim-feeds ctia move --public-url https:\/\/feeds\.example\.org/);
  const moved = checkEnded(await run(t, folder, ['ctia', 'move', '--public-url', 'https://feeds.example.org']), 0);
  assert.match(moved.stdout, /^42 documents rewritten from http:\S+ to https:\/\/feeds\.example\.org\.$/m);
  const again = start(t, folder, ['ctia']);
  await again.shows(/Embedded CTIA at https:\/\/feeds\.example\.org;/);
  const local = { url, token: await tokenFor(url, id, password) };
  const path = new URL(feed.id).pathname;
  const read = (await call(local, 'GET', path)).json;
  assert.equal(read.id, `https://feeds.example.org${path}`);
  assert.equal(read.feed_view_url, `https://feeds.example.org${path}/view.txt?s=${feed.secret}`);
  assert.equal((await call(local, 'GET', `${path}/view.txt?s=${feed.secret}`)).text, before);
});

test('ctia: faults by file and by this machine, a limit and a refresh by flags', async (t) => {
  const folder = folderWith(t, {
    'faults.json': '[{"kind": "status", "status": 503, "on": {"path": "version$"}}]',
    'wrong.json':
      '[{"kind": "status", "status": 200}, {"kind": "slow", "ms": 1, "on": {"path": "("}}, {"kind": "gone"}]',
  });
  const wrong = checkEnded(await runHere(folder, ['ctia', '--faults', 'wrong.json']), 2).stderr;
  for (const at of ['0.status', '1.on.path', '2.kind']) assert.ok(wrong.includes(`wrong.json: ${at}: `), wrong);
  assert.match(
    checkEnded(await runHere(folder, ['ctia', '--rate-limit', '0']), 2).stderr,
    /--rate-limit is 0; expected a whole number from 1/,
  );
  const flags = ['--faults', 'faults.json', '--fault-admin', '--rate-limit', '1', '--refresh-ms', '60000'];
  const server = start(t, folder, ['ctia', '--port', await freePort(), ...flags]);
  const [, url = ''] = await server.shows(/Embedded CTIA at (\S+);/);
  const session = { url, token: '' };
  const version = async () => (await call(session, 'GET', '/ctia/version')).status;
  assert.deepEqual([await version(), await version()], [503, 200]);
  const given = await call(session, 'POST', '/admin/faults', [{ kind: 'status', status: 502, times: 2 }]);
  assert.deepEqual([given.status, given.json], [201, { left: 1 }]);
  assert.equal(await version(), 502);
  assert.equal((await call(session, 'DELETE', '/admin/faults')).status, 204);
  assert.equal(await version(), 200);
  assert.equal((await call(session, 'POST', '/admin/faults', [{ kind: 'none' }])).status, 400);
  const key = readFileSync(join(folder, 'data/ctia/client.txt'), 'utf8');
  const [, id = '', password = ''] = /ctr_client_id = (\S+)\nctr_client_password = (\S+)/.exec(key) ?? [];
  const known = { url, token: await tokenFor(url, id, password) };
  assert.equal((await call(known, 'GET', '/ctia/status')).status, 200);
  assert.equal((await call(known, 'GET', '/ctia/status')).status, 429);
});
