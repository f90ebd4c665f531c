import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Channel } from '../../src/ctim/feed.ts';
import type { Drift } from '../../src/plan/drift.ts';
import { NO_APPROVAL } from '../../src/plan/safety.ts';
import { addByHand } from '../../src/reconcile/by-hand.ts';
import type { Report } from '../../src/reconcile/report.ts';
import { DAY, HOUR } from '../plan/situation.ts';
import { makeFeed, makeIndicator, makeJudgement, makeLink } from './foreign.ts';
import {
  assertSettled,
  assertVerified,
  BLOCK,
  externalIds,
  isLive,
  isOurs,
  type Json,
  judgementOn,
  MAIL,
  pathOf,
  type Tenant,
  tenant,
} from './tenant.ts';

/** A feed of addresses, one of names, and one of another channel. */
const LISTS = `
  tor 198.51.100.1
  tor 198.51.100.2
  tor 198.51.100.3
  names bad.example
  names worse.example
  mail:spam 203.0.113.50
  mail:spam 203.0.113.51
`;
const ALLOW: Channel = {
  name: 'firewall-allow',
  action: 'allow',
  titles: new Map([['ip', { indicator: 'CTIM_Feeds_allow_Indicator_ip', feed: 'CTIM_Feeds_allow_Feed_ip' }]]),
};
const IP = 'Secure_Firewall_SecureX_Indicator_IPv4';
const IP_FEED = 'SecureX_Firewall_Private_Feed_IPv4';
const VALUES = '198.51.100.1\n198.51.100.2\n198.51.100.3';

/** What others do to us by raw HTTP, and what the audit then calls it: `kind feed count` of each finding. */
interface Case {
  readonly kind: Drift['kind'];
  readonly does: string;
  readonly meddle: (world: Tenant) => Promise<unknown>;
  readonly found: readonly string[];
  readonly example: RegExp;
}

