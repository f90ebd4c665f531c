import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computeChanges } from '../../src/plan/changes.ts';
import { linesOf, planText, situation, World } from './situation.ts';

/** Plans, compares, lets the naive model apply the plan, and plans again: nothing may be left to do. */
function check(desired: string, actual: string, expected: string): World {
  const before = situation(desired, actual);
  const changes = computeChanges(before);
  assert.equal(planText(changes), linesOf(expected).join('\n'));
  const world = new World();
  for (const line of linesOf(actual)) world.add(line);
  for (const change of changes) world.apply(change);
  const again = computeChanges({ ...before, ...world.situation() });
  assert.equal(planText(again), '', 'planning again after applying');
  return world;
}

const V = '198.51.100.7';

const table: { row: string; desired: string; actual: string; changes: string }[] = [
  { row: 'desired, nothing of this h', desired: `tor ${V}`, actual: '', changes: `create tor ${V} g0 link0` },
  { row: 'desired, live, right link, same words', desired: `tor ${V}`, actual: `tor ${V} g0 +6d link0`, changes: '' },
  {
    row: 'desired, live, less than half its life left',
    desired: `tor ${V}`,
    actual: `tor ${V} g0 +3d link0 id=j`,
    changes: 'renew j',
  },
  {
    row: 'desired, live, other words',
    desired: `tor ${V} reason=scanner`,
    actual: `tor ${V} g0 +6d link0 id=j reason=exit`,
    changes: 'change j',
  },
  {
    row: 'a word that the list no longer says',
    desired: `tor ${V}`,
    actual: `tor ${V} g0 +6d link0 id=j reason=exit`,
    changes: 'change j',
  },
  {
    row: 'desired, live, another lifetime',
    desired: `tor ${V} 14d`,
    actual: `tor ${V} g0 +6d link0 id=j`,
    changes: 'change j',
  },
  {
    row: 'desired, live for ever: somebody edited its end',
    desired: `tor ${V}`,
    actual: `tor ${V} g0 +9999d link0 id=j`,
    changes: 'change j',
  },
  {
    row: 'other words and due: one change, which renews too',
    desired: `tor ${V} reason=scanner`,
    actual: `tor ${V} g0 +1d link0 id=j`,
    changes: 'change j',
  },
  {
    row: 'desired once, held to be renewed',
    desired: `tor ${V} once=+6d`,
    actual: `tor ${V} g0 +6d link0 id=j`,
    changes: 'change j',
  },
  {
    row: 'desired to be renewed, held once',
    desired: `tor ${V}`,
    actual: `tor ${V} g0 once=+6d link0 id=j`,
    changes: 'change j',
  },
  {
    row: 'desired once, the same end, soon: never renewed',
    desired: `tor ${V} once=+1h`,
    actual: `tor ${V} g0 once=+1h link0`,
    changes: '',
  },
  {
    row: 'desired once, another end',
    desired: `tor ${V} once=+9d`,
    actual: `tor ${V} g0 once=+3d link0 id=j`,
    changes: 'change j',
  },
  {
    row: 'desired, live, no link',
    desired: `tor ${V}`,
    actual: `tor ${V} g2 +6d`,
    changes: `link tor ${V} g2 link0`,
  },
  {
    row: 'desired, live, a link to another indicator',
    desired: `tor ${V}`,
    actual: `tor ${V} g0 +6d wrong0`,
    changes: `link tor ${V} g0 link1\nunlink wrong0`,
  },
  {
    row: 'desired, live, the right link and a wrong one',
    desired: `tor ${V}`,
    actual: `tor ${V} g0 +6d wrong0 link1`,
    changes: 'unlink wrong0',
  },
  {
    row: 'desired, live, no link, and the ids of gone ones stay taken',
    desired: `tor ${V}`,
    actual: `tor ${V} g1 +6d\ntor ${V} gone link3`,
    changes: `link tor ${V} g1 link4`,
  },
  { row: 'desired, dead, right link', desired: `tor ${V}`, actual: `tor ${V} g0 -1d link0 id=j`, changes: 'revive j' },
  {
    row: 'desired once, dead and once: its list gave it a new end',
    desired: `tor ${V} once=+3d`,
    actual: `tor ${V} g0 once=-1d link0 id=j`,
    changes: 'revive j',
  },
  {
    row: 'desired, dead, no link',
    desired: `tor ${V}`,
    actual: `tor ${V} g3 -1d`,
    changes: `create tor ${V} g4 link4`,
  },
  {
    row: 'desired, dead, a link to another indicator',
    desired: `tor ${V}`,
    actual: `tor ${V} g0 -1d wrong5`,
    changes: `create tor ${V} g6 link6\nunlink wrong5`,
  },
  {
    row: 'desired, its judgement gone: g is one more than that of the link that is left',
    desired: `tor ${V}`,
    actual: `tor ${V} gone link2`,
    changes: `create tor ${V} g3 link3`,
  },
  {
    row: 'several live: the highest g with a right link stays',
    desired: `tor ${V}`,
    actual: `tor ${V} g0 +6d link0 id=old\ntor ${V} g1 +6d link1 id=stays\ntor ${V} g2 +6d id=unlinked`,
    changes: 'withdraw old after 1 (lapses)\nwithdraw unlinked after 1',
  },
  {
    row: 'several live of equal g: the smallest id stays',
    desired: `tor ${V}`,
    actual: `tor ${V} g0 +6d link0 id=b\ntor ${V} g0 +6d link0 id=a`,
    changes: 'withdraw b after 1',
  },
  {
    row: 'a live one before a dead one of a higher g',
    desired: `tor ${V}`,
    actual: `tor ${V} g0 +6d link0 id=live\ntor ${V} g1 -1d link1 id=dead`,
    changes: '',
  },
  {
    row: 'a live one without a link, a dead one with: link g is one more than any',
    desired: `tor ${V}`,
    actual: `tor ${V} g0 +6d id=live\ntor ${V} g1 -1d link1 id=dead`,
    changes: `link tor ${V} g0 link2`,
  },
  { row: 'not desired, live', desired: '', actual: `tor ${V} g0 +6d link0 id=j`, changes: 'withdraw j' },
  {
    row: 'not desired, several live',
    desired: '',
    actual: `tor ${V} g0 +6d link0 id=a\ntor ${V} g1 +2d id=b`,
    changes: 'withdraw a\nwithdraw b',
  },
  { row: 'not desired, dead', desired: '', actual: `tor ${V} g0 -1d link0`, changes: '' },
  {
    row: 'not desired, not yet valid: it would come',
    desired: '',
    actual: `tor ${V} g0 +9d link0 id=j start=+2d`,
    changes: 'withdraw j',
  },
  {
    row: 'not desired, live, of a reserved list',
    desired: '',
    actual: `adhoc-block ${V} g0 once=+1h link0`,
    changes: '',
  },
  {
    row: 'of a reserved list in a channel that no list publishes to today',
    desired: '',
    actual: `firewall-allow:adhoc-allow ${V} g0 once=+1h`,
    changes: '',
  },
  { row: 'not desired, its judgement gone', desired: '', actual: `tor ${V} gone link0`, changes: 'unlink link0' },
  {
    row: 'somebody moved the start into the future: it is not in its feed',
    desired: `tor ${V}`,
    actual: `tor ${V} g0 +6d link0 id=j start=+2d`,
    changes: 'change j',
  },
  {
    row: 'one list holds what another drops: it is no withdrawal to wait for',
    desired: `manual ${V}`,
    actual: `manual ${V} g0 +6d link0\ntor ${V} g0 +6d link0 id=j`,
    changes: 'withdraw j',
  },
  {
    row: 'a value that moves from one list to another',
    desired: `manual ${V}`,
    actual: `tor ${V} g0 +6d link0 id=j`,
    changes: `create manual ${V} g0 link0\nwithdraw j after 1`,
  },
  {
    row: 'a value that moves back: revived, then withdrawn',
    desired: `manual ${V}`,
    actual: `tor ${V} g0 +6d link0 id=j\nmanual ${V} g0 -1d link0 id=back`,
    changes: 'revive back\nwithdraw j after 1',
  },
  {
    row: 'another channel is another feed: nothing to wait for',
    desired: `mail:manual ${V}`,
    actual: `tor ${V} g0 +6d link0 id=j`,
    changes: `create manual ${V} g0 link0\nwithdraw j`,
  },
  {
    row: 'a value that moves to a list whose judgement is not valid yet: nothing leaves before that is',
    desired: `manual ${V}`,
    actual: `tor ${V} g0 +6d link0 id=j\nmanual ${V} g0 +6d start=+2d link0 id=later`,
    changes: 'change later\nwithdraw j after 1',
  },
  {
    row: 'a value that two other lists want: it waits for both',
    desired: `manual ${V}\nspam ${V}`,
    actual: `tor ${V} g0 +6d link0 id=j\nspam ${V} g0 -1d link0 id=dead`,
    changes: `create manual ${V} g0 link0\nrevive dead\nwithdraw j after 2`,
  },
  {
    row: 'a value that stays in another list with other words: that one is live',
    desired: `manual ${V} reason=x`,
    actual: `tor ${V} g0 +6d link0 id=j\nmanual ${V} g0 +6d link0 id=stays`,
    changes: 'change stays\nwithdraw j',
  },
  {
    row: 'a value that stays in another list and is renewed: that one is live',
    desired: `manual ${V}`,
    actual: `tor ${V} g0 +6d link0 id=j\nmanual ${V} g0 +2d link0 id=stays`,
    changes: 'renew stays\nwithdraw j',
  },
  {
    row: 'the order of work: what would lapse first, what leaves last',
    desired: 'tor 198.51.100.1\ntor 198.51.100.2\ntor 198.51.100.3\ntor 198.51.100.4 reason=x',
    actual: `
      tor 198.51.100.1 g0 +2d link0 id=later
      tor 198.51.100.2 g0 +1d link0 id=sooner
      tor 198.51.100.4 g0 +6d link0 id=words
      tor 198.51.100.5 g0 +6d link0 id=leaves`,
    changes: 'renew sooner\nrenew later\ncreate tor 198.51.100.3 g0 link0\nchange words\nwithdraw leaves',
  },
];

