import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import type { Job } from 'bullmq';
import { makeWriterLock } from '../../src/jobs/lock.ts';
import type { Errand } from '../../src/jobs/rate-budget.ts';
import { requestsFor } from '../../src/jobs/rate-budget.ts';
import type { RenewalReport } from '../../src/jobs/renew.ts';
import { keepSchedules } from '../../src/jobs/schedules.ts';
import { deskFor } from '../../src/jobs/workplace.ts';
import { applyBatch, makeApplyContext } from '../../src/reconcile/apply.ts';
import { type Clock, DAY, HOUR, MINUTE } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { addresses, inFeedOrder, OWNER, until, type Workbench, workbench } from './workbench.ts';

const LIST = 'action: block\nobservables: [11.0.0.1, 11.0.0.2, 11.0.0.3]\n';
const VIEW = '11.0.0.1\n11.0.0.2\n11.0.0.3';
const PUT = 'PUT /ctia/bulk';

/** Three addresses, published four days ago for seven. Workers run, schedules do not. */
async function due(t: TestContext): Promise<Workbench> {
  const bench = await workbench(t, { files: { 'tor.yaml': LIST } });
  bench.startWorkers();
  assert.equal((await bench.run('sync')).result?.result, 'verified');
  bench.step(4 * DAY);
  return bench;
}

async function renew(bench: Workbench): Promise<RenewalReport> {
  return ended(bench, await bench.work.renewals.add('renew', { v: 1 }));
}

async function ended({ work }: Workbench, { id = '' }: Job): Promise<RenewalReport> {
  const state = await until('the renewal ended', async () => {
    const now = await work.renewals.getJobState(id);
    return now === 'completed' || now === 'failed' ? now : undefined;
  });
  const job = await work.renewals.getJob(id);
  assert.equal(state, 'completed', job?.failedReason);
  return job?.returnvalue;
}

async function endsOf(bench: Workbench): Promise<number[]> {
  const { json } = await bench.get(`/ctia/judgement/external_id/${OWNER}-owned?limit=10000`);
  return json.map((it: { valid_time: { end_time: string } }) => Date.parse(it.valid_time.end_time));
}

function puts({ server }: Workbench): number {
  return server.requests.byRoute.get(PUT) ?? 0;
}

test('a renewal reads no list and needs no settings: what is live stays live, in one request', async (t) => {
  const bench = await due(t);
  bench.write('tor.yaml', 'action: bl\n  ock: [');
  bench.write('settings.yaml', 'owner: [');
  const report = await renew(bench);
  assert.deepEqual(
    [report.result, report.renewed, report.live, report.failures, report.read.from],
    ['renewed', 3, 3, [], 'ledger'],
  );
  assert.equal(report.requests.mutating, 1);
  assert.equal(report.requests.total, 3, 'the state, twice since four days end a token, and the PUT');
  const now = Date.now() + 4 * DAY;
  for (const end of await endsOf(bench)) assert.ok(end >= now + 7 * DAY - HOUR);
  const again = await renew(bench);
  assert.deepEqual([again.renewed, again.requests.mutating], [0, 0], 'the ledger knows what was renewed');
  const sync = await bench.run('sync');
  assert.equal(sync.result?.result, 'problems', 'a broken list is still one');
  assert.equal(sync.result?.counts.renew, 0);
});

test('by succession the first to lapse is the first entry to leave, not the first judgement that was followed', async (t) => {
  const bench = await due(t);
  await bench.work.rights.learn('lacks create-casebook');
  const { renewed, live, firstLapse } = await renew(bench);
  assert.deepEqual([renewed, live], [3, 3]);
  assert.ok(Date.parse(firstLapse ?? '') > Date.now() + (4 + 6) * DAY, String(firstLapse));
});

test('a sync renews before it reads lists: it fails as it must, with the renewals done', async (t) => {
  const bench = await due(t);
  const { failed } = await bench.run('sync', { revision: 'another' });
  assert.match(failed ?? '', /^refused: this worker holds/);
  assert.equal(puts(bench), 1);
  bench.step(4 * DAY);
  bench.write('tor.yaml', 'action: bl');
  const { result } = await bench.run('sync');
  assert.deepEqual([result?.result, result?.counts.renew], ['problems', 3]);
  assert.equal(await bench.view('ip'), VIEW);
});

