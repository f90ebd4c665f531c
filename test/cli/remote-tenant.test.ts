import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { checkEnded, type Ended, folderWith, freePort, run, start, writeFiles } from './ctim-feeds-process.ts';

const PASSWORD = 'hunter2-hunter2';
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const file = { after };
const home = folderWith(file, {});
const server = start(file, home, [
  ...['ctia', '--port', port, '--data', 'remote', '--client-id', 'client-of-acme', '--client-password', PASSWORD],
]);
await server.shows(/Embedded CTIA at http/);

const ENV = {
  ...{ CTIA_URL: url, CTIA_TOKEN_URL: url, CTIA_CLIENT_ID: 'client-of-acme', CTIA_CLIENT_PASSWORD: PASSWORD },
};
const TOR = 'action: block\nobservables:\n  - 11.0.0.1\n  - 11.0.0.2\n';
const SETTINGS = 'owner: acme\n';

function command(
  t: { after: typeof after },
  folder: string,
  args: string,
  env: Record<string, string> = {},
): Promise<Ended> {
  return run(t, folder, args.split(' '), { ...ENV, ...env });
}

/** What must hold whatever was typed: no secret in the output. */
function checkNoSecret({ stdout, stderr }: Ended) {
  assert(!`${stdout}${stderr}`.includes(PASSWORD));
  assert.doesNotMatch(`${stdout}${stderr}`, /[?&]s=[^…]/);
}

function digestIn({ stdout, stderr }: Ended): string {
  const [, digest] = /--digest ([0-9a-f]+)/.exec(`${stdout}${stderr}`) ?? [];
  assert(digest, `a digest is named in:\n${stdout}\n${stderr}`);
  return digest;
}

test('the way of a first contact: owner, plan, digest, published, nothing to do, edited, a list gone', async (t) => {
  const folder = folderWith(t, { 'feeds/tor.yaml': TOR });
  const apply = async (exit: number, args = '') => {
    const ended = checkEnded(await command(t, folder, `apply ${args}`.trim()), exit);
    checkNoSecret(ended);
    return ended;
  };
  const ownerless = await apply(2);
  assert.match(ownerless.stderr, /^error: no owner is set.*"owner: yourname".*settings\.yaml$/m);

  writeFiles(folder, { 'feeds/settings.yaml': SETTINGS });
  const held = await apply(3);
  assert.match(held.stderr, /\+ create +firewall-block\/ip +11\.0\.0\.1 +tor feeds\/tor\.yaml:3/, 'the plan is shown');
  assert.match(held.stdout, /held: first contact: owner acme never applied anything to http.*0 live judgements/);
  assert.equal((await command(t, folder, 'plan')).exit, 3, 'plan says so too');
  await apply(3, '--digest 0123456789abcdef');
  const digest = digestIn(held);
  const first = await apply(0, `--digest ${digest}`);
  assert.match(first.stdout, /^2 changes: 2 create; 0 unchanged;/);
  assert.match(first.stdout, /verified: the feeds hold what the lists say/);

  const second = await apply(0);
  assert.match(second.stdout, /^0 changes; 2 unchanged; \d+ requests \(0 mutating\)/);
  assert.match(checkEnded(await command(t, folder, 'plan'), 0).stdout, /0 changes, 2 unchanged/);

  writeFiles(folder, {
    'feeds/tor.yaml': TOR.replace('11.0.0.2', '11.0.0.3'),
    'feeds/more.yaml': TOR.replace(/0\.0/g, '1.1'),
  });
  const planned = checkEnded(await command(t, folder, 'plan'), 0);
  assert.match(planned.stdout, /- withdraw +firewall-block\/ip +11\.0\.0\.2/);
  assert.deepEqual(checkEnded(await command(t, folder, 'plan'), 0).stdout, planned.stdout, 'plan changed nothing');
  assert.match((await apply(0)).stdout, /^4 changes: 3 create, 1 withdraw;/);

  rmSync(join(folder, 'feeds', 'more.yaml'));
  const vanished = await apply(3);
  assert.match(vanished.stdout, /lists that were applied are gone: more \(2\) of 4 entries/);
  writeFiles(folder, { 'feeds/bad.yaml': 'action: block\nobservables: [1.2.3]\n' });
  const problems = await apply(1, '--yes --force');
  assert.match(`${problems.stdout}${problems.stderr}`, /feeds\/bad\.yaml:2:15/);
  assert.equal((await command(t, folder, 'plan')).exit, 1, 'problems win over held');
  rmSync(join(folder, 'feeds', 'bad.yaml'));
  assert.match((await apply(0, '--force')).stdout, /^2 changes: 2 withdraw;/);

  rmSync(join(folder, 'feeds', 'tor.yaml'));
  assert.match((await apply(1, '--yes --force')).stderr, /no list \(\*\.yaml\)/);
  rmSync(join(folder, 'feeds'), { recursive: true });
  assert.match((await apply(1, '--yes --force')).stderr, /no readable folder/);
  writeFiles(folder, { 'feeds/tor.yaml': TOR.replace('11.0.0.2', '11.0.0.3'), 'feeds/settings.yaml': SETTINGS });
  assert.match((await apply(0)).stdout, /^0 changes; 2 unchanged;/, 'nothing was taken away meanwhile');

  await checkLookers(t, folder);
});

