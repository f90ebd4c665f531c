import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkEnded, folderWith, freePort, processesIn, run, start, writeFiles } from './ctim-feeds-process.ts';
import { runHere } from './in-this-process.ts';

const TOR = 'action: block\nobservables:\n  - 11.0.0.1\n  - todaysfutbol.com\n';
const EDITED = TOR.replace('11.0.0.1', '11.0.0.2');

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
  assert.match(checkEnded(await runHere(folder, ['plan']), 0).stdout, /0 changes, 2 unchanged/);

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

  const audited = checkEnded(await runHere(folder, ['enqueue', 'audit', '--wait']), 0);
  assert.match(
    audited.stdout,
    /^audited, nothing was changed; a sync would make 0 changes; \d+ requests \(0 mutating\)/,
  );

  const added = checkEnded(
    await runHere(folder, ['enqueue', 'add', '11.9.9.9', '--for', '24h', '--reason', 'case 4711', '--wait']),
    0,
  );
  assert.match(added.stdout, /^ip 11\.9\.9\.9: blocked in firewall-block until 20.*\n {2}in firewall-block\/ip\n$/);
  assert.equal(await view(), '11.0.0.2\n11.9.9.9');
  const refused = checkEnded(await runHere(folder, ['enqueue', 'remove', '11.0.0.2', '--wait']), 1);
  assert.match(refused.stderr, /^error: .*11\.0\.0\.2 stands in list tor \(feeds\/tor\.yaml:3\)/m);
  checkEnded(await runHere(folder, ['enqueue', 'remove', '11.0.0.2', '--for', '4h', '--wait']), 0);
  assert.equal(await view(), '11.9.9.9');

  const status = checkEnded(await run(t, folder, ['status']), 0);
  assert.match(status.stdout, /^last run +verified at 20.*, 2 changes: 1 create, 1 withdraw$/m);
  const renewed = checkEnded(await runHere(folder, ['enqueue', 'renew', '--wait']), 0);
  assert.match(renewed.stdout, /^0 renewed of 3 live; \d requests \(0 mutating\); the first would lapse 20/);
  writeFiles(folder, { 'feeds/tor.yaml': 'action: bl' });
  checkEnded(await runHere(folder, ['enqueue', 'sync', '--wait']), 1);
  const { stdout: troubled } = checkEnded(await runHere(folder, ['status']), 0);
  assert.match(troubled, /^held +since 20.*: 1 error in the lists/m);
  assert.match(troubled, /^renewed +at 20\S+ \(0 min ago\): none of 3 live was due$/m);
  assert.match(troubled, /^verified +20/m);
  assert.match(
    troubled,
    /^runway +firewall-block: 2 live; without workers the first lapses 20.* \(todaysfutbol\.com\); the first that is not renewed ends 20.* \(11\.9\.9\.9\)$/m,
  );
  assert.match(troubled, /^budget +\d+ requests left/m);
  const queued = JSON.parse(checkEnded(await runHere(folder, ['enqueue', 'audit', '--json']), 0).stdout);
  assert.match(queued.queue, /^ctim-feeds-local-127\.0\.0\.1-/);

  writeFiles(folder, { 'other/settings.yaml': 'owner: other\n' });
  const rename = ['rename-owner', 'local', '--yes', '--feeds', 'other'];
  const working = checkEnded(await runHere(folder, rename), 4);
  assert.match(working.stderr, /^error: 1 process works for local still, .*: stop it, then say this again$/m);

  up.child.kill('SIGINT');
  const { exit, stderr } = await up.ended();
  assert.equal(exit, 0, stderr);
  assert.match(stderr, /Stopping in order/);
  assert.deepEqual(processesIn(folder), []);
  assert.match(readFileSync(join(folder, 'data', 'redis', 'redis.log'), 'utf8'), /ready to exit, bye bye/);
});
