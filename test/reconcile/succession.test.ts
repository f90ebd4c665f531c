import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkIds } from '../../src/ctim/external-id.ts';
import { BULK_KINDS } from '../../src/embedded-ctia/kinds.ts';
import { DAY, HOUR } from '../plan/situation.ts';
import { makeIndicator, makeLink } from './foreign.ts';
import {
  asked,
  assertVerified,
  externalIds,
  isLive,
  type Json,
  judgementOn,
  pathOf,
  resultOf,
  type Tenant,
  tenant,
} from './tenant.ts';

/** A token that may import and may use no bulk route: writes.md §4, *succession*. */
const LISTS = 'tor 198.51.100.1\ntor 198.51.100.2\ntor 198.51.100.3';
const VIEW = '198.51.100.1\n198.51.100.2\n198.51.100.3';
const LACKING = ['casebook', 'investigation', 'target-record'];

/** Already published with every right; then the client is given fewer. */
async function published(t: Parameters<typeof tenant>[0], lists = LISTS): Promise<Tenant> {
  const world = await tenant(t);
  assertVerified(await world.sync(lists));
  lessRights(world);
  return world;
}

function lessRights(world: Tenant): void {
  const kinds = [...new Set([...BULK_KINDS.map(({ name }) => name), 'feed'])].filter((kind) => !LACKING.includes(kind));
  world.server.addClient({
    ...{ id: 'client-7', password: 'correct-horse-battery-staple', login: 'ctim-feeds', org: 'acme-org' },
    scopes: ['import-bundle', ...kinds].map((it) => `private-intel/${it}`),
  });
  // Past the life of the token that had all of them.
  world.time.step(11 * 60_000);
  world.server.requests.reset();
}

async function generations(world: Tenant, value: string): Promise<{ g: string; live: boolean; document: Json }[]> {
  const now = world.time.serverClock.now();
  const those = (await world.all('judgement')).filter((it) => (it.observable as { value: string }).value === value);
  return those
    .map((document) => ({
      g: externalIds(document)[0]?.split('-').at(-1) ?? '',
      live: isLive(document, now),
      document,
    }))
    .sort((a, b) => Number(a.g) - Number(b.g));
}

const told = async (world: Tenant, value: string) =>
  (await generations(world, value)).map(({ g, live }) => `g${g} ${live ? 'live' : 'dead'}`).join(', ');

/** Nothing is left to do: no change, no write. */
async function assertAtRest(world: Tenant, lists: string): Promise<void> {
  const report = await world.sync(lists, { rights: world.rights });
  assertVerified(report);
  assert.deepEqual(
    Object.entries(report.counts).filter(([, count]) => count > 0),
    [],
  );
  assert.equal(report.requests.mutating, 0);
}

test('a renewal that may not be a PUT is an import with g + 1, and the notice names the scope', async (t) => {
  const world = await published(t);
  world.time.step(4 * DAY);
  const report = await world.sync(LISTS, { rights: world.rights });
  assertVerified(report);
  assert.equal(report.counts.renew, 3);
  assert.match(report.notices.join('\n'), /renewed by succession.*lacks the scopes private-intel, asset, casebook/);
  assert.deepEqual([asked(world, 'POST /ctia/bundle/import'), asked(world, 'PUT /ctia/bulk')], [1, 1]);
  assert.equal(await told(world, '198.51.100.2'), 'g0 live, g1 live');
  await assertAtRest(world, LISTS);
  world.time.step(3.5 * DAY);
  assert.equal(await told(world, '198.51.100.2'), 'g0 dead, g1 live');
  assert.equal(await world.view(), VIEW);
  assert.equal(asked(world, 'POST /ctia/judgement/:id/expire'), 0, 'the one before lapses by itself');
});

test('what a person approved by its digest goes, though the run renewed by succession what the plan withdraws', async (t) => {
  const world = await published(t);
  world.time.step(4 * DAY);
  const wanted = 'tor 198.51.100.1';
  const limits = { all: { withdrawals: 1 }, channels: new Map(), lists: new Map() };
  const seen = await world.sync(wanted, {
    approval: { yes: false, force: false, digest: 'not-this-one' },
    rights: { lacking: async () => undefined, learn: async () => {} },
    limits,
  });
  assert.equal(seen.result, 'held');
  world.time.step(4 * DAY - HOUR);
  const approval = { yes: false, force: false, digest: seen.digest };
  assertVerified(await world.sync(wanted, { approval, rights: world.rights, limits }));
  assert.equal(await world.view(), '198.51.100.1');
});

