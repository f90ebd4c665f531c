import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adoptListText } from '../../src/lists/adopt-list.ts';
import { problemsOf, readingOf } from './reading-of.ts';

const A = 'judgement-4f2a9c1e-0000-4000-8000-000000000001';
const B = 'judgement-4f2a9c1e-0000-4000-8000-000000000002';
const LONG = 'https://private.intel.eu.amp.cisco.com:443/ctia/judgement/';

const list = (...entries: string[]) =>
  ['action: block', 'observables:', ...entries.map((entry) => `  - { ${entry} }`), ''].join('\n');

test('adopt: a short or a long id, or several: the entry has the short ones', async () => {
  const { entries, problems } = await readingOf({
    'tor.yaml': list(
      `value: 45.66.35.11, adopt: ${A}`,
      `value: 45.66.35.12, adopt: ["${LONG}${B}"]`,
      'value: 45.66.35.13',
    ),
    'never.yaml': `action: allow\nobservables:\n  - { value: 45.66.35.14, adopt: ${A.replace('01', '03')} }\n`,
  });
  assert.deepEqual(problems, []);
  const adopt = entries.map((entry) => [entry.observable.value, entry.adopt?.map((id) => id.slice(-2))]);
  assert.deepEqual(adopt.sort(), [
    ['45.66.35.11', ['01']],
    ['45.66.35.12', ['02']],
    ['45.66.35.13', undefined],
    ['45.66.35.14', ['03']],
  ]);
});

for (const [what, said, expected] of [
  [
    'an external id of the old scripts',
    'adopt: xdr-automation-judgment-1',
    /adopt is "xdr-automation-judgment-1": the id of a judgement is expected/,
  ],
  [
    'the id of an indicator',
    `adopt: ${A.replace('judgement', 'indicator')}`,
    /the id of a judgement is expected, short \(judgement-<uuid>\) or long/,
  ],
  ['another URL', `adopt: "https://xdr.example/${A}"`, /the id of a judgement is expected/],
  ['a number', 'adopt: 4711', /the id of a judgement is expected/],
  ['none', 'adopt: []', /adopt/],
] as const) {
  test(`adopt: ${what} is refused, with its place`, async () => {
    const problems = await problemsOf({ 'tor.yaml': list(`value: 45.66.35.11, ${said}`) });
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems[0] ?? '', /^feeds\/tor\.yaml:3:\d+ error invalid-key /);
    assert.match(problems[0] ?? '', expected);
  });
}

test('adopt: stands in an entry, not in defaults or overrides', async () => {
  const defaults = `action: block\ndefaults: { adopt: ${A} }\nobservables: [45.66.35.11]\n`;
  assert.match(
    (await problemsOf({ 'tor.yaml': defaults })).join('\n'),
    /"adopt" is no key of defaults; adopt: stands in an entry/,
  );
  const overrides = `action: block\noverrides: { 45.66.35.11: { adopt: ${A} } }\nobservables: [45.66.35.11]\n`;
  assert.match(
    (await problemsOf({ 'tor.yaml': overrides })).join('\n'),
    /adopt: stands in an entry below observables:/,
  );
});

test('adopted twice, in one list or in two: an error that names the other place', async () => {
  const one = list(`value: 45.66.35.11, adopt: ${A}`, `value: 45.66.35.12, adopt: [${B}, "${LONG}${A}"]`);
  assert.deepEqual(await problemsOf({ 'tor.yaml': one }), [
    `feeds/tor.yaml:4:14 error adopted-twice ${A} is adopted by "45.66.35.11" in feeds/tor.yaml:3 already: a judgement becomes that of one entry; take it out of one of the two`,
  ]);
  const two = { 'a.yaml': list(`value: 45.66.35.11, adopt: ${A}`), 'b.yaml': list(`value: 45.66.35.11, adopt: ${A}`) };
  assert.match(
    (await problemsOf(two)).join('\n'),
    /^feeds\/b\.yaml:3:14 error adopted-twice .*feeds\/a\.yaml:3 already/,
  );
});

test('the list that is written is one that check takes, whatever others wrote', async () => {
  const nasty = `"quoted" { } [ ] # : - \u0000\u2028 line\n  - 8.8.8.8 ${'x'.repeat(3000)}`;
  const text = adoptListText(
    { name: 'adopted', action: 'block', channel: 'firewall-block' },
    [
      { observable: { type: 'ip', value: '45.66.35.11' }, reason: nasty, source: nasty, adopt: [A], also: ['mail/ip'] },
      {
        observable: { type: 'ipv6', value: '2001:67c:6ec::1' },
        reason: '',
        source: ' ',
        adopt: [B, B.replace('02', '04')],
        also: [],
      },
      {
        observable: { type: 'ip', value: '45.66.35.13' },
        reason: `${'y'.repeat(1023)}😀`,
        source: 'on',
        adopt: [A.replace('01', '05')],
        also: [],
      },
    ],
    [{ value: 'a\nb', why: 'no address\n- 1.1.1.1', adopt: [A] }],
  );
  const { entries, problems } = await readingOf({ 'adopted.yaml': text });
  assert.deepEqual(problems, []);
  assert.deepEqual(entries.map(({ observable }) => observable.value).sort(), [
    '2001:67c:6ec::1',
    '45.66.35.11',
    '45.66.35.13',
  ]);
  const first = entries.find(({ observable }) => observable.value === '45.66.35.11');
  assert.equal(first?.terms.reason?.length, 1024);
  assert.equal(first?.terms.source.length, 2048);
  assert.match(first?.terms.reason ?? '', /^"quoted" \{ \} \[ \] # : - line - 8\.8\.8\.8 x/);
  assert.equal(entries.find(({ observable }) => observable.value === '45.66.35.13')?.terms.reason, 'y'.repeat(1023));
  assert.equal(entries.find(({ observable }) => observable.type === 'ipv6')?.adopt?.length, 2);
  assert.match(text, / } # ends in mail\/ip too when this entry goes$/m);
  assert.match(text, /^# a b: no address - 1\.1\.1\.1 \(judgement-/m);
});

test('a range that is carved is not adopted: its parts are other observables', async () => {
  const { entries } = await readingOf({
    'tor.yaml': list(`value: 45.66.35.0/24, adopt: ${A}, carve_out: true`),
    'never.yaml': 'action: allow\nobservables: [45.66.35.1]\n',
  });
  assert.ok(entries.length > 2);
  assert.ok(entries.every(({ adopt }) => adopt === undefined));
});
