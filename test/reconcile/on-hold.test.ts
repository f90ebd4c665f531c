import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readActual } from '../../src/reconcile/actual.ts';
import { type PanicWork, panic, release } from '../../src/reconcile/panic.ts';
import type { ListsAt } from '../../src/reconcile/prepare.ts';
import { DAY, entryOf, linesOf } from '../plan/situation.ts';
import { makeJudgement, makeLink } from './foreign.ts';
import { assertSettled, assertVerified, BLOCK, isLive, isOurs, MAIL, resultOf, type Tenant, tenant } from './tenant.ts';

/** A channel on hold is a person's: no run touches it. */
const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const OLD = 'tor 198.51.100.1\ntor 198.51.100.2';
const NEW = 'tor 198.51.100.2\ntor 198.51.100.3\nmail:mail 203.0.113.1';

const listsAt = async (commit: string): Promise<ListsAt> =>
  commit === COMMIT
    ? { commit, entries: linesOf(OLD).map(entryOf), pulled: new Map() }
    : { unreadable: 'it is not in this checkout' };

function hands(world: Tenant, at = listsAt): PanicWork {
  const client = world.client();
  return {
    ...{ client, clock: world.time.clock, owner: 'acme', exclusively: (work) => work() },
    readActual: (self) => readActual(client, self),
    listsAt: at,
  };
}

const panicTo = (world: Tenant, to: string, at = listsAt) =>
  panic(hands(world, at), { channel: BLOCK, name: BLOCK.name, to, reason: undefined });

test('put back to a commit: renewed for weeks, though it is not what the lists want now, and other channels are published', async (t) => {
  const world = await tenant(t);
  assertVerified(await world.sync(OLD));
  assertVerified(await world.sync(NEW));
  const report = await panicTo(world, COMMIT);
  assert.deepEqual([report.to, report.failures, report.counts.withdraw], [COMMIT, [], 1]);
  assert.equal(await world.view(), '198.51.100.1\n198.51.100.2');
  for (let week = 0; week < 4; week += 1) {
    world.time.step(4 * DAY);
    const run = await world.sync('tor 198.51.100.9\nmail:mail 203.0.113.2', { listsAt });
    assertVerified(run);
    assert.match(run.notices.join('\n'), /firewall-block is on hold since .*: put back to 0123456789abcdef/);
    assert.equal(await world.view(), '198.51.100.1\n198.51.100.2');
    assert.equal(await world.view('CTIM_Feeds_mail_Feed_ip'), '203.0.113.2');
  }
  assertVerified(await world.audit('tor 198.51.100.9\nmail:mail 203.0.113.2', { listsAt }));
  await release(hands(world), BLOCK.name);
  assertVerified(await world.sync('tor 198.51.100.9\nmail:mail 203.0.113.2'));
  assert.equal(await world.view(), '198.51.100.9');
});

test('put back to a commit whose list follows an upstream: what is live of it stays, whatever its copy says; where nothing is, the copy', async (t) => {
  const world = await tenant(t);
  const copyOf = (value: string) => async (commit: string) => {
    const pulled = new Map([['tor', { channel: BLOCK.name, copiedAt: Date.parse('2026-11-20T12:00:00Z') }]]);
    return { commit, entries: linesOf(`tor ${value}\nmanual 198.51.100.4`).map(entryOf), pulled };
  };
  assertVerified(await world.sync('tor 198.51.100.1\ntor 198.51.100.2\nmanual 198.51.100.3'));
  const report = await panicTo(world, COMMIT, copyOf('198.51.100.66'));
  assert.deepEqual(report.notices, [
    'list tor follows an upstream, of which a commit tells nothing: what is live of it stays as it is',
  ]);
  assert(report.feeds.every(({ verified }) => verified));
  assert.equal(await world.view(), '198.51.100.1\n198.51.100.2\n198.51.100.4');
  assertVerified(await world.sync('manual 198.51.100.3', { listsAt: copyOf('198.51.100.67') }));
  assert.equal(await world.view(), '198.51.100.1\n198.51.100.2\n198.51.100.4');

  await panicTo(world, 'empty');
  assert.equal(await world.view(), '');
  const [notice = ''] = (await panicTo(world, COMMIT, copyOf('198.51.100.66'))).notices;
  assert.match(
    notice,
    /; nothing of it is live, so its last good copy is published, 1 entries of 2026-11-20T12:00:00\.000Z$/,
  );
  assert.equal(await world.view(), '198.51.100.4\n198.51.100.66');
  assertVerified(await world.sync('manual 198.51.100.3', { listsAt: copyOf('198.51.100.67') }));
});

