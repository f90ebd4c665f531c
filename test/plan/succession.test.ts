import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computeChanges } from '../../src/plan/changes.ts';
import { computeRenewals, RENEW_EVERY_MS } from '../../src/plan/renewals.ts';
import { BLOCK_IP, DAY, linesOf, planText, situation, World } from './situation.ts';

const V = '198.51.100.7';

/** Plans for a tenant whose bulk PUT is closed, lets the naive model apply it, and plans again: nothing may be left to do. */
function check(desired: string, actual: string, expected: string): World {
  const world = new World();
  world.succession = true;
  for (const line of linesOf(actual)) world.add(line);
  const before = { ...situation(desired, actual), ...world.situation() };
  const changes = computeChanges(before);
  assert.equal(planText(changes), linesOf(expected).join('\n'));
  for (const change of changes) world.apply(change);
  assert.equal(planText(computeChanges({ ...before, ...world.situation() })), '', 'planning again after applying');
  return world;
}

const table: { row: string; desired: string; actual: string; changes: string }[] = [
  { row: 'less than half is left', desired: `tor ${V}`, actual: `tor ${V} g0 +3d link0 id=j`, changes: 'renew j' },
  { row: 'other words', desired: `tor ${V} reason=x`, actual: `tor ${V} g0 +6d link0 id=j`, changes: 'change j' },
  {
    row: 'a shorter life: the one before would outlive it',
    desired: `tor ${V} 2d`,
    actual: `tor ${V} g0 +6d link0 id=j`,
    changes: 'change j',
  },
  { row: 'dead', desired: `tor ${V}`, actual: `tor ${V} g4 -1d link4 id=j`, changes: 'revive j' },
  {
    row: 'a lower g that ends before lapses by itself',
    desired: `tor ${V}`,
    actual: `tor ${V} g0 +2d link0 id=before\ntor ${V} g1 +6d link1 id=after`,
    changes: '',
  },
  {
    row: 'a lower g that ends at the same moment lapses with it',
    desired: `tor ${V}`,
    actual: `tor ${V} g0 +6d link0 id=before\ntor ${V} g1 +6d link1 id=after`,
    changes: '',
  },
  {
    row: 'a lower g that would outlive is ended, after its successor is known live',
    desired: `tor ${V}`,
    actual: `tor ${V} g0 +9d link0 id=before\ntor ${V} g1 +6d link1 id=after`,
    changes: 'withdraw before after 1',
  },
  {
    row: 'a higher g without a link is no successor',
    desired: `tor ${V}`,
    actual: `tor ${V} g0 +6d link0 id=j\ntor ${V} g1 +6d id=unlinked`,
    changes: 'withdraw unlinked after 1',
  },
  {
    row: 'the successor is due: it gets one of its own',
    desired: `tor ${V}`,
    actual: `tor ${V} g0 +1d link0 id=first\ntor ${V} g1 +3d link1 id=second`,
    changes: 'renew second',
  },
  {
    row: 'in no feed and due: a successor brings the link, as something that enters',
    desired: `tor ${V}`,
    actual: `tor ${V} g0 +3d id=j`,
    changes: `create tor ${V} g1 link1`,
  },
  {
    row: 'not desired: every live generation leaves',
    desired: '',
    actual: `tor ${V} g0 +2d link0 id=before\ntor ${V} g1 +6d link1 id=after`,
    changes: 'withdraw before\nwithdraw after',
  },
];

for (const { row, desired, actual, changes } of table) {
  test(`succession: ${row}`, () => void check(desired, actual, changes));
}

test('succession: not known yet, a lower g is withdrawn in place, and marked as one that may lapse', () => {
  const actual = `tor ${V} g0 +2d link0 id=before\ntor ${V} g1 +6d link1 id=after`;
  assert.equal(planText(computeChanges(situation(`tor ${V}`, actual))), 'withdraw before after 1 (lapses)');
});

test('succession: only the latest generation is renewed, whatever the token may do', () => {
  const actual = `tor ${V} g0 +1d link0 id=first\ntor ${V} g1 +3d link1 id=second`;
  const held = { ...situation('', actual), everyMs: RENEW_EVERY_MS };
  assert.equal(planText(computeRenewals(held)), 'renew second');
  const [change] = computeRenewals(held);
  assert.ok(change?.kind === 'renew');
  assert.equal(change.next, 2);
});

test('succession: a year of it, day by day, and the value never leaves its feed', () => {
  const world = new World();
  world.succession = true;
  const desired = situation(`tor ${V}`, '').desired;
  for (let day = 0; day < 365; day += 1) {
    for (const change of computeChanges({ now: world.now, desired, ...world.situation() })) world.apply(change);
    assert.deepEqual(world.view(BLOCK_IP), [V]);
    const live = world.judgements.filter((it) => it.end >= world.now);
    assert.ok(live.length <= 2, `${live.length} live generations`);
    // Of the dead ones those of 30 days stay.
    assert.ok(world.judgements.length <= 14, `${world.judgements.length} generations`);
    world.now += DAY;
  }
});
