import assert from 'node:assert/strict';
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { checkEnded, folderWith, run, start } from './ctim-feeds-process.ts';
import { runHere } from './in-this-process.ts';

const FEEDS = { 'feeds/allow.yaml': 'action: allow\nobservables: [11.22.33.0/24]\n', 'feeds/settings.yaml': '{}\n' };
const STAMP = new Date().toISOString().slice(0, 10).split('-');
const MONTH = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'][
  Number(STAMP[1]) - 1
];

/** Of today, so that blocks are not over. */
function attack(client: string): string {
  return `${client} - - [${STAMP[2]}/${MONTH}/${STAMP[0]}:00:00:01 +0000] "GET /x?f=../../../../etc/hostname HTTP/1.1" 200 1 "-" "x"\n`;
}

const ownRule = (regex: string) => `
name: hostname-reader
title: Reads a hostname
description: For the test.
severity: Critical
confidence: High
techniques: [T1083]
match: [{ words: [etc/hostname], regex: '${regex}' }]
tests: { match: [GET /etc/hostname], no_match: [GET /] }
`;

interface Told {
  campaigns: { source: string; findings: { attacker: { value: string }; count: number; rule: { name: string } }[] }[];
  proposals: { attacker: { value: string }; until?: number; because?: { code: string; message: string } }[];
  counts: { lines: number; unread: { what: string; lines: number; firstLine: number }[] };
}

test('incident from-log tells the findings of plain and gzip logs, the blocks, and why there is none', async (t) => {
  const folder = folderWith(t, {
    ...FEEDS,
    'rules/own.yaml': ownRule('hostname$'),
    'access.log': `${attack('11.22.34.44')}nonsense\n${attack('11.22.33.44')}`,
  });
  writeFileSync(join(folder, 'access.log.1.gz'), gzipSync(attack('11.22.34.44') + attack('10.0.0.7')));
  const args = ['incident', 'from-log', 'access.log', 'access.log.1.gz'];
  const told = JSON.parse(checkEnded(await run(t, folder, [...args, '--json']), 0).stdout) as Told;
  assert.deepEqual(
    told.campaigns.flatMap(({ source, findings }) =>
      findings.map((it) => [source, it.attacker.value, it.rule.name, it.count]),
    ),
    [
      ['access.log', '10.0.0.7', 'path-traversal', 1],
      ['access.log', '11.22.33.44', 'path-traversal', 1],
      ['access.log', '11.22.34.44', 'path-traversal', 2],
    ],
  );
  const code = (value: string) => told.proposals.find(({ attacker }) => attacker.value === value)?.because?.code;
  assert.deepEqual(['10.0.0.7', '11.22.33.44', '11.22.34.44'].map(code), ['guard', 'allowed', undefined]);
  assert.deepEqual(told.counts.unread, [{ what: 'of no known format', lines: 1, firstLine: 2 }]);
  const words = checkEnded(await runHere(folder, [...args, '--rules', 'rules']), 0).stdout;
  assert.match(words, /incident: attacks in access\.log, .*6 sightings of 3 attackers, Critical severity, T1083 T1190/);
  assert.match(words, /11\.22\.34\.44 +hostname-reader +Critical +2 /);
  assert.match(words, /11\.22\.34\.44 +block until .* +1 d, repetition 0/);
  assert.match(words, /11\.22\.33\.44 +not blocked +it is allowed at feeds\/allow\.yaml:2/);
  assert.match(words, /1 of no known format \(the first is line 2\)\n\nnothing was sent/);
});

test('--follow goes on behind what it told before it was stopped, through a rotation', async (t) => {
  const folder = folderWith(t, { ...FEEDS, 'access.log': attack('11.22.34.44') });
  const log = join(folder, 'access.log');
  const args = ['incident', 'from-log', '--follow', 'access.log', '--json'];
  const first = start(t, folder, args);
  await first.shows(/11\.22\.34\.44/);
  first.child.kill('SIGTERM');
  await first.ended();
  appendFileSync(log, attack('11.22.34.44'));
  renameSync(log, `${log}.1`);
  writeFileSync(log, attack('11.22.34.45'));
  const second = start(t, folder, args);
  await second.shows(/11\.22\.34\.45/);
  second.child.kill('SIGTERM');
  const { stdout } = checkEnded(await second.ended(), 0);
  const last = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Told;
  assert.deepEqual(
    last.campaigns[0]?.findings.map(({ attacker, count }) => [attacker.value, count]),
    [
      ['11.22.34.44', 2],
      ['11.22.34.45', 1],
    ],
  );
});

test('rules test refuses a rule of one’s own with its line where it is wrong', async (t) => {
  const folder = folderWith(t, { ...FEEDS, 'rules/own.yaml': ownRule('host.*name') });
  const { stderr } = checkEnded(await runHere(folder, ['rules', 'test', 'rules']), 1);
  assert.match(
    stderr,
    /own\.yaml:8:\d+ error invalid-key match\.0\.regex is "host\.\*name": "\*" repeats without an end/,
  );
});