const CASES: readonly Case[] = [
  {
    kind: 'missing',
    does: 'deletes a judgement',
    meddle: async (world) =>
      world.call('DELETE', `${pathOf((await judgementOn(world, '198.51.100.2')).id)}?wait_for=true`),
    found: ['missing firewall-block/ip 1'],
    example: /^198\.51\.100\.2$/,
  },
  {
    kind: 'missing',
    does: 'ends one',
    meddle: async (world) =>
      world.call('POST', `${pathOf((await judgementOn(world, '198.51.100.2')).id)}/expire?reason=test`),
    found: ['missing firewall-block/ip 1'],
    example: /^198\.51\.100\.2$/,
  },
  {
    kind: 'extra',
    does: 'makes one with our marks that no list wants',
    async meddle(world) {
      const copy = copyOf(await judgementOn(world, '198.51.100.2'));
      const h = 'f'.repeat(64);
      const ids = [`acme-judgement-${h}-0`, `acme-entry-${h}`, 'acme-owned'];
      const observable = { type: 'ip', value: '192.0.2.66' };
      const { id } = await makeJudgement(world.call, '', { ...copy, observable, external_ids: ids });
      await makeLink(world.call, id, await indicatorOf(world, IP), {
        external_ids: [`acme-link-${h}-0`, 'acme-owned'],
      });
    },
    found: ['extra firewall-block/ip 1'],
    example: /^192\.0\.2\.66$/,
  },
  {
    kind: 'changed',
    does: 'edits words, disposition and tlp',
    async meddle(world) {
      const edits = { disposition: 5, disposition_name: 'Unknown', reason: 'edited', tlp: 'green' };
      await edit(world, 'judgements', await judgementOn(world, '198.51.100.2'), edits);
    },
    found: ['changed firewall-block/ip 1'],
    example: /^198\.51\.100\.2 \(disposition, reason, tlp\)$/,
  },
  {
    kind: 'changed',
    does: 'gives one another observable',
    async meddle(world) {
      const observable = { type: 'ip', value: '192.0.2.77' };
      await edit(world, 'judgements', await judgementOn(world, '198.51.100.2'), { observable });
    },
    found: ['changed firewall-block/ip 1'],
    example: /^198\.51\.100\.2 is 192\.0\.2\.77$/,
  },
  {
    kind: 'unlinked',
    does: 'deletes a link',
    meddle: async (world) => unlink(world, await linkOf(world, '198.51.100.2')),
    found: ['unlinked firewall-block/ip 1'],
    example: /^198\.51\.100\.2$/,
  },
  {
    kind: 'links-wiped',
    does: 'deletes every relationship of the tenant',
    async meddle(world) {
      for (const link of await world.all('relationship')) await unlink(world, link);
    },
    found: ['links-wiped firewall-block/domain 2', 'links-wiped firewall-block/ip 3', 'links-wiped mail/ip 2'],
    example: /^198\.51\.100\.1$/,
  },
  {
    kind: 'wrong-indicator',
    does: 'moves a link to another channel',
    async meddle(world) {
      const target_ref = await indicatorOf(world, 'CTIM_Feeds_mail_Indicator_ip');
      await edit(world, 'relationships', await linkOf(world, '198.51.100.2'), { target_ref });
    },
    found: ['wrong-indicator mail/ip 1'],
    example: /^198\.51\.100\.2 of firewall-block\/ip$/,
  },
  {
    kind: 'wrong-type',
    does: 'puts a name of ours into the feed of addresses',
    async meddle(world) {
      const { id } = await judgementOn(world, 'bad.example');
      const external_ids = [externalIds(await linkOf(world, 'bad.example'))[0]?.replace(/-0$/, '-7'), 'acme-owned'];
      await makeLink(world.call, id, await indicatorOf(world, IP), { external_ids });
    },
    found: ['wrong-type firewall-block/ip 1'],
    example: /^bad\.example of firewall-block\/domain$/,
  },
  {
    kind: 'feed-ending',
    does: 'shortens the lifetime of a feed of ours',
    async meddle(world) {
      const end_time = new Date(world.time.serverClock.now() + 5 * DAY).toISOString();
      await editFeed(world, (it) => ({ ...it, lifetime: { ...Object(it.lifetime), end_time } }));
    },
    found: ['feed-ending firewall-block/ip 1'],
    example: /firewall-block\/ip/,
  },
  {
    kind: 'feed-gone',
    does: 'deletes a feed',
    meddle: async (world) => world.call('DELETE', `${pathOf((await feedOf(world)).id)}?wait_for=true`),
    found: ['feed-gone firewall-block/ip 1'],
    example: /firewall-block\/ip/,
  },
  {
    kind: 'indicator-gone',
    does: 'deletes a feed and its indicator',
    async meddle(world) {
      await world.call('DELETE', `${pathOf((await feedOf(world)).id)}?wait_for=true`);
      await world.call('DELETE', `${pathOf(await indicatorOf(world, IP))}?wait_for=true`);
    },
    found: ['feed-gone firewall-block/ip 1', 'indicator-gone firewall-block/ip 1'],
    example: /firewall-block\/ip/,
  },
  {
    kind: 'duplicate',
    does: 'copies a pair',
    async meddle(world) {
      const [first, link] = [await judgementOn(world, '198.51.100.2'), await linkOf(world, '198.51.100.2')];
      const second = await makeJudgement(world.call, '', copyOf(first));
      await makeLink(world.call, second.id, String(link.target_ref), { external_ids: externalIds(link) });
    },
    found: ['duplicate firewall-block/ip 1'],
    example: /^198\.51\.100\.2$/,
  },
];

test('each kind of drift of ours is named by an audit that changes nothing, and is gone after the next run', async (t) => {
  const world = await tenant(t);
  assertVerified(await world.sync(LISTS));
  for (const { kind, does, meddle, found, example } of CASES) {
    await t.test(`${kind}: somebody ${does}`, async () => {
      await meddle(world);
      world.time.step(1000);
      world.server.requests.reset();
      const report = await world.audit(LISTS);
      assert.equal(world.server.requests.mutating, 0);
      assert.deepEqual(told(report), found);
      assert.ok(report.drift?.every(({ whose }) => whose === 'ours'));
      assert.match(report.drift?.find((it) => it.kind === kind)?.examples[0] ?? '', example);
      assert.ok(report.notices.some((notice) => notice.startsWith('drift: ')));

      assertVerified(await world.sync(LISTS));
      assert.equal(await pulled(world), VALUES);
      await assertSettled(world, LISTS);
      assert.deepEqual((await world.audit(LISTS)).drift, []);
    });
  }
});

