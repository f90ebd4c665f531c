import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Queue, Worker } from '../../src/jobs/bullmq.ts';
import { latestReports, noteReport } from '../../src/jobs/history.ts';
import { leaveSlot, takeSlot } from '../../src/jobs/run-slot.ts';
import { schedulesFor, upsertSchedules } from '../../src/jobs/schedules.ts';
import type { Report } from '../../src/reconcile/report.ts';
import { DAY, HOUR, MINUTE, SECOND, systemClock } from '../../src/runtime/clock.ts';
import { steppedClock } from '../embedded-ctia/fixture.ts';
import { redisForTests } from './redis-for-tests.ts';
import { OWNER, until, workbench } from './workbench.ts';

const { connection, redis, other } = await redisForTests();

test('one sync has the slot; it is taken over from one that ended, failed or is gone', async (t) => {
  const queue = new Queue('slot', { connection });
  t.after(() => queue.close());
  const [running, next] = [await queue.add('sync', {}), await queue.add('sync', {})].map(({ id }) => String(id));
  assert(running && next);
  assert.equal(await takeSlot(redis, 'slot', queue, running), true);
  assert.equal(await takeSlot(redis, 'slot', queue, running), true, 'again after a restart');
  assert.equal(await takeSlot(other, 'slot', queue, next), false);
  await leaveSlot(other, 'slot', next);
  assert.equal(await takeSlot(other, 'slot', queue, next), false, 'only the holder leaves it');

  const worker = new Worker('slot', async () => Promise.reject(new Error('the worker fails')), { connection });
  worker.on('error', () => {});
  t.after(() => worker.close());
  await until('the job failed', async () => (await queue.getJobState(running)) === 'failed');
  assert.equal(await takeSlot(other, 'slot', queue, next), true, 'its holder failed');
  await queue.remove(next);
  assert.equal(await takeSlot(redis, 'slot', queue, 'another'), true, 'its holder is gone');
  await leaveSlot(redis, 'slot', 'another');
  assert.equal(await redis.get('slot'), null);
});

test('a second sync waits for the first, and both end verified', async (t) => {
  const files = { 'tor.yaml': 'action: block\nobservables: [11.0.0.1]\n' };
  const bench = await workbench(t, { files });
  bench.startWorkers();
  await bench.work.batches.pause();
  const first = bench.run('sync');
  await until('the first waits for its batch', async () => (await bench.work.requests.getWaitingChildrenCount()) === 1);
  const second = bench.run('sync');
  await until('the second is put back', async () => {
    const [job] = await bench.work.requests.getDelayed();
    return job !== undefined;
  });
  await bench.work.batches.resume();
  assert.equal((await first).result.counts.create, 1);
  const { result } = await second;
  assert.equal(result.result, 'verified');
  assert.equal(result.counts.create, 0, 'it planned on what the first had done');
  assert.equal((await bench.get(`/ctia/judgement/external_id/${OWNER}-owned`)).json.length, 1);
});

test('the history keeps the newest 200 reports', async () => {
  for (let n = 1; n <= 205; n += 1) await noteReport(redis, 'history', { run: String(n) } as Report);
  assert.equal(await redis.llen('history'), 200);
  assert.deepEqual(
    (await latestReports(redis, 'history', 2)).map(({ run }) => run),
    ['205', '204'],
  );
});

test('two workers that start have one schedule of each kind between them, and a restart delays none', async (t) => {
  const clock = steppedClock(systemClock.now());
  const began = clock.now();
  const worker = () => {
    const [requests, renewals, batches] = ['schedules', 'schedules-renewals', 'schedules-batches'].map((name) => {
      const queue = new Queue(name, { connection });
      t.after(() => queue.close());
      return queue;
    });
    assert(requests && renewals && batches);
    return { requests, renewals, batches, clock };
  };
  const [one, two] = [worker(), worker()];
  const seen = async () =>
    [...(await one.requests.getJobSchedulers()), ...(await one.renewals.getJobSchedulers())]
      .map(({ name, every, template, next }) => ({ name, every, data: template?.data, inMs: (next ?? 0) - began }))
      .sort((a, b) => a.inMs - b.inMs);
  const schedules = schedulesFor(HOUR / 4);
  await upsertSchedules(one, schedules);
  const [renew, ...others] = await seen();
  assert.deepEqual(others, [
    { name: 'sync', every: HOUR, data: { v: 1 }, inMs: HOUR },
    { name: 'audit', every: DAY, data: { v: 1 }, inMs: DAY },
  ]);
  assert(renew && renew.name === 'renew' && renew.inMs < 10 * SECOND, 'a renewal may be overdue: at once');
  await upsertSchedules(two, schedules);
  clock.step(HOUR / 2);
  await upsertSchedules(two, schedules);
  assert.deepEqual(await seen(), [renew, ...others]);
  const waiting = { waiting: 0, active: 0, prioritized: 0, delayed: 2 };
  assert.deepEqual(await one.requests.getJobCounts('waiting', 'active', 'prioritized', 'delayed'), waiting);

  await one.requests.upsertJobScheduler('schedule-upstream-tor', { every: HOUR }, { name: 'sync', data: { v: 1 } });
  await one.requests.upsertJobScheduler('of-somebody-else', { every: HOUR }, { name: 'sync', data: { v: 1 } });
  await upsertSchedules(two, schedulesFor(5 * MINUTE));
  const left = [...(await one.requests.getJobSchedulers()), ...(await one.renewals.getJobSchedulers())];
  assert.deepEqual(
    left.map(({ key, every }) => [key, every]).sort(),
    [
      ['of-somebody-else', HOUR],
      ['schedule-audit', DAY],
      ['schedule-renew', 5 * MINUTE],
      ['schedule-sync', HOUR],
    ],
    'what nobody wants any more is gone, what changed has its new period, what is not ours stays',
  );
});
