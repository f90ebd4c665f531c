import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalise } from '../../src/lists/normalise.ts';
import { problemsOf, publishedIn, readingOf } from './reading-of.ts';

type Outcome =
  | 'published'
  | 'notice shadowed'
  | 'notice url-of-allowed-host'
  | 'error blocks-allowed'
  | 'notice blocks-allowed';

const block = (value: string) => `action: block\nobservables: [${JSON.stringify(value)}]\n`;
const allow = (value: string) => `action: allow\nobservables: [${JSON.stringify(value)}]\n`;

/** block entry, allow entry, what happens to the block entry */
const MATRIX: readonly (readonly [string, string, Outcome])[] = [
  ['45.66.35.11', '45.66.35.11', 'notice shadowed'],
  ['45.66.35.11', '45.66.35.0/24', 'notice shadowed'],
  ['45.66.35.0/25', '45.66.35.0/24', 'notice shadowed'],
  ['45.66.35.0/24', '45.66.35.0/24', 'notice shadowed'],
  ['45.66.35.0/24', '45.66.35.11', 'error blocks-allowed'],
  ['45.66.35.0/24', '45.66.35.0/25', 'error blocks-allowed'],
  ['45.66.34.255', '45.66.35.0/24', 'published'],
  ['45.66.36.0', '45.66.35.0/24', 'published'],
  ['2001:67c:289c::9', '2001:67c::/32', 'notice shadowed'],
  ['2001:67c:289c::/48', '2001:67c:289c::9', 'error blocks-allowed'],
  ['2001:67c:289c::9', '45.66.35.0/24', 'published'],
  ['evil.partner.com', 'evil.partner.com', 'notice shadowed'],
  ['evil.partner.com', 'partner.com', 'notice shadowed'],
  ['evil.partner.com', '*.partner.com', 'notice shadowed'],
  ['a.b.partner.com', '*.partner.com', 'notice shadowed'],
  ['partner.com', '*.partner.com', 'error blocks-allowed'],
  ['partner.com', 'evil.partner.com', 'error blocks-allowed'],
  ['partner.com', 'a.b.partner.com', 'error blocks-allowed'],
  ['evilpartner.com', 'partner.com', 'published'],
  ['evil.partner.com', 'good.partner.com', 'published'],
  ['http://partner.com/', 'partner.com', 'notice shadowed'],
  ['http://www.partner.com/', '*.partner.com', 'notice shadowed'],
  ['http://partner.com/evil.exe', 'partner.com', 'notice url-of-allowed-host'],
  ['http://partner.com/?q=1', 'partner.com', 'notice url-of-allowed-host'],
  ['http://partner.com/evil.exe', 'http://partner.com/evil.exe', 'notice shadowed'],
  ['http://partner.com/evil.exe', 'http://partner.com/other.exe', 'published'],
  ['http://45.66.35.11/', '45.66.35.0/24', 'notice shadowed'],
  ['http://45.66.35.11/x', '45.66.35.0/24', 'notice url-of-allowed-host'],
  ['partner.com', 'http://partner.com/x', 'published'],
];

for (const [blocked, allowed, outcome] of MATRIX) {
  test(`T7 block ${blocked}, allow ${allowed}: ${outcome}`, async () => {
    const reading = await readingOf({ 'block.yaml': block(blocked), 'ours.yaml': allow(allowed) });
    assert.deepEqual(
      reading.problems.map(({ severity, code }) => `${severity} ${code}`),
      outcome === 'published' ? [] : [outcome],
    );
    assert.equal(reading.entries.filter(({ list }) => list === 'block').length, outcome === 'notice shadowed' ? 0 : 1);
    assert.equal(reading.entries.filter(({ list }) => list === 'ours').length, 1);
    for (const { file, line, message } of reading.problems) {
      assert.equal(`${file}:${line}`, 'feeds/block.yaml:2');
      assert.match(message, /feeds\/ours\.yaml:2/);
    }
  });
}

test('what is allowed by hand shadows, and never makes a list invalid', async () => {
  const byHand = (value: string) => {
    const result = normalise(value);
    assert.ok('observable' in result);
    return { adhocAllow: [result.observable] };
  };
  const shadowed = await readingOf({ 'block.yaml': block('45.66.35.11') }, byHand('45.66.35.11'));
  assert.deepEqual(publishedIn(shadowed), []);
  assert.match(shadowed.problems[0]?.message ?? '', /it is allowed by adhoc-allow/);
  for (const [blocked, allowed] of [
    ['45.66.35.0/24', '45.66.35.11'],
    ['partner.com', 'www.partner.com'],
  ] as const) {
    const reading = await readingOf({ 'block.yaml': block(blocked) }, byHand(allowed));
    assert.deepEqual(
      reading.problems.map(({ severity, code }) => `${severity} ${code}`),
      ['notice blocks-allowed'],
    );
    assert.equal(reading.entries.length, 1);
  }
});

test('a committed conflict is not hidden by a wider one by hand', async () => {
  const reading = await readingOf(
    { 'block.yaml': block('45.66.0.0/16'), 'ours.yaml': allow('45.66.35.11') },
    { adhocAllow: [{ type: 'ip', value: '45.66.35.0/24' }] },
  );
  assert.deepEqual(
    reading.problems.map(({ severity, code }) => `${severity} ${code}`),
    ['error blocks-allowed', 'notice blocks-allowed'],
  );
});

test('nor by a range that is split by hand: its list stays invalid', async () => {
  const reading = await readingOf(
    { 'block.yaml': block('45.66.35.0/24'), 'ours.yaml': allow('45.66.35.11') },
    { adhocAllow: [{ type: 'ip', value: '45.66.35.77', carveOut: true }] },
  );
  assert.deepEqual(
    reading.problems.filter(({ severity }) => severity === 'error').map(({ code }) => code),
    ['blocks-allowed'],
  );
});

test('the split of a range is told, all that is allowed in it left out', async () => {
  const [problem] = await problemsOf({
    'block.yaml': block('45.66.35.0/29'),
    'ours.yaml': 'action: allow\nobservables: [45.66.35.1, 45.66.35.6]\n',
  });
  assert.match(
    problem ?? '',
    /"45\.66\.35\.1", which is allowed \(feeds\/ours\.yaml:2\) and 1 more: write instead 45\.66\.35\.0, 45\.66\.35\.2\/31, 45\.66\.35\.4\/31, 45\.66\.35\.7, or "carve_out: true", or remove/,
  );
});

test('T44 an allow entry that ran out allows nothing', async () => {
  const reading = await readingOf({
    'block.yaml': block('45.66.35.11'),
    'ours.yaml': 'action: allow\nobservables: [{ value: 45.66.35.11, expires: 2026-11-24 }]\n',
  });
  assert.deepEqual(
    reading.entries.map(({ list }) => list),
    ['block'],
  );
});

test('a list that comes before the allow list in the alphabet is shadowed too, and one in another channel', async () => {
  const reading = await readingOf({
    'settings.yaml': 'channels: { partner: { action: block }, partner-allow: { action: allow } }',
    'a.yaml': 'action: block\nchannel: partner\nobservables: [45.66.35.11]\n',
    'z.yaml': 'action: allow\nchannel: partner-allow\nobservables: [45.66.35.11]\n',
  });
  assert.deepEqual(
    reading.entries.map(({ list }) => list),
    ['z'],
  );
});
