import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeIndicator } from './foreign.ts';
import { assertSettled, assertVerified, pathOf, type Tenant, tenant } from './tenant.ts';

/** A value that moves from list to list never leaves its feed: what is withdrawn waits for what is made. */
const V = '198.51.100.7';

function alwaysThere(world: Tenant): void {
  world.intercept = async (request, send) => {
    const answer = await send(request);
    if (request.method !== 'GET') assert.equal(await world.view(), V, `${request.method} ${request.url}`);
    return answer;
  };
}

test('a list that was renamed, and back: made before, revived before, withdrawn after', async (t) => {
  const world = await tenant(t);
  assertVerified(await world.sync(`tor ${V}`));
  assert.equal(await world.view(), V);
  alwaysThere(world);
  assertVerified(await world.sync(`manual ${V}`));
  assertVerified(await world.sync(`tor ${V}`));
  world.intercept = undefined;
  await assertSettled(world, `tor ${V}`);
});

test('what replaces it is refused: it stays, the run says so, and goes once another one is there', async (t) => {
  const world = await tenant(t);
  assertVerified(await world.sync(`tor ${V}`));
  const bad = `manual ${V} reason=${'x'.repeat(1025)}`;
  const report = await world.sync(bad);
  assert.equal(report.result, 'not-verified');
  assert.match(
    report.failures.map(({ message }) => message).join('\n'),
    /not withdrawn, since what replaces it is not known live/,
  );
  assert.equal(await world.view(), V);
  assertVerified(await world.sync(`manual ${V} reason=short`));
  assert.equal(await world.view(), V);
  await assertSettled(world, `manual ${V} reason=short`);
});

test('of two that replace it one is refused: it stays all the same', async (t) => {
  const world = await tenant(t);
  assertVerified(await world.sync(`tor ${V}`));
  const report = await world.sync(`manual ${V}\nspam ${V} reason=${'x'.repeat(1025)}`);
  assert.deepEqual(
    report.failures.map(({ kind }) => kind),
    ['entry', 'waiting'],
  );
});

test('a link that leads elsewhere stays where the right one cannot be made: it may be all that there is', async (t) => {
  const world = await tenant(t);
  assertVerified(await world.sync(`tor ${V}`));
  const [link] = await world.all('relationship');
  const { id: elsewhere } = await makeIndicator(world.call, 'another');
  const path = `${pathOf(String(link?.id))}?wait_for=true`;
  assert.equal((await world.call('PUT', path, { ...link, target_ref: elsewhere })).status, 200);
  const on = { method: 'POST', path: /bundle\/import/ };
  world.server.faults.push({ on, kind: 'entity-errors', every: 1, times: 99, type: 'relationship' });
  assert.equal((await world.sync(`tor ${V}`)).result, 'not-verified');
  assert.deepEqual(
    (await world.all('relationship')).map(({ id, target_ref }) => [id, target_ref]),
    [[link?.id, elsewhere]],
  );
  world.server.faults.clear();
  await world.sync(`tor ${V}`);
  await assertSettled(world, `tor ${V}`);
  assert.equal((await world.all('relationship')).length, 1);
});

test('by succession too: the import that is to replace it fails, and nothing is ended one by one', async (t) => {
  const world = await tenant(t);
  assertVerified(await world.sync(`tor ${V}`));
  await world.rights.learn('lacks create-casebook');
  const report = await world.sync(`manual ${V} reason=${'x'.repeat(1025)}`, { rights: world.rights });
  assert.deepEqual(
    report.failures.map(({ kind }) => kind),
    ['entry', 'waiting'],
  );
  assert.equal(await world.view(), V);
});