for (const { row, desired, actual, changes } of table) test(`plan: ${row}`, () => void check(desired, actual, changes));

test('plan: somebody gave our judgement another observable', () => {
  const before = situation(`tor ${V}`, `tor ${V} g0 +6d link0 id=j`);
  const [held] = [...before.actual.judgements.values()].flat();
  assert.ok(held);
  const edited = { ...held, observable: { type: 'ip' as const, value: '8.8.8.8' } };
  const actual = { ...before.actual, judgements: new Map([[held.h, [edited]]]) };
  assert.equal(planText(computeChanges({ ...before, actual })), 'change j');
});

test('plan: what a list allows since it was blocked by hand is withdrawn, and not linked again first', () => {
  const before = situation('', `adhoc-block ${V} g0 once=+1h id=j`);
  const [h] = [...before.actual.judgements.keys()];
  assert.equal(planText(computeChanges(before)), `link adhoc-block ${V} g0 link0`);
  assert.equal(planText(computeChanges({ ...before, overruled: new Set([h ?? '']) })), 'withdraw j');
});

test('plan: an indicator that is still to be made links nothing rightly', () => {
  const before = situation(`tor ${V}`, `tor ${V} g0 +6d link0`);
  const indicators = new Map([['firewall-block/ip', undefined]]);
  assert.equal(planText(computeChanges({ ...before, indicators })), `link tor ${V} g0 link1\nunlink link0`);
});

test('plan: two lists hold one observable, and each has a judgement of its own', () => {
  const world = check(`tor ${V}\nmanual ${V}`, '', `create tor ${V} g0 link0\ncreate manual ${V} g0 link0`);
  assert.equal(new Set(world.judgements.map((judgement) => judgement.h)).size, 2);
});
