import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Channel } from '../../src/ctim/feed.ts';
import { DAY } from '../plan/situation.ts';
import { makeFeed, makeIndicator } from './foreign.ts';
import {
  assertSettled,
  assertVerified,
  BLOCK,
  externalIds,
  isOurs,
  type Json,
  pathOf,
  type Tenant,
  tenant,
} from './tenant.ts';

const INDICATOR = 'Secure_Firewall_SecureX_Indicator_IPv4';
const FEED = 'SecureX_Firewall_Private_Feed_IPv4';
const LISTS = 'tor 198.51.100.7';

async function named(world: Tenant, kind: 'indicator' | 'feed', title: string): Promise<Json[]> {
  return (await world.all(kind)).filter((it) => it.title === title);
}

test('what workflow 0015A made in our organisation is used under its public title, and not written', async (t) => {
  const world = await tenant(t);
  const indicator = await makeIndicator(world.call, INDICATOR);
  const lifetime = { start_time: '2026-01-01T00:00:00.000Z', end_time: '2027-12-31T00:00:00.000Z' };
  const feed = await makeFeed(world.call, FEED, indicator.id, { lifetime });
  assertVerified(await world.sync(LISTS));
  assert.equal(await world.view(), '198.51.100.7');
  assert.deepEqual(await named(world, 'indicator', INDICATOR), [indicator]);
  assert.deepEqual(await named(world, 'feed', FEED), [feed]);
  await assertSettled(world, LISTS);
});

test('of several the oldest; a title that only contains ours is another', async (t) => {
  const world = await tenant(t);
  await makeIndicator(world.call, `${INDICATOR} old`);
  await makeIndicator(world.call, INDICATOR.toLowerCase());
  world.time.step(1000);
  const oldest = await makeIndicator(world.call, INDICATOR);
  world.time.step(1000);
  await makeIndicator(world.call, INDICATOR);
  assertVerified(await world.sync(LISTS));
  assert.deepEqual(
    (await world.all('relationship')).map((it) => it.target_ref),
    [oldest.id],
  );
  await assertSettled(world, LISTS);
});

test('what another organisation calls by our titles is read by us, and not used', async (t) => {
  const world = await tenant(t);
  const other = await world.as({ login: 'elsewhere', org: 'other-org' });
  const indicator = await makeIndicator(other, INDICATOR, { tlp: 'green' });
  await makeFeed(other, FEED, indicator.id, { tlp: 'green' });
  assertVerified(await world.sync(LISTS));
  const own = (those: Json[]) => those.filter(isOurs).length;
  assert.deepEqual([own(await named(world, 'indicator', INDICATOR)), own(await named(world, 'feed', FEED))], [1, 1]);
});

test('an indicator of ours for another channel does not count by its title', async (t) => {
  const world = await tenant(t);
  await makeIndicator(world.call, INDICATOR, { external_ids: ['acme-indicator-mail-ip', 'acme-owned'] });
  assertVerified(await world.sync(LISTS));
  assert.equal((await named(world, 'indicator', INDICATOR)).length, 2);
});

test('a feed on another indicator is an error that names both, and nothing is written', async (t) => {
  const world = await tenant(t);
  const indicator = await makeIndicator(world.call, INDICATOR);
  const other = await makeIndicator(world.call, 'another');
  const feed = await makeFeed(world.call, FEED, other.id);
  world.server.requests.reset();
  await assert.rejects(world.sync(LISTS), (error: Error) => {
    for (const part of ['firewall-block/ip', feed.id, other.id, indicator.id])
      assert.ok(error.message.includes(part), part);
    return true;
  });
  assert.equal(world.server.requests.mutating, 0);
});

test('a feed of ours lives 180 days; with less than 90 left it is prolonged, and keeps its secret', async (t) => {
  const world = await tenant(t);
  await world.sync(LISTS);
  const [made] = await named(world, 'feed', FEED);
  assert.deepEqual(made?.lifetime, { start_time: '2026-11-25T01:55:00.000Z', end_time: '2027-05-24T02:00:00.000Z' });
  for (let day = 0; day < 90; day += 3) {
    assertVerified(await world.sync(LISTS));
    world.time.step(3 * DAY);
  }
  assert.deepEqual((await named(world, 'feed', FEED))[0]?.lifetime, made?.lifetime);
  world.time.step(DAY);
  assertVerified(await world.sync(LISTS));
  const [prolonged] = await named(world, 'feed', FEED);
  const { lifetime, modified: _, timestamp: __, ...rest } = prolonged ?? ({} as Json);
  const { lifetime: ___, modified: ____, timestamp: _____, ...before } = made ?? ({} as Json);
  assert.deepEqual(rest, before);
  const { start_time: start, end_time: end } = lifetime as { start_time: string; end_time: string };
  assert.equal(start, '2026-11-25T01:55:00.000Z');
  assert.match(end, /^2027-08-23T02:/);
  await assertSettled(world, LISTS);
});

