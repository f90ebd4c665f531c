import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { feedKey } from '../../src/ctim/feed.ts';
import { computeChanges } from '../../src/plan/changes.ts';
import { desiredValues, makePlan } from '../../src/plan/plan.ts';
import { actual, desired } from './any-situation.ts';
import { BLOCK_IP, DAY, MAIL_IP, planText, situation, World } from './situation.ts';

function wanted(lines: string, channel: 'mail' | 'firewall-block'): Set<string> {
  return new Set(
    lines
      .split('\n')
      .filter((line) => line !== '' && line.startsWith('mail:') === (channel === 'mail'))
      .map((line) => line.split(' ')[1] ?? ''),
  );
}

test('after any plan the feeds hold what the lists say, nothing that stayed left on the way, and planning again is empty', () => {
  fc.assert(
    fc.property(desired, actual, fc.boolean(), (wish, held, succession) => {
      const before = { ...situation(wish, held), succession };
      const world = new World();
      world.succession = succession;
      for (const line of held.split('\n').filter(Boolean)) world.add(line);
      const byHand = world.judgements.filter((it) => it.references[0]?.source_name === 'acme/adhoc-block');
      const standing = byHand.filter((it) => it.end >= world.now);
      const should = {
        [BLOCK_IP]: new Set([...wanted(wish, 'firewall-block'), ...standing.map((it) => it.observable.value)]),
        [MAIL_IP]: wanted(wish, 'mail'),
      };
      const stays = Object.entries(should).map(([indicator, values]) => {
        return [indicator, world.view(indicator).filter((it) => values.has(it))] as const;
      });
      for (const change of computeChanges(before)) {
        world.apply(change);
        for (const [indicator, values] of stays) {
          for (const one of values) assert.ok(world.view(indicator).includes(one), `${one} left its feed`);
        }
      }
      for (const [indicator, values] of Object.entries(should)) {
        assert.deepEqual(world.view(indicator), [...values].sort());
      }
      assert.equal(planText(computeChanges({ ...before, ...world.situation() })), '');
      for (const at of [before, { ...before, ...world.situation() }]) {
        const plan = makePlan({ ...at, owner: 'acme', tenant: 't', revision: 'r', makings: [] }, () => []);
        const told = new Map(plan.feeds.map(({ feed, entries }) => [feedKey(feed), entries]));
        for (const [key, { size }] of desiredValues(at)) assert.equal(told.get(key), size, `entries of ${key}`);
      }
      // What is by hand stays as it is, even twice: no plan undoes it.
      const live = world.judgements.filter(
        (it) => it.start <= world.now && it.end >= world.now && !byHand.includes(it),
      );
      // Where nothing may be replaced the one before lapses by itself.
      const lasting = live.filter(
        (it) => !live.some((other) => other.h === it.h && other.g > it.g && other.end >= it.end),
      );
      assert.equal(new Set(lasting.map((it) => it.h)).size, lasting.length, 'two live judgements of one entry');
      if (!succession) assert.equal(lasting.length, live.length);
    }),
    { numRuns: 1000, seed: 20261125 },
  );
});

test('as long as somebody runs in time, nothing lapses, and each renewal waits for half a lifetime', () => {
  const world = new World();
  const desired = situation('tor 198.51.100.7\nmail:tor 198.51.100.8 14d', '').desired;
  let renewals = 0;
  for (let day = 0; day < 70; day += 1) {
    const { changes, counts } = makePlan(
      { now: world.now, desired, ...world.situation(), owner: 'acme', tenant: 't', revision: 'r', makings: [] },
      () => [],
    );
    for (const change of changes) world.apply(change);
    renewals += counts.renew;
    assert.deepEqual([...world.view(BLOCK_IP), ...world.view(MAIL_IP)], ['198.51.100.7', '198.51.100.8']);
    world.now += DAY;
  }
  assert.ok(renewals >= 70 / 7 + 70 / 14 && renewals <= 70 / 3.5 + 70 / 7, `${renewals} renewals`);
});
