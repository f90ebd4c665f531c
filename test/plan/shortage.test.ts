import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findShortages, shortageNotice } from '../../src/plan/shortage.ts';
import { NOW, situation } from './situation.ts';

function told(desired: string, actual: string): string[] {
  return findShortages(situation(desired, actual)).map((it) => shortageNotice(it, NOW));
}

test('what lapsed and is desired was missing in its feed, since the first of it ended', () => {
  const desired = 'tor 198.51.100.7\ntor 198.51.100.8\nmail:tor 198.51.100.9\ntor 198.51.100.10';
  const actual = [
    'tor 198.51.100.7 g0 -26h link0',
    'tor 198.51.100.8 g0 -1h link0',
    'mail:tor 198.51.100.9 g0 -1m link0',
    'tor 198.51.100.10 g0 +1h link0',
  ];
  assert.deepEqual(told(desired, actual.join('\n')), [
    'firewall-block/ip was short of 2 values for 26 hours (since 2026-11-24T00:00:00.000Z): the judgements had lapsed, or somebody had ended them, before a run renewed them',
    'mail/ip was short of 1 value for 1 minute (since 2026-11-25T01:59:00.000Z): the judgements had lapsed, or somebody had ended them, before a run renewed them',
  ]);
});

for (const [what, desired, actual] of [
  ['what nobody wants', '', 'tor 198.51.100.7 g0 -1h link0'],
  ['what ran out once', 'tor 198.51.100.7', 'tor 198.51.100.7 link0 once=-1h'],
  ['what another list holds', 'tor 198.51.100.7', 'tor 198.51.100.7 -1h link0\nspam 198.51.100.7 +1d link0'],
  [
    'what is there in a later generation',
    'tor 198.51.100.7',
    'tor 198.51.100.7 -1h link0\ntor 198.51.100.7 g1 +1d link1',
  ],
  ['what is new', 'tor 198.51.100.7', ''],
] as const) {
  test(`no shortage: ${what}`, () => {
    assert.deepEqual(told(desired, actual), []);
  });
}

test('of two lists that held a value, it was missing since the later of them ended', () => {
  const actual = 'tor 198.51.100.7 -5h link0\nspam 198.51.100.7 -3h link0';
  assert.match(told('tor 198.51.100.7\nspam 198.51.100.7', actual).join(), /short of 1 value for 3 hours/);
});

test('no shortage: what we withdrew, and what is desired again', () => {
  const base = situation('tor 198.51.100.7', 'tor 198.51.100.7 -1h link0');
  const judgements = new Map(
    [...base.actual.judgements].map(([h, those]) => [
      h,
      those.map((it) => ({ ...it, words: { ...it.words, reason: 'scanner withdrawn 4f2a9c1' } })),
    ]),
  );
  assert.deepEqual(findShortages({ ...base, actual: { ...base.actual, judgements } }), []);
});
