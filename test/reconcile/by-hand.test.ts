import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Channel } from '../../src/ctim/feed.ts';
import type { FeedLimits } from '../../src/plan/limits.ts';
import { addByHand, type HandWork } from '../../src/reconcile/by-hand.ts';
import { removeByHand } from '../../src/reconcile/let-through.ts';
import { HOUR } from '../plan/situation.ts';
import { makeJudgement } from './foreign.ts';
import {
  assertSettled,
  assertVerified,
  BLOCK,
  externalIds,
  judgementOn,
  pathOf,
  type Tenant,
  tenant,
} from './tenant.ts';

/** What a person does by hand is will too: no sync undoes it. */
const ALLOW: Channel = {
  name: 'firewall-allow',
  action: 'allow',
  titles: new Map([['ip', { indicator: 'CTIM_Feeds_allow_Indicator_ip', feed: 'CTIM_Feeds_allow_Feed_ip' }]]),
};
const LISTS = 'tor 198.51.100.1\ntor 198.51.100.2';
const IP = (value: string) => ({ type: 'ip', value }) as const;

function hands(world: Tenant): HandWork {
  return { client: world.client(), clock: world.time.clock, owner: 'acme', exclusively: (work) => work() };
}

const block = (world: Tenant, value: string, hours: number) =>
  addByHand(hands(world), {
    observable: IP(value),
    channel: BLOCK,
    channels: [BLOCK, ALLOW],
    lifetimeMs: hours * HOUR,
    words: { reason: 'INC-7' },
    limits: {},
  });
const allow = (world: Tenant, value: string, hours: number) =>
  removeByHand(hands(world), {
    observable: IP(value),
    channels: [BLOCK, ALLOW],
    allow: { channel: ALLOW, lifetimeMs: hours * HOUR, reason: 'INC-8', carveOut: false },
  });

test('blocked by hand: in its feed, once, and no sync undoes it until its time is over', async (t) => {
  const world = await tenant(t);
  await world.sync(LISTS);
  const report = await block(world, '203.0.113.9', 24);
  assert.deepEqual(
    [report.shown, report.failures, report.until],
    [['firewall-block/ip'], [], '2026-11-26T02:00:00.000Z'],
  );
  const made = await judgementOn(world, '203.0.113.9');
  assert.match(externalIds(made)[3] ?? '', /^acme-once-/);
  assert.deepEqual([made.priority, made.disposition, made.reason], [100, 2, 'INC-7']);
  await assertSettled(world, LISTS);
  assertVerified(await world.sync('tor 198.51.100.1'));
  assert.equal(await world.view(), '198.51.100.1\n203.0.113.9');
  world.time.step(25 * HOUR);
  assertVerified(await world.sync('tor 198.51.100.1'));
  assert.equal(await world.view(), '198.51.100.1');
});

test('blocked by hand again for longer: the same judgement, another end', async (t) => {
  const world = await tenant(t);
  await world.sync(LISTS);
  await block(world, '203.0.113.9', 1);
  world.time.step(2 * HOUR);
  assert.equal(await world.view(), '198.51.100.1\n198.51.100.2');
  await block(world, '203.0.113.9', 1);
  await block(world, '203.0.113.9', 48);
  assert.equal((await world.all('judgement')).length, 3);
  assert.equal(await world.view(), '198.51.100.1\n198.51.100.2\n203.0.113.9');
  assert.match(JSON.stringify((await judgementOn(world, '203.0.113.9')).valid_time), /2026-11-27T04:00/);
});

test('let through by hand: out of the block feed for its time, whatever the lists say, then back', async (t) => {
  const world = await tenant(t);
  await world.sync(LISTS);
  const report = await allow(world, '198.51.100.1', 24);
  assert.deepEqual([report.gone, report.failures], [['firewall-block/ip'], []]);
  // No list publishes to the allow channel: the entry stands all the same.
  for (let run = 0; run < 3; run += 1) {
    world.time.step(HOUR);
    assertVerified(await world.sync(LISTS));
    assert.equal(await world.view(), '198.51.100.2');
  }
  world.time.step(22 * HOUR);
  assertVerified(await world.sync(LISTS));
  assert.equal(await world.view(), '198.51.100.1\n198.51.100.2');
});

test('a list that is only called like the reserved one lets nothing through', async (t) => {
  const world = await tenant(t);
  assertVerified(await world.sync('emea/adhoc-allow 198.51.100.1'));
  await assertSettled(world, 'emea/adhoc-allow 198.51.100.1');
  assert.equal(await world.view(), '198.51.100.1');
});

test('what was blocked by hand is taken back by hand; what a list blocks is refused, with its place', async (t) => {
  const world = await tenant(t);
  await world.sync(LISTS);
  await block(world, '203.0.113.9', 24);
  const request = { observable: IP('203.0.113.9'), channels: [BLOCK], allow: undefined };
  assert.deepEqual((await removeByHand(hands(world), request)).gone, ['firewall-block/ip']);
  await assertSettled(world, LISTS);
  await makeJudgement(world.call, '203.0.113.10');
  for (const [value, message] of [
    ['198.51.100.1', /stands in list tor \(feeds\/tor\.yaml:12\): take it out there/],
    ['203.0.113.10', /is not blocked by us: nothing to remove/],
  ] as const) {
    await assert.rejects(removeByHand(hands(world), { ...request, observable: IP(value) }), message);
  }
});

