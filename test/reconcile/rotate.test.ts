import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HandWork } from '../../src/reconcile/by-hand.ts';
import { rotate } from '../../src/reconcile/rotate.ts';
import { HOUR } from '../plan/situation.ts';
import { assertSettled, assertVerified, BLOCK, externalIds, pathOf, type Tenant, tenant } from './tenant.ts';

/** A feed's secret never changes: a URL that leaked is cured by another feed. */
const LISTS = 'tor 198.51.100.1\ntor 198.51.100.2';
const VALUES = '198.51.100.1\n198.51.100.2';
const TITLE = 'SecureX_Firewall_Private_Feed_IPv4';

function hands(world: Tenant): HandWork {
  return { client: world.client(), clock: world.time.clock, owner: 'acme', exclusively: (work) => work() };
}

const rotateIp = (world: Tenant, graceHours: number) =>
  rotate(hands(world), { channel: BLOCK, type: 'ip', graceMs: graceHours * HOUR });

const feedsOf = async (world: Tenant) => (await world.all('feed')).filter(({ title }) => title === TITLE);

async function pulled(url: unknown): Promise<string> {
  const response = await fetch(String(url));
  return response.status === 200 ? response.text() : String(response.status);
}

test('both answer for the grace period, then the former ends by itself, and a run that comes after deletes it', async (t) => {
  const world = await tenant(t);
  await world.sync(LISTS);
  const [before] = await feedsOf(world);
  const [rotated] = await rotateIp(world, 24);
  assert.ok(before && rotated);
  assert.deepEqual(rotated.former, [{ id: before.id, until: '2026-11-26T02:00:00.000Z' }]);
  assert.notEqual(rotated.feed.feed_view_url, before.feed_view_url);
  assert.deepEqual(rotated.feed.externalIds, ['acme-feed-firewall-block-ip-1', 'acme-owned']);
  assert.equal(await pulled(rotated.feed.feed_view_url), VALUES);
  assert.equal(await pulled(before.feed_view_url), VALUES);
  const report = await world.sync('tor 198.51.100.1');
  assertVerified(report);
  assert.match(report.notices.join('\n'), /firewall-block\/ip: its former feed \S+ answers until 2026-11-26/);
  assert.equal((await feedsOf(world)).length, 2);

  world.time.step(25 * HOUR);
  assert.equal(await pulled(before.feed_view_url), '404', 'with nobody working');
  assertVerified(await world.sync('tor 198.51.100.1'));
  assert.deepEqual(
    (await feedsOf(world)).map(({ id }) => id),
    [rotated.feed.id],
  );
  await assertSettled(world, 'tor 198.51.100.1');
});

test('rotated again, or again after the first time was stopped midway: all that leaked end, the newest counts', async (t) => {
  const world = await tenant(t);
  await world.sync(LISTS);
  world.intercept = (request, send) => {
    if (request.method === 'PUT') throw new Error('killed');
    return send(request);
  };
  await assert.rejects(rotateIp(world, 1));
  world.intercept = undefined;
  const [rotated] = await rotateIp(world, 0);
  assert.ok(rotated);
  assert.equal(rotated.former.length, 2);
  assert.deepEqual(rotated.feed.externalIds[0], 'acme-feed-firewall-block-ip-2');
  world.time.step(1000);
  assertVerified(await world.sync(LISTS));
  assert.deepEqual(
    (await feedsOf(world)).map((it) => externalIds(it)[0]),
    ['acme-feed-firewall-block-ip-2'],
  );
});

test('a feed that another made gets one of ours beside it, is left alone, and who must end it is said', async (t) => {
  const world = await tenant(t);
  const post = async (path: string, body: object) => (await world.call('POST', `${path}?wait_for=true`, body)).json;
  const indicator = await post('/ctia/indicator', {
    ...{ producer: 'workflow', title: 'Secure_Firewall_SecureX_Indicator_IPv4', tlp: 'amber' },
    valid_time: {},
  });
  const foreign = await post('/ctia/feed', {
    ...{ title: TITLE, indicator_id: indicator.id, feed_type: 'indicator', output: 'observables', tlp: 'amber' },
    lifetime: { start_time: '2026-01-01T00:00:00.000Z', end_time: '2027-12-01T00:00:00.000Z' },
  });
  assertVerified(await world.sync(LISTS));
  const as = JSON.stringify(await world.call('GET', pathOf(foreign.id)));
  const [rotated] = await rotateIp(world, 24);
  assert.ok(rotated);
  assert.deepEqual([rotated.former, rotated.foreign], [[], { id: foreign.id, owner: 'colleague' }]);
  assert.equal(rotated.feed.externalIds[0], 'acme-feed-firewall-block-ip-0');
  assert.equal(await pulled(rotated.feed.feed_view_url), VALUES);
  assert.equal(JSON.stringify(await world.call('GET', pathOf(foreign.id))), as);
  await assertSettled(world, LISTS);
});
