import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '../jobs/workbench.ts';
import { gitRepository } from '../sources/git-repository.ts';
import { checkEnded, folderWith, freePort, run, start } from './ctim-feeds-process.ts';
import { runHere } from './in-this-process.ts';

const list = (address: string) => ({ 'blocklists/tor.yaml': `action: block\nobservables: [${address}]\n` });

test('FEEDS_REPO: up fetches the lists, and a signed push brings what was pushed into the feed', async (t) => {
  const folder = folderWith(t, {});
  const remote = gitRepository(join(folder, 'remote'));
  remote.commit(list('11.0.0.1'));
  const env = {
    FEEDS_REPO: 'remote',
    FEEDS_DIR: 'blocklists',
    WEBHOOK_SECRET: 'sixteen-or-more-characters',
    WEBHOOK_LISTEN: '127.0.0.1:0',
  };
  const checked = checkEnded(await runHere(folder, ['check'], env), 0);
  assert.match(checked.stdout, /blocklists\/tor\.yaml/);

  const up = start(t, folder, ['up', '--port', await freePort()], env);
  const [, hook = ''] = await up.shows(/Pushes are heard at (\S+)/);
  const [, url = ''] = await up.shows(/firewall-block +ip +1 +(\S+) +yes/);
  assert.equal(await (await fetch(url)).text(), '11.0.0.1');

  remote.commit(list('11.0.0.2'));
  const body = '{"ref":"refs/heads/main"}';
  const signature = `sha256=${createHmac('sha256', env.WEBHOOK_SECRET).update(body).digest('hex')}`;
  const headers = { 'X-GitHub-Event': 'push', 'X-Hub-Signature-256': signature, 'Content-Type': 'application/json' };
  assert.equal((await fetch(hook, { method: 'POST', headers, body })).status, 202);
  await until('the push is in the feed', async () => (await (await fetch(url)).text()) === '11.0.0.2');
  up.child.kill('SIGTERM');
  assert.equal((await up.ended()).exit, 0);
  assert.ok(!up.stderr.includes(env.WEBHOOK_SECRET));
});

test('FEEDS_REPO that cannot be fetched the first time ends the command and says why', async (t) => {
  const folder = folderWith(t, {});
  const { stderr } = checkEnded(await run(t, folder, ['check'], { FEEDS_REPO: './nowhere' }), 4);
  assert.match(stderr, /^error: \S+nowhere\S* cannot be fetched: /m);
});

const OWNER = { 'blocklists/settings.yaml': 'owner: acme\n' };

test('FEEDS_REPO: who asks for no list finds the owner too, where nothing was fetched before', async (t) => {
  const folder = folderWith(t, {});
  gitRepository(join(folder, 'remote')).commit({ ...list('11.0.0.1'), ...OWNER });
  const status = await runHere(folder, ['status', '--json'], { FEEDS_REPO: 'remote', FEEDS_DIR: 'blocklists' });
  assert.equal(JSON.parse(checkEnded(status, 0).stdout).owner, 'acme');
});

test('FEEDS_REPO that cannot be fetched keeps no worker from renewing for the owner that it had here before', async (t) => {
  const folder = folderWith(t, { 'data/owners.json': '{ "embedded": "acme" }' });
  const worker = start(t, folder, ['up', '--port', await freePort()], { FEEDS_REPO: './nowhere' });
  await worker.shows(/nowhere\S* cannot be fetched: .*; going on without lists/);
  await worker.shows(/"live":0,"renewed":0/);
  worker.child.kill('SIGTERM');
  assert.equal((await worker.ended()).exit, 0);
});
