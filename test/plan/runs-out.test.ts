import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computeChanges } from '../../src/plan/changes.ts';
import { keptEnd } from '../../src/plan/documents.ts';
import { findRanOut } from '../../src/plan/ran-out.ts';
import { computeRenewals, RENEW_EVERY_MS } from '../../src/plan/renewals.ts';
import { BLOCK_IP, DAY, linesOf, NOW, planText, situation, World } from './situation.ts';

/** Lists with `renew: false`: an entry ends a lifetime after it was first published, whatever happens to it meanwhile. */
const V = '198.51.100.7';

function plan(desired: string, world: World) {
  const wanted = situation(desired, '').desired;
  const { actual, ...rest } = world.situation();
  const ranOut = findRanOut(wanted, actual, world.now);
  const left = new Map([...wanted].filter(([h]) => !ranOut.has(h)));
  return computeChanges({ now: world.now, ...rest, actual, desired: left, ranOut: new Set(ranOut.keys()) });
}

for (const succession of [false, true]) {
  const way = succession ? 'by succession' : 'in place';
  test(`renew: false, ${way}: published once, edited on the way, and never again`, () => {
    const world = new World();
    world.succession = succession;
    const seen: string[] = [];
    for (let day = 0; day < 60; day += 1) {
      const words = day < 1 ? 'out=3d' : 'out=3d reason=seen';
      for (const change of plan(`tor ${V} ${words}`, world)) world.apply(change);
      seen.push(world.view(BLOCK_IP).join());
      world.now += DAY;
    }
    assert.equal(seen.filter((view) => view === V).length, 4, 'from day 0 to the end of day 3');
    assert.deepEqual(seen.slice(4, 60).filter(Boolean), []);
  });
}

const table: { row: string; desired: string; actual: string; changes: string }[] = [
  {
    row: 'live: left alone to its end',
    desired: `tor ${V} out=3d`,
    actual: `tor ${V} g0 out=3d +1h link0`,
    changes: '',
  },
  { row: 'ran out', desired: `tor ${V} out=3d`, actual: `tor ${V} g0 out=3d -1h link0`, changes: '' },
  {
    row: 'ran out, and its list gives it another lifetime',
    desired: `tor ${V} out=9d`,
    actual: `tor ${V} g0 out=3d -1h link0 id=j`,
    changes: 'revive j',
  },
  {
    row: 'ran out, and its list renews now',
    desired: `tor ${V}`,
    actual: `tor ${V} g0 out=3d -1h link0 id=j`,
    changes: 'revive j',
  },
  {
    row: 'renewed until today',
    desired: `tor ${V} out=3d`,
    actual: `tor ${V} g0 +1h link0 id=j 3d`,
    changes: 'change j',
  },
  {
    row: 'live for ever: somebody edited its end',
    desired: `tor ${V} out=3d`,
    actual: `tor ${V} g0 out=3d +999d link0 id=j`,
    changes: 'change j',
  },
  {
    row: 'withdrawn, and listed again',
    desired: `tor ${V} out=3d`,
    actual: `tor ${V} g0 3d -1h link0 id=j`,
    changes: 'revive j',
  },
];
for (const { row, desired, actual, changes } of table) {
  test(`renew: false: ${row}`, () => {
    const world = new World();
    for (const line of linesOf(actual)) world.add(line);
    assert.equal(planText(plan(desired, world)), changes);
  });
}

test('renew: false: one by one withdrawn, it bears once still, and had not run out', () => {
  const { desired, actual, now } = situation(`tor ${V} out=3d`, `tor ${V} g0 out=3d -1h link0`);
  assert.equal(findRanOut(desired, actual, now).size, 1);
  const [[h, [stored] = []] = []] = [...actual.judgements];
  assert.ok(h !== undefined && stored !== undefined);
  const withdrawn = { ...stored, words: { ...stored.words, reason: ' withdrawn 4f2a9c1' } };
  assert.equal(findRanOut(desired, { ...actual, judgements: new Map([[h, [withdrawn]]]) }, now).size, 0);
});

test('renew: false: other words keep its end, unless its list never gave it that one', () => {
  const [[h, entry] = []] = [...situation(`tor ${V} out=3d`, '').desired];
  const endOf = (said: string, startedDaysAgo: number, lifetime = '3d') => {
    const [[stored] = []] = [...situation('', `tor ${V} g0 out=${lifetime} ${said} link0`).actual.judgements.values()];
    assert.ok(entry && stored && stored.h === h);
    const start = NOW - startedDaysAgo * DAY - 5 * 60_000;
    return keptEnd(entry.terms, { ...stored, start }, NOW).end;
  };
  assert.equal(endOf('+2d', 1), NOW + 2 * DAY);
  assert.equal(endOf('+999d', 1), NOW + 2 * DAY, 'a lifetime after its start, which is what the list gave it');
  assert.equal(endOf('+999d', 4), undefined, 'or, where that is past, one from now on');
  assert.equal(endOf('+2d', 1, '5d'), undefined, 'its list gives it another lifetime, which begins now');
  assert.equal(endOf('-1d', 4), undefined, 'one that ended is no end to keep: it begins anew');
});

test('renew: false: a held plan renews nothing of it', () => {
  assert.deepEqual(computeRenewals({ ...situation('', `tor ${V} g0 out=3d +1h link0`), everyMs: RENEW_EVERY_MS }), []);
});

test('a link with another tlp than its list says makes a change, in place as by succession', () => {
  for (const succession of [false, true]) {
    const world = new World();
    world.succession = succession;
    world.add(`tor ${V} g0 +6d link0:green id=j`);
    const changes = plan(`tor ${V}`, world);
    assert.equal(planText(changes), 'change j');
    for (const change of changes) world.apply(change);
    assert.equal(planText(plan(`tor ${V}`, world)), '');
  }
});
