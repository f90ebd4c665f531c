import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeBatches } from '../../src/plan/batch.ts';
import { computeChanges } from '../../src/plan/changes.ts';
import { makePlan } from '../../src/plan/plan.ts';
import { findRanOut } from '../../src/plan/ran-out.ts';
import { DAY, linesOf, NOW, planText, situation } from './situation.ts';

const V = '198.51.100.7';

/** As a run does: what ran out is no wish any more. */
function changes(desired: string, actual: string, collectAfterMs?: number) {
  const before = situation(desired, actual);
  const ranOut = findRanOut(before.desired, before.actual, NOW);
  const wanted = new Map([...before.desired].filter(([h]) => !ranOut.has(h)));
  return computeChanges({ ...before, desired: wanted, ranOut: new Set(ranOut.keys()), collectAfterMs });
}

const table: { row: string; desired: string; actual: string; after?: number; changes: string }[] = [
  { row: 'dead for 30 days, not listed', desired: '', actual: `tor ${V} g0 -31d link0 id=j`, changes: 'collect j' },
  { row: 'dead for less', desired: '', actual: `tor ${V} g0 -29d link0 id=j`, changes: '' },
  {
    row: 'as long as the settings say',
    desired: '',
    actual: `tor ${V} g0 -29d link0 id=j`,
    after: 7 * DAY,
    changes: 'collect j',
  },
  { row: 'at once', desired: '', actual: `tor ${V} g0 -1m link0 id=j`, after: 0, changes: 'collect j' },
  { row: 'alive is never collected', desired: `tor ${V}`, actual: `tor ${V} g0 +6d link0`, after: 0, changes: '' },
  {
    row: 'listed, and dead: it is revived instead',
    desired: `tor ${V}`,
    actual: `tor ${V} g0 -31d link0 id=j`,
    changes: 'revive j',
  },
  {
    row: 'a generation before the one that lives',
    desired: `tor ${V}`,
    actual: `tor ${V} g0 -31d link0 id=old\ntor ${V} g1 +6d link1 start=-31d`,
    changes: 'collect old',
  },
  {
    row: 'a generation before one that has just been made: the run that brought it back is not asked for more',
    desired: `tor ${V}`,
    actual: `tor ${V} g0 -31d link0 id=old\ntor ${V} g1 +6d link1`,
    changes: '',
  },
  {
    row: 'dead for long and dead for less, of one entry: each by its own end',
    desired: '',
    actual: `tor ${V} g0 -31d link0 id=old\ntor ${V} g1 -1d link1`,
    changes: 'collect old',
  },
  {
    row: 'listed, and none of several lives: which of them is revived is not collected meanwhile',
    desired: `tor ${V}`,
    actual: `tor ${V} g0 -40d link0 id=linked\ntor ${V} g1 -35d start=-39d`,
    changes: 'revive linked',
  },
  { row: 'by hand, long over', desired: '', actual: `adhoc-block ${V} g0 once=-31d link0 id=j`, changes: 'collect j' },
  {
    row: 'ran out, listed still: neither revived nor collected',
    desired: `tor ${V} out=3d`,
    actual: `tor ${V} g0 out=3d -40d link0`,
    changes: '',
  },
  {
    row: 'ran out, and not listed any more',
    desired: '',
    actual: `tor ${V} g0 out=3d -40d link0 id=j`,
    changes: 'collect j',
  },
  {
    row: 'what enters comes before what is collected',
    desired: 'tor 198.51.100.8',
    actual: `tor ${V} g0 -31d link0 id=j`,
    changes: 'create tor 198.51.100.8 g0 link0\ncollect j',
  },
];

for (const { row, desired, actual, after, changes: expected } of table) {
  test(`collect: ${row}`, () => {
    assert.equal(planText(changes(desired, actual, after)), linesOf(expected).join('\n'));
  });
}

test('collect: an entry past its day is not collected while it is listed', () => {
  const before = situation('', `tor ${V} g0 once=-40d link0 id=j`);
  assert.equal(planText(computeChanges(before)), 'collect j');
  assert.equal(planText(computeChanges({ ...before, ranOut: new Set(before.actual.judgements.keys()) })), '');
});

test('collect: what is deleted is no part of the digest, and touches no entry', () => {
  const plan = (actual: string) =>
    makePlan({ ...situation(`tor ${V}`, actual), owner: 'acme', tenant: 't', revision: 'r', makings: [] }, () => []);
  const with1 = plan(`tor ${V} g1 +6d link1 start=-31d\ntor ${V} g0 -31d link0`);
  const without = plan(`tor ${V} g1 +6d link1`);
  assert.deepEqual([with1.counts.collect, without.counts.collect], [1, 0]);
  assert.equal(with1.digest, without.digest);
  assert.deepEqual([with1.unchanged, without.unchanged], [1, 1]);
});

test('collect: a request holds judgements and links together, 2000 entities at most', () => {
  const dead = Array.from({ length: 1500 }, (_, n) => `tor 10.0.${Math.floor(n / 250)}.${n % 250} g0 -31d link0`);
  const batches = makeBatches(changes('', dead.join('\n')));
  assert.deepEqual(
    batches.map((batch) => [batch.kind, batch.changes.length]),
    [
      ['collect', 1000],
      ['collect', 500],
    ],
  );
});
