import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCtiaClient } from '../../src/ctia/client.ts';
import { readWill } from '../../src/jobs/desired.ts';
import { NO_APPROVAL } from '../../src/plan/safety.ts';
import { run } from '../../src/reconcile/run.ts';
import { OWNER, until, type Workbench, workbench } from './workbench.ts';

const TOR = `action: block
observables:
  - 198.51.100.7
  - 198.51.100.9
  - evil.example
`;
const ALLOW_DOCUMENTATION = `owner: ${OWNER}\nguards: { documentation: allow }\n`;

async function prepared(t: Parameters<typeof workbench>[0]): Promise<Workbench> {
  const bench = await workbench(t, { files: { 'settings.yaml': ALLOW_DOCUMENTATION, 'tor.yaml': TOR } });
  bench.startWorkers();
  return bench;
}

const NO_CHANGE = { create: 0, link: 0, adopt: 0, revive: 0, change: 0, renew: 0, withdraw: 0, unlink: 0, collect: 0 };

test('a first sync publishes, and a second one sends no write', async (t) => {
  const bench = await prepared(t);
  const first = await bench.run('sync');
  assert.equal(first.result?.result, 'verified', first.failed);
  assert.deepEqual(first.result.counts, { ...NO_CHANGE, create: 3 });
  assert.equal(await bench.view('ip'), '198.51.100.7\n198.51.100.9');
  assert.equal(await bench.view('domain'), 'evil.example');

  bench.server.requests.reset();
  const second = await bench.run('sync');
  assert.equal(second.result.result, 'verified');
  assert.deepEqual(second.result.counts, NO_CHANGE);
  assert.equal(second.result.unchanged, 3);
  assert.deepEqual(second.result.requests, { total: second.result.requests.total, mutating: 0 });
  assert.equal(bench.server.requests.mutating, 0);
});

test('editing one entry and syncing changes exactly that entry in view.txt', async (t) => {
  const bench = await prepared(t);
  await bench.run('sync', { yes: true });
  assert.equal(await bench.view('ip'), '198.51.100.7\n198.51.100.9');
  bench.write('tor.yaml', TOR.replace('198.51.100.9', '203.0.113.5'));
  const { result } = await bench.run('sync');
  assert.equal(result.result, 'verified');
  assert.deepEqual(result.counts, { ...NO_CHANGE, create: 1, withdraw: 1 });
  assert.equal(await bench.view('ip'), '198.51.100.7\n203.0.113.5');
  assert.equal(await bench.view('domain'), 'evil.example');
});

test('the report through the queue says what apply says', async (t) => {
  const bench = await prepared(t);
  const queued = (await bench.run('sync', { yes: true })).result;

  const other = await workbench(t, { files: { 'settings.yaml': ALLOW_DOCUMENTATION, 'tor.yaml': TOR } });
  const client = makeCtiaClient({ connection: other.ctia, clock: other.work.clock, patienceMs: 0 });
  const applied = await run({
    run: 'apply',
    client,
    clock: other.work.clock,
    owner: OWNER,
    ownEmbedded: true,
    approval: { ...NO_APPROVAL, yes: true },
    exclusively: (work) => work(),
    readDesired: async (adhocAllow) =>
      (await readWill({ feedsDir: other.feedsDir, ownEmbedded: true, adhocAllow, now: client.serverNow() })).desired,
  });
  // biome-ignore lint/suspicious/noExplicitAny: a report of either way
  const substance = ({ kind, owner, result, counts, unchanged, held, failures, feeds, requests }: any) => ({
    ...{ kind, owner, result, counts, unchanged, held, failures, mutating: requests.mutating },
    feeds: feeds.map(({ url: _, at: __, ...rest }: { url: string; at: string }) => rest),
  });
  assert.deepEqual(substance(queued), substance(JSON.parse(JSON.stringify(applied))));
});

