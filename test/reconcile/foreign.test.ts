import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgementIds, linkIds } from '../../src/ctim/external-id.ts';
import { entryOf, h } from '../plan/situation.ts';
import { makeFeed, makeIndicator, makeJudgement, makeLink } from './foreign.ts';
import {
  assertSettled,
  assertVerified,
  isOurs,
  type Json,
  judgementOn,
  ORG,
  pathOf,
  type Tenant,
  tenant,
} from './tenant.ts';

const BLOCK_IP = 'Secure_Firewall_SecureX_Indicator_IPv4';

async function blockIndicator(world: Tenant): Promise<string> {
  const found = (await world.all('indicator')).find((it) => it.title === BLOCK_IP);
  assert.ok(found);
  return found.id;
}

async function foreignOf(world: Tenant): Promise<Json[]> {
  const kinds = ['judgement', 'relationship', 'indicator', 'feed'] as const;
  const all = await Promise.all(kinds.map((kind) => world.all(kind)));
  return all.flat().filter((it) => !isOurs(it));
}

test('T16 what a colleague made is the same, whole documents, after creates, changes, renewals and withdrawals', async (t) => {
  const world = await tenant(t);
  await world.sync('tor 198.51.100.7\ntor 198.51.100.8');
  const target = await blockIndicator(world);
  const [same, own, plain] = [
    await makeJudgement(world.call, '198.51.100.7', { external_ids: ['acme-workflow-7'], source: 'acme lists' }),
    await makeJudgement(world.call, '203.0.113.9'),
    await makeJudgement(world.call, '203.0.113.10', { external_ids: [] }),
  ];
  for (const { id } of [same, own]) await makeLink(world.call, id, target);
  await makeLink(world.call, plain.id, target, { relationship_type: 'based-on' });
  const indicator = await makeIndicator(world.call, 'workflow');
  await makeFeed(world.call, 'workflow feed', indicator.id);
  const before = await foreignOf(world);
  assert.equal(before.length, 8);

  for (const lists of ['tor 198.51.100.7 reason=x\nmanual 203.0.113.9', 'tor 198.51.100.8', '', 'tor 198.51.100.7']) {
    world.time.step(4 * 24 * 3_600_000);
    assertVerified(await world.sync(lists));
    await assertSettled(world, lists);
    assert.deepEqual(await foreignOf(world), before);
  }
});

test('a foreign value in our feed is counted and named, and the feed is verified', async (t) => {
  const world = await tenant(t);
  await world.sync('tor 198.51.100.7');
  const target = await blockIndicator(world);
  await makeLink(world.call, (await makeJudgement(world.call, '203.0.113.9')).id, target);
  const report = await world.sync('tor 198.51.100.7');
  assertVerified(report);
  const verdict = report.feeds.find(({ type }) => type === 'ip');
  assert.deepEqual(verdict?.foreign, { count: 1, some: ['203.0.113.9'] });
  assert.equal(await world.view(), '198.51.100.7\n203.0.113.9');
});

test('what a foreign judgement kept once is kept by nobody: a value that is there all the same is extra', async (t) => {
  const world = await tenant(t);
  await world.sync('tor 198.51.100.7');
  const validTime = { start_time: '2026-11-20T02:00:00.000Z', end_time: '2026-11-21T02:00:00.000Z' };
  const { id } = await makeJudgement(world.call, '203.0.113.9', { valid_time: validTime });
  await makeLink(world.call, id, await blockIndicator(world));
  world.intercept = async (request, send) => {
    const answer = await send(request);
    const isView = /view\.txt/.test(request.url) && answer.text.includes('198.51.100.7');
    return isView ? { ...answer, text: `${answer.text}\n203.0.113.9` } : answer;
  };
  const report = await world.sync('tor 198.51.100.7');
  assert.equal(report.result, 'not-verified');
  const { extra, foreign } = report.feeds.find(({ type }) => type === 'ip') ?? {};
  assert.deepEqual([extra, foreign?.count], [{ count: 1, some: ['203.0.113.9'] }, 0]);
});

test('a foreign judgement keeps the value that our list drops: ours ends, theirs is named', async (t) => {
  const world = await tenant(t);
  await world.sync('tor 198.51.100.7\ntor 198.51.100.8');
  await makeLink(world.call, (await makeJudgement(world.call, '198.51.100.7')).id, await blockIndicator(world));
  const report = await world.sync('tor 198.51.100.8');
  assertVerified(report);
  assert.deepEqual(report.feeds.find(({ type }) => type === 'ip')?.foreign, { count: 1, some: ['198.51.100.7'] });
});

for (const mark of ['ACME-owned', 'acme-OWNED', 'acme-owned-not', 'xacme-owned']) {
  test(`${mark} is not our mark: found by CTIA, foreign to us`, async (t) => {
    const world = await tenant(t);
    await world.sync('tor 198.51.100.7');
    const entry = entryOf('tor 203.0.113.9');
    const ids = judgementIds('acme', { h: h(entry), g: 0 }, false).map((id) => (id === 'acme-owned' ? mark : id));
    const theirs = await makeJudgement(world.call, '203.0.113.9', {
      external_ids: ids.filter((id) => !id.includes('-judgement-')).concat(mark),
    });
    const indicator = await makeIndicator(world.call, 'x', { external_ids: [mark, 'acme-state'] });
    await assertSettled(world, 'tor 198.51.100.7');
    assertVerified(await world.sync('tor 198.51.100.7\ntor 203.0.113.9'));
    assertVerified(await world.sync('tor 198.51.100.7'));
    assert.deepEqual((await world.call('GET', pathOf(theirs.id))).json, theirs);
    assert.deepEqual((await world.call('GET', pathOf(indicator.id))).json, indicator);
  });
}

