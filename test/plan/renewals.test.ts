import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { endFor } from '../../src/plan/documents.ts';
import { computeRenewals, marginFor, RENEW_EVERY_MS } from '../../src/plan/renewals.ts';
import { DAY, linesOf, NOW, planText, situation } from './situation.ts';

const table: { row: string; actual: string; changes: string }[] = [
  { row: 'nothing held', actual: '', changes: '' },
  { row: 'half its life and more is left', actual: 'tor 198.51.100.7 g0 +84h link0', changes: '' },
  { row: 'less than half is left', actual: 'tor 198.51.100.7 g0 +83h link0 id=j', changes: 'renew j' },
  { row: 'by its own lifetime', actual: 'tor 198.51.100.7 g0 +83h link0 4d', changes: '' },
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
    assert.equal(planText(computeRenewals(situation('', actual), RENEW_EVERY_MS)), linesOf(changes).join('\n'));
  });
}

test('a judgement that does not say its lifetime any more is not renewed by guess', () => {
  const { actual, now } = situation('', 'tor 198.51.100.7 g0 +1h link0');
  const [[h, those = []] = ['', []]] = [...actual.judgements];
  const mute = those.map((judgement) => ({ ...judgement, lifetimeMs: undefined }));
  assert.deepEqual(
    computeRenewals({ now, actual: { ...actual, judgements: new Map([[h, mute]]) } }, RENEW_EVERY_MS),
    [],
  );
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