test('the flow of a sync: withdrawals wait for all that enters, the sync for the last of them', async (t) => {
  const bench = await prepared(t);
  await bench.run('sync', { yes: true });
  bench.write('tor.yaml', 'action: block\nobservables: [198.51.100.7, new.example, 203.0.113.8]\n');
  await bench.work.batches.pause();
  const running = bench.run('sync', { force: true });
  const flow = await until('the sync waits for its batches', async () => {
    const [waiting] = await bench.work.requests.getWaitingChildren();
    if (waiting?.id === undefined) return undefined;
    return bench.work.flows.getFlow({ queueName: bench.work.names.requests, id: waiting.id });
  });
  const shape = (node: typeof flow): unknown => ({
    name: node.job.name,
    waitsFor: node.children?.map(shape) ?? [],
  });
  assert.deepEqual(shape(flow), {
    name: 'sync',
    waitsFor: [{ name: 'withdraw', waitsFor: [{ name: 'import', waitsFor: [] }] }],
  });
  const [leaving] = flow.children ?? [];
  assert.equal(await leaving?.job.getState(), 'waiting-children');
  await bench.work.batches.resume();
  assert.equal((await running).result.result, 'verified');
  assert.equal(await bench.view('ip'), '198.51.100.7\n203.0.113.8');
  assert.equal(await bench.view('domain'), 'new.example');
});

test('an invalid line holds everything; nothing is written and the report names why', async (t) => {
  const bench = await prepared(t);
  await bench.run('sync', { yes: true });
  bench.write('tor.yaml', `${TOR}  - 1.2.3\n`);
  bench.server.requests.reset();
  const { result } = await bench.run('sync', { yes: true, force: true });
  assert.equal(result.result, 'problems');
  assert.match(result.held[0].message, /^1 error in the lists: feeds\/\S+:\d+:\d+ error .*; correct, then plan again/);
  assert.equal(bench.server.requests.mutating, 0);
});

test('a job that names another revision of the lists is refused at once', async (t) => {
  const bench = await prepared(t);
  const { failed, job } = await bench.run('sync', { revision: 'another' });
  assert.match(failed ?? '', /^refused: this worker holds .* of the lists, the job asks for another/);
  assert.equal(job.attemptsMade, 1);
  // The slot of the failed run does not hold up the next one.
  assert.equal((await bench.run('sync', { yes: true })).result.result, 'verified');
});

/** Starts a sync and stops it between its plan and its batches. */
async function plannedSync(bench: Workbench): Promise<{ goOn(): ReturnType<Workbench['run']> }> {
  await bench.work.batches.pause();
  const sync = bench.run('sync');
  await until('it waits for its batches', async () => (await bench.work.requests.getWaitingChildrenCount()) === 1);
  return {
    async goOn() {
      await bench.work.batches.resume();
      return sync;
    },
  };
}

/** Verify reads a view for ten seconds before it gives up; who knows why the view differs does not wait for that. */
function checkDidNotWait({ startedAt, endedAt }: { startedAt: string; endedAt: string }) {
  const ms = Date.parse(endedAt) - Date.parse(startedAt);
  assert(ms < 8000, `took ${ms} ms`);
}

test('what is added and removed by hand during a sync does not hold it up', async (t) => {
  const bench = await prepared(t);
  await bench.run('sync');
  bench.write('tor.yaml', `${TOR}  - 203.0.113.5\n`);
  const sync = await plannedSync(bench);
  await bench.run('add', { value: '203.0.113.99', for: '24h', reason: 'case 4711' });
  await bench.run('remove', { value: '198.51.100.7', for: '24h' });
  const { result } = await sync.goOn();
  assert.equal(result.result, 'verified');
  assert.deepEqual(result.counts, { ...NO_CHANGE, create: 1 });
  checkDidNotWait(result);
  assert.equal(await bench.view('ip'), '198.51.100.9\n203.0.113.5\n203.0.113.99');
});

test('lists that change during a sync are published by it, however often they do', async (t) => {
  const bench = await prepared(t);
  await bench.run('sync');
  let last = TOR;
  bench.write('tor.yaml', `${TOR}  - 203.0.113.1\n`);
  const sync = await plannedSync(bench);
  for (const n of [2, 3, 4]) {
    last = `${TOR}  - 203.0.113.${n}\n`;
    bench.write('tor.yaml', last);
  }
  const { result } = await sync.goOn();
  assert.equal(result.result, 'verified');
  assert.equal(result.feeds.length, 5, 'it is proved, not assumed');
  checkDidNotWait(result);
  assert.equal(await bench.view('ip'), '198.51.100.7\n198.51.100.9\n203.0.113.4');
});
