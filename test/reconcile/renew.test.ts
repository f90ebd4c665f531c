import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countChanges } from '../../src/plan/change.ts';
import { NO_APPROVAL } from '../../src/plan/safety.ts';
import { FeedOnOtherIndicator } from '../../src/reconcile/feeds.ts';
import type { Report } from '../../src/reconcile/report.ts';
import { DAY, HOUR } from '../plan/situation.ts';
import { asked, assertSettled, assertVerified, judgementOn, type Tenant, tenant, type Wish } from './tenant.ts';

const LISTS = 'tor 198.51.100.1\ntor 198.51.100.2\nmanual 198.51.100.3\nmanual 198.51.100.9 once=+5d';
const PUT = 'PUT /ctia/bulk';

/** What was published four days ago with lifetimes of seven: all but what is once are due. */
async function due(t: Parameters<typeof tenant>[0]): Promise<Tenant> {
  const world = await tenant(t);
  assertVerified(await world.sync(LISTS));
  world.time.step(4 * DAY);
  world.server.requests.reset();
  return world;
}

async function endOf(world: Tenant, value: string): Promise<number> {
  const { valid_time: times } = await judgementOn(world, value);
  return Date.parse((times as { end_time: string }).end_time);
}

async function assertRenewed(world: Tenant): Promise<void> {
  const now = world.time.serverClock.now();
  for (const value of ['198.51.100.1', '198.51.100.2', '198.51.100.3'])
    assert.ok((await endOf(world, value)) >= now + 7 * DAY - HOUR, `${value} was not renewed`);
  assert.ok((await endOf(world, '198.51.100.9')) < now + 2 * DAY, 'what is once was renewed');
  assert.equal(asked(world, PUT), 1);
}

const inTheWay: { what: string; wish: Wish; lists?: string; result: Report['result'] }[] = [
  { what: 'a list that does not parse', wish: { problems: 1 }, result: 'problems' },
  {
    what: 'a folder that vanished',
    wish: { problems: 1, channels: [], lists: new Set(), repository: 'file:///gone', revision: 'tree-0' },
    lists: '',
    result: 'problems',
  },
  { what: 'a plan that is held', wish: { approval: NO_APPROVAL, lists: new Set() }, lists: '', result: 'held' },
];

for (const { what, wish, lists = LISTS, result } of inTheWay) {
  test(`renewals do not wait for ${what}, and the report counts them`, async (t) => {
    const world = await due(t);
    const report = await world.sync(lists, { ...wish, origin: async () => undefined });
    assert.equal(report.result, result);
    assert.deepEqual(report.counts, { ...countChanges([]), renew: 3 });
    await assertRenewed(world);
    assert.equal(world.server.requests.mutating, 1, 'nothing else was written');
  });
}

test('renewals do not wait for lists that cannot be read at all', async (t) => {
  const world = await due(t);
  const broken = new Error('the disk is gone');
  const steps: number[] = [];
  await assert.rejects(
    world.sync(LISTS, {
      readDesired: () => Promise.reject(broken),
      progress: (it) => it.step === 'renewed' && steps.push(it.renewed.outcome.applied),
    }),
    broken,
  );
  assert.deepEqual(steps, [3], 'who watches is told, since there is no report');
  await assertRenewed(world);
});

test('renewals do not wait for feeds that cannot be told apart', async (t) => {
  const world = await due(t);
  const [feed] = (await world.all('feed')).filter(({ title }) => title === 'SecureX_Firewall_Private_Feed_IPv4');
  assert.ok(feed);
  const other = {
    ...feed,
    indicator_id: (await world.all('indicator')).find(({ id }) => id !== feed.indicator_id)?.id,
  };
  assert.equal((await world.call('PUT', `${new URL(feed.id).pathname}?wait_for=true`, other)).status, 200);
  await assert.rejects(world.sync(LISTS), FeedOnOtherIndicator);
  await assertRenewed(world);
});

test('one run renews nothing twice, and the next one finds nothing to do', async (t) => {
  const world = await due(t);
  const report = await world.sync(LISTS);
  assertVerified(report);
  assert.equal(report.counts.renew, 3);
  assert.equal(asked(world, PUT), 1);
  await assertSettled(world, LISTS);
});

test('what a list no longer holds is renewed and then withdrawn: it leaves its feed by will, not by neglect', async (t) => {
  const world = await due(t);
  const report = await world.sync(LISTS.replace('tor 198.51.100.2\n', ''));
  assertVerified(report);
  assert.deepEqual([report.counts.renew, report.counts.withdraw], [3, 1]);
  assert.ok((await endOf(world, '198.51.100.2')) < world.time.serverClock.now());
});

test('a lifetime that other lists could not say today is renewed all the same', async (t) => {
  const world = await tenant(t);
  assertVerified(await world.sync(LISTS));
  const { id, ...judgement } = await judgementOn(world, '198.51.100.1');
  const [reference] = judgement.external_references as { description: string }[];
  const now = world.time.serverClock.now();
  const edit = {
    ...judgement,
    external_references: [{ ...reference, description: 'lifetime 90s' }],
    valid_time: { start_time: new Date(now - HOUR).toISOString(), end_time: new Date(now + 40_000).toISOString() },
  };
  const bulk = await world.call('PUT', '/ctia/bulk?wait_for=true', { judgements: [{ id, ...edit }] });
  assert.equal(bulk.status, 200);
  const report = await world.sync(LISTS, { problems: 1 });
  assert.equal(report.counts.renew, 1);
  const left = (await endOf(world, '198.51.100.1')) - world.time.serverClock.now();
  assert.ok(left >= 80_000 && left <= 90_000 * 1.05, `${left} ms are left`);
  assert.match(report.notices.join('\n'), /renewals every 5 minutes come too seldom for a lifetime of 1\.5/);
});

test('a state of another repository stops renewals, one whose checkout is gone does not', async (t) => {
  const world = await due(t);
  const broken = { problems: 1, approval: NO_APPROVAL };
  const other = await world.sync(LISTS, { ...broken, origin: async () => 'https://git.other.test/x' });
  assert.equal(other.counts.renew, 0);
  assert.equal(world.server.requests.mutating, 0);
  const gone = await world.sync(LISTS, { ...broken, origin: async () => undefined });
  assert.equal(gone.counts.renew, 3);
});

test('shipped examples are of no repository: they are renewed wherever they lie', async (t) => {
  const world = await tenant(t);
  const wish = { ownEmbedded: true, repository: 'urn:ctim-feeds:examples' };
  assertVerified(await world.sync(LISTS, wish));
  world.time.step(5 * DAY);
  const report = await world.sync(LISTS, { ...wish, problems: 1, origin: async () => 'https://git.acme.test/a-clone' });
  assert.equal(report.counts.renew, 3);
});

test('without a state nothing of that owner is renewed', async (t) => {
  const world = await due(t);
  const state = (await world.all('indicator')).find(({ title }) => title === 'ctim-feeds state');
  assert.equal((await world.call('DELETE', `${new URL(String(state?.id)).pathname}?wait_for=true`)).status, 204);
  world.server.requests.reset();
  const report = await world.sync(LISTS, { approval: NO_APPROVAL });
  assert.deepEqual([report.result, report.counts.renew], ['held', 0]);
  assert.equal(world.server.requests.mutating, 0);
});
