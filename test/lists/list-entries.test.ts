import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countsIn, problemsOf, publishedIn, readingOf } from './reading-of.ts';

const ONE = (rest: string) => ({ 'tor.yaml': `action: block\n${rest}` });

async function termsOf(rest: string) {
  const { entries, problems } = await readingOf(ONE(rest));
  assert.deepEqual(
    problems.filter(({ severity }) => severity === 'error'),
    [],
  );
  return entries.map(({ terms }) => terms);
}

test('T30 what a list does not say: the defaults', async () => {
  const reading = await readingOf(ONE('observables: [45.66.35.11]\n'));
  assert.deepEqual(reading.entries, [
    {
      observable: { type: 'ip', value: '45.66.35.11' },
      terms: {
        disposition: 2,
        source: 'tor',
        priority: 95,
        severity: 'Medium',
        confidence: 'High',
        tlp: 'amber',
        lifetime: { kind: 'renewed', text: '7d', ms: 604_800_000 },
      },
      list: 'tor',
      channel: 'firewall-block',
      position: { file: 'feeds/tor.yaml', line: 2, column: 15 },
    },
  ]);
});

test('the example of the format, whole', async () => {
  const text = `
action: block
name: tor
channel: firewall-block
lifetime: 7d
defaults: { reason: "Tor exit node", source: check.torproject.org, source_uri: "https://check.torproject.org/", confidence: High, severity: Medium, tlp: amber, priority: 95 }
entries_from: [tor-exits.txt]
overrides: { 203.0.113.9: { reason: "seen twice", lifetime: 30d } }
observables:
  - 203.0.113.7
  - { value: evil.example, reason: "phish, case 4711", lifetime: 30d }
  - { value: "https://bad.example/x?y=1", expires: 2027-01-31 }
  - { value: "2001:db8::7", type: ipv6 }
`;
  const { entries, problems } = await readingOf({
    'settings.yaml': 'guards: { documentation: allow }',
    'tor.yaml': text,
    'tor-exits.txt': '203.0.113.8\n203.0.113.9\n',
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(
    entries.map(({ observable, terms, position }) => [
      observable.value,
      terms.reason,
      terms.lifetime.text,
      `${position.file}:${position.line}`,
    ]),
    [
      ['203.0.113.7', 'Tor exit node', '7d', 'feeds/tor.yaml:10'],
      ['203.0.113.8', 'Tor exit node', '7d', 'feeds/tor-exits.txt:1'],
      ['203.0.113.9', 'seen twice', '30d', 'feeds/tor-exits.txt:2'],
      ['evil.example', 'phish, case 4711', '30d', 'feeds/tor.yaml:11'],
      ['https://bad.example/x?y=1', 'Tor exit node', '2027-01-31', 'feeds/tor.yaml:12'],
      ['2001:db8::7', 'Tor exit node', '7d', 'feeds/tor.yaml:13'],
    ],
  );
});

test('entries that say the same share one Terms', async () => {
  const terms = await termsOf(
    'observables: [45.66.35.11, 45.66.35.12, { value: 45.66.35.13, reason: x }, { value: 45.66.35.14, reason: x }]\n',
  );
  assert.equal(terms[0], terms[1]);
  assert.equal(terms[2], terms[3]);
  assert.notEqual(terms[0], terms[2]);
});

test('the name of a list is its path, and its source its name', async () => {
  const reading = await readingOf({ 'partners/acme.yml.yaml': 'action: block\nobservables: [45.66.35.11]\n' });
  assert.equal(reading.lists[0]?.name, 'partners/acme.yml');
  assert.equal(reading.entries[0]?.terms.source, 'partners/acme.yml');
});

test('dispositions fit the action', async () => {
  assert.equal((await termsOf('disposition: Suspicious\nobservables: [45.66.35.11]\n'))[0]?.disposition, 3);
  const { entries } = await readingOf({ 'ours.yaml': 'action: allow\nobservables: [45.66.35.11, "*.partner.com"]\n' });
  assert.deepEqual(
    entries.map(({ terms, channel }) => [terms.disposition, channel]),
    [
      [1, 'firewall-allow'],
      [1, 'firewall-allow'],
    ],
  );
  assert.match(
    (await problemsOf(ONE('disposition: Clean\n'))).join(),
    /^feeds\/tor\.yaml:2:1 error invalid-key disposition: Clean does not fit/,
  );
  assert.match(
    (
      await problemsOf({
        'ours.yaml': 'action: allow\nobservables: [{ value: partner.com, disposition: Malicious }]\n',
      })
    ).join(),
    /:2:37 error invalid-key disposition/,
  );
});

test('an expiry lasts to the end of its day, and what ran out is not published', async () => {
  const reading = await readingOf(
    ONE(
      'observables:\n  - { value: 45.66.35.11, expires: 2026-11-25 }\n  - { value: 45.66.35.12, expires: 2026-11-24 }\n',
    ),
  );
  assert.deepEqual(publishedIn(reading), ['ip 45.66.35.11']);
  assert.deepEqual(reading.entries[0]?.terms.lifetime, {
    kind: 'once',
    text: '2026-11-25',
    end: Date.parse('2026-11-25T23:59:59.999Z'),
  });
  assert.deepEqual(countsIn(reading), [{ accepted: 2, duplicates: 0, unsupported: 0, invalid: 0 }]);
  assert.match(
    reading.problems.map(({ code, severity, line }) => `${line} ${severity} ${code}`).join(),
    /^4 notice expired$/,
  );
});

test('a duplicate keeps the first words and the latest end', async () => {
  const reading = await readingOf(
    ONE(
      'observables:\n  - { value: 45.66.35.11, reason: first, lifetime: 1d }\n  - { value: 45.66.35.11/32, reason: second, lifetime: 30d }\n  - { value: 45.66.35.12, expires: 2026-11-24 }\n  - { value: 45.66.35.12, expires: 2027-11-24 }\n',
    ),
  );
  assert.deepEqual(
    reading.entries.map(({ observable, terms, position }) => [
      observable.value,
      terms.reason,
      terms.lifetime.text,
      position.line,
    ]),
    [
      ['45.66.35.11', 'first', '30d', 3],
      ['45.66.35.12', undefined, '2027-11-24', 5],
    ],
  );
  assert.deepEqual(countsIn(reading), [{ accepted: 2, duplicates: 2, unsupported: 0, invalid: 0 }]);
});

test('two lists may hold one observable: each is an entry of its own', async () => {
  const reading = await readingOf({
    'a.yaml': 'action: block\nobservables: [45.66.35.11]\n',
    'b.yaml': 'action: block\nobservables: [45.66.35.11]\n',
  });
  assert.deepEqual(
    reading.entries.map(({ list }) => list),
    ['a', 'b'],
  );
});

test('overrides are found by normal form, an unused one is told', async () => {
  const reading = await readingOf({
    'tor.yaml':
      'action: block\nentries_from: tor.txt\noverrides:\n  2001:67C:289c:0::9: { reason: ours }\n  45.66.35.99: { reason: nobody }\n  2001:67c:289c::9: { reason: again }\n',
    'tor.txt': '2001:67c:289c::9\n',
  });
  assert.equal(reading.entries[0]?.terms.reason, 'ours');
  assert.deepEqual(
    reading.problems.map(({ line, severity, code }) => `${line} ${severity} ${code}`),
    ['5 notice unused-override', '6 error duplicate-override'],
  );
});

test('an override may force a line of a text file past a guard', async () => {
  const reading = await readingOf({
    'dns.yaml': 'action: block\nentries_from: dns.txt\noverrides: { 8.8.8.8: { force: "we run our own" } }\n',
    'dns.txt': '8.8.8.8\n8.8.4.4\n',
  });
  assert.deepEqual(publishedIn(reading), ['ip 8.8.8.8']);
  assert.deepEqual(
    reading.problems.map(({ line, severity, code }) => `${line} ${severity} ${code}`),
    ['1 notice forced', '2 error guard-resolver'],
  );
});

test('a wildcard stands on allow lists only', async () => {
  assert.match(
    (await problemsOf(ONE('observables: ["*.evil.partner.com"]\n'))).join(),
    /error wildcard-on-block-list .*write "evil\.partner\.com", firewalls match the names below it anyway/,
  );
});

test('CTIM lengths, URIs and priorities are enforced', async () => {
  const problems = await problemsOf(
    ONE(
      `observables:\n  - { value: 45.66.35.11, reason: "${'x'.repeat(1025)}" }\n  - { value: 45.66.35.12, source_uri: "see page 4" }\n  - { value: 45.66.35.13, priority: 101 }\n  - { value: 45.66.35.14, priority: 9.5 }\n`,
    ),
  );
  assert.deepEqual(
    problems.map((line) => line.split(' ').slice(0, 4).join(' ')),
    [
      'feeds/tor.yaml:3:35 error invalid-key reason',
      'feeds/tor.yaml:4:39 error invalid-key source_uri',
      'feeds/tor.yaml:5:37 error invalid-key priority',
      'feeds/tor.yaml:6:37 error invalid-key priority',
    ],
  );
  assert.equal(
    (await termsOf(`observables: [{ value: 45.66.35.11, reason: "${'x'.repeat(1024)}" }]`))[0]?.reason?.length,
    1024,
  );
});

test('all problems of all lists at once, and the good entries are read all the same', async () => {
  const reading = await readingOf({
    'a.yaml': 'action: blok\nname: x\nobservables: [45.66.35.11, 300.1.1.1]\n',
    'b.yaml': 'action: block\nname: x\nchannel: firewal-block\n',
  });
  assert.deepEqual(
    reading.problems.map(({ file, line, code }) => `${file}:${line} ${code}`),
    [
      'feeds/a.yaml:1 invalid-key',
      'feeds/a.yaml:3 invalid-address',
      'feeds/b.yaml:2 list-name',
      'feeds/b.yaml:3 unknown-channel',
    ],
  );
  assert.deepEqual(countsIn(reading)[0], { accepted: 1, duplicates: 0, unsupported: 0, invalid: 1 });
});

test('names that belong to people are taken', async () => {
  assert.match(
    (await problemsOf({ 'adhoc-block.yaml': 'action: block\n' })).join(),
    /error reserved-name the name "adhoc-block"/,
  );
});
