import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkEnded, folderWith, freePort, run, start, writeFiles } from './ctim-feeds-process.ts';

const TOR = 'action: block\nobservables:\n  - 11.0.0.1\n  - todaysfutbol.com\n';
const EDITED = TOR.replace('11.0.0.1', '11.0.0.2');

/** Who still works in a folder: a Redis that nobody stopped does. */
function processesIn(folder: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
    } catch {
      return false;
    }
  });
}

test('up --once publishes and prints a URL for each feed; the second time there is nothing to do', async (t) => {
  const folder = folderWith(t, { 'feeds/tor.yaml': TOR });
  const port = await freePort();
  const first = checkEnded(await run(t, folder, ['up', '--once', '--port', port]), 0);
  assert.match(first.stdout, /2 changes: 2 create/);
  const [, shown] =
    new RegExp(`firewall-block +ip +1 +(http://127.0.0.1:${port}\\S+view\\.txt\\?s=\\S+) +yes`).exec(first.stdout) ??
    [];
  assert(shown, `a whole URL in:\n${first.stdout}`);
  assert(!first.stderr.includes(new URL(shown).search), 'the log masks it');
  assert.deepEqual(processesIn(folder), []);

  // Nobody says the port again: the server keeps the one of its first start, since its ids carry it.
  const second = checkEnded(await run(t, folder, ['up', '--once']), 0);
  assert.match(second.stdout, /0 changes; 2 unchanged; \d+ requests \(0 mutating\)/);
  assert(second.stdout.includes(shown), 'the same URL');
  assert.match(checkEnded(await run(t, folder, ['plan']), 0).stdout, /0 changes, 2 unchanged/);

  const moved = checkEnded(await run(t, folder, ['up', '--once', '--port', await freePort()]), 4);
  assert.match(moved.stderr, new RegExp(`error: the ids in this store carry http://127.0.0.1:${port}`));
  assert.deepEqual(processesIn(folder), []);
});

test('up stays, serves and works; enqueue, apply and status beside it; Ctrl-C ends it in order', async (t) => {
  const folder = folderWith(t, { 'feeds/tor.yaml': TOR });
  const port = await freePort();
  const up = start(t, folder, ['up', '--port', port]);
  const [, url] = await up.shows(/firewall-block +ip +1 +(\S+) +yes/);
  await up.shows(/Ctrl-C stops them in order/);
  const view = async () => (await fetch(url ?? '')).text();
  assert.equal(await view(), '11.0.0.1');

  writeFiles(folder, { 'feeds/tor.yaml': EDITED });
  const synced = checkEnded(await run(t, folder, ['enqueue', 'sync', '--wait']), 0);
  assert.match(synced.stdout, /^2 changes: 1 create, 1 withdraw;/);
  assert.equal(await view(), '11.0.0.2');

  const added = checkEnded(
    await run(t, folder, ['enqueue', 'add', '11.9.9.9', '--for', '24h', '--reason', 'case 4711', '--wait']),
    0,
  );
  assert.match(added.stdout, /^ip 11\.9\.9\.9: blocked in firewall-block until 20.*\n {2}in firewall-block\/ip\n$/);
  assert.equal(await view(), '11.0.0.2\n11.9.9.9');
  const refused = checkEnded(await run(t, folder, ['enqueue', 'remove', '11.0.0.2', '--wait']), 1);
  assert.match(refused.stderr, /^error: .*11\.0\.0\.2 stands in list tor \(feeds\/tor\.yaml:3\)/m);
  checkEnded(await run(t, folder, ['enqueue', 'remove', '11.0.0.2', '--for', '4h', '--wait']), 0);
  assert.equal(await view(), '11.9.9.9');

  const status = checkEnded(await run(t, folder, ['status']), 0);
  assert.match(status.stdout, /^last run +verified at 20.*, 2 changes: 1 create, 1 withdraw$/m);
  const queued = JSON.parse(checkEnded(await run(t, folder, ['enqueue', 'audit', '--json']), 0).stdout);
  assert.match(queued.queue, /^ctim-feeds-local-127\.0\.0\.1-/);

  up.child.kill('SIGINT');
  const { exit, stderr } = await up.ended();
  assert.equal(exit, 0, stderr);
  assert.match(stderr, /Stopping in order/);
  assert.deepEqual(processesIn(folder), []);
  assert.match(readFileSync(join(folder, 'data', 'redis', 'redis.log'), 'utf8'), /ready to exit, bye bye/);
});

test('Ctrl-C while up waits for its first sync ends it in order too', async (t) => {
  // A few thousand lines: the sync is still at work when it is interrupted.
  const many = Array.from({ length: 30_000 }, (_, n) => `11.${n >> 16}.${(n >> 8) & 255}.${n & 255}`).join('\n');
  const folder = folderWith(t, { 'feeds/tor.yaml': 'action: block\nentries_from: [tor.txt]\n', 'feeds/tor.txt': many });
  const up = start(t, folder, ['up', '--port', await freePort()]);
  await up.shows(/planned/);
  up.child.kill('SIGINT');
  const { exit, stdout, stderr } = await up.ended();
  assert.equal(exit, 0, stderr);
  assert.doesNotMatch(stdout, /verified: /, 'it was interrupted');
  assert.doesNotMatch(stderr, /\n\s+at /, 'no stack');
  assert.deepEqual(processesIn(folder), []);
});

test('a command whose data folder cannot be written says so, with status 4', async (t) => {
  const folder = folderWith(t, { 'feeds/tor.yaml': TOR, data: 'a file where a folder is needed\n' });
  for (const command of ['plan', 'up']) {
    const { stderr } = checkEnded(await run(t, folder, [command, '--port', await freePort()]), 4);
    assert.match(stderr, /^error: .*data/m, command);
    assert.doesNotMatch(stderr, /\n\s+at /, 'no stack');
  }
});

test('without a worker, --wait does not wait for ever', async (t) => {
  const folder = folderWith(t, { 'feeds/tor.yaml': TOR });
  checkEnded(await run(t, folder, ['up', '--once', '--port', await freePort()]), 0);
  const alone = checkEnded(await run(t, folder, ['enqueue', 'sync', '--wait']), 4);
  assert.match(alone.stderr, /no worker is running.*ctim-feeds work/);
  const queued = checkEnded(await run(t, folder, ['enqueue', 'sync']), 0);
  assert.match(queued.stdout, /^job \d+ is in ctim-feeds-local-.*; no worker is running now$/m);
});
