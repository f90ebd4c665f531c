import assert from 'node:assert/strict';
import { test } from 'node:test';
import { laterLifetime, parseExpires, parseLifetime, parsePeriod, toldLifetime } from '../../src/lists/lifetime.ts';
import { NOW } from './reading-of.ts';

const HOUR = 3_600_000;

const LIFETIMES: readonly (readonly [string, number | 'refused'])[] = [
  ['90m', 1.5 * HOUR],
  ['12h', 12 * HOUR],
  ['7d', 168 * HOUR],
  ['4w', 672 * HOUR],
  ['366d', 8784 * HOUR],
  ['P7D', 168 * HOUR],
  ['PT12H', 12 * HOUR],
  ['P1DT12H30M', 36.5 * HOUR],
  ['P2W', 336 * HOUR],
  ['30m', 0.5 * HOUR],
  ['29m', 'refused'],
  ['367d', 'refused'],
  ['0d', 'refused'],
  ['07d', 'refused'],
  ['7', 'refused'],
  ['7 d', 'refused'],
  ['7D', 'refused'],
  ['-7d', 'refused'],
  ['1.5d', 'refused'],
  ['1y', 'refused'],
  ['P1M', 'refused'],
  ['P1Y', 'refused'],
  ['P', 'refused'],
  ['PT', 'refused'],
  ['P0D', 'refused'],
  ['unlimited', 'refused'],
  ['999999w', 'refused'],
  ['', 'refused'],
];

for (const [text, expected] of LIFETIMES) {
  test(`lifetime ${JSON.stringify(text)}`, () => {
    const parsed = parseLifetime(text);
    assert.deepEqual(
      'wrong' in parsed ? 'refused' : parsed.value,
      expected === 'refused' ? expected : { kind: 'renewed', text, ms: expected },
    );
  });
}

test('dates are real days, not too far away', () => {
  const end = (text: string) => {
    const parsed = parseExpires(text, NOW);
    return 'wrong' in parsed || parsed.value.kind !== 'once' ? 'refused' : new Date(parsed.value.end).toISOString();
  };
  assert.equal(end('2027-01-31'), '2027-01-31T23:59:59.999Z');
  assert.equal(end('2028-02-29'), '2028-02-29T23:59:59.999Z');
  assert.equal(end('2020-01-01'), '2020-01-01T23:59:59.999Z');
  for (const text of [
    '2027-02-29',
    '2027-13-01',
    '2027-1-31',
    '2027-01-31T00:00:00Z',
    '31.01.2027',
    '2525-01-01',
    'never',
    '',
  ])
    assert.equal(end(text), 'refused', text);
});

test('of two lifetimes the later end, and what is renewed outlasts any date', () => {
  const week = { kind: 'renewed', text: '7d', ms: 7 } as const;
  const month = { kind: 'renewed', text: '30d', ms: 30 } as const;
  const soon = { kind: 'once', text: 'soon', end: 1 } as const;
  const late = { kind: 'once', text: 'late', end: 2 } as const;
  assert.equal(laterLifetime(week, month), month);
  assert.equal(laterLifetime(month, week), month);
  assert.equal(laterLifetime(soon, late), late);
  assert.equal(laterLifetime(late, week), week);
  assert.equal(laterLifetime(week, late), week);
});

test('a lifetime that stands on a judgement is taken also where no list may say it, but never for ever', () => {
  const told: [string, number | undefined][] = [
    ['20s', 20_000],
    ['7d', 168 * HOUR],
    ['PT1H', HOUR],
    ['P0D', undefined],
    ['367d', undefined],
    ['999999w', undefined],
    ['2026-12-24', undefined],
    ['', undefined],
  ];
  for (const [text, ms] of told) assert.equal(toldLifetime(text), ms, text);
});

test('a period is from a second to a day', () => {
  const ms = (text: string) => {
    const parsed = parsePeriod(text);
    return 'value' in parsed ? parsed.value : 'refused';
  };
  assert.deepEqual(['1s', '5m', '1d', 'PT15M'].map(ms), [1000, 300_000, 24 * HOUR, 900_000]);
  assert.deepEqual(['0s', '25h', '5', 'hourly', ''].map(ms), Array(5).fill('refused'));
});