test('an external id of ours that a foreign judgement bears: ours is made with the next generation', async (t) => {
  const world = await tenant(t);
  await world.sync('tor 198.51.100.8');
  const entry = entryOf('tor 198.51.100.7');
  const theirs = await makeJudgement(world.call, '198.51.100.7', { external_ids: [`acme-judgement-${h(entry)}-0`] });
  assertVerified(await world.sync('tor 198.51.100.8\ntor 198.51.100.7'));
  await assertSettled(world, 'tor 198.51.100.8\ntor 198.51.100.7');
  assert.deepEqual((await world.call('GET', pathOf(theirs.id))).json, theirs);
  const ours = (await world.all('judgement')).filter(isOurs).map((it) => JSON.stringify(it.external_ids));
  assert.ok(ours.some((ids) => ids.includes(`acme-judgement-${h(entry)}-1`)));
});

test('another organisation’s green records with our very marks are foreign, and never adopted', async (t) => {
  const world = await tenant(t);
  const other = await world.as({ login: 'elsewhere', org: 'other-org' });
  const green = { tlp: 'green' };
  const entry = entryOf('tor 198.51.100.7');
  const indicator = await makeIndicator(other, BLOCK_IP, {
    ...green,
    external_ids: ['acme-indicator-firewall-block-ip', 'acme-owned'],
  });
  const state = await makeIndicator(other, 'ctim-feeds state', {
    ...green,
    external_ids: ['acme-state', 'acme-owned'],
    short_description: 'theirs',
  });
  const judgement = await makeJudgement(other, '198.51.100.7', {
    ...green,
    external_ids: judgementIds('acme', { h: h(entry), g: 0 }, false),
  });
  const link = await makeLink(other, judgement.id, indicator.id, {
    ...green,
    external_ids: linkIds('acme', { h: h(entry), g: 0 }),
  });
  const feed = await makeFeed(other, 'SecureX_Firewall_Private_Feed_IPv4', indicator.id, {
    ...green,
    external_ids: ['acme-feed-firewall-block-ip-0', 'acme-owned'],
  });

  assertVerified(await world.sync('tor 198.51.100.7'));
  const ours = (await world.all('judgement')).filter((it) => (it.groups as string[]).includes(ORG));
  assert.equal(ours.length, 1);
  assert.equal((await world.all('feed')).filter((it) => (it.groups as string[]).includes(ORG)).length, 2);
  const again = await world.sync('tor 198.51.100.7');
  assertVerified(again);
  assert.equal(again.requests.mutating, 0);
  assertVerified(await world.sync(''));
  for (const before of [indicator, state, judgement, link, feed]) {
    assert.deepEqual((await other('GET', pathOf(before.id))).json, before);
  }
});

test('somebody edits ours: words, value, start, end, links; the next run mends each', async (t) => {
  const world = await tenant(t);
  const lists = ['7', '8', '9', '10', '11', '12'].map((n) => `tor 198.51.100.${n}`).join('\n');
  await world.sync(lists);
  const put = async (value: string, edit: object) => {
    const judgement = await judgementOn(world, value);
    const { status } = await world.call('PUT', '/ctia/bulk?wait_for=true', { judgements: [{ ...judgement, ...edit }] });
    assert.equal(status, 200);
    return judgement.id;
  };
  await put('198.51.100.7', { reason: 'edited', severity: 'Low' });
  await put('198.51.100.8', { observable: { type: 'ip', value: '8.8.8.8' } });
  await put('198.51.100.9', {
    valid_time: { start_time: '2026-12-24T00:00:00.000Z', end_time: '2026-12-31T00:00:00.000Z' },
  });
  await put('198.51.100.10', {
    valid_time: { start_time: '2026-11-20T00:00:00.000Z', end_time: '2026-11-21T00:00:00.000Z' },
  });
  const links = await world.all('relationship');
  const linkOf = async (value: string) => links.find((it) => links && it.source_ref === ids.get(value));
  const ids = new Map(
    await Promise.all(
      ['198.51.100.11', '198.51.100.12'].map(async (value) => [value, (await judgementOn(world, value)).id] as const),
    ),
  );
  const deleted = await linkOf('198.51.100.11');
  const retyped = await linkOf('198.51.100.12');
  assert.ok(deleted && retyped);
  await world.call('DELETE', `${pathOf(deleted.id)}?wait_for=true`);
  await world.call('PUT', `${pathOf(retyped.id)}?wait_for=true`, { ...retyped, relationship_type: 'based-on' });

  assertVerified(await world.sync(lists));
  assert.equal(await world.view(), ['10', '11', '12', '7', '8', '9'].map((n) => `198.51.100.${n}`).join('\n'));
  await assertSettled(world, lists);
});

test('somebody drops our marks from a judgement: it is foreign now, and once the list drops the value, our link goes', async (t) => {
  const world = await tenant(t);
  await world.sync('tor 198.51.100.7\ntor 198.51.100.8');
  const judgement = await judgementOn(world, '198.51.100.7');
  await world.call('PUT', '/ctia/bulk?wait_for=true', { judgements: [{ ...judgement, external_ids: [] }] });
  assertVerified(await world.sync('tor 198.51.100.7\ntor 198.51.100.8'));
  const edited = (await world.call('GET', pathOf(judgement.id))).json;
  assertVerified(await world.sync('tor 198.51.100.8'));
  assert.equal(await world.view(), '198.51.100.8');
  assert.deepEqual((await world.call('GET', pathOf(judgement.id))).json, edited);
  await assertSettled(world, 'tor 198.51.100.8');
});