test('the refusal is learned once: the next run does not ask for bulk PUT again', async (t) => {
  const world = await published(t);
  for (let renewals = 0; renewals < 3; renewals += 1) {
    world.time.step(4 * DAY);
    assertVerified(await world.sync(LISTS, { rights: world.rights }));
  }
  assert.equal(asked(world, 'PUT /ctia/bulk'), 1);
  assert.equal(await told(world, '198.51.100.2'), 'g0 dead, g1 dead, g2 live, g3 live');
});

test('day by day for two months, and no value is ever missing from the view', async (t) => {
  const world = await published(t);
  for (let day = 0; day < 60; day += 1) {
    assertVerified(await world.sync(LISTS, { rights: world.rights }));
    assert.equal(await world.view(), VIEW, `day ${day}`);
    world.time.step(DAY);
    assert.equal(await world.view(), VIEW, `day ${day}, before the run`);
  }
});

test('a held plan is renewed too, from what is stored: its words, its reference, its link', async (t) => {
  const world = await published(t, 'tor 198.51.100.1 reason=scanner 14d');
  world.time.step(8 * DAY);
  const report = await world.sync('', { problems: 1, rights: world.rights });
  assert.equal(report.result, 'problems');
  assert.equal(report.counts.renew, 1);
  assert.deepEqual(report.failures, []);
  const [first, second] = await generations(world, '198.51.100.1');
  assert.ok(first && second);
  for (const field of ['reason', 'source', 'priority', 'severity', 'tlp', 'external_references'])
    assert.deepEqual(second.document[field], first.document[field], field);
  world.time.step(7 * DAY);
  assert.equal(await told(world, '198.51.100.1'), 'g0 dead, g1 live');
  assert.equal(await world.view(), '198.51.100.1');
});

test('from what is stored: of its links the latest tells its feed, the successor is in no other', async (t) => {
  const world = await published(t, 'tor 198.51.100.1');
  const [link] = await world.all('relationship');
  const { id: elsewhere } = await makeIndicator(world.call, 'another');
  const h = /[0-9a-f]{64}/.exec(externalIds(link as Json)[0] ?? '')?.[0] ?? '';
  const { id } = await judgementOn(world, '198.51.100.1');
  // As a crash leaves it between the right link and the removal of the wrong one.
  assert.equal(
    (await world.call('PUT', `${pathOf(String(link?.id))}?wait_for=true`, { ...link, target_ref: elsewhere })).status,
    200,
  );
  const ids = { external_ids: linkIds('acme', { h, g: 1 }) };
  await makeLink(world.call, id, String(link?.target_ref), ids);
  world.time.step(4 * DAY);
  const report = await world.sync('', { problems: 1, rights: world.rights });
  assert.equal(report.counts.renew, 1);
  const successor = (await generations(world, '198.51.100.1')).at(-1)?.document;
  const of = (await world.all('relationship')).filter(({ source_ref: source }) => source === successor?.id);
  assert.deepEqual(
    of.map(({ target_ref: target }) => target),
    [link?.target_ref],
  );
});

test('other words are a successor that says them', async (t) => {
  const world = await published(t);
  const lists = LISTS.replace('198.51.100.2', '198.51.100.2 reason=scanner');
  assertVerified(await world.sync(lists, { rights: world.rights }));
  const all = await generations(world, '198.51.100.2');
  assert.deepEqual(
    all.map(({ document }) => document.reason),
    [undefined, 'scanner'],
  );
  await assertAtRest(world, lists);
});

test('what would outlive its successor is ended, and only after that is in the feed', async (t) => {
  const world = await published(t);
  const lists = LISTS.replace('198.51.100.2', '198.51.100.2 2d');
  world.intercept = async (request, send) => {
    if (request.url.includes('/expire')) assert.equal(await told(world, '198.51.100.2'), 'g0 live, g1 live');
    return send(request);
  };
  assertVerified(await world.sync(lists, { rights: world.rights }));
  world.intercept = undefined;
  assert.equal(asked(world, 'POST /ctia/judgement/:id/expire'), 1);
  world.time.step(2000);
  assert.equal(await told(world, '198.51.100.2'), 'g0 dead, g1 live');
  await assertAtRest(world, lists);
});

