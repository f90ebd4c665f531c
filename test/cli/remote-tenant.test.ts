import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkEnded, folderWith, freePort } from './ctim-feeds-process.ts';
import { checkNoSecret, remoteCtia, SETTINGS, TOR } from './remote-ctia.ts';

const { command, ownProcess } = await remoteCtia();

test('status, feeds and doctor tell what there is, and no secret unless asked for', async (t) => {
  const folder = folderWith(t, { 'feeds/tor.yaml': TOR, 'feeds/settings.yaml': SETTINGS });
  checkEnded(await command(folder, 'apply --yes'), 0);
  const status = checkEnded(await command(folder, 'status'), 0);
  assert.match(status.stdout, /^owner +acme at http/);
  assert.match(status.stdout, /^runway +firewall-block: 2 live; without workers the first lapses 20\d\d-/m);
  const facts = JSON.parse(checkEnded(await command(folder, 'status --json'), 0).stdout);
  assert.equal(facts.owner, 'acme');
  assert.equal(facts.applied.revision, facts.lists);

  const masked = checkEnded(await command(folder, 'feeds'), 0);
  checkNoSecret(masked);
  assert.match(masked.stdout, /SecureX_Firewall_Private_Feed_IPv4 +2 +http:\S+view\.txt\?s=…/);
  const whole = checkEnded(await command(folder, 'feeds --show-secrets --json'), 0);
  const { feeds } = JSON.parse(whole.stdout);
  const ip = feeds.find(({ type }: { type: string }) => type === 'ip');
  assert.equal(await (await fetch(ip.url)).text(), '11.0.0.1\n11.0.0.2');

  const doctor = await ownProcess(t, folder, 'doctor');
  checkNoSecret(checkEnded(doctor, 0));
  for (const line of [
    /^ok +lists +1 list/m,
    /^ok +tenant +http/m,
    /^ok +incidents +written at ctia: ctia answers, private-intel answers/m,
    /^ok +owner +acme; the queue is ctim-feeds-acme-127/m,
  ]) {
    assert.match(doctor.stdout, line);
  }
  assert.equal(doctor.stdout.match(/^WRONG/gm), null);
});

test('a tenant that cannot be used is status 4, with the next step and without a secret', async (t) => {
  const folder = folderWith(t, { 'feeds/tor.yaml': TOR, 'feeds/settings.yaml': SETTINGS });
  const wrong = checkEnded(await ownProcess(t, folder, 'plan', { CTIA_CLIENT_PASSWORD: 'not-the-password' }), 4);
  assert.match(wrong.stderr, /^error: .*client.*password/m);
  assert(!wrong.stderr.includes('not-the-password'));
  const nowhere = `http://127.0.0.1:${await freePort()}`;
  const unreachable = checkEnded(await command(folder, 'plan', { CTIA_URL: nowhere, CTIA_TOKEN_URL: nowhere }), 4);
  assert.match(unreachable.stderr, /^error: .*ECONNREFUSED|^error: .*refused/m);
  for (const { stderr } of [wrong, unreachable]) assert.doesNotMatch(stderr, /\n\s+at /, 'no stack');
  const doctor = checkEnded(await command(folder, 'doctor', { CTIA_CLIENT_PASSWORD: 'not-the-password' }), 4);
  assert.match(doctor.stdout, /^WRONG +tenant +.*password/m);
});

const BROKEN = join('..', 'shared', 'data', 'yaml', 'broken');

test('each bad version of a list is refused with file, line and a hint, and nothing is sent', async (t) => {
  // As people committed them: a sentence where a comment was meant, a star that YAML takes for an alias.
  const bad = new Map([
    ['own-sentence.yaml', 'this list blocks scanners\naction: block\nobservables:\n  - 11.0.0.3\n'],
    ['own-star.yaml', 'action: allow\nobservables:\n  - *.corp.com.au\n'],
  ]);
  if (existsSync(BROKEN))
    for (const file of readdirSync(BROKEN)) bad.set(file, readFileSync(join(BROKEN, file), 'utf8'));
  else t.diagnostic('without ../shared/data the ones that people really committed are left out');
  const folder = folderWith(t, { 'feeds/tor.yaml': TOR, 'feeds/settings.yaml': 'owner: bad\n' });
  checkEnded(await command(folder, 'apply --yes'), 0);
  for (const [file, text] of bad) writeFileSync(join(folder, 'feeds', file), text);
  writeFileSync(join(folder, 'feeds', 'tor.yaml'), `${TOR}  - 11.0.0.4\n`);
  const { stdout, stderr } = checkEnded(await command(folder, 'apply --force --json'), 1);
  const { result, requests } = JSON.parse(stdout);
  assert.deepEqual([result, requests.mutating], ['problems', 0]);
  for (const file of bad.keys()) {
    const lines = stderr.split('\n').filter((line) => line.startsWith(`feeds/${file}:`));
    assert.ok(lines.length > 0, file);
    for (const line of lines) assert.match(line, /^feeds\/\S+\.yaml:\d+:\d+ error /);
    assert.match(lines.join('\n'), /a comment needs "#" before it|in quotes$/m, file);
  }
});

test('shipped examples go to our own embedded server only', async (t) => {
  const folder = folderWith(t, { 'feeds/tor.yaml': `example: true\n${TOR}`, 'feeds/settings.yaml': SETTINGS });
  const { stderr } = checkEnded(await command(folder, 'apply --yes --force'), 1);
  assert.match(stderr, /every list here is a shipped example.*own lists/);
});