test('T32 a foreign feed that ends within 30 days is an alarm, an endless one is none, and neither is written', async (t) => {
  const world = await tenant(t);
  const indicator = await makeIndicator(world.call, INDICATOR);
  const lifetime = { start_time: '2026-01-01T00:00:00.000Z', end_time: '2026-12-20T00:00:00.000Z' };
  const feed = await makeFeed(world.call, FEED, indicator.id, { lifetime });
  const report = await world.sync(LISTS);
  assertVerified(report);
  assert.ok(
    report.notices.some((it) => it.includes(`${feed.id} is not ours and ends on 2026-12-20`)),
    report.notices.join(),
  );
  await world.call('PUT', `${pathOf(feed.id)}?wait_for=true`, { ...feed, lifetime: undefined });
  assert.deepEqual((await world.sync(LISTS)).notices, []);
});

test('an indicator that somebody deleted is an alarm, and publishing goes on', async (t) => {
  const world = await tenant(t);
  await world.sync(LISTS);
  const [indicator] = await named(world, 'indicator', INDICATOR);
  await world.call('DELETE', `${pathOf(indicator?.id ?? '')}?wait_for=true`);
  const report = await world.sync(`${LISTS}\ntor 198.51.100.8`);
  assertVerified(report);
  assert.ok(
    report.notices.some((it) => it.includes('was deleted or renamed; publishing goes on')),
    report.notices.join(),
  );
  assert.equal(await world.view(), '198.51.100.7\n198.51.100.8');
  assert.equal((await named(world, 'indicator', INDICATOR)).length, 0);
});

test('a feed that somebody deleted is made again, on the same indicator', async (t) => {
  const world = await tenant(t);
  await world.sync(LISTS);
  const [feed] = await named(world, 'feed', FEED);
  await world.call('DELETE', `${pathOf(feed?.id ?? '')}?wait_for=true`);
  const report = await world.sync(LISTS);
  assertVerified(report);
  const [again] = await named(world, 'feed', FEED);
  assert.notEqual(again?.id, feed?.id);
  assert.equal(again?.indicator_id, feed?.indicator_id);
  await assertSettled(world, LISTS);
});

test('feed and indicator deleted: both made again, links moved, wrong links gone', async (t) => {
  const world = await tenant(t);
  await world.sync(LISTS);
  for (const kind of ['feed', 'indicator'] as const) {
    const [it] = await named(world, kind, kind === 'feed' ? FEED : INDICATOR);
    await world.call('DELETE', `${pathOf(it?.id ?? '')}?wait_for=true`);
  }
  assertVerified(await world.sync(LISTS));
  const links = await world.all('relationship');
  assert.equal(links.length, 1);
  assert.match(externalIds(links[0] as Json)[0] ?? '', /^acme-link-[0-9a-f]{64}-1$/);
  await assertSettled(world, LISTS);
});

test('T20 an allow list has an indicator and feed of its own: a block indicator never gets its links', async (t) => {
  const world = await tenant(t);
  const allow: Channel = {
    name: 'mail',
    action: 'allow',
    titles: new Map([['ip', { indicator: 'CTIM_Feeds_mail_Indicator_ip', feed: 'CTIM_Feeds_mail_Feed_ip' }]]),
  };
  const lists = 'tor 198.51.100.7\nmail:partners 203.0.113.1';
  assertVerified(await world.sync(lists, { channels: [BLOCK, allow] }));
  assert.equal(await world.view(FEED), '198.51.100.7');
  assert.equal(await world.view('CTIM_Feeds_mail_Feed_ip'), '203.0.113.1');
  assert.equal((await world.all('feed')).filter(isOurs).length, 3);
});

test('an answer that was lost while feeds are made: the next run finds what was made and makes the rest', async (t) => {
  const world = await tenant(t);
  for (const [kind, skip] of [
    ['indicator', 0],
    ['indicator', 0],
    ['feed', 0],
    ['feed', 0],
  ] as const) {
    world.server.faults.push({
      on: { method: 'POST', path: new RegExp(`^/ctia/${kind}$`) },
      kind: 'reset-after',
      skip,
    });
    await assert.rejects(world.sync(LISTS), /it may have succeeded/);
  }
  assertVerified(await world.sync(LISTS));
  assert.equal((await world.all('indicator')).length, 3);
  assert.equal((await world.all('feed')).length, 2);
  await assertSettled(world, LISTS);
});