test('what comes back is made anew with the next generation', async (t) => {
  const world = await published(t);
  const without = LISTS.replace('tor 198.51.100.2\n', '');
  assertVerified(await world.sync(without, { rights: world.rights }));
  world.time.step(HOUR);
  assert.equal(await world.view(), without.replaceAll('tor ', ''));
  assertVerified(await world.sync(LISTS, { rights: world.rights }));
  assert.equal(await told(world, '198.51.100.2'), 'g0 dead, g1 live');
  await assertAtRest(world, LISTS);
});

test('in the run that learns it, predecessors that will lapse are not ended one by one', async (t) => {
  const world = await published(t);
  world.time.step(4 * DAY);
  assertVerified(await world.sync(LISTS, { rights: world.rights }));
  // As after an audit: nothing is remembered, and the plan takes the two live generations for duplicates.
  const report = await world.sync(LISTS);
  assertVerified(report);
  assert.equal(report.counts.withdraw, 3);
  assert.equal(asked(world, 'POST /ctia/judgement/:id/expire'), 0);
});

test('with the rights back, all is in place again and the lower generation is withdrawn in one request', async (t) => {
  const world = await published(t);
  world.time.step(4 * DAY);
  assertVerified(await world.sync(LISTS, { rights: world.rights }));
  world.server.addClient({
    id: 'client-7',
    password: 'correct-horse-battery-staple',
    login: 'ctim-feeds',
    org: 'acme-org',
  });
  world.time.step(11 * 60_000);
  world.server.requests.reset();
  assertVerified(await world.sync(LISTS));
  assert.deepEqual([asked(world, 'PUT /ctia/bulk'), asked(world, 'POST /ctia/bundle/import')], [1, 0]);
  assert.equal(await told(world, '198.51.100.2'), 'g0 dead, g1 live');
});

test('one by one goes at most a tenth of the hourly budget; the rest is named, and the next hours go on', async (t) => {
  const world = await tenant(t);
  const many = Array.from({ length: 720 }, (_, n) => `tor 203.0.${113 + Math.floor(n / 250)}.${n % 250}`);
  const wish = { rights: world.rights, approval: { yes: true, force: true, digest: undefined } };
  assertVerified(await world.sync(many.join('\n'), wish));
  lessRights(world);
  const report = await world.sync('', wish);
  assert.equal(asked(world, 'POST /ctia/judgement/:id/expire'), 700);
  assert.equal(report.failures.length, 20);
  assert.match(report.failures[0]?.message ?? '', /not withdrawn yet: .*the next run goes on/);
  world.time.step(61 * 60_000);
  const next = await world.sync('', wish);
  assert.equal(resultOf(next), 'verified');
  assert.equal(await world.view(), '');
});

test('what exists under the id of an import is read one by one, where bulk reads are closed too', async (t) => {
  const world = await published(t, 'tor 198.51.100.1');
  // The answer to the first import is lost.
  let lost = false;
  world.intercept = async (request, send) => {
    const answer = await send(request);
    if (!request.url.includes('/bundle/import') || lost) return answer;
    lost = true;
    return { ...answer, text: '{"results":[]}' };
  };
  assertVerified(await world.sync(LISTS, { rights: world.rights }));
  assert.equal(lost, true);
  assert.ok(asked(world, 'GET /ctia/judgement/:id') > 0);
  assert.equal(await world.view(), VIEW);
});

test('somebody gave a judgement of ours another value: its successor has the right one, and it goes', async (t) => {
  const world = await published(t);
  const document = await judgementOn(world, '198.51.100.2');
  await world.call('PUT', `/ctia/bulk?wait_for=true`, {
    judgements: [{ ...document, observable: { type: 'ip', value: '203.0.113.99' } }],
  });
  assertVerified(await world.sync(LISTS, { rights: world.rights }));
  assert.equal(await world.view(), VIEW);
});

test('a link that leads elsewhere is deleted one by one', async (t) => {
  const world = await published(t);
  const [link] = await world.all('relationship');
  assert.ok(link);
  const elsewhere = 'http://127.0.0.1/ctia/indicator/indicator-00000000-0000-4000-8000-000000000000';
  await world.call('PUT', `${pathOf(link.id)}?wait_for=true`, { ...link, target_ref: elsewhere });
  assertVerified(await world.sync(LISTS, { rights: world.rights }));
  assert.equal((await world.call('GET', pathOf(link.id))).status, 404);
  await assertAtRest(world, LISTS);
});
