import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { test } from 'node:test';
import type { Redis } from 'ioredis';
import { redisKeys } from '../../src/jobs/keys.ts';
import { type LedgerFacts, type LedgerStore, makeLedgerStore } from '../../src/jobs/ledger.ts';
import { type LedgerMirror, makeLedgerMirror } from '../../src/jobs/ledger-mirror.ts';
import { LockLost, makeWriterLock, type WriterLock } from '../../src/jobs/lock.ts';
import type { Actual, ActualJudgement } from '../../src/plan/actual.ts';
import type { Learned } from '../../src/plan/learned.ts';
import type { FeedEntities } from '../../src/reconcile/feeds.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { judgementOf } from '../plan/situation.ts';
import { redisForTests } from './redis-for-tests.ts';

const { redis, other } = await redisForTests();

const NO_FEEDS: FeedEntities = { ownIndicators: [], ownFeeds: [], indicators: [], feeds: [], titles: [] };
const SEVEN = judgementOf('tor 198.51.100.7 g0 +6d link0');
const EIGHT = judgementOf('tor 198.51.100.8 g0 +6d link1');

const ATTEMPT = { at: 1, run: 'a run', who: 'sync', revision: 'c0ffee' };

/** One process that works with the ledger of a tenant. */
interface Writer {
  readonly store: LedgerStore;
  readonly lock: WriterLock;
  readonly mirror: LedgerMirror;
  /** How often its copy read all of the ledger. */
  readonly loads: number;
  facts(): Promise<LedgerFacts>;
  known(h: string): Promise<readonly ActualJudgement[]>;
  follow(): Promise<Actual>;
  write(facts: readonly Learned[]): Promise<void>;
  rewrite(actual: Actual): Promise<string | undefined>;
}

function writer(tenant: string, { end = redis, owner = 'acme' }: { end?: Redis; owner?: string } = {}): Writer {
  const keys = redisKeys(tenant, owner);
  const store = makeLedgerStore(end, keys, { tenant, owner });
  const lock = makeWriterLock(end, keys.lock, systemClock);
  let loads = 0;
  const mirror = makeLedgerMirror({
    ...store,
    allRecords(id) {
      loads += 1;
      return store.allRecords(id);
    },
  });
  const facts = async () => {
    const said = await store.facts();
    assert('id' in said, JSON.stringify(said));
    return said;
  };
  return {
    store,
    lock,
    mirror,
    facts,
    get loads() {
      return loads;
    },
    known: async (h) => (await store.records((await facts()).id, [h])).get(h)?.judgements ?? [],
    async follow() {
      const actual = await mirror.catchUp(await facts());
      assert(actual, 'nobody replaced it meanwhile');
      return { ...actual, judgements: new Map(actual.judgements) };
    },
    write: (learned) =>
      lock.exclusively(async () => {
        const record = store.recorder(lock);
        await record.begin([...new Set(learned.map(({ h }) => h))], ATTEMPT);
        await record.end(learned);
      }),
    async rewrite(actual) {
      const stamp = await store.takeStamp(lock);
      return store.rewrite(lock, { stamp, actual, entities: NO_FEEDS, readAt: '2026-11-25T02:00:00.000Z' });
    },
  };
}

function holding(...judgements: ActualJudgement[]): Actual {
  return { judgements: new Map(judgements.map((it) => [it.h, [it]])), dangling: new Map() };
}

test('a ledger is known to its own tenant and owner alone', async () => {
  const ours = writer('https://ctia.eu.test org-1');
  await ours.rewrite(holding(SEVEN));
  assert.deepEqual(await ours.known(SEVEN.h), [SEVEN]);
  for (const stranger of [
    writer('https://ctia.us.test org-1'),
    writer('https://ctia.eu.test org-2'),
    writer('https://ctia.eu.test org-1', { owner: 'acmelab' }),
  ]) {
    assert.deepEqual(await stranger.store.facts(), { unusable: 'there is no ledger' });
  }
  // Keys that lie where another's would: copied by hand, or named otherwise in another release.
  const keys = redisKeys('https://ctia.eu.test org-1', 'acme');
  const mistaken = makeLedgerStore(redis, keys, { tenant: 'https://ctia.us.test org-1', owner: 'acme' });
  assert.deepEqual(await mistaken.facts(), {
    unusable: 'the ledger is of acme@https://ctia.eu.test org-1, not of acme@https://ctia.us.test org-1',
  });
});

