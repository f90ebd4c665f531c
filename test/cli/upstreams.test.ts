import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRemoteLists } from '../sources/remote-lists.ts';
import { checkEnded, folderWith, freePort, run } from './ctim-feeds-process.ts';
import { runHere } from './in-this-process.ts';

test('apply pulls what is due, upstreams shows how it fares, accept lets what is right through; no Redis', async (t) => {
  const remote = await startRemoteLists();
  t.after(() => remote.close());
  remote.serve('/exits', '11.0.0.1\n11.0.0.2\n');
  const folder = folderWith(t, {
    'feeds/exits.yaml': `action: block\nupstream: { url: "${remote.url}/exits?key=t0psecret", min_entries: 50 }\n`,
    'feeds/mine.yaml': 'action: block\nobservables: [11.5.5.5]\n',
  });
  const env = { UPSTREAM_PRIVATE_HOSTS: '127.0.0.1' };
  const ctim = async (exit: number, ...args: string[]) => checkEnded(await runHere(folder, args, env), exit);

  const first = checkEnded(await run(t, folder, ['apply', '--port', await freePort()], env), 0);
  assert.match(first.stdout, /1 change: 1 create/);
  assert.match(first.stderr, /upstream exits: too-few: 2 entries came, min_entries is 50; what was known of it stays/);
  assert.match(first.stdout, /notice: upstream "exits" has no copy yet/);

  const shown = await ctim(0, 'upstreams');
  assert.match(shown.stdout, /^exits +unknown +– +– +– +– +1 +in \d+ min$/m);
  assert.match(shown.stdout, /^exits: too-few: /m);
  assert.match((await ctim(0, 'upstreams', 'accept', 'exits')).stdout, /exits has 2 entries now/);

  const asked = remote.asked.length;
  const plan = await ctim(0, 'plan');
  assert.match(plan.stdout, /firewall-block\/ip +3 entries +\+2 -0/);
  assert.equal(remote.asked.length, asked, 'a copy that is young enough is not asked for again');
  const [row] = JSON.parse((await ctim(0, 'upstreams', '--json')).stdout);
  assert.deepEqual([row.health, row.entries, row.quarantined, row.failures], ['good', 2, [], 0]);
  for (const { stdout, stderr } of [first, shown, plan]) assert.doesNotMatch(stdout + stderr, /t0psecret/);
});
