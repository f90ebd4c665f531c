import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { NO_APPROVAL } from '../../src/plan/safety.ts';
import { doneLine } from '../../src/reconcile/report.ts';
import { DAY, HOUR } from '../plan/situation.ts';
import {
  asked,
  assertSettled,
  assertVerified,
  externalIds,
  isOurs,
  type Json,
  judgementOn,
  pathOf,
  REPOSITORY,
  type Tenant,
  tenant,
} from './tenant.ts';

const DOMAINS = 'SecureX_Firewall_Private_Feed_Domain';

/** Looks at the view before and after each request: what stays desired must never be out of its feed. */
function watch(world: Tenant, ...values: string[]): { looks: number } {
  const seen = { looks: 0 };
  world.intercept = async (request, send) => {
    const look = async (when: string) => {
      const shown = (await world.view()).split('\n');
      for (const value of values)
        assert.ok(shown.includes(value), `${value} was out of its feed ${when} ${request.method} ${request.url}`);
      seen.looks += 1;
    };
    await look('before');
    const answer = await send(request);
    await look('after');
    return answer;
  };
  return seen;
}

test('first sync: state, indicators, feeds and pairs; the views are the lists, to the letter', async (t) => {
  const world = await tenant(t);
  const lists = 'tor 198.51.100.7\ntor 198.51.100.10\nmanual 198.51.100.7\nmanual evil.test\nmanual a.evil.test';
  const report = await world.sync(lists);
  assertVerified(report);
  assert.equal(await world.view(), '198.51.100.10\n198.51.100.7');
  assert.equal(await world.view(DOMAINS), 'a.evil.test\nevil.test');
  assert.equal((await world.all('judgement')).length, 5);
  assert.equal((await world.all('relationship')).length, 5);
  assert.equal(report.counts.create, 5);
  assert.deepEqual((await world.all('indicator')).map((it) => [it.title, ...externalIds(it)]).sort(), [
    ['Secure_Firewall_SecureX_Indicator_Domain', 'acme-indicator-firewall-block-domain', 'acme-owned'],
    ['Secure_Firewall_SecureX_Indicator_IPv4', 'acme-indicator-firewall-block-ip', 'acme-owned'],
    ['ctim-feeds state', 'acme-state', 'acme-owned'],
  ]);
  assert.deepEqual((await world.all('feed')).map((it) => [it.title, it.output, it.tlp, ...externalIds(it)]).sort(), [
    [DOMAINS, 'observables', 'amber', 'acme-feed-firewall-block-domain-0', 'acme-owned'],
    ['SecureX_Firewall_Private_Feed_IPv4', 'observables', 'amber', 'acme-feed-firewall-block-ip-0', 'acme-owned'],
  ]);
});

test('first sync: the judgement and the link of an entry as the tenant has them', async (t) => {
  const world = await tenant(t);
  await world.sync('tor 198.51.100.7');
  const h = createHash('sha256').update('["firewall-block","tor","ip","198.51.100.7"]').digest('hex');
  const [judgement, link, indicator] = [
    await judgementOn(world, '198.51.100.7'),
    (await world.all('relationship'))[0],
    (await world.all('indicator')).find((it) => it.title === 'Secure_Firewall_SecureX_Indicator_IPv4'),
  ];
  assert.deepEqual(externalIds(judgement), [`acme-judgement-${h}-0`, `acme-entry-${h}`, 'acme-owned']);
  assert.equal((judgement.valid_time as { start_time: string }).start_time, '2026-11-25T01:55:00.000Z');
  assert.deepEqual(judgement.external_references, [
    { source_name: 'acme/tor', external_id: '4f2a9c1:feeds/tor.yaml:12', description: 'lifetime 7d' },
  ]);
  assert.ok(link && indicator);
  assert.deepEqual(externalIds(link), [`acme-link-${h}-0`, 'acme-owned']);
  assert.deepEqual(
    [link.relationship_type, link.source_ref, link.target_ref],
    ['element-of', judgement.id, indicator.id],
  );
});

