import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkEnded, folderWith, freePort, run } from './ctim-feeds-process.ts';

test('a full disk ends the command with status 4 and says what is full; it does not hang', async (t) => {
  const folder = folderWith(t, { 'feeds/tor.yaml': 'action: block\nobservables: [11.0.0.1]\n' });
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=300k', 'tmpfs', disk]).status !== 0) {
    t.skip('only root may make a small disk');
    return;
  }
  try {
    // Room for Redis and the server to start, and not for what they are to keep.
    const port = await freePort();
    const up = checkEnded(await run(t, folder, ['up', '--once', '--data', 'disk', '--port', port]), 4);
    assert.match(up.stderr, /^error: the Redis in .*disk\/redis .*free space on its disk/m);
    assert(up.stderr.split('\n').length < 20, `it says so once, and not in ${up.stderr.split('\n').length} lines`);
    const plan = checkEnded(await run(t, folder, ['plan', '--data', 'disk']), 4);
    assert.match(plan.stderr, /^error: .*(?:full|no space)/m);
    assert.doesNotMatch(plan.stderr, /\n\s+at /, 'no stack');
  } finally {
    spawnSync('umount', [disk]);
  }
});
