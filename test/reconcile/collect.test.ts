import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY } from '../plan/situation.ts';
import { makeJudgement, makeLink } from './foreign.ts';
import { asked, assertSettled, assertVerified, isOurs, judgementOn, pathOf, type Tenant, tenant } from './tenant.ts';

/** What has long been dead, and lists that run out once. */
const LISTS = 'tor 198.51.100.1\ntor 198.51.100.2\ntor 198.51.100.3';
const LEFT = 'tor 198.51.100.1';
const DELETE = 'DELETE /ctia/bulk';

async function withdrawn(t: Parameters<typeof tenant>[0], options: Parameters<typeof tenant>[1] = {}): Promise<Tenant> {
  const world = await tenant(t, options);
  assertVerified(await world.sync(LISTS));
  assertVerified(await world.sync(LEFT));
  world.server.requests.reset();
  return world;
}

/** Renewed on the way, as a schedule does. */
async function live(world: Tenant, lists: string, days: number): Promise<void> {
  for (let day = 0; day < days; day += 3) {
    world.time.step(3 * DAY);
    assertVerified(await world.sync(lists));
  }
}

test('after 30 days the withdrawn ones and their links are deleted in one request; the living one stays', async (t) => {
  const world = await withdrawn(t);
  const foreign = await makeJudgement(world.call, '198.51.100.2');
  await live(world, LEFT, 27);
  world.time.step(3 * DAY - 60_000);
  assertVerified(await world.sync(LEFT));
  assert.equal(asked(world, DELETE), 0);
  world.time.step(120_000);
  const report = await world.sync(LEFT);
  assertVerified(report);
  assert.equal(report.counts.collect, 2);
  assert.equal(asked(world, DELETE), 1);
  assert.equal((await world.all('judgement')).filter(isOurs).length, 1);
  assert.equal((await world.all('relationship')).length, 1);
  assert.equal((await world.call('GET', pathOf(foreign.id))).status, 200);
  assert.equal(asked(world, 'DELETE /ctia/judgement/search'), 0);
  await assertSettled(world, LEFT);
});

test('what comes back after it was collected is made from the beginning', async (t) => {
  const world = await withdrawn(t);
  assertVerified(await world.sync(LEFT, { collectAfterMs: 0 }));
  assert.equal((await world.all('judgement')).length, 1);
  assertVerified(await world.sync(LISTS));
  await assertSettled(world, LISTS);
});

test('a tenant that takes fewer at once gets them in parts, judgement and link together', async (t) => {
  const world = await withdrawn(t, { bulkMax: 5 });
  await world.sync('', { approval: { yes: true, force: true, digest: undefined } });
  world.time.step(5000);
  assertVerified(await world.sync('', { collectAfterMs: 0 }));
  assert.equal((await world.all('judgement')).length + (await world.all('relationship')).length, 0);
});

test('gone already → done; a link that could not be deleted is named, and the next run takes it', async (t) => {
  const world = await withdrawn(t);
  const gone = await judgementOn(world, '198.51.100.2');
  let edits = 1;
  world.intercept = async (request, send) => {
    if (request.method !== 'DELETE' || edits-- <= 0) return send(request);
    await world.call('DELETE', `${pathOf(gone.id)}?wait_for=true`);
    const { judgements, relationships } = JSON.parse(String(request.body));
    const kept = Buffer.from(JSON.stringify({ judgements, relationships: relationships.slice(1) }));
    const answer = await send({ ...request, body: kept });
    const body = JSON.parse(answer.text);
    body.relationships.errors = { 'internal-error': [relationships[0]] };
    return { ...answer, text: JSON.stringify(body) };
  };
  const report = await world.sync(LEFT, { collectAfterMs: 0 });
  assert.deepEqual(
    report.failures.map(({ kind }) => kind),
    ['unknown'],
  );
  assertVerified(await world.sync(LEFT, { collectAfterMs: 0 }));
  assert.equal((await world.all('relationship')).length, 1);
  await assertSettled(world, LEFT);
});

test('a token that may not delete in bulk deletes one by one, the link first', async (t) => {
  const world = await withdrawn(t);
  world.server.faults.push({
    on: { method: 'DELETE', path: /bulk/ },
    kind: 'forbidden',
    capabilities: ['delete-casebook'],
    times: 9,
  });
  const order: string[] = [];
  world.intercept = async (request, send) => {
    if (request.method === 'DELETE') order.push(/relationship|judgement|bulk/.exec(request.url)?.[0] ?? '');
    return send(request);
  };
  assertVerified(await world.sync(LEFT, { collectAfterMs: 0 }));
  assert.deepEqual(order, ['bulk', 'relationship', 'judgement', 'relationship', 'judgement']);
  world.intercept = undefined;
  world.server.faults.clear();
  await assertSettled(world, LEFT);
});

test('a held plan collects nothing', async (t) => {
  const world = await withdrawn(t);
  const report = await world.sync(LEFT, { collectAfterMs: 0, problems: 1 });
  assert.equal(report.result, 'problems');
  assert.equal(asked(world, DELETE), 0);
});

test('what somebody added by hand again meanwhile is looked at before it is deleted', async (t) => {
  const world = await tenant(t);
  assertVerified(await world.sync(LEFT));
  const indicator = (await world.all('indicator')).find((it) => it.title === 'Secure_Firewall_SecureX_Indicator_IPv4');
  const entry = 'a'.repeat(64);
  const byHand = await makeJudgement(world.call, '198.51.100.9', {
    external_ids: [`acme-judgement-${entry}-0`, `acme-entry-${entry}`, 'acme-owned', `acme-once-${entry}`],
    external_references: [{ source_name: 'acme/adhoc-block', description: 'lifetime 2026-10-01' }],
    valid_time: { start_time: '2026-09-01T00:00:00.000Z', end_time: '2026-10-01T00:00:00.000Z' },
  });
  await makeLink(world.call, byHand.id, indicator?.id ?? '', {
    external_ids: [`acme-link-${entry}-0`, 'acme-owned'],
  });
  const { id: _, ...document } = byHand;
  let looked = false;
  world.intercept = async (request, send) => {
    if (!request.url.includes('/ctia/bulk') || looked) return send(request);
    looked = true;
    const validTime = { start_time: '2026-09-01T00:00:00.000Z', end_time: '2027-10-01T00:00:00.000Z' };
    await world.call('PUT', '/ctia/bulk?wait_for=true', {
      judgements: [{ ...document, id: byHand.id, valid_time: validTime }],
    });
    return send(request);
  };
  await world.sync(LEFT);
  assert.equal(looked, true);
  assert.equal((await world.call('GET', pathOf(byHand.id))).status, 200);
});

test('renew: false: it runs out once, is named, and is neither made again nor collected', async (t) => {
  const world = await tenant(t);
  const lists = 'tor 198.51.100.1\ntor 198.51.100.2 out=3d';
  for (let day = 0; day < 40; day += 1) {
    const report = await world.sync(lists);
    assertVerified(report);
    assert.equal(await world.view(), day < 3 ? '198.51.100.1\n198.51.100.2' : '198.51.100.1', `day ${day}`);
    const said = report.notices.filter((it) => it.includes('ran out and will not be published again'));
    assert.equal(said.length, day < 3 ? 0 : 1, `day ${day}`);
    world.time.step(DAY + 60_000);
  }
  assert.equal((await world.all('judgement')).filter(isOurs).length, 2);
});