async function checkLookers(t: { after: typeof after }, folder: string) {
  const status = checkEnded(await command(t, folder, 'status'), 0);
  assert.match(status.stdout, /^owner +acme at http/);
  assert.match(status.stdout, /^lapses +firewall-block: 2 live, the first ends 20\d\d-/m);
  const facts = JSON.parse(checkEnded(await command(t, folder, 'status --json'), 0).stdout);
  assert.equal(facts.owner, 'acme');
  assert.equal(facts.applied.revision, facts.lists);

  const masked = checkEnded(await command(t, folder, 'feeds'), 0);
  checkNoSecret(masked);
  assert.match(masked.stdout, /SecureX_Firewall_Private_Feed_IPv4 +2 +http:\S+view\.txt\?s=…/);
  const whole = checkEnded(await command(t, folder, 'feeds --show-secrets --json'), 0);
  const { feeds } = JSON.parse(whole.stdout);
  const ip = feeds.find(({ type }: { type: string }) => type === 'ip');
  assert.equal(await (await fetch(ip.url)).text(), '11.0.0.1\n11.0.0.3');

  const doctor = await command(t, folder, 'doctor');
  checkNoSecret(checkEnded(doctor, 0));
  for (const line of [
    /^ok +lists +1 list/m,
    /^ok +tenant +http/m,
    /^ok +owner +acme; the queue is ctim-feeds-acme-127/m,
  ]) {
    assert.match(doctor.stdout, line);
  }
  assert.equal(doctor.stdout.match(/^WRONG/gm), null);
}

test('a tenant that cannot be used is status 4, with the next step and without a secret', async (t) => {
  const folder = folderWith(t, { 'feeds/tor.yaml': TOR, 'feeds/settings.yaml': SETTINGS });
  const wrong = checkEnded(await command(t, folder, 'plan', { CTIA_CLIENT_PASSWORD: 'not-the-password' }), 4);
  assert.match(wrong.stderr, /^error: .*client.*password/m);
  assert(!wrong.stderr.includes('not-the-password'));
  const nowhere = `http://127.0.0.1:${await freePort()}`;
  const unreachable = checkEnded(await command(t, folder, 'plan', { CTIA_URL: nowhere, CTIA_TOKEN_URL: nowhere }), 4);
  assert.match(unreachable.stderr, /^error: .*ECONNREFUSED|^error: .*refused/m);
  for (const { stderr } of [wrong, unreachable]) assert.doesNotMatch(stderr, /\n\s+at /, 'no stack');
  const doctor = checkEnded(await command(t, folder, 'doctor', { CTIA_CLIENT_PASSWORD: 'not-the-password' }), 4);
  assert.match(doctor.stdout, /^WRONG +tenant +.*password/m);
});

test('shipped examples go to our own embedded server only', async (t) => {
  const folder = folderWith(t, { 'feeds/tor.yaml': `example: true\n${TOR}`, 'feeds/settings.yaml': SETTINGS });
  const { stderr } = checkEnded(await command(t, folder, 'apply --yes --force'), 1);
  assert.match(stderr, /every list here is a shipped example.*own lists/);
});
