import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkEnded, folderWith, freePort, processesIn, run, start, writeFiles } from './ctim-feeds-process.ts';
import { runHere } from './in-this-process.ts';

const TOR = 'action: block\nobservables:\n  - 11.0.0.1\n  - todaysfutbol.com\n';

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
  const queued = checkEnded(await runHere(folder, ['enqueue', 'sync']), 0);
  assert.match(queued.stdout, /^job sync-[0-9a-f-]{36} is in ctim-feeds-local-.*; no worker is running now$/m);
});

test('who read its output is gone (`| head`, a terminal that was closed): workers go on, and end in order', async (t) => {
  const settings = 'owner: acme\nrenew: { every: 1s }\n';
  const folder = folderWith(t, {
    'feeds/settings.yaml': settings,
    'feeds/tor.yaml': 'action: block\nobservables: [11.0.0.1]\n',
  });
  const up = start(t, folder, ['up', '--port', await freePort()]);
  up.child.stdout?.destroy();
  // What it prints of its first sync comes before the second renewal after that.
  await up.shows(/"msg":"verified"(?:.*schedule-renew){2}/s);
  up.child.kill('SIGTERM');
  const { exit, stderr } = await up.ended();
  assert.equal(exit, 0, stderr);
  assert.doesNotMatch(stderr, /EPIPE/);
  assert.deepEqual(processesIn(folder), []);
});

test('another owner in the settings of lists that were published here before: held, and the way to take them over is named', async (t) => {
  const folder = folderWith(t, { 'feeds/tor.yaml': 'action: block\nobservables: [11.0.0.1]\n' });
  const apply = () => runHere(folder, ['apply']);
  const port = await freePort();
  checkEnded(await runHere(folder, ['up', '--once', '--port', port]), 0);
  writeFiles(folder, { 'feeds/settings.yaml': 'owner: acme\n' });
  const { stdout } = checkEnded(await apply(), 3);
  assert.match(
    stdout,
    /owner acme never applied anything to .*, which local did: if this is a new name .*, rename-owner local before/,
  );
  checkEnded(await runHere(folder, ['rename-owner', 'local', '--yes']), 0);
  assert.match(checkEnded(await apply(), 0).stdout, /^0 changes; 1 unchanged/m);
});