test('a sync without a ledger reads in full, renews, and leaves a ledger that knows the renewals and the feeds', async (t) => {
  const bench = await due(t);
  await bench.work.redis.del(bench.work.keys.ledger);
  const { result } = await bench.run('sync');
  assert.deepEqual([result?.result, result?.read.from, result?.counts.renew], ['verified', 'ctia', 3]);
  const facts = await bench.work.ledger.store.facts();
  assert('id' in facts);
  assert.equal(facts.entities?.titles.length, 10, 'five indicators and five feeds');
  const again = await renew(bench);
  assert.deepEqual([again.renewed, again.read.from], [0, 'ledger']);
});

test('a worker that is started while lists and settings are gone renews all the same', async (t) => {
  const bench = await workbench(t, { files: { 'tor.yaml': LIST } });
  const first = await bench.startWorkProcess();
  assert.equal((await bench.run('sync', { yes: true })).result?.result, 'verified');
  first.child.kill('SIGTERM');
  await first.ended();
  bench.step(4 * DAY);
  const before = puts(bench);
  rmSync(bench.feedsDir, { recursive: true });
  // The schedule of the first one is minutes away; a Redis without it is the harder case.
  await bench.work.redis.flushall();
  await bench.startWorkProcess();
  await until('what is due is renewed', () => puts(bench) === before + 1);
});

test('only renewals go into the queue of renewals', async (t) => {
  const bench = await workbench(t);
  bench.startWorkers();
  const job = await bench.work.renewals.add('sync', { v: 1 });
  await until('it failed', async () => (await job.getState()) === 'failed');
  const { failedReason } = (await bench.work.renewals.getJob(job.id ?? '')) ?? {};
  assert.match(failedReason ?? '', /^refused: sync does not go into this queue, but into ctim-feeds-acme-/);
});

test('a renewal goes between two batches of a long sync, although the lock is hardly ever free', async (t) => {
  const bench = await due(t);
  await bench.run('sync');
  bench.write('many.yaml', 'action: block\nentries_from: [many.txt]\n');
  bench.write('many.txt', addresses(5000).replaceAll('11.0.', '12.0.'));
  bench.server.faults.push({ on: { method: 'POST', path: /bundle\/import/ }, kind: 'slow', ms: 700, times: 9 });
  const sync = bench.run('sync', { force: true });
  await until('its first batch is on its way', () => bench.slow.now === 1);
  bench.step(4 * DAY);
  const before = puts(bench);
  const report = await renew(bench);
  assert.equal(report.renewed, 3);
  assert.equal(puts(bench), before + 1);
  const imports = bench.server.requests.byRoute.get('POST /ctia/bundle/import') ?? 0;
  assert.ok(imports <= 1 + 2, `it waited for ${imports} imports`);
  assert.equal((await sync).result?.result, 'verified');
  assert.equal(await bench.view('ip'), `${VIEW}\n${inFeedOrder(addresses(5000).replaceAll('11.0.', '12.0.'))}`);
});

/** As if that many requests had just been sent. */
async function useUp({ work }: Workbench, count: number): Promise<void> {
  const now = Date.now();
  const members = Array.from({ length: count }, (_, n) => [now, `used-${n}`]).flat();
  await work.redis.zadd(work.keys.requestTimes, ...members);
}

test('when creates have used up their share of the hour renewals and people still have theirs', async (t) => {
  const bench = await due(t);
  await useUp(bench, requestsFor('sync'));
  bench.write('tor.yaml', LIST.replace('[', '[11.0.0.4, '));
  const sync = await bench.work.requests.add('sync', { v: 1 }, { attempts: 5 });
  await until('its batch waits for its share', async () => (await bench.work.batches.getRateLimitTtl()) > MINUTE);
  assert.equal(await sync.getState(), 'waiting-children');
  assert.equal(puts(bench), 1, 'its first step renewed');
  const audit = await bench.work.requests.add('audit', { v: 1 }, { attempts: 5 });
  await until('an audit waits too', async () => (await audit.getState()) === 'delayed');
  bench.step(4 * DAY);
  assert.equal((await renew(bench)).renewed, 3);
  const { result, failed } = await bench.run('add', { value: '11.0.0.9', for: '24h', reason: 'case 1' });
  assert.deepEqual(result?.shown, ['firewall-block/ip'], failed);
  assert.equal(await bench.view('ip'), `${VIEW}\n11.0.0.9`, 'and nothing was created meanwhile');
});