test('a ledger of another format is not read', async () => {
  const ours = writer('format');
  await ours.rewrite(holding(SEVEN));
  await redis.hset(redisKeys('format', 'acme').ledger, 'format', '0');
  assert.match(JSON.stringify(await ours.store.facts()), /of format 0, not \d/);
});

test('what one worker writes the copy of the other follows, and reads no more than that', async () => {
  const [one, two] = [writer('two workers'), writer('two workers', { end: other })];
  await one.rewrite(holding(SEVEN));
  assert.deepEqual((await two.follow()).judgements, holding(SEVEN).judgements);
  const ended = { ...SEVEN, end: SEVEN.end - 1 };
  await one.write([
    { h: SEVEN.h, judgement: ended },
    { h: EIGHT.h, judgement: EIGHT },
  ]);
  assert.deepEqual((await two.follow()).judgements, holding(ended, EIGHT).judgements);
  await one.write([{ h: EIGHT.h, gone: EIGHT.id }]);
  const last = await two.follow();
  assert.deepEqual(last.judgements, holding(ended).judgements);
  assert.deepEqual(last.dangling, new Map([[EIGHT.h, EIGHT.links]]), 'a deleted judgement leaves its links behind');
  assert.equal(two.loads, 1, 'all of it once, at the start');
});

test('a copy that is newer than what its job was told stays as it is', async () => {
  const [one, two] = [writer('newer'), writer('newer', { end: other })];
  await one.rewrite(holding());
  await one.write([{ h: SEVEN.h, judgement: SEVEN }]);
  const before = await two.facts();
  await one.write([{ h: EIGHT.h, judgement: EIGHT }]);
  await two.follow();
  const actual = await two.mirror.catchUp(before);
  assert.deepEqual(new Map(actual?.judgements), holding(SEVEN, EIGHT).judgements);
  assert.equal(two.loads, 1);
});

test('a copy that missed more than the log holds reads all of it again', async () => {
  const [one, two] = [writer('missed'), writer('missed', { end: other })];
  await one.rewrite(holding(SEVEN));
  await two.follow();
  await one.write([{ h: EIGHT.h, judgement: EIGHT }]);
  for (let n = 0; n < 256; n += 1) await one.write([{ h: SEVEN.h, judgement: { ...SEVEN, end: SEVEN.end + n } }]);
  const { judgements } = await two.follow();
  assert.deepEqual(judgements, holding({ ...SEVEN, end: SEVEN.end + 255 }, EIGHT).judgements);
  assert.equal(two.loads, 2);
  // A log that somebody deleted tells of nothing.
  await one.write([{ h: EIGHT.h, gone: EIGHT.id }]);
  await redis.del(`${redisKeys('missed', 'acme').ledger}:log`);
  assert.equal((await two.follow()).judgements.has(EIGHT.h), false);
});

test('a copy of a ledger that was replaced is not gone on with', async () => {
  const [one, two] = [writer('replaced'), writer('replaced', { end: other })];
  await one.rewrite(holding(SEVEN));
  await two.follow();
  const before = await two.facts();
  await one.rewrite(holding(EIGHT));
  assert.equal(await two.mirror.catchUp(before), undefined);
  assert.deepEqual((await two.follow()).judgements, holding(EIGHT).judgements);
});

