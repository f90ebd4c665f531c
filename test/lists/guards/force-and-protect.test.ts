import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { GuardKnowledge } from '../../../src/lists/guards/guards.ts';
import { problemsOf, publishedIn, readingOf } from '../reading-of.ts';
import { checkTable, guardsOf } from './judged.ts';

const CONFIGURED: GuardKnowledge = {
  fetched: [],
  configured: [
    { host: 'private.intel.eu.amp.cisco.com', what: 'the CTIA host' },
    { host: 'git.corp.icu', what: 'git host', page: 'https://git.corp.icu/soc/lists' },
    { host: '45.66.35.11', what: 'the Redis host' },
  ],
};

checkTable(
  'T28 what the configuration reveals',
  {
    'never guard-configured': [
      ...[
        'private.intel.eu.amp.cisco.com',
        'amp.cisco.com',
        'cisco.com',
        'https://private.intel.eu.amp.cisco.com/ctia/x',
      ],
      ...[
        'git.corp.icu',
        'corp.icu',
        'https://git.corp.icu/',
        'https://git.corp.icu/soc',
        'https://git.corp.icu/soc/lists.git',
      ],
      ...[
        'https://git.corp.icu/soc/lists/-/raw/main/tor.yaml',
        '45.66.35.11',
        '45.66.35.0/24',
        'http://45.66.35.11:6379/',
      ],
      ...['::ffff:45.66.35.11', '2002:2d42:230b::1'],
    ],
    // A page of others on the same host.
    'refuse guard-configured': ['https://git.corp.icu/evil/tool.exe', 'https://git.corp.icu/soc/lists-of-evil'],
    published: ['www.corp.icu', 'x.git.corp.icu', '45.66.36.1', 'evilcorp.icu'],
  },
  guardsOf('', CONFIGURED),
);

test('T28 force does not lift what the organisation or its configuration protects', async () => {
  const folder = {
    'settings.yaml': 'protect: [{ value: corp.com.au, reason: "our zone" }]',
    'list.yaml': `action: block
observables:
  - { value: www.corp.com.au, force: "we mean it" }
  - { value: git.corp.icu, force: "we mean it" }
  - { value: "https://git.corp.icu/evil/tool.exe", force: "case 4711" }
`,
  };
  const reading = await readingOf(folder, { knowledge: CONFIGURED });
  assert.deepEqual(publishedIn(reading), ['url https://git.corp.icu/evil/tool.exe']);
  const [ours, git] = reading.problems;
  assert.match(ours?.message ?? '', /settings\.yaml:1 protects corp\.com\.au \(our zone\); no force lifts that/);
  assert.match(git?.message ?? '', /git\.corp\.icu is protected by the configuration: git host; no force lifts that/);
});

checkTable(
  'what an organisation protects, exactly, from above, from below',
  {
    'never guard-protected': [
      ...[
        '45.66.35.11',
        '45.66.0.0/16',
        'corp.com.au',
        'www.corp.com.au',
        'http://vpn.corp.com.au/x',
        '2002:2d42:230b::1',
      ],
      ...['https://partner.com/login', '2a00:1450:4001::1', '2a00::/19'],
    ],
    published: ['45.66.36.1', 'notcorp.com.au', 'https://partner.com/other', 'partner.com'],
  },
  guardsOf(
    'protect: [45.66.35.0/24, { value: corp.com.au, reason: "our zone" }, "https://partner.com/login", 2a00:1450::/32]',
  ),
);

test('force lets an entry past its guard, with a notice; allow lists have no guards', async () => {
  const reading = await readingOf({
    'list.yaml': 'action: block\nobservables: [{ value: 8.8.8.8, force: "we run our own" }]\n',
    'ours.yaml': 'action: allow\nobservables: [10.0.0.0/8, 9.9.9.9]\n',
  });
  assert.deepEqual(publishedIn(reading), ['ip 10.0.0.0/8', 'ip 8.8.8.8', 'ip 9.9.9.9']);
  assert.deepEqual(
    reading.problems.map(({ severity, code }) => `${severity} ${code}`),
    ['notice forced'],
  );
});

test('T5 what is warned of is published with a notice, and without one where somebody says that it is known', async () => {
  const list = 'action: block\nentries_from: list.txt\n';
  const text = '172.66.0.227\n45.66.35.11\n';
  const warned = await readingOf({ 'list.yaml': list, 'list.txt': text });
  assert.deepEqual(publishedIn(warned), ['ip 172.66.0.227', 'ip 45.66.35.11']);
  assert.deepEqual(
    warned.problems.map(({ severity, code, file, line }) => `${file}:${line} ${severity} ${code}`),
    ['feeds/list.txt:1 notice guard-content-network'],
  );
  assert.match(warned.problems[0]?.message ?? '', /is published, but it lies in 172\.64\.0\.0\/13 \(Cloudflare\)/);
  const known = `${list}overrides: { 172.66.0.227: { force: "case 4711" } }\n`;
  assert.deepEqual(await problemsOf({ 'list.yaml': known, 'list.txt': text }), []);
});

