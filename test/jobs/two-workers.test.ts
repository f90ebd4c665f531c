import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addresses, inFeedOrder, OWNER, until, workbench } from './workbench.ts';

const MANY = 2500;
const FILES = {
  'tor.yaml': 'action: block\nentries_from: [tor.txt]\n',
  'tor.txt': addresses(MANY),
};
const IMPORT = { method: 'POST', path: /bundle\/import/ };

test('T45 two worker processes share the batches of a sync, and one writes at a time', async (t) => {
  const bench = await workbench(t, { files: FILES });
  const workers = [await bench.startWorkProcess(), await bench.startWorkProcess()];
  bench.server.faults.push({ on: IMPORT, times: 100, kind: 'slow', ms: 200 });
  const { result, failed } = await bench.run('sync', { yes: true });
  assert.equal(result?.result, 'verified', failed);
  assert.equal(bench.slow.most, 1, 'no two imports at once');
  assert.equal(bench.server.requests.byRoute.get('POST /ctia/bundle/import'), 3);
  assert.equal(await ownJudgements(bench), MANY);
  assert.equal(await bench.view('ip'), inFeedOrder(addresses(MANY)));
  const timesLogged = (pattern: RegExp) =>
    workers.reduce((sum, { stderr }) => sum + (stderr.match(pattern)?.length ?? 0), 0);
  assert.equal(timesLogged(/"batch applied"/g), 3);

  // Whoever else writes, an `apply` or work by hand, has the lock: nothing goes out before it is given back.
  bench.write('tor.txt', `${addresses(MANY)}\n11.9.9.9`);
  bench.server.requests.reset();
  await bench.work.redis.set(bench.work.keys.lock, 'somebody else');
  const second = bench.run('sync');
  await until('the sync is planned', () => timesLogged(/"planned"/g) === 2);
  assert.equal(bench.server.requests.mutating, 0);
  await bench.work.redis.del(bench.work.keys.lock);
  assert.equal((await second).result.counts.create, 1);

  const told = new Set<string>();
  for await (const { changes, who } of bench.work.journal.records({}))
    for (const { kind, value } of changes) told.add(`${who} ${kind} ${value}`);
  assert.equal(told.size, MANY + 1, 'the journal has what both of them did');

  for (const worker of workers) worker.child.kill('SIGTERM');
  for (const worker of workers) assert.equal((await worker.ended()).exit, 0, worker.stderr);
});

async function ownJudgements(bench: Awaited<ReturnType<typeof workbench>>): Promise<number> {
  const { headers } = await bench.get(`/ctia/judgement/external_id/${OWNER}-owned?limit=1`);
  return Number(headers.get('x-total-hits'));
}