test('a full read that a write overlapped does not become the ledger', async () => {
  const ours = writer('overlapped');
  await ours.rewrite(holding(SEVEN));
  const stamp = await ours.store.takeStamp(ours.lock);
  await ours.write([{ h: EIGHT.h, judgement: EIGHT }]);
  const late = { stamp, actual: holding(SEVEN), entities: NO_FEEDS, readAt: '2026-11-25T03:00:00.000Z' };
  assert.equal(await ours.store.rewrite(ours.lock, late), undefined);
  assert.deepEqual(await ours.known(EIGHT.h), [EIGHT]);
  const drafts = await redis.keys(`${redisKeys('overlapped', 'acme').ledger}:entries:*`);
  assert.equal(drafts.length, 1, 'the draft is gone');
});

test('a writer that lost the lock writes nothing, and leaves its marks', async () => {
  const [stopped, next] = [writer('lost lock'), writer('lost lock', { end: other })];
  await stopped.rewrite(holding(SEVEN));
  await stopped.lock.exclusively(async () => {
    const record = stopped.store.recorder(stopped.lock);
    await record.begin([SEVEN.h], ATTEMPT);
    assert.equal((await next.store.leftInFlight()).size, 0, 'it may still be at it');
    await redis.pexpire(redisKeys('lost lock', 'acme').lock, 1);
    await next.lock.exclusively(async () => {
      await assert.rejects(record.end([{ h: SEVEN.h, gone: SEVEN.id }]), LockLost);
      assert.deepEqual([...(await next.store.leftInFlight())], [[SEVEN.h, ATTEMPT]]);
    });
  });
  assert.deepEqual(await next.known(SEVEN.h), [SEVEN]);
});

test('an answer that contradicts the ledger makes it unusable, and a full read makes it good again', async () => {
  const cases: [string, Learned, number][] = [
    ['found what it does not hold', { h: EIGHT.h, judgement: EIGHT, found: true }, 1],
    ['made what it does not hold', { h: EIGHT.h, judgement: EIGHT }, 0],
    ['found what it holds', { h: SEVEN.h, judgement: SEVEN, found: true }, 0],
    ['lost what it holds', { h: SEVEN.h, gone: SEVEN.id, lost: true }, 1],
    ['deleted what it holds', { h: SEVEN.h, gone: SEVEN.id }, 0],
    ['lost what it does not hold', { h: EIGHT.h, gone: EIGHT.id, lost: true }, 0],
  ];
  for (const [name, fact, doubts] of cases) {
    const ours = writer(name);
    await ours.rewrite(holding(SEVEN));
    await ours.write([fact]);
    const said = await ours.store.facts();
    const doubt = { unusable: 'CTIA holds 1 of 1 entries otherwise than the ledger said' };
    if (doubts > 0) assert.deepEqual(said, doubt, name);
    else assert.equal('id' in said, true, name);
    await ours.rewrite(holding(SEVEN));
    assert.equal((await ours.facts()).version, 0, name);
  }
});

test('what an attempt before this one may have written contradicts nothing', async () => {
  const ours = writer('second attempt');
  await ours.rewrite(holding(SEVEN));
  const died = makeWriterLock(redis, redisKeys('second attempt', 'acme').lock, systemClock);
  await died.exclusively(() => ours.store.recorder(died).begin([EIGHT.h], ATTEMPT));
  await ours.write([{ h: EIGHT.h, judgement: EIGHT, found: true }]);
  assert.deepEqual(await ours.known(EIGHT.h), [EIGHT]);
  assert.equal((await ours.store.leftInFlight()).size, 0);
});

test('a ledger of a hundred thousand is written and loaded without stopping the event loop', async () => {
  const ours = writer('large');
  const many = Array.from({ length: 100_000 }, (_, n) => ({ ...SEVEN, h: `${SEVEN.h.slice(8)}${n}`, id: `${n}` }));
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  await ours.rewrite(holding(...many));
  const actual = await ours.follow();
  delay.disable();
  assert.equal(actual.judgements.size, many.length);
  assert.deepEqual(actual.judgements.get(many[77_777]?.h ?? ''), [many[77_777]]);
  const words = new Set([...actual.judgements.values()].map(([judgement]) => judgement?.words));
  assert.equal(words.size, 1, 'what all of them say is kept once');
  assert(delay.max < 1e9, `stopped for ${delay.max / 1e6} ms`);
});
