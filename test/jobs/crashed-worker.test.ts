import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { addresses, inFeedOrder, OWNER, until, workbench } from './workbench.ts';

const MANY = 2500;
const FILES = {
  'tor.yaml': 'action: block\nentries_from: [tor.txt]\n',
  'tor.txt': addresses(MANY),
};
const IMPORT = { method: 'POST', path: /bundle\/import/ };

test('a worker killed in the middle of a batch: another one finishes the sync, without a duplicate', async (t) => {
  const bench = await workbench(t, { files: FILES });
  const doomed = await bench.startWorkProcess();
  bench.server.faults.push({ on: IMPORT, skip: 1, kind: 'slow', ms: 600_000 });
  const sync = bench.run('sync', { yes: true });
  await until('the second batch was written and is not answered', () => bench.slow.now === 1);

  await bench.startWorkProcess();
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
