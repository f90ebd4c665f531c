import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkEnded, folderWith, writeFiles } from './ctim-feeds-process.ts';
import { checkNoSecret, remoteCtia } from './remote-ctia.ts';

const { command } = await remoteCtia();
const SETTINGS = 'owner: acme\nchannels: { firewall-block: { consumers: [cisco-dac], require: [ticket] } }\n';
const LIST = 'action: block\ndefaults: { ticket: SOC-1 }\nobservables:\n  - 11.0.0.1\n  - 11.0.0.2\n';
const LOG = [
  '11.7.0.9 - - [25/Nov/2026:12:00:00 +0000] "GET /shop HTTP/1.1" 200 9 "-" "curl"',
  '11.7.0.9 - - [25/Nov/2026:12:00:01 +0000] "GET /gone HTTP/1.1" 404 9 "-" "curl"',
  '11.0.0.1 - - [25/Nov/2026:12:00:02 +0000] "GET /blocked-already HTTP/1.1" 200 9 "-" "curl"',
].join('\n');

test('a plan for people, for a comment and for programs; headroom in status and feeds; an emptied channel is held', async (t) => {
  const folder = folderWith(t, { 'feeds/tor.yaml': LIST, 'feeds/settings.yaml': SETTINGS, 'access.log': LOG });
  checkEnded(await command(t, folder, 'apply --yes'), 0);
  const status = checkEnded(await command(t, folder, 'status'), 0);
  assert.match(status.stdout, /^headroom +cisco-dac: firewall-block\/ip uses 0 %$/m);
  const feeds = JSON.parse(checkEnded(await command(t, folder, 'feeds --json'), 0).stdout).feeds;
  assert.deepEqual(feeds[0].consumers, [{ consumer: 'cisco-dac', share: 2 / 10_000 }]);

  writeFiles(folder, { 'feeds/tor.yaml': `${LIST}  - 11.7.0.0/24\n` });
  const text = checkEnded(await command(t, folder, 'plan --against access.log'), 0);
  assert.match(text.stdout, /^access\.log: 1 of 2 successful requests would have been blocked \(3 lines, 0 of no/m);
  assert.match(text.stdout, /^ +1 {2}11\.7\.0\.0\/24 {2}tor {2}\/shop$/m);
  assert.match(text.stdout, /^cisco-dac takes 10000 entries of firewall-block\/ip, which holds 3 \(0 %\)$/m);
  const markdown = checkEnded(await command(t, folder, 'plan --markdown'), 0);
  checkNoSecret(markdown);
  assert.match(markdown.stdout, /^### ctim-feeds: 1 enter, 0 leave \(would be applied\)$/m);
  const json = JSON.parse(checkEnded(await command(t, folder, 'plan --json'), 0).stdout);
  assert.deepEqual(
    [json.version, json.counts.create, json.changes[0].observable, json.changes[0].ticket, json.against],
    [1, 1, { type: 'ip', value: '11.7.0.0/24' }, 'SOC-1', null],
  );
  assert.match(checkEnded(await command(t, folder, 'plan --json --markdown'), 2).stderr, /exclude each other/);
  assert.match(
    checkEnded(await command(t, folder, 'plan --against gone.log'), 2).stderr,
    /^error: --against gone\.log cannot be read \(ENOENT.*name an access log, plain or gzip$/m,
  );

  writeFiles(folder, { 'feeds/tor.yaml': 'action: block\nobservables: []\n' });
  const held = checkEnded(await command(t, folder, 'apply'), 3);
  assert.match(held.stdout, /^held: a channel would become empty: firewall-block \(2 leave\): cisco-dac: each pull/m);
});