test('the state says what was applied and from where; a run that changes nothing writes nothing', async (t) => {
  const world = await tenant(t);
  await world.sync('tor 198.51.100.7');
  const state = async () => (await world.all('indicator')).find((it) => it.title === 'ctim-feeds state');
  const { short_description: revision, source_uri: repository, producer, tlp } = (await state()) as Json;
  assert.deepEqual(
    { revision, repository, producer, tlp },
    { revision: '4f2a9c1', repository: REPOSITORY, producer: 'ctim-feeds', tlp: 'amber' },
  );
  await assertSettled(world, 'tor 198.51.100.7', { revision: 'next' });
  assert.equal((await state())?.short_description, '4f2a9c1');
  await world.sync('tor 198.51.100.8', { revision: 'next' });
  assert.equal((await state())?.short_description, 'next');
});

test('T17 a second run of 300 entries: no write, no new judgement, an empty plan', async (t) => {
  const world = await tenant(t);
  const lists = Array.from({ length: 300 }, (_, n) => `tor 11.0.${n >> 8}.${n & 255}`).join('\n');
  assertVerified(await world.sync(lists));
  const before = await world.all('judgement');
  world.server.requests.reset();
  await assertSettled(world, lists);
  assert.equal(world.server.requests.mutating, 0);
  assert.deepEqual(await world.all('judgement'), before);
});

test('the first sync of 2500 entries costs three imports', async (t) => {
  const world = await tenant(t);
  const lists = Array.from({ length: 2500 }, (_, n) => `tor 11.0.${n >> 8}.${n & 255}`).join('\n');
  const report = await world.sync(lists);
  assertVerified(report);
  assert.equal(asked(world, 'POST /ctia/bundle/import'), 3);
  assert.ok(report.requests.total <= Math.ceil(5000 / 2000) + 10 + 2 * 3, `${report.requests.total} requests`);
});

test('an entry leaves, comes, changes its words: what stays does not leave its feed for a moment', async (t) => {
  const world = await tenant(t);
  await world.sync('tor 198.51.100.7\ntor 198.51.100.8\ntor 198.51.100.9');
  const seen = watch(world, '198.51.100.7', '198.51.100.8');
  const lists = 'tor 198.51.100.7\ntor 198.51.100.8 reason=scanner\ntor 198.51.100.10';
  const report = await world.sync(lists);
  assertVerified(report);
  assert.ok(seen.looks > 10);
  assert.equal(await world.view(), '198.51.100.10\n198.51.100.7\n198.51.100.8');
  const { counts } = report;
  assert.deepEqual([counts.create, counts.change, counts.withdraw], [1, 1, 1]);
  assert.equal((await judgementOn(world, '198.51.100.8')).reason, 'scanner');
  assert.equal((await judgementOn(world, '198.51.100.9')).reason, 'withdrawn 4f2a9c1');
  await assertSettled(world, lists);
});

test('an entry that comes back is revived in place: one judgement, one link, its words of today', async (t) => {
  const world = await tenant(t);
  await world.sync('tor 198.51.100.7 reason=first\ntor 198.51.100.8');
  const { id } = await judgementOn(world, '198.51.100.7');
  await world.sync('tor 198.51.100.8');
  assert.equal(await world.view(), '198.51.100.8');
  world.time.step(3 * HOUR);
  const report = await world.sync('tor 198.51.100.7 reason=second\ntor 198.51.100.8');
  assertVerified(report);
  assert.equal(report.counts.revive, 1);
  const revived = await judgementOn(world, '198.51.100.7');
  assert.deepEqual([revived.id, revived.reason], [id, 'second']);
  assert.equal((await world.all('relationship')).length, 2);
  await assertSettled(world, 'tor 198.51.100.7 reason=second\ntor 198.51.100.8');
});

