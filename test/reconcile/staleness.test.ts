import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY } from '../plan/situation.ts';
import { asked, assertSettled, assertVerified, judgementOn, type Tenant, tenant } from './tenant.ts';

/** CTIA shows a write after the next refresh, a second later, unless the write waited for it. */
const STALE = { refreshMs: 1000 };
const LISTS = 'tor 198.51.100.1\ntor 198.51.100.2';

async function fresh(world: Tenant): Promise<string> {
  world.time.step(1000);
  return world.view();
}

test('stale reads: the first sync is verified in one pass and leaves nothing to do', async (t) => {
  const world = await tenant(t, STALE);
  assertVerified(await world.sync(LISTS));
  assert.equal(asked(world, 'POST /ctia/bundle/import'), 1);
  assert.equal(asked(world, 'POST /ctia/feed'), 2);
  await assertSettled(world, LISTS);
  assert.equal((await world.all('judgement')).length, 2);
});

test('stale reads: withdrawn, changed, revived and moved at once, run after run', async (t) => {
  const world = await tenant(t, STALE);
  const steps = [
    LISTS,
    'tor 198.51.100.2 reason=x',
    LISTS,
    'manual 198.51.100.1',
    'manual 198.51.100.1\ntor 198.51.100.1',
    '',
  ];
  for (const lists of steps) {
    assertVerified(await world.sync(lists));
    const values = [...new Set(lists.split('\n').map((line) => line.split(' ')[1]))].filter(Boolean).sort();
    assert.equal(await fresh(world), values.join('\n'));
    await assertSettled(world, lists);
  }
});

test('stale reads: an answer that was lost, and what was written is not visible when the import goes again', async (t) => {
  const world = await tenant(t, STALE);
  world.server.faults.push({ on: { path: /bundle\/import/ }, kind: 'reset-after' });
  assertVerified(await world.sync(LISTS));
  await assertSettled(world, LISTS);
  assert.equal((await world.all('judgement')).length, 2);
});

test('stale reads: withdrawal one by one shows a second later, and verify waits for it', async (t) => {
  const world = await tenant(t, STALE);
  assertVerified(await world.sync(LISTS));
  world.server.faults.push({ on: { method: 'PUT' }, kind: 'forbidden', capabilities: ['create-casebook'], times: 9 });
  assertVerified(await world.sync('tor 198.51.100.2'));
  assert.equal(asked(world, 'POST /ctia/judgement/:id/expire'), 1);
  assert.equal(await fresh(world), '198.51.100.2');
});

test('stale reads: a feed prolonged is not prolonged again by the next run', async (t) => {
  const world = await tenant(t, STALE);
  for (let day = 0; day < 93; day += 3) {
    assertVerified(await world.sync(LISTS));
    world.time.step(3 * DAY);
  }
  world.time.step(1000);
  assertVerified(await world.sync(LISTS));
  world.time.step(1000);
  const before = asked(world, 'PUT /ctia/feed/:id');
  assert.equal(before, 2);
  await assertSettled(world, LISTS);
});

test('stale reads: somebody deletes what we are about to renew, and the deletion is not visible yet', async (t) => {
  const world = await tenant(t, STALE);
  assertVerified(await world.sync(LISTS));
  world.time.step(5 * DAY);
  const { id } = await judgementOn(world, '198.51.100.1');
  world.intercept = async (request, send) => {
    if (request.method === 'PUT') await world.call('DELETE', `${new URL(id).pathname}`);
    return send(request);
  };
  await world.sync(LISTS);
  world.intercept = undefined;
  world.time.step(1000);
  assertVerified(await world.sync(LISTS));
  assert.equal(await fresh(world), '198.51.100.1\n198.51.100.2');
  await assertSettled(world, LISTS);
});
