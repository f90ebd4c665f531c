import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BULK_KINDS } from '../../src/embedded-ctia/kinds.ts';
import { addByHand } from '../../src/reconcile/by-hand.ts';
import { type Renamed, readOwnedBy, renameOwner } from '../../src/reconcile/rename-owner.ts';
import { DAY, HOUR } from '../plan/situation.ts';
import { makeJudgement, makeLink } from './foreign.ts';
import {
  assertVerified,
  BLOCK,
  externalIds,
  isOurs,
  type Json,
  MAIL,
  resultOf,
  type Tenant,
  tenant,
} from './tenant.ts';

const LISTS = `
  tor 198.51.100.1
  tor 198.51.100.2
  names bad.example
  mail:spam 203.0.113.50
`;
const VIEW = '198.51.100.1\n198.51.100.2\n203.0.113.9';
const KINDS = ['judgement', 'relationship', 'indicator', 'feed'] as const;
const NEXT = { owner: 'globex', approval: { yes: false, force: false, digest: undefined } };

/** Published by acme, with an address by hand, a dead entry, and what a colleague keeps there. */
async function published(t: Parameters<typeof tenant>[0]): Promise<Tenant> {
  const world = await tenant(t);
  assertVerified(await world.sync(`${LISTS}\n tor 198.51.100.3`));
  assertVerified(await world.sync(LISTS));
  const hands = {
    ...{ client: world.client(), clock: world.time.clock, owner: 'acme' },
    exclusively: <T>(work: () => Promise<T>) => work(),
  };
  const observable = { type: 'ip', value: '203.0.113.9' } as const;
  await addByHand(hands, {
    observable,
    channel: BLOCK,
    channels: [BLOCK],
    lifetimeMs: 30 * DAY,
    words: { reason: 'INC-7' },
    limits: {},
  });
  const foreign = await makeJudgement(world.call, '192.0.2.5', { external_ids: ['acme2-judgement', 'acme-workflow'] });
  await makeLink(world.call, foreign.id, (await indicators(world))[0]?.id ?? '', { relationship_type: 'based-on' });
  return world;
}

const indicators = (world: Tenant) => world.all('indicator');

async function rename(world: Tenant): Promise<Renamed> {
  const client = world.client();
  const work = { client, clock: world.time.clock, from: 'acme', to: 'globex' };
  return renameOwner({ ...work, exclusively: (it) => it() }, await readOwnedBy(client, work.from, work.to));
}

/** By what a server decides anew at each write. */
function lasting({ modified: _, timestamp: __, ...rest }: Json): object {
  return rest;
}

/** The same document, said of the new owner. */
function asGlobex(document: Json): object {
  const external_ids = externalIds(document).map((id) => id.replace(/^acme-/, 'globex-'));
  const source = document.source === 'acme' ? { source: 'globex' } : {};
  return lasting({ ...document, external_ids, ...source });
}

async function documents(world: Tenant): Promise<Map<string, Json>> {
  const all = (await Promise.all(KINDS.map((kind) => world.all(kind)))).flat();
  return new Map(all.map((it) => [it.id, it]));
}

