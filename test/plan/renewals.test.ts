import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { endFor } from '../../src/plan/documents.ts';
import { computeRenewals, isTooSeldom, marginFor, RENEW_EVERY_MS } from '../../src/plan/renewals.ts';
import { DAY, HOUR, linesOf, NOW, planText, situation } from './situation.ts';

const table: { row: string; actual: string; changes: string }[] = [
  { row: 'nothing held', actual: '', changes: '' },
  { row: 'half its life and more is left', actual: 'tor 198.51.100.7 g0 +84h link0', changes: '' },
  { row: 'less than half is left', actual: 'tor 198.51.100.7 g0 +83h link0 id=j', changes: 'renew j' },
  { row: 'by its own lifetime', actual: 'tor 198.51.100.7 g0 +83h link0 4d', changes: '' },
  { row: 'at its very end it is still in its feed', actual: 'tor 198.51.100.7 g0 +0m link0 id=j', changes: 'renew j' },
  { row: 'once is never renewed', actual: 'tor 198.51.100.7 g0 once=+1h link0', changes: '' },
  { row: 'dead stays dead', actual: 'tor 198.51.100.7 g0 -1h link0', changes: '' },
  { row: 'in no feed', actual: 'tor 198.51.100.7 g0 +1h', changes: '' },
  { row: 'linked to a former indicator', actual: 'tor 198.51.100.7 g0 +1h wrong0 id=j', changes: 'renew j' },
  {
    row: 'what ends first is renewed first',
    actual: `
      tor 198.51.100.1 g0 +3h link0 id=c
      manual 198.51.100.1 g0 +1h link0 id=a
      mail:tor 198.51.100.2 g0 +2h link0 id=b`,
    changes: 'renew a\nrenew b\nrenew c',
  },
];

for (const { row, actual, changes } of table) {
  test(`renewal whatever the lists say: ${row}`, () => {
    assert.equal(
      planText(computeRenewals({ ...situation('', actual), everyMs: RENEW_EVERY_MS })),
      linesOf(changes).join('\n'),
    );
  });
}

test('a judgement that does not say its lifetime any more is not renewed by guess', () => {
  const { actual, now } = situation('', 'tor 198.51.100.7 g0 +1h link0');
  const [[h, those = []] = ['', []]] = [...actual.judgements];
  const mute = those.map((judgement) => ({ ...judgement, lifetimeMs: undefined }));
  assert.deepEqual(
    computeRenewals({ now, actual: { ...actual, judgements: new Map([[h, mute]]) }, everyMs: RENEW_EVERY_MS }),
    [],
  );
});

test('what is once is not renewed although it tells a lifetime', () => {
  const { actual, now } = situation('', 'tor 198.51.100.7 g0 +1h link0');
  const once = new Map([...actual.judgements].map(([h, those]) => [h, those.map((it) => ({ ...it, once: true }))]));
  assert.deepEqual(computeRenewals({ now, actual: { ...actual, judgements: once }, everyMs: RENEW_EVERY_MS }), []);
});

test('ends are spread over a twentieth of the lifetime, and the same entry ends the same', () => {
  const week = { kind: 'renewed', text: '7d', ms: 7 * DAY } as const;
  const ends = Array.from({ length: 2000 }, (_, n) => {
    const h = createHash('sha256').update(String(n)).digest('hex');
    assert.equal(endFor(week, h, NOW), endFor(week, h, NOW));
    return endFor(week, h, NOW) - NOW;
  });
  assert.ok(ends.every((end) => end >= 7 * DAY && end <= 7.35 * DAY));
  // Spread, not merely different: each tenth of the span gets its share of 200.
  for (let tenth = 0; tenth < 10; tenth += 1) {
    const from = 7 * DAY + tenth * 0.035 * DAY;
    const count = ends.filter((end) => end >= from && end < from + 0.035 * DAY).length;
    assert.ok(count > 140 && count < 260, `${count} of 2000 ends in tenth ${tenth}`);
  }
  assert.equal(endFor(week, 'f'.repeat(64), NOW) <= NOW + 7.35 * DAY, true);
  assert.equal(endFor(week, '0'.repeat(64), NOW), NOW + 7 * DAY);
});

test('once ends when its list says, to the millisecond', () => {
  assert.equal(endFor({ kind: 'once', text: '2026-12-24', end: NOW + 12_345 }, 'f'.repeat(64), NOW), NOW + 12_345);
});

test('the margin is half a lifetime, never less than two periods, and never all of the lifetime', () => {
  const minute = 60_000;
  const margins: [lifetime: number, every: number, margin: number][] = [
    [7 * DAY, HOUR, 3.5 * DAY],
    [HOUR, 5 * minute, 30 * minute],
    [HOUR, 15 * minute, 30 * minute],
    [HOUR, 20 * minute, 40 * minute],
    [HOUR, HOUR, 54 * minute],
    [20_000, 4_000, 10_000],
  ];
  for (const [lifetime, every, margin] of margins) assert.equal(marginFor(lifetime, every), margin);
  assert.deepEqual(
    [27, 26].map((every) => isTooSeldom(HOUR, every * minute)),
    [false, false],
  );
  assert.equal(isTooSeldom(HOUR, 28 * minute), true);
  assert.equal(isTooSeldom(Number.POSITIVE_INFINITY, DAY), false, 'where nothing is renewed no period is too long');
});

test('renewed by the margin of its period: just before, and not a millisecond sooner', () => {
  const at = (end: string) => situation('', `tor 198.51.100.7 g0 ${end} link0 id=j 1h`);
  const every = HOUR / 3;
  const before = { ...at('+40m'), now: NOW };
  assert.equal(planText(computeRenewals({ ...before, everyMs: every })), '');
  assert.equal(planText(computeRenewals({ ...before, now: NOW + 1, everyMs: every })), 'renew j');
  assert.equal(
    planText(computeRenewals({ ...before, now: NOW + 40 * 60_000, everyMs: every })),
    'renew j',
    'at its end',
  );
  assert.equal(planText(computeRenewals({ ...before, now: NOW + 40 * 60_000 + 1, everyMs: every })), '', 'it is dead');
});

test('what was made in one moment is renewed little by little, whenever renewals run in time, and nothing lapses', () => {
  const lifetime = { kind: 'renewed', text: '7d', ms: 7 * DAY } as const;
  const entries = 20_000;
  const made = new Map(
    Array.from({ length: entries }, (_, n) => {
      const h = createHash('sha256').update(String(n)).digest('hex');
      return [h, endFor(lifetime, h, NOW)] as const;
    }),
  );
  const margin = marginFor(lifetime.ms, HOUR);
  const counts: number[] = [];
  for (let now = NOW; now < NOW + 30 * DAY; now += HOUR) {
    let count = 0;
    for (const [h, end] of made) {
      assert.ok(end >= now, 'lapsed');
      if (end - now >= margin) continue;
      made.set(h, endFor(lifetime, h, now));
      count += 1;
    }
    counts.push(count);
  }
  const most = Math.max(...counts);
  assert.ok(most < entries / 6, `${most} of ${entries} at once`);
  assert.ok(counts.filter((count) => count > 0).length > 60, 'spread over many renewals');
});