test('T18 renewal: half a lifetime later all are renewed by one PUT, and nothing leaves', async (t) => {
  const world = await tenant(t);
  const lists = 'tor 198.51.100.7\ntor 198.51.100.8\nmanual 198.51.100.7 14d';
  await world.sync(lists);
  world.time.step(4 * DAY);
  world.server.requests.reset();
  watch(world, '198.51.100.7', '198.51.100.8');
  const report = await world.sync(lists, { revision: 'later' });
  assertVerified(report);
  assert.deepEqual([report.counts.renew, asked(world, 'PUT /ctia/bulk')], [2, 1]);
  const { valid_time: validTime, external_references: references } = await judgementOn(world, '198.51.100.8');
  assert.equal((validTime as { start_time: string }).start_time, '2026-11-25T01:55:00.000Z');
  assert.match((validTime as { end_time: string }).end_time, /^2026-12-06/);
  assert.match(JSON.stringify(references), /4f2a9c1:feeds/);
  await assertSettled(world, lists);
});

test('T22 two lists hold a value, one drops it: it stays', async (t) => {
  const world = await tenant(t);
  await world.sync('tor 198.51.100.7\nmanual 198.51.100.7\ntor 198.51.100.8');
  watch(world, '198.51.100.7');
  const report = await world.sync('manual 198.51.100.7\ntor 198.51.100.8');
  assertVerified(report);
  assert.equal(report.counts.withdraw, 1);
  assert.equal(await world.view(), '198.51.100.7\n198.51.100.8');
});

test('a value moves from one list to another: it never leaves', async (t) => {
  const world = await tenant(t);
  await world.sync('tor 198.51.100.7');
  watch(world, '198.51.100.7');
  const report = await world.sync('manual 198.51.100.7');
  assertVerified(report);
  assert.deepEqual([report.counts.create, report.counts.withdraw], [1, 1]);
  await assertSettled(world, 'manual 198.51.100.7');
});

test('what replaces a value cannot be made: what is there stays, and the run says so', async (t) => {
  const world = await tenant(t);
  await world.sync('tor 198.51.100.7');
  const report = await world.sync(`manual 198.51.100.7 reason=${'x'.repeat(1025)}`);
  assert.equal(report.result, 'not-verified');
  assert.deepEqual(
    report.failures.map(({ kind }) => kind),
    ['entry', 'waiting'],
  );
  assert.match(
    report.failures[1]?.message ?? '',
    /198\.51\.100\.7: not withdrawn, since what replaces it is not known live/,
  );
  assert.equal(await world.view(), '198.51.100.7');
});

test('errors in the lists: renewals go on, all else waits', async (t) => {
  const world = await tenant(t);
  await world.sync('tor 198.51.100.7\ntor 198.51.100.8');
  world.time.step(4 * DAY);
  const report = await world.sync('tor 198.51.100.9', { problems: 1 });
  assert.equal(report.result, 'problems');
  assert.equal(report.counts.renew, 2);
  assert.equal(await world.view(), '198.51.100.7\n198.51.100.8');
  world.time.step(4 * DAY);
  assert.equal(await world.view(), '198.51.100.7\n198.51.100.8');
});

test('first contact is held: nothing is written, not even renewals', async (t) => {
  const world = await tenant(t);
  await world.sync('tor 198.51.100.7');
  world.time.step(5 * DAY);
  world.server.requests.reset();
  const report = await world.sync('tor 198.51.100.7', {
    repository: 'https://git.other.test/x',
    approval: NO_APPROVAL,
  });
  assert.equal(report.result, 'held');
  assert.deepEqual(
    report.held.map(({ rule }) => rule),
    ['first-contact'],
  );
  assert.equal(world.server.requests.mutating, 0);
});

test('a plan approved by its digest is applied, and only that one', async (t) => {
  const world = await tenant(t);
  const seen = await world.sync('tor 198.51.100.7', { approval: NO_APPROVAL });
  assert.equal(doneLine(seen), '0 changes; waiting: 1 change: 1 create');
  const other = await world.sync('tor 198.51.100.8', { approval: { ...NO_APPROVAL, digest: seen.digest } });
  assert.equal(other.result, 'held');
  assert.equal((await world.all('judgement')).length, 0);
  assertVerified(await world.sync('tor 198.51.100.7', { approval: { ...NO_APPROVAL, digest: seen.digest } }));
});