test('all that one owner has becomes another’s, in place: nothing leaves a feed, nothing else changes, the next plan is empty', async (t) => {
  const world = await published(t);
  const before = await documents(world);
  const shown = await world.view();
  assert.equal(shown, VIEW);
  world.intercept = async (request, send) => {
    const answer = await send(request);
    assert.equal(await world.view(), VIEW, request.url);
    return answer;
  };
  const renamed = await rename(world);
  world.intercept = undefined;
  assert.deepEqual([renamed.judgements, renamed.links, renamed.refused, renamed.unknown], [6, 6, [], 0]);

  for (const [id, after] of await documents(world)) {
    const was = before.get(id);
    assert.ok(was, `${id} is new`);
    // References say which list it came from when it was written, and stay.
    assert.deepEqual(lasting(after), isOurs(was) ? asGlobex(was) : lasting(was));
    assert.ok(!isOurs(after));
  }
  assert.equal((await documents(world)).size, before.size);

  const report = await world.sync(LISTS, NEXT);
  assert.equal(resultOf(report), 'verified', 'the state came along: it is no first contact');
  assert.equal(report.requests.mutating, 0);
  // What it prolongs and renews it takes for its own.
  world.time.step(5 * DAY);
  const renewal = await world.sync(LISTS, NEXT);
  assert.equal(resultOf(renewal), 'verified');
  assert.equal(renewal.counts.renew, 4);
  for (let day = 0; day < 100; day += 3) {
    world.time.step(3 * DAY);
    await world.sync(LISTS, NEXT);
  }
  const ends = (await world.all('feed')).map((it) => Date.parse((it.lifetime as { end_time: string }).end_time));
  assert.ok(Math.min(...ends) > world.time.serverClock.now() + 89 * DAY, 'the feeds are prolonged');
  assert.equal(
    (await world.sync('', { ...NEXT, channels: [BLOCK, MAIL], lists: new Set(['tor', 'names', 'spam']) })).counts
      .withdraw,
    4,
  );
});

test('stopped on the way, neither owner writes; the same once more goes on', async (t) => {
  const world = await published(t);
  let puts = 0;
  world.intercept = async (request, send) => {
    if (request.method === 'PUT' && /bulk/.test(request.url) && ++puts === 2) throw new Error('the machine stops');
    return send(request);
  };
  await assert.rejects(rename(world), /the machine stops/);
  world.intercept = undefined;
  world.server.requests.reset();
  const plain = { approval: NEXT.approval };
  for (const wish of [plain, NEXT]) {
    const { result, held } = await world.sync(LISTS, wish);
    assert.deepEqual([result, held[0]?.rule], ['held', 'first-contact']);
    const onOurOwn = await world.sync(LISTS, { ...wish, ownEmbedded: true });
    assert.deepEqual([onOurOwn.result, onOurOwn.held[0]?.rule], ['held', 'first-contact'], 'also where nobody watches');
  }
  assert.equal(world.server.requests.mutating, 0);
  assert.equal(await world.view(), VIEW);
  const renamed = await rename(world);
  assert.deepEqual([renamed.judgements, renamed.links, renamed.unknown], [0, 6, 0]);
  assert.equal(resultOf(await world.sync(LISTS, NEXT)), 'verified');
  assert.equal(await world.view(), VIEW);
  await assert.rejects(rename(world), /nothing in this tenant bears the mark of owner acme/);
});

test('where bulk PUT is closed, the new owner’s own come in beside the old ones, which lapse; feeds and state are its own', async (t) => {
  const world = await published(t);
  const kinds = [...new Set([...BULK_KINDS.map(({ name }) => name), 'feed'])].filter((kind) => kind !== 'casebook');
  world.server.addClient({
    ...{ id: 'client-7', password: 'correct-horse-battery-staple', login: 'ctim-feeds', org: 'acme-org' },
    scopes: ['import-bundle', ...kinds].map((it) => `private-intel/${it}`),
  });
  world.time.step(HOUR);
  const renamed = await rename(world);
  assert.match(renamed.lacking ?? '', /lacks the scopes private-intel, asset, casebook/);
  assert.equal(await world.view(), VIEW);
  const wish = { ...NEXT, rights: world.rights };
  const report = await world.sync(LISTS, wish);
  assert.equal(resultOf(report), 'verified');
  assert.equal(report.counts.create, 4);
  for (let hour = 0; hour < 24 * 9; hour += 24) {
    world.time.step(24 * HOUR);
    assert.equal(resultOf(await world.sync(LISTS, wish)), 'verified');
    assert.equal(await world.view(), VIEW);
  }
  assert.ok((await world.all('feed')).every((it) => externalIds(it).includes('globex-owned')));
});

test('an owner that applied lists already takes over nothing', async (t) => {
  const world = await tenant(t);
  assertVerified(await world.sync(LISTS));
  assertVerified(await world.sync(LISTS, { owner: 'globex' }));
  world.server.requests.reset();
  await assert.rejects(rename(world), /owner globex has applied lists to this tenant already/);
  assert.equal(world.server.requests.mutating, 0);
});
