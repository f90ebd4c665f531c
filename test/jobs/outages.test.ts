import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { lives } from '../../src/jobs/process-identity.ts';
import { addresses, inFeedOrder, OWNER, until, type Workbench, workbench } from './workbench.ts';

const MANY = 2500;
const FILES = {
  'tor.yaml': 'action: block\nentries_from: [tor.txt]\n',
  'tor.txt': addresses(MANY),
};
const IMPORT = { method: 'POST', path: /bundle\/import/ };

async function checkPublishedOnce(bench: Workbench) {
  const { headers } = await bench.get(`/ctia/judgement/external_id/${OWNER}-owned?limit=1`);
  assert.equal(Number(headers.get('x-total-hits')), MANY);
  assert.equal(await bench.view('ip'), inFeedOrder(addresses(MANY)));
}

test('Redis killed in the middle of a sync: it is started again and the jobs go on', async (t) => {
  const bench = await workbench(t, { files: FILES });
  await bench.startWorkProcess();
  bench.server.faults.push({ on: IMPORT, skip: 1, kind: 'slow', ms: 1500 });
  const job = await bench.work.requests.add('sync', { v: 1, yes: true });
  await until('the second batch is on its way', () => bench.slow.now === 1);

  const recorded = () => JSON.parse(readFileSync(join(bench.folder, 'redis', 'server'), 'utf8')).identity as string;
  const killed = recorded();
  process.kill(Number(killed.split(' ')[0]), 'SIGKILL');
  await until('it is dead', () => !lives(killed));
  await until('another one runs', () => recorded() !== killed && lives(recorded()));
  await until('the sync is done', async () => (await job.getState().catch(() => '')) === 'completed', 25_000);
  const report = (await bench.work.requests.getJob(job.id ?? ''))?.returnvalue;
  assert.equal(report.result, 'verified');
  await checkPublishedOnce(bench);
});

test('CTIA goes away in the middle of a sync and comes back: the jobs go on', async (t) => {
  const bench = await workbench(t, { files: FILES });
  bench.startWorkers();
  bench.server.faults.push({ on: IMPORT, skip: 1, kind: 'slow', ms: 600_000 });
  const sync = bench.run('sync', { yes: true });
  await until('the second batch is on its way', () => bench.slow.now === 1);
  await bench.closeServer();
  await until(
    'the batch waits for another try',
    async () => (await bench.work.batches.getDelayedCount()) === 1,
    20_000,
  );
  const [waiting] = await bench.work.batches.getDelayed();
  assert.match(waiting?.failedReason ?? '', /POST .*bundle\/import/);
  await bench.reopenServer();
  const { result, failed } = await sync;
  assert.equal(result?.result, 'verified', failed);
  await checkPublishedOnce(bench);
});

test('SIGTERM in the middle of a batch: the job in flight is finished, the rest left in the queue, status 0', async (t) => {
  const bench = await workbench(t, { files: FILES });
  const worker = await bench.startWorkProcess();
  bench.server.faults.push({ on: IMPORT, skip: 1, kind: 'slow', ms: 1000 });
  const sync = bench.run('sync', { yes: true });
  await until('the second batch is on its way', () => bench.slow.now === 1);
  worker.child.kill('SIGTERM');
  const { exit, stderr } = await worker.ended();
  assert.equal(exit, 0, stderr);
  assert.match(stderr, /Stopping in order/);
  assert.equal(bench.server.requests.byRoute.get('POST /ctia/bundle/import'), 2, 'it was not sent again');
  const counts = await bench.work.batches.getJobCounts('active', 'completed', 'waiting', 'prioritized');
  assert.deepEqual(counts, { active: 0, completed: 2, waiting: 1, prioritized: 0 });

  bench.startWorkers();
  const { result, failed } = await sync;
  assert.equal(result?.result, 'verified', failed);
  await checkPublishedOnce(bench);
});