test('somebody deletes a link while a run imports: it plans once more, and counts as unchanged only what it left alone', async (t) => {
  const world = await tenant(t);
  await world.sync('tor 198.51.100.7');
  world.intercept = async (request, send) => {
    const answer = await send(request);
    if (!request.url.includes('/bundle/import')) return answer;
    world.intercept = undefined;
    const { id: source } = await judgementOn(world, '198.51.100.8');
    const link = (await world.all('relationship')).find((it) => it.source_ref === source);
    await world.call('DELETE', `${pathOf(String(link?.id))}?wait_for=true`);
    return answer;
  };
  const report = await world.sync('tor 198.51.100.7\ntor 198.51.100.8\ntor 198.51.100.9');
  assertVerified(report);
  assert.deepEqual([report.counts.create, report.counts.link, report.unchanged], [2, 1, 1]);
});

test('examples on our own embedded server need no approval, and nor does the first repository after them', async (t) => {
  const world = await tenant(t);
  const wish = { ownEmbedded: true, approval: NO_APPROVAL };
  assertVerified(await world.sync('tor 198.51.100.7', { ...wish, repository: 'urn:ctim-feeds:examples' }));
  assertVerified(await world.sync('manual 198.51.100.8', { ...wish, lists: new Set(['manual']) }));
  assert.equal(await world.view(), '198.51.100.8');
  const other = await world.sync('manual 198.51.100.8', { ...wish, repository: 'https://git.other.test/x' });
  assert.equal(other.result, 'held');
});

test('T42 all lists vanish, and the channel with them: held', async (t) => {
  const world = await tenant(t);
  await world.sync('tor 198.51.100.7');
  const gone = { lists: new Set<string>(), channels: [] };
  const report = await world.sync('', gone);
  assert.deepEqual(
    report.held.map(({ rule }) => rule),
    ['list-vanished'],
  );
  assert.equal(await world.view(), '198.51.100.7');
});

test('an audit changes nothing and tells the drift', async (t) => {
  const world = await tenant(t);
  await world.sync('tor 198.51.100.7\ntor 198.51.100.8');
  const { id } = await judgementOn(world, '198.51.100.8');
  await world.call('DELETE', `${new URL(id).pathname}?wait_for=true`);
  world.server.requests.reset();
  const report = await world.audit('tor 198.51.100.7\ntor 198.51.100.8');
  assert.equal(report.result, 'not-verified');
  assert.deepEqual(report.notices, ['drift: firewall-block/ip: 1 × missing judgements: 198.51.100.8']);
  assert.deepEqual(report.feeds.find(({ type }) => type === 'ip')?.missing, { count: 1, some: ['198.51.100.8'] });
  assert.equal(world.server.requests.mutating, 0);
  assert.equal((await world.all('judgement')).filter(isOurs).length, 1);
});

test('T43 a server whose clock is ten minutes ahead: validity is by its clock', async (t) => {
  const world = await tenant(t, { serverAheadMs: 10 * 60_000 });
  assertVerified(await world.sync('tor 198.51.100.7'));
  const { valid_time: validTime } = await judgementOn(world, '198.51.100.7');
  assert.match((validTime as { start_time: string }).start_time, /^2026-11-25T02:05:0/);
  assertVerified(await world.sync('tor 198.51.100.8'));
  assert.equal(await world.view(), '198.51.100.8');
});

test('T43 a server whose clock is ten minutes behind: what is made is valid there at once', async (t) => {
  const world = await tenant(t, { serverAheadMs: -10 * 60_000 });
  assertVerified(await world.sync('tor 198.51.100.7'));
  assert.equal(await world.view(), '198.51.100.7');
});
