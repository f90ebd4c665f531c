import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY } from '../plan/situation.ts';
import { makeFeed, makeIndicator, makeJudgement, makeLink } from './foreign.ts';
import { assertVerified, type Json, pathOf, type Tenant, tenant } from './tenant.ts';

/** The rows of writes.md §5 for the feed view. */
const LISTS = 'tor 198.51.100.1\ntor 198.51.100.2';
const TITLE = 'SecureX_Firewall_Private_Feed_IPv4';

function onViews(
  world: Tenant,
  edit: (text: string, n: number) => { status?: number; text?: string },
): { reads: number } {
  const seen = { reads: 0 };
  world.intercept = async (request, send) => {
    const answer = await send(request);
    if (!/view\.txt/.test(request.url) || answer.text === '') return answer;
    seen.reads += 1;
    return { ...answer, ...edit(answer.text, seen.reads) };
  };
  return seen;
}

async function feed(world: Tenant): Promise<Json> {
  const found = (await world.all('feed')).find((it) => it.title === TITLE);
  assert.ok(found);
  return found;
}

test('§5 view: 401 → the feed entity is read again, no new token; wrong for good is said', async (t) => {
  const world = await tenant(t);
  await world.sync(LISTS);
  const tokens = world.server.requests.byRoute.get('POST /iroh/oauth2/token');
  let views = 0;
  world.intercept = async (request, send) => {
    if (!/view\.txt/.test(request.url)) return send(request);
    views += 1;
    return send({ ...request, url: views === 1 ? `${request.url}x` : request.url });
  };
  assertVerified(await world.sync(LISTS));
  world.intercept = (request, send) => send({ ...request, url: request.url.replace('?s=', '?s=x') });
  const report = await world.sync(LISTS);
  assert.equal(report.result, 'not-verified');
  assert.equal(report.feeds[0]?.trouble, 'the secret of feed firewall-block/ip is wrong: firewalls get 401');
  assert.equal(world.server.requests.byRoute.get('POST /iroh/oauth2/token'), tokens);
});

test('§5 view: 403 → an alarm that says which indicator has a link that its owner may not read', async (t) => {
  const world = await tenant(t);
  await world.sync(LISTS);
  const { indicator_id: indicator } = await feed(world);
  const { id } = await makeJudgement(world.call, '203.0.113.9', { tlp: 'red' });
  await makeLink(world.call, id, String(indicator));
  const report = await world.sync(LISTS);
  assert.equal(report.result, 'not-verified');
  assert.match(
    report.feeds[0]?.trouble ?? '',
    /points at a judgement that the feed's owner may not read: firewalls get 403/,
  );
  assert.ok(report.feeds[0]?.trouble?.includes(String(indicator)));
});

test('T34 §5 view: 404, since the lifetime of ours ended → repaired, never taken for empty', async (t) => {
  const world = await tenant(t);
  await world.sync(LISTS);
  const it = await feed(world);
  const lifetime = { start_time: '2026-11-01T00:00:00.000Z', end_time: '2026-11-02T00:00:00.000Z' };
  await world.call('PUT', `${pathOf(it.id)}?wait_for=true`, { ...it, lifetime });
  assertVerified(await world.sync(LISTS));
  assert.match(
    (await feed(world)).lifetime ? JSON.stringify((await feed(world)).lifetime) : '',
    /"end_time":"2027-05-24/,
  );
});

test('§5 view: 404, since the lifetime of a foreign feed ended → an alarm, no entry is made again', async (t) => {
  const world = await tenant(t);
  const indicator = await makeIndicator(world.call, 'Secure_Firewall_SecureX_Indicator_IPv4');
  const lifetime = { start_time: '2026-11-01T00:00:00.000Z', end_time: '2026-11-27T00:00:00.000Z' };
  await makeFeed(world.call, TITLE, indicator.id, { lifetime });
  assertVerified(await world.sync(LISTS));
  world.time.step(3 * DAY);
  const report = await world.sync(LISTS);
  assert.equal(report.result, 'not-verified');
  assert.match(report.feeds[0]?.trouble ?? '', /is gone or its lifetime ended: firewalls get 404/);
  assert.deepEqual(report.feeds[0]?.missing, { count: 0, some: [] });
  assert.equal((await world.all('judgement')).length, 2);
});

test('§5 view: differs once from what was written → read again, no second pass', async (t) => {
  const world = await tenant(t);
  const seen = onViews(world, (text, n) => (n <= 3 ? { text: text.split('\n').slice(1).join('\n') } : {}));
  const report = await world.sync(LISTS);
  assertVerified(report);
  assert.equal(seen.reads, 4);
  assert.equal(world.server.requests.byRoute.get('POST /ctia/bundle/import'), 1);
});

test('§5 view: differs for ten seconds, each read the same → missing and extra are named, after a second pass', async (t) => {
  const world = await tenant(t);
  let passes = 0;
  const seen = onViews(world, (text) => ({ text: `${text.split('\n')[1]}\n203.0.113.1` }));
  const before = world.intercept;
  world.intercept = async (request, send) => {
    if (/judgement\/external_id/.test(request.url)) passes += 1;
    return before ? before(request, send) : send(request);
  };
  const report = await world.sync(LISTS);
  assert.equal(report.result, 'not-verified');
  assert.equal(passes, 2);
  assert.deepEqual(
    [report.feeds[0]?.missing, report.feeds[0]?.extra],
    [
      { count: 1, some: ['198.51.100.1'] },
      { count: 1, some: ['203.0.113.1'] },
    ],
  );
  assert.equal(report.feeds[0]?.trouble, undefined);
  assert.ok(seen.reads <= 2 * 22);
});

test('§5 view: differs, and the lists changed meanwhile → no second pass with an approval that was for others', async (t) => {
  const world = await tenant(t);
  onViews(world, (text) => ({ text: `${text}\n203.0.113.1` }));
  const report = await world.sync(LISTS, { editedMeanwhile: { revision: 'edited' } });
  assert.equal(report.result, 'not-verified');
  assert.equal(report.revision, '4f2a9c1');
  assert.match(report.notices.join(), /the lists changed while they were applied: apply again/);
});

test('§5 view: two reads that never agree → no drift is claimed, the trouble is named', async (t) => {
  const world = await tenant(t);
  onViews(world, (text, n) => ({ text: `${text}\n203.0.113.${n % 200}` }));
  const report = await world.sync(LISTS);
  assert.equal(report.result, 'not-verified');
  assert.equal(report.feeds[0]?.trouble, 'two reads of the view differ');
});

test('§5 view: 5xx twice → read again; for good → the feed is not verified, and the run ends', async (t) => {
  const world = await tenant(t);
  await world.sync(LISTS);
  world.server.faults.push({ on: { path: /view\.txt/ }, kind: 'status', status: 503, times: 2 });
  assertVerified(await world.sync(LISTS));
  world.server.faults.push({ on: { path: /view\.txt/ }, kind: 'status', status: 503, times: 99 });
  const report = await world.sync(LISTS);
  assert.equal(report.result, 'not-verified');
  assert.match(report.feeds[0]?.trouble ?? '', /view\.txt answered 503/);
  assert.doesNotMatch(JSON.stringify(report), /\?s=/);
});

test('a report holds no secret of any feed', async (t) => {
  const world = await tenant(t);
  const report = JSON.stringify(await world.sync(LISTS));
  assert.equal(report.includes(String((await feed(world)).secret)), false);
});