test('what was withdrawn after a renewal had read it does not come back', async (t) => {
  const bench = await due(t);
  const { work } = bench;
  const desk = deskFor(work, silentLog, 'panic', 'a run');
  const facts = await work.ledger.store.facts();
  assert('id' in facts);
  const actual = await work.ledger.mirror.catchUp(facts);
  const [stored] = [...(actual?.judgements.values() ?? [])].flat();
  assert(stored);
  const { organisation } = await desk.client.identity();
  const context = makeApplyContext({
    ...{ client: desk.client, clock: work.clock, record: desk.record },
    self: { owner: OWNER, organisation },
    revision: 'by-hand',
    indicators: new Map(),
  });
  let job: Job | undefined;
  await desk.exclusively(async () => {
    job = await work.renewals.add('renew', { v: 1 });
    await until('it waits for its turn', () => work.redis.exists(`${work.keys.lock}:waits-for-renewal`));
    const changes = [{ kind: 'withdraw', feed: undefined, stored, after: [] }] as const;
    assert.deepEqual((await applyBatch(context, { kind: 'withdraw', changes }, new Set())).failures, []);
  });
  assert(job);
  const report = await ended(bench, job);
  assert.deepEqual([report.renewed, report.failures], [2, []]);
  assert.equal(
    await bench.view('ip'),
    VIEW.split('\n')
      .filter((it) => it !== stored.observable.value)
      .join('\n'),
  );
});

test('who waits for a renewal has the lock before the next batch, and who is gone does not hold it up', async (t) => {
  const { work } = await workbench(t);
  const { redis, clock } = work;
  const order: string[] = [];
  const lock = (errand: Errand) => makeWriterLock(redis, 'order', clock, undefined, errand);
  const batch = async (name: string) => lock('sync').exclusively(async () => order.push(name));
  let waiting: Promise<unknown>[] = [];
  await lock('sync').exclusively(async () => {
    waiting = [batch('batch'), lock('renewal').exclusively(async () => order.push('renewal'))];
    await until('the renewal asks', () => redis.exists('order:waits-for-renewal'));
  });
  await Promise.all(waiting);
  assert.deepEqual(order, ['renewal', 'batch']);
  await redis.set('order:waits-for-renewal', '1', 'PX', 300);
  await batch('a batch after somebody died');
});

test('whoever waits for the lock has it in the order of work, whoever asked first', async (t) => {
  const { work } = await workbench(t);
  const { redis, clock } = work;
  const order: string[] = [];
  const lock = (errand: Errand) => makeWriterLock(redis, 'order', clock, undefined, errand);
  const waiting: Promise<unknown>[] = [];
  await lock('sync').exclusively(async () => {
    for (const errand of ['sync', 'add', 'renewal', 'panic', 'remove'] as const) {
      waiting.push(lock(errand).exclusively(async () => order.push(errand)));
      await until(`${errand} asks`, () => redis.exists(`order:waits-for-${errand}`));
    }
  });
  await Promise.all(waiting);
  assert.deepEqual(order, ['panic', 'remove', 'add', 'renewal', 'sync']);
});

test('FLUSHALL under running workers: within a minute the schedules are back and a renewal is done', async (t) => {
  const bench = await due(t);
  const { work } = bench;
  const minutes: { ms: number; pass(): void }[] = [];
  const clock: Clock = {
    now: work.clock.now,
    sleep: (ms, signal) =>
      new Promise((pass, reject) => {
        minutes.push({ ms, pass });
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
  };
  bench.write('settings.yaml', `owner: ${OWNER}\nrenew: { every: 2m }\n`);
  const schedules = await keepSchedules({ ...work, clock });
  t.after(() => schedules.stop());
  const ids = async () =>
    [...(await work.requests.getJobSchedulers()), ...(await work.renewals.getJobSchedulers())]
      .map(({ key, every }) => `${key} ${(every ?? 0) / MINUTE}`)
      .sort();
  const ALL = ['schedule-audit 1440', 'schedule-renew 2', 'schedule-sync 60'];
  assert.deepEqual(await ids(), ALL);
  await until('what was due is renewed at once', () => puts(bench) === 1);

  bench.step(4 * DAY);
  bench.write('settings.yaml', 'owner: [');
  bench.write('tor.yaml', 'action: bl');
  await work.redis.flushall();
  assert.deepEqual(await ids(), []);
  assert.deepEqual(
    minutes.map(({ ms }) => ms),
    [MINUTE],
  );
  minutes[0]?.pass();
  await until('what is due is renewed', () => puts(bench) === 2);
  await until('the next minute begins', () => minutes.length === 2);
  assert.deepEqual(await ids(), ALL, 'settings that do not parse keep the schedules as they were');
  const now = Date.now() + 8 * DAY;
  for (const end of await endsOf(bench)) assert.ok(end >= now + 7 * DAY - HOUR);
  assert.equal(await bench.view('ip'), VIEW);
  assert.deepEqual(
    [await work.batches.getGlobalConcurrency(), await work.renewals.getGlobalConcurrency()],
    [1, 1],
    'and batches go one after the other, as before',
  );
});
