import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkEnded, type Ended, folderWith, writeFiles } from './ctim-feeds-process.ts';
import { checkNoSecret, remoteCtia, SETTINGS, TOR } from './remote-ctia.ts';

const { command, ownProcess } = await remoteCtia();

function digestIn({ stdout, stderr }: Ended): string {
  const [, digest] = /--digest ([0-9a-f]+)/.exec(`${stdout}${stderr}`) ?? [];
  assert(digest, `a digest is named in:\n${stdout}\n${stderr}`);
  return digest;
}

test('the way of a first contact: owner, plan, digest, published, nothing to do, edited, a list gone', async (t) => {
  const folder = folderWith(t, { 'feeds/tor.yaml': TOR });
  const apply = async (exit: number, args = '') => {
    const ended = checkEnded(await command(folder, `apply ${args}`.trim()), exit);
    checkNoSecret(ended);
    return ended;
  };
  const ownerless = await apply(2);
  assert.match(ownerless.stderr, /^error: no owner is set.*"owner: yourname".*settings\.yaml$/m);

  writeFiles(folder, { 'feeds/settings.yaml': SETTINGS });
  const held = checkEnded(await ownProcess(t, folder, 'apply'), 3);
  checkNoSecret(held);
  assert.match(held.stderr, /\+ create +firewall-block\/ip +11\.0\.0\.1 +tor feeds\/tor\.yaml:3/, 'the plan is shown');
  assert.match(held.stdout, /held: first contact: owner acme never applied anything to http.*0 live judgements/);
  assert.equal((await ownProcess(t, folder, 'plan')).exit, 3, 'plan says so too');
  await apply(3, '--digest 0123456789abcdef');
  const digest = digestIn(held);
  const first = await apply(0, `--digest ${digest}`);
  assert.match(first.stdout, /^2 changes: 2 create; 0 unchanged;/);
  assert.match(first.stdout, /verified: the feeds hold what the lists say/);

  const second = await apply(0);
  assert.match(second.stdout, /^0 changes; 2 unchanged; \d+ requests \(0 mutating\)/);
  assert.match(checkEnded(await command(folder, 'plan'), 0).stdout, /0 changes, 2 unchanged/);

  writeFiles(folder, {
    'feeds/tor.yaml': TOR.replace('11.0.0.2', '11.0.0.3'),
    'feeds/more.yaml': TOR.replace(/0\.0/g, '1.1'),
  });
  const planned = checkEnded(await command(folder, 'plan'), 0);
  assert.match(planned.stdout, /- withdraw +firewall-block\/ip +11\.0\.0\.2/);
  assert.deepEqual(checkEnded(await command(folder, 'plan'), 0).stdout, planned.stdout, 'plan changed nothing');
  assert.match((await apply(0)).stdout, /^4 changes: 3 create, 1 withdraw;/);

  rmSync(join(folder, 'feeds', 'more.yaml'));
  const vanished = await apply(3);
  assert.match(vanished.stdout, /lists that were applied are gone: more \(2\) of 4 entries/);
  writeFiles(folder, { 'feeds/bad.yaml': 'action: block\nobservables: [1.2.3]\n' });
  const problems = await apply(1, '--yes --force');
  assert.match(`${problems.stdout}${problems.stderr}`, /feeds\/bad\.yaml:2:15/);
  assert.equal((await command(folder, 'plan')).exit, 1, 'problems win over held');
  rmSync(join(folder, 'feeds', 'bad.yaml'));
  assert.match((await apply(0, '--force')).stdout, /^2 changes: 2 withdraw;/);

  rmSync(join(folder, 'feeds', 'tor.yaml'));
  assert.match((await apply(1, '--yes --force')).stderr, /no list \(\*\.yaml\)/);
  rmSync(join(folder, 'feeds'), { recursive: true });
  assert.match((await apply(1, '--yes --force')).stderr, /no readable folder/);
  writeFiles(folder, { 'feeds/tor.yaml': TOR.replace('11.0.0.2', '11.0.0.3'), 'feeds/settings.yaml': SETTINGS });
  assert.match((await apply(0)).stdout, /^0 changes; 2 unchanged;/, 'nothing was taken away meanwhile');
});