test('what is not ours to change: named with who must act, and left as it is', async (t) => {
  const world = await tenant(t);
  const lists = `${LISTS}\n firewall-allow:never 203.0.113.9`;
  const wish = { channels: [BLOCK, MAIL, ALLOW] };
  assertVerified(await world.sync(lists, wish));
  const target = await indicatorOf(world, IP);

  await t.test('allowed-kept, wrong-type: foreign judgements keep values in a block feed', async () => {
    const kept = await makeJudgement(world.call, '203.0.113.9', { source: 'workflow 0015B' });
    const url = await makeJudgement(world.call, '', { observable: { type: 'url', value: 'https://bad.example/' } });
    const plain = await makeJudgement(world.call, '203.0.113.10');
    for (const { id } of [kept, url, plain]) await makeLink(world.call, id, target);
    const report = await world.audit(lists, wish);
    assert.deepEqual(told(report), ['allowed-kept firewall-block/ip 1', 'wrong-type firewall-block/ip 1']);
    assert.deepEqual(
      report.drift?.map(({ examples }) => examples),
      [
        [`203.0.113.9 by ${kept.id} (source workflow 0015B): colleague must end it`],
        [`https://bad.example/ by ${url.id} (source workflow 0015A): colleague must end it`],
      ],
    );
    assert.ok(report.drift?.every(({ whose }) => whose === 'foreign'));
    assertVerified(await world.sync(lists, wish));
    for (const { id } of [kept, url, plain]) {
      const { json } = await world.call('GET', pathOf(id));
      assert.match(JSON.stringify(json.valid_time), /2027-11-20/);
      await world.call('DELETE', `${pathOf(id)}?wait_for=true`);
    }
  });

  await t.test('indicator-gone: deleted under a feed that still shows it; publishing goes on to it', async () => {
    await world.call('DELETE', `${pathOf(target)}?wait_for=true`);
    const report = await world.audit(lists, wish);
    assert.deepEqual(told(report), ['indicator-gone firewall-block/ip 1']);
    assert.equal(report.drift?.[0]?.whose, 'foreign');
    const more = `${lists}\n tor 198.51.100.4`;
    assertVerified(await world.sync(more, wish));
    assert.equal((await linkOf(world, '198.51.100.4')).target_ref, target);
    assert.equal(await pulled(world), `${VALUES}\n198.51.100.4`);
  });
});

test('feed-ending: the feed of somebody else, thirty days before', async (t) => {
  const world = await tenant(t);
  const indicator = await makeIndicator(world.call, IP);
  const lifetime = { start_time: '2026-01-01T00:00:00.000Z', end_time: '2026-12-10T00:00:00.000Z' };
  await makeFeed(world.call, IP_FEED, indicator.id, { lifetime });
  assertVerified(await world.sync('tor 198.51.100.1'));
  const { drift } = await world.audit('tor 198.51.100.1');
  assert.deepEqual(
    drift?.map(({ kind, whose }) => [kind, whose]),
    [['feed-ending', 'foreign']],
  );
  assert.match(drift?.[0]?.examples[0] ?? '', /ends on 2026-12-10.*prolong it in the console/);
});

test('drift and lists, on one tenant:', async (t) => {
  const world = await tenant(t);
  await t.test('T15 an audit that cannot read every page decides nothing', async () => {
    assertVerified(await world.sync(LISTS));
    world.intercept = async (request, send) => {
      const answer = await send(request);
      if (!/judgement\/external_id\/acme-owned/.test(request.url)) return answer;
      return { ...answer, text: JSON.stringify(JSON.parse(answer.text).slice(1)) };
    };
    await assert.rejects(world.audit(LISTS), /gave 6 records and announced 7; nothing is decided on it/);
    world.intercept = undefined;
  });

  await t.test(
    'what a person added by hand has its link again after a clean-up, and ends when it would have',
    async () => {
      assertVerified(await world.sync(LISTS));
      const hands = {
        client: world.client(),
        clock: world.time.clock,
        owner: 'acme',
        exclusively: <T>(w: () => Promise<T>) => w(),
      };
      const observable = { type: 'ip', value: '203.0.113.9' } as const;
      await addByHand(hands, {
        observable,
        channel: BLOCK,
        channels: [BLOCK],
        lifetimeMs: 24 * HOUR,
        words: { reason: 'INC-7' },
        limits: {},
      });
      const before = await judgementOn(world, '203.0.113.9');
      await unlink(world, await linkOf(world, '203.0.113.9'));
      assert.deepEqual(told(await world.audit(LISTS)), ['unlinked firewall-block/ip 1']);
      assertVerified(await world.sync(LISTS));
      assert.equal(await pulled(world), `${VALUES}\n203.0.113.9`);
      assert.deepEqual(await judgementOn(world, '203.0.113.9'), before);
      await assertSettled(world, LISTS);
      world.time.step(25 * HOUR);
    },
  );

  await t.test('lists with errors tell nothing of entries; the feeds are looked at', async () => {
    const broken = 'tor 198.51.100.1\nmail:spam 203.0.113.50';
    assertVerified(await world.sync(LISTS));
    const { feeds } = await world.audit(broken, { problems: 1 });
    assert.deepEqual(feeds, [], 'none is told to hold too much by lists of which a part could not be read');
    await unlink(world, await linkOf(world, '198.51.100.1'));
    await world.call('DELETE', `${pathOf((await feedOf(world)).id)}?wait_for=true`);
    const report = await world.audit(broken, { problems: 1 });
    assert.deepEqual(told(report), ['feed-gone firewall-block/ip 1']);
    assert.deepEqual(
      report.feeds.map(({ trouble }) => trouble),
      ['there is no feed yet'],
    );
  });

  await t.test('lists that changed are no drift: what they ask for waits for the next run', async () => {
    assertVerified(await world.sync(LISTS));
    const lists = LISTS.replace('tor 198.51.100.2', 'tor 198.51.100.9 reason=new').replace(
      '198.51.100.3',
      '198.51.100.3 reason=other',
    );
    const wish = { revision: '77aa001' };
    const report = await world.audit(lists, wish);
    assert.deepEqual(report.drift, []);
    assert.deepEqual(report.notices, ['not applied yet: the lists ask for 3 changes: 1 create, 1 change, 1 withdraw']);

    await unlink(world, await linkOf(world, '198.51.100.1'));
    assert.deepEqual(told(await world.audit(lists, wish)), ['unlinked firewall-block/ip 1'], 'beside them it is');
  });

  await t.test('limits hold what is new, not what was ours and comes back', async () => {
    const wish = { limits: { all: { additions: 2, additions_share: 0.1 }, channels: new Map(), lists: new Map() } };
    assertVerified(await world.sync(LISTS));
    for (const link of await world.all('relationship')) await unlink(world, link);
    assertVerified(await world.sync(LISTS, { ...wish, approval: NO_APPROVAL }));
    assert.equal(await pulled(world), VALUES);
    for (const { id } of (await world.all('judgement')).filter(isOurs))
      await world.call('POST', `${pathOf(id)}/expire?reason=test`);
    world.time.step(1000);
    assertVerified(await world.sync(LISTS, { ...wish, approval: NO_APPROVAL }));
    assert.equal(await pulled(world), VALUES);
    const more = `${LISTS}\n tor 198.51.100.4\n tor 198.51.100.5\n tor 198.51.100.6`;
    assert.equal((await world.sync(more, { ...wish, approval: NO_APPROVAL })).result, 'held');
  });
});

