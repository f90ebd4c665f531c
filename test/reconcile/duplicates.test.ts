import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeJudgement, makeLink } from './foreign.ts';
import {
  assertSettled,
  assertVerified,
  externalIds,
  isOurs,
  type Json,
  judgementOn,
  pathOf,
  tenant,
} from './tenant.ts';

/** Nothing is unique on the server: what a race or a crash made twice is one again after the next run. */
const LISTS = 'tor 198.51.100.1\ntor 198.51.100.2';

/** As somebody sends it again: what the server decides is left out. */
function copyOf(document: Json): object {
  const { id: _, owner: __, groups: ___, created: ____, modified: _____, timestamp: ______, ...rest } = document;
  return rest;
}

test('T17 an import that raced made a pair twice: one stays, the value never leaves', async (t) => {
  const world = await tenant(t);
  await world.sync(LISTS);
  const first = await judgementOn(world, '198.51.100.1');
  const link = (await world.all('relationship')).find((it) => it.source_ref === first.id);
  assert.ok(link);
  const second = await makeJudgement(world.call, '198.51.100.1', copyOf(first));
  await makeLink(world.call, second.id, String(link.target_ref), { external_ids: externalIds(link) });
  world.intercept = async (request, send) => {
    const answer = await send(request);
    assert.match(await world.view(), /198\.51\.100\.1\n/);
    return answer;
  };
  const report = await world.sync(LISTS);
  assertVerified(report);
  assert.equal(report.counts.withdraw, 1);
  const [stays, goes] = [first.id, second.id].sort();
  assert.equal((await world.call('GET', pathOf(stays ?? ''))).json.reason, undefined);
  assert.equal((await world.call('GET', pathOf(goes ?? ''))).json.reason, 'withdrawn 4f2a9c1');
  await assertSettled(world, LISTS);
});

test('two first runs at once, each step alone: the next run is verified and leaves one of each', async (t) => {
  const world = await tenant(t);
  await Promise.all([world.sync(LISTS), world.sync(LISTS)]);
  assertVerified(await world.sync(LISTS));
  await assertSettled(world, LISTS);
  assert.equal((await world.all('judgement')).filter(isOurs).length, 2);
  assert.equal(await world.view(), '198.51.100.1\n198.51.100.2');
});

test('two runs at once with other lists: the last word is the next run’s', async (t) => {
  const world = await tenant(t);
  await world.sync(LISTS);
  await Promise.all([world.sync('tor 198.51.100.2\ntor 198.51.100.3'), world.sync(LISTS)]);
  assertVerified(await world.sync('manual 198.51.100.3'));
  assert.equal(await world.view(), '198.51.100.3');
  await assertSettled(world, 'manual 198.51.100.3');
});