test('a commit that this checkout does not have: nothing is touched, and nothing is proved', async (t) => {
  const world = await tenant(t);
  await world.sync(OLD);
  await panicTo(world, COMMIT);
  const report = await world.sync('tor 198.51.100.9', { listsAt: async () => ({ unreadable: 'it is not here' }) });
  assert.equal(report.result, 'not-verified');
  assert.match(
    resultOf(report),
    /firewall-block is on hold at 0123456789abcdef\S*, which cannot be read here: it is not here/,
  );
  assert.equal(report.requests.mutating, 0);
});

test('emptied: what others keep in the feed is named and left, the end of the feed itself is prolonged, nothing is collected', async (t) => {
  const world = await tenant(t);
  await world.sync(OLD);
  const indicator = (await world.all('indicator')).find(({ title }) => String(title).endsWith('Indicator_IPv4'));
  const foreign = await makeJudgement(world.call, '203.0.113.50');
  await makeLink(world.call, foreign.id, String(indicator?.id));
  const report = await panicTo(world, 'empty');
  const ip = report.feeds.find(({ type }) => type === 'ip');
  assert.deepEqual([ip?.verified, ip?.foreign.some, ip?.extra.count], [true, ['203.0.113.50'], 0]);
  assert.equal(await world.view(), '203.0.113.50');
  world.time.step(100 * DAY);
  const run = await world.sync('tor 198.51.100.9');
  assertVerified(run);
  assert.equal((await world.all('judgement')).filter(isOurs).length, 2);
  const ends = (await world.all('feed')).map(({ lifetime }) => (lifetime as { end_time: string }).end_time);
  const now = world.time.serverClock.now();
  assert(
    ends.every((end) => Date.parse(end) - now > 170 * DAY),
    ends.join(),
  );
  await assertSettled(world, 'tor 198.51.100.9');
});

test('stopped midway: the hold stands before anything left, and said again it is finished', async (t) => {
  const world = await tenant(t);
  await world.sync(OLD);
  world.intercept = (request, send) => {
    if (request.method === 'PUT') throw new Error('killed');
    return send(request);
  };
  await assert.rejects(panicTo(world, 'empty'));
  world.intercept = undefined;
  const live = async () => (await world.all('judgement')).filter((it) => isLive(it, world.time.serverClock.now()));
  assert.equal((await live()).length, 2);
  world.time.step(5 * DAY);
  const run = await world.sync('tor 198.51.100.9');
  assert.deepEqual([run.result, run.counts.renew, run.requests.mutating], ['not-verified', 0, 0]);
  assert.deepEqual((await panicTo(world, 'empty')).failures, []);
  assert.equal(await world.view(), '');
  assertVerified(await world.sync('tor 198.51.100.9'));
  assert.equal(
    (await world.all('indicator')).filter(({ title }) => title === 'ctim-feeds hold firewall-block').length,
    1,
  );
});

test('at first contact, or of a channel that nobody knows: refused, nothing written', async (t) => {
  const world = await tenant(t);
  await assert.rejects(panicTo(world, 'empty'), /never applied anything/);
  assert.equal(world.server.requests.mutating, 0);
  await world.sync(OLD);
  world.server.requests.reset();
  const nobody = { channel: undefined, name: 'nobody', to: 'empty', reason: undefined };
  await assert.rejects(panic(hands(world), nobody), /there is no channel nobody: .* \(it has firewall-block\)/);
  await assert.rejects(panicTo(world, 'abcdef0'), /abcdef0 is nothing to go back to: it is not in this checkout/);
  await assert.rejects(release(hands(world), MAIL.name), /there is no channel mail/);
  assert.equal(world.server.requests.mutating, 0);
});