function told(report: Report): string[] {
  return (report.drift ?? []).map(({ kind, feed, count }) => `${kind} ${feed} ${count}`).sort();
}

/** Not as `view` has it, which remembers the URL: a feed may have been made anew. */
async function pulled(world: Tenant): Promise<string> {
  return (await fetch(String((await feedOf(world)).feed_view_url))).text();
}

async function feedOf(world: Tenant): Promise<Json> {
  return one((await world.all('feed')).filter((it) => it.title === IP_FEED));
}

async function indicatorOf(world: Tenant, title: string): Promise<string> {
  return one((await world.all('indicator')).filter((it) => it.title === title)).id;
}

/** Our live link of the live judgement on this value. */
async function linkOf(world: Tenant, value: string): Promise<Json> {
  const now = world.time.serverClock.now();
  const those = (await world.all('judgement')).filter((it) => {
    return (it.observable as { value: string }).value === value && isOurs(it) && isLive(it, now);
  });
  return one((await world.all('relationship')).filter((it) => it.source_ref === those.at(-1)?.id && isOurs(it)));
}

async function unlink(world: Tenant, { id }: Json): Promise<void> {
  await world.call('DELETE', `${pathOf(id)}?wait_for=true`);
}

function one(those: readonly Json[]): Json {
  const [first] = those;
  assert.ok(first);
  return first;
}

/** By bulk PUT, as anybody with write access may. */
async function edit(world: Tenant, kind: 'judgements' | 'relationships', document: Json, edits: object): Promise<void> {
  const { status, json } = await world.call('PUT', '/ctia/bulk?wait_for=true', {
    [kind]: [{ ...copyOf(document), id: document.id, ...edits }],
  });
  assert.equal(status, 200, JSON.stringify(json));
  assert.match(JSON.stringify(json), /updated/);
}

async function editFeed(world: Tenant, edits: (feed: Json) => object): Promise<void> {
  const { feed_view_url: _, secret: __, ...feed } = await feedOf(world);
  const { status, json } = await world.call(
    'PUT',
    `${pathOf(feed.id)}?wait_for=true`,
    edits(copyOf(feed as Json) as Json),
  );
  assert.equal(status, 200, JSON.stringify(json));
}

/** As somebody sends it again: what the server decides is left out. */
function copyOf(document: Json): object {
  const { id: _, owner: __, groups: ___, created: ____, modified: _____, timestamp: ______, ...rest } = document;
  return rest;
}