test('whatever is said of one observable names it, also a warning: who asks why finds it', async () => {
  const { problems } = await readingOf({
    'settings.yaml': 'channels: { firewall-block: { consumers: [cisco-tid], require: [reason] } }',
    'list.yaml': `action: block
defaults: { reason: seen }
observables:
  - 172.66.0.227
  - 10.1.2.3
  - 45.66.35.0/24
  - ::ffff:45.66.35.11
  - "*.evil.icu"
  - { value: 8.8.8.8, force: "we run our own" }
  - mail@evil.icu
`,
    'bare.yaml': 'action: block\nobservables: [45.66.35.12]\n',
  });
  assert.deepEqual(
    problems.map(({ code, observable }) => `${code} ${observable?.value}`),
    [
      'required-word 45.66.35.12',
      'guard-content-network 172.66.0.227',
      'guard-private 10.1.2.3',
      'consumer-range 45.66.35.0/24',
      'mapped-address 45.66.35.11',
      'wildcard-on-block-list *.evil.icu',
      'forced 8.8.8.8',
      'unsupported-type mail@evil.icu',
    ],
  );
});

test('T27 one refused line among a thousand is an error of its line, and the others are as they were', async () => {
  const lines = Array.from({ length: 1000 }, (_, n) => `45.66.${Math.floor(n / 250)}.${n % 250}`);
  lines[500] = '10.1.2.3';
  const reading = await readingOf({
    'list.yaml': 'action: block\nentries_from: list.txt\n',
    'list.txt': lines.join('\n'),
  });
  assert.deepEqual(
    reading.problems.map(({ severity, code, line }) => `${severity} ${code} ${line}`),
    ['error guard-private 501'],
  );
  assert.equal(reading.entries.length, 999);
});

const LEVEL1 = path.resolve('..', 'shared', 'data', 'lists', 'cidr', 'firehol_level1.netset');
const needsData = existsSync(LEVEL1) ? {} : { skip: 'needs ../shared/data' };

test(
  'T3 T4 firehol level 1 is refused entry by entry where it blocks its owner, and goes through forced',
  needsData,
  async () => {
    const list = 'action: block\nentries_from: level1.netset\n';
    const text = readFileSync(LEVEL1, 'utf8');
    const refused = (await readingOf({ 'list.yaml': list, 'level1.netset': text })).problems.filter(
      ({ severity }) => severity === 'error',
    );
    assert.equal(refused.length, 13);
    const lines = text.split('\n');
    const values = refused.map(({ line }) => lines[line - 1] ?? '');
    for (const value of ['0.0.0.0/8', '10.0.0.0/8', '127.0.0.0/8', '192.168.0.0/16', '224.0.0.0/3'])
      assert.ok(values.includes(value), value);

    const overrides = values.map((value) => `  ${value}: { force: "bogons, at the edge only" }\n`).join('');
    const forced = await readingOf({ 'list.yaml': `${list}overrides:\n${overrides}`, 'level1.netset': text });
    assert.deepEqual(
      forced.problems.filter(({ severity }) => severity === 'error'),
      [],
    );
    assert.equal(forced.problems.filter(({ code }) => code === 'forced').length, 13);
    assert.equal(forced.entries.length, 2892);
  },
);

/** The same in small, with names and networks that are nobody's: bogons beside a real network. */
test('T3 bogons of an aggregated list are refused one by one, and go through forced', async () => {
  const text = '# an aggregate\n0.0.0.0/8\n10.0.0.0/8\n45.66.32.0/22\n224.0.0.0/3\n';
  const list = 'action: block\nentries_from: aggregate.netset\n';
  const bare = await readingOf({ 'list.yaml': list, 'aggregate.netset': text });
  assert.deepEqual(publishedIn(bare), ['ip 45.66.32.0/22']);
  assert.deepEqual(
    bare.problems.map(({ code, line }) => `${code} ${line}`),
    ['guard-special-use 2', 'guard-private 3', 'guard-prefix 5'],
  );
  const words = ['0.0.0.0/8', '10.0.0.0/8', '224.0.0.0/3'].map((value) => `${value}: { force: bogons }`).join(', ');
  const forced = await readingOf({ 'list.yaml': `${list}overrides: { ${words} }\n`, 'aggregate.netset': text });
  assert.equal(forced.entries.length, 4);
  assert.ok(forced.problems.every(({ severity }) => severity === 'notice'));
});
