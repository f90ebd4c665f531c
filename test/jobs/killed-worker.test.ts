import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { longestTurn, MEASURED } from './turns.ts';
import { addresses, inFeedOrder, OWNER, until, workbench } from './workbench.ts';

const MANY = 20_000;
const IMPORT = { method: 'POST', path: /bundle\/import/ };
/** A job whose worker died is handed over within a minute; before that the writer's lock ends, which is the longer wait. */
const HANDED_OVER_MS = 60_000;
/** A worker that does not come to its turn cannot renew the locks of its jobs: another one would take them. */
const TURN_MS_MAX = 1000;

test('a worker is killed in the middle of 20,000 entries: the other one finishes by itself within a minute, verified, without a duplicate; no step blocks the event loop for a second', async (t) => {
  const bench = await workbench(t, {
    files: { 'tor.yaml': 'action: block\nentries_from: [tor.txt]\n', 'tor.txt': addresses(MANY) },
  });
  const doomed = await bench.startWorkProcess(MEASURED);
  bench.server.faults.push({ on: IMPORT, skip: 9, kind: 'slow', ms: 600_000 });
  const sync = bench.run('sync', { yes: true });
  await until('the tenth batch was written and is not answered', () => bench.slow.now === 1, HANDED_OVER_MS);
  const other = await bench.startWorkProcess(MEASURED);
  doomed.child.kill('SIGKILL');
  await once(doomed.child, 'close');
  const killedAt = performance.now();
  await until('the other one has taken a batch over', () => /"batch applied"/.test(other.stderr), HANDED_OVER_MS);
  assert.ok(performance.now() - killedAt < HANDED_OVER_MS);

  const { result, failed } = await sync;
  assert.equal(result?.result, 'verified', failed);
  assert.equal(result.counts.create, MANY);
  const { headers } = await bench.get(`/ctia/judgement/external_id/${OWNER}-owned?limit=1`);
  assert.equal(Number(headers.get('x-total-hits')), MANY);
  assert.equal(await bench.view('ip'), inFeedOrder(addresses(MANY)));
  bench.server.requests.reset();
  assert.equal((await bench.run('sync')).result.unchanged, MANY);
  assert.equal(bench.server.requests.mutating, 0);

  // Between them they read the lists, planned, packed and sent all batches, wrote the ledger and read the whole view.
  for (const worker of [doomed, other]) {
    const ms = longestTurn(worker);
    assert.ok(ms < TURN_MS_MAX, `a worker's event loop was blocked for ${ms} ms`);
  }
});