test('taken back while the time of its feed is over: done, and what firewalls get is said', async (t) => {
  const world = await tenant(t);
  await world.sync(LISTS);
  await block(world, '203.0.113.9', 24);
  const feed = (await world.all('feed')).find(({ title }) => title === BLOCK.titles.get('ip')?.feed);
  assert.ok(feed);
  const lifetime = { start_time: '2026-01-01T00:00:00.000Z', end_time: '2026-11-24T00:00:00.000Z' };
  assert.equal((await world.call('PUT', `${pathOf(feed.id)}?wait_for=true`, { ...feed, lifetime })).status, 200);
  const request = { observable: IP('203.0.113.9'), channels: [BLOCK], allow: undefined };
  const { gone, troubles, failures } = await removeByHand(hands(world), request);
  assert.deepEqual([gone, failures], [[], []]);
  assert.deepEqual(troubles, ['the feed firewall-block/ip is gone or its lifetime ended: firewalls get 404']);
  assertVerified(await world.sync(LISTS));
  assert.equal(await world.view(), '198.51.100.1\n198.51.100.2');
});

test('by hand before anything was applied: refused, nothing written', async (t) => {
  const world = await tenant(t);
  await assert.rejects(block(world, '203.0.113.9', 24), /never applied anything/);
  assert.equal(world.server.requests.mutating, 0);
});

test('by hand where bulk PUT is closed: again and again, each time with the end that was said last, and taken back', async (t) => {
  const world = await tenant(t);
  await world.sync(LISTS);
  world.server.faults.push({ on: { method: 'PUT' }, kind: 'forbidden', capabilities: ['create-casebook'], times: 99 });
  const here: HandWork = { ...hands(world), rights: world.rights };
  for (const hours of [1, 48, 3, 5, 2, 24, 2]) {
    const asked = {
      observable: IP('203.0.113.9'),
      channel: BLOCK,
      channels: [BLOCK, ALLOW],
      lifetimeMs: hours * HOUR,
      words: { reason: `INC ${hours}` },
      limits: {},
    };
    const report = await addByHand(here, asked);
    assert.deepEqual([report.failures, report.shown], [[], ['firewall-block/ip']], `${hours} h`);
  }
  assert.equal(world.server.requests.byRoute.get('PUT /ctia/bulk'), 1);
  const wish = { rights: world.rights };
  world.time.step(HOUR);
  assertVerified(await world.sync(LISTS, wish));
  assert.equal(await world.view(), '198.51.100.1\n198.51.100.2\n203.0.113.9');
  world.time.step(1.5 * HOUR);
  assert.equal(await world.view(), '198.51.100.1\n198.51.100.2', 'two hours were said last');
  await addByHand(here, {
    observable: IP('203.0.113.9'),
    channel: BLOCK,
    channels: [BLOCK, ALLOW],
    lifetimeMs: 24 * HOUR,
    words: { reason: 'INC 24' },
    limits: {},
  });
  const removed = await removeByHand(here, { observable: IP('203.0.113.9'), channels: [BLOCK], allow: undefined });
  assert.deepEqual([removed.failures, removed.gone], [[], ['firewall-block/ip']]);
  assertVerified(await world.sync(LISTS, wish));
});

test('blocked by hand: what a list must keep holds for a person too, and nothing is made; said on purpose it goes', async (t) => {
  const world = await tenant(t);
  await world.sync(LISTS);
  const full: Channel = { ...BLOCK, consumers: ['cisco-tid'] };
  const add = (value: string, limits: FeedLimits | undefined, channel = BLOCK) =>
    addByHand(hands(world), {
      ...{ observable: IP(value), channel, channels: [BLOCK, ALLOW], lifetimeMs: HOUR, limits },
      words: { reason: 'INC-9', ticket: '4711' },
    });
  for (const [refused, says] of [
    [
      () => add('203.0.113.9', { entries_per_feed: 2 }),
      /^203\.0\.113\.9 is not blocked in firewall-block: over the limits: firewall-block\/ip entries 3 \(limit 2\)\. If it is meant all the same, --force$/,
    ],
    [
      () => add('96.0.0.0/8', {}),
      /firewall-block\/ip 16,777,216 addresses more \(limit: a \/12, 1,048,576 addresses\)/,
    ],
    [() => add('203.0.113.0/24', {}, full), /cisco-tid, which pulls its feeds, takes single addresses only/],
  ] as const) {
    await assert.rejects(refused, { name: 'HandRefused', message: says });
  }
  assert.equal(await world.view(), '198.51.100.1\n198.51.100.2');
  assert.equal((await world.all('judgement')).length, 2);
  const there = await add('198.51.100.1', { entries_per_feed: 2 });
  assert.deepEqual(there.shown, ['firewall-block/ip'], 'what is in the feed does not enter it');
  const forced = await add('203.0.113.0/24', undefined, full);
  assert.deepEqual(forced.shown, ['firewall-block/ip']);
  const made = await judgementOn(world, '203.0.113.0/24');
  assert.match(JSON.stringify(made.external_references), /"ticket","external_id":"4711"/);
});
