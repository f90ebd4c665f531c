import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { misfits } from '../embedded-ctia/json-schema.ts';
import { checkEnded, folderWith, writeFiles } from './ctim-feeds-process.ts';
import { checkNoSecret, remoteCtia } from './remote-ctia.ts';

const { command, ownProcess } = await remoteCtia();
const SETTINGS = 'owner: acme\nchannels: { firewall-block: { consumers: [cisco-dac], require: [ticket] } }\n';
const LIST = 'action: block\ndefaults: { ticket: SOC-1 }\nobservables:\n  - 11.0.0.1\n  - 11.0.0.2\n';
const SCHEMA = JSON.parse(readFileSync(path.resolve('docs', 'plan.schema.json'), 'utf8'));
const LOG = [
  '11.7.0.9 - - [25/Nov/2026:12:00:00 +0000] "GET /shop HTTP/1.1" 200 9 "-" "curl"',
  '11.7.0.9 - - [25/Nov/2026:12:00:01 +0000] "GET /gone HTTP/1.1" 404 9 "-" "curl"',
  '11.0.0.1 - - [25/Nov/2026:12:00:02 +0000] "GET /blocked-already HTTP/1.1" 200 9 "-" "curl"',
].join('\n');

test('a plan for people, for a comment and for programs; headroom in status and feeds; an emptied channel is held', async (t) => {
  const folder = folderWith(t, { 'feeds/tor.yaml': LIST, 'feeds/settings.yaml': SETTINGS, 'access.log': LOG });
  checkEnded(await command(folder, 'apply --yes'), 0);
  const look = (...lines: string[]) => Promise.all(lines.map((line) => command(folder, line)));
  const [status, feeds] = await look('status', 'feeds --json');
  assert.match(status?.stdout ?? '', /^headroom +cisco-dac: firewall-block\/ip uses 0 %$/m);
  assert.deepEqual(JSON.parse(feeds?.stdout ?? '').feeds[0].consumers, [{ consumer: 'cisco-dac', share: 2 / 10_000 }]);

  writeFiles(folder, { 'feeds/tor.yaml': `${LIST}  - 11.7.0.0/24\n` });
  const plans = await look('plan --markdown --against access.log', 'plan --json');
  for (const ended of plans) checkNoSecret(checkEnded(ended, 0));
  const [markdown = '', json = ''] = plans.map(({ stdout }) => stdout);
  assert.match(markdown, /^### ctim-feeds: 1 enter, 0 leave \(would be applied\)$/m);
  assert.match(
    markdown,
    /^\*\*Against `access\.log`\*\*: 1 of 2 successful requests would have been blocked \(3 lines, 0 /m,
  );
  assert.match(markdown, /^ +1 {2}11\.7\.0\.0\/24 {2}tor {2}\/shop$/m);
  assert.match(markdown, /^\| cisco-dac \| firewall-block\/ip \| 3 \| 10000 \| 0 % \|$/m);
  const { version, counts, changes, against } = JSON.parse(json);
  assert.deepEqual(
    [version, counts.create, changes[0].observable, changes[0].ticket, against],
    [1, 1, { type: 'ip', value: '11.7.0.0/24' }, 'SOC-1', null],
  );
  const { $defs, type, required, properties, additionalProperties } = SCHEMA;
  assert.deepEqual(misfits({ type, required, properties, additionalProperties }, JSON.parse(json), { $defs }), []);

  writeFiles(folder, { 'feeds/tor.yaml': 'action: block\nobservables: []\n' });
  const held = checkEnded(await ownProcess(t, folder, 'apply'), 3);
  assert.match(held.stdout, /^held: a channel would become empty: firewall-block \(2 leave\): cisco-dac: each pull/m);
});

test('T27 one bad line in a thousand, T13 an allow list that cannot be read: nothing is written', async (t) => {
  const many = Array.from({ length: 1000 }, (_, n) => `11.1.${n >> 8}.${n & 255}`);
  const settings = 'owner: careful\nchannels: { firewall-block: { titles: tor } }\n';
  const folder = folderWith(t, {
    'feeds/settings.yaml': settings,
    'feeds/many.yaml': 'action: block\nentries_from: many.txt\n',
    'feeds/many.txt': many.join('\n'),
    'feeds/never.yaml': 'action: allow\nobservables: [11.1.0.7]\n',
  });
  checkEnded(await command(folder, 'apply --yes'), 0);
  const bad: Record<string, string>[] = [
    { 'feeds/many.txt': many.with(500, '11.1.1.300').join('\n') },
    { 'feeds/many.txt': many.slice(100).join('\n'), 'feeds/never.yaml': 'action: allow\nobservables: [11.1.0.7\n' },
  ];
  for (const files of bad) {
    writeFiles(folder, { 'feeds/many.txt': many.join('\n'), ...files });
    const { stdout } = checkEnded(await command(folder, 'apply --yes --force'), 1);
    assert.match(stdout, /; \d+ requests \(0 mutating\) in /);
  }
});
