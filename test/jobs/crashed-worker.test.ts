import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { start } from '../cli/ctim-feeds-process.ts';
import { addresses, inFeedOrder, OWNER, until, workbench } from './workbench.ts';

const MANY = 3500;
const FILES = {
  'tor.yaml': 'action: block\nentries_from: [tor.txt]\n',
  'tor.txt': addresses(MANY),
};
const IMPORT = { method: 'POST', path: /bundle\/import/ };

test('two worker processes share the batches of a sync and work by hand, and one writes at a time', async (t) => {
  const bench = await workbench(t, { files: FILES });
  const workers = [start(t, bench.folder, ['work'], bench.env), start(t, bench.folder, ['work'], bench.env)];
  for (const worker of workers) await worker.shows(/Working on ctim-feeds-acme-/);
  bench.server.faults.push({ on: IMPORT, times: 100, kind: 'slow', ms: 400 });

  const sync = bench.run('sync', { yes: true });
  await until('the first batch is on its way', () => bench.slow.now > 0);
  const byHand = Array.from({ length: 3 }, (_, n) =>
    bench.run('add', { value: `11.9.9.${n}`, for: '24h', reason: 'case 4711' }),
  );
  assert.equal((await sync).result?.result, 'verified', (await sync).failed);
  for (const { result, failed } of await Promise.all(byHand))
    assert.deepEqual(result?.shown, ['firewall-block/ip'], failed);

  assert.equal(bench.slow.most, 1, 'no two imports at once');
  assert.equal(bench.server.requests.byRoute.get('POST /ctia/bundle/import'), 4 + 3);
  assert.equal(await ownJudgements(bench), MANY + 3);
  assert.equal(await bench.view('ip'), inFeedOrder(`${addresses(MANY)}\n11.9.9.0\n11.9.9.1\n11.9.9.2`));
  const both = workers.map(({ stderr }) => stderr.match(/batch applied/g)?.length ?? 0);
  assert.equal(
    both.reduce((sum, count) => sum + count, 0),
    4,
  );

  for (const worker of workers) worker.child.kill('SIGTERM');
  for (const worker of workers) assert.equal((await worker.ended()).exit, 0, worker.stderr);
});

test('a worker killed in the middle of a batch: another one finishes the sync, without a duplicate', async (t) => {
  const bench = await workbench(t, { files: FILES });
  const doomed = start(t, bench.folder, ['work'], bench.env);
  await doomed.shows(/Working on/);
  bench.server.faults.push({ on: IMPORT, skip: 1, kind: 'slow', ms: 600_000 });
  const sync = bench.run('sync', { yes: true });
  await until('the second batch was written and is not answered', () => bench.slow.now === 1);

  const other = start(t, bench.folder, ['work'], bench.env);
  await other.shows(/Working on/);
  doomed.child.kill('SIGKILL');
  await once(doomed.child, 'close');
  // Its locks end by themselves after 15 s and 45 s; that wait is not what is tested.
  const { redis, keys, names } = bench.work;
  const [batch] = await bench.work.batches.getActive();
  for (const lock of [keys.lock, `bull:${names.batches}:${batch?.id}:lock`]) {
    const leftMs = await redis.pttl(lock);
    assert(leftMs > 0 && leftMs <= 45_000, `${lock} ends by itself, in ${leftMs} ms`);
    await redis.del(lock);
  }

  const { result, failed } = await sync;
  assert.equal(result?.result, 'verified', failed);
  assert.equal(result.counts.create, MANY);
  assert.equal(await ownJudgements(bench), MANY);
  assert.equal(await bench.view('ip'), inFeedOrder(addresses(MANY)));
  bench.server.requests.reset();
  assert.equal((await bench.run('sync')).result.unchanged, MANY);
  assert.equal(bench.server.requests.mutating, 0);
});

async function ownJudgements(bench: Awaited<ReturnType<typeof workbench>>): Promise<number> {
  const { headers } = await bench.get(`/ctia/judgement/external_id/${OWNER}-owned?limit=1`);
  return Number(headers.get('x-total-hits'));
}
