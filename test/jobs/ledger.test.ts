import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCtiaClient } from '../../src/ctia/client.ts';
import { readWill } from '../../src/jobs/desired.ts';
import { deskFor } from '../../src/jobs/workplace.ts';
import type { Drift } from '../../src/plan/drift.ts';
import { NOTHING_HELD } from '../../src/plan/learned.ts';
import { NO_APPROVAL } from '../../src/plan/safety.ts';
import { run } from '../../src/reconcile/run.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { type Answer, call, tokenFor } from '../embedded-ctia/fixture.ts';
import { HEAD, SETTINGS, synced, TOR } from './synced-workbench.ts';
import { CLIENT, OWNER, until, type Workbench, workbench } from './workbench.ts';

/** As a colleague of the same organisation does it, past us. */
async function foreign({ server }: Workbench, method: string, path: string): Promise<Answer> {
  const answer = await call(
    { url: server.url, token: await tokenFor(server.url, CLIENT.id, CLIENT.password) },
    method,
    path,
  );
  assert(answer.status < 300, answer.text);
  server.requests.reset();
  return answer;
}

async function idOf(bench: Workbench, kind: 'judgement' | 'relationship', value: string): Promise<string> {
  const { json } = await bench.get(`/ctia/ip/${value}/judgements`);
  assert.equal(json.length, 1, `one judgement on ${value}`);
  if (kind === 'judgement') return json[0].id;
  const links = await bench.get(`/ctia/relationship/search?source_ref=${encodeURIComponent(json[0].id)}`);
  return links.json[0].id;
}

function pathOf(id: string): string {
  return new URL(id).pathname;
}

async function hOf(bench: Workbench, value: string): Promise<string> {
  const { json } = await bench.get(pathOf(await idOf(bench, 'judgement', value)));
  const prefix = `${OWNER}-entry-`;
  const id: string | undefined = json.external_ids.find((it: string) => it.startsWith(prefix));
  assert(id, 'it bears the id of its entry');
  return id.slice(prefix.length);
}

/** As a process does that is killed between its request and the answer. */
async function leaveInFlight({ work }: Workbench, hs: readonly string[]): Promise<void> {
  const { lock, record } = deskFor(work, silentLog, 'sync', 'a run');
  await lock.exclusively(() => record.begin(hs, { now: 1, owner: OWNER, revision: 'c0ffee' }));
}

async function held(bench: Workbench): Promise<number> {
  const { headers } = await bench.get(`/ctia/judgement/external_id/${OWNER}-owned?limit=1`);
  return Number(headers.get('x-total-hits'));
}

test('a Redis that was flushed: the next run reads CTIA, makes nothing twice, and the one after goes by the ledger', async (t) => {
  const bench = await synced(t);
  await bench.work.redis.flushall();
  const rebuilt = await bench.run('sync');
  assert.equal(rebuilt.result?.result, 'verified', rebuilt.failed);
  assert.deepEqual(rebuilt.result.read, { from: 'ctia', why: 'there is no ledger' });
  assert.equal(bench.server.requests.mutating, 0);
  const next = await bench.run('sync');
  assert.equal(next.result.read.from, 'ledger');
  assert.equal(await held(bench), TOR.length);
});

test('what a killed writer left in flight is looked at before anything is planned', async (t) => {
  const bench = await synced(t);
  const { store } = bench.work.ledger;
  const stolen = await idOf(bench, 'judgement', '198.51.100.8');
  await leaveInFlight(bench, [await hOf(bench, '198.51.100.8')]);
  // Its last request was carried out, and nobody was told.
  await foreign(bench, 'POST', `${pathOf(stolen)}/expire?reason=killed`);
  const { result } = await bench.run('sync');
  assert.equal(result.result, 'verified');
  assert.equal(result.read.from, 'ledger');
  assert.equal(result.counts.revive, 1, JSON.stringify(result.counts));
  assert.equal(
    bench.server.requests.byRoute.get('GET /ctia/judgement/external_id/:external_id'),
    1,
    'of that entry alone',
  );
  assert.equal((await store.leftInFlight()).size, 0);
  bench.server.requests.reset();
  assert.equal((await bench.run('sync')).result.read.from, 'ledger');
  assert.equal(bench.server.requests.mutating, 0);
});

test('where a killed writer left more in flight than is looked at one by one, CTIA is read in full', async (t) => {
  const bench = await synced(t);
  await leaveInFlight(
    bench,
    Array.from({ length: 26 }, (_, n) => `h${n}`),
  );
  const { result } = await bench.run('sync');
  assert.deepEqual(result.read, { from: 'ctia', why: '26 entries were left in flight' });
  assert.equal((await bench.work.ledger.store.leftInFlight()).size, 0);
  assert.equal((await bench.run('sync')).result.read.from, 'ledger');
});

test('the same Redis with another CTIA: what the one holds says nothing of the other', async (t) => {
  const bench = await synced(t);
  const other = await workbench(t, {
    files: { 'settings.yaml': SETTINGS, 'tor.yaml': HEAD, 'tor.txt': TOR.join('\n') },
    beside: bench,
  });
  other.startWorkers();
  const { result } = await other.run('sync');
  assert.deepEqual(result.read, { from: 'ctia', why: 'there is no ledger' });
  assert.equal(result.counts.create, TOR.length);
  assert.equal(await held(other), TOR.length);
  for (const one of [bench, other]) assert.equal((await one.run('sync')).result.read.from, 'ledger');
});

test('an audit finds what others did to ours, the ledger has it then, and a sync that nobody asks for repairs it', async (t) => {
  const bench = await synced(t);
  const [deleted, ended] = [await idOf(bench, 'judgement', TOR[0] ?? ''), await idOf(bench, 'judgement', TOR[1] ?? '')];
  const unlinked = await idOf(bench, 'relationship', TOR[2] ?? '');
  await foreign(bench, 'DELETE', pathOf(deleted));
  await foreign(bench, 'POST', `${pathOf(ended)}/expire?reason=by%20hand`);
  await foreign(bench, 'DELETE', pathOf(unlinked));
  bench.step(1);
  // The lists changed too, and nobody published that yet: it is no drift.
  bench.write('tor.txt', [...TOR, '198.51.100.44'].join('\n'));
  const audit = await bench.run('audit');
  assert.equal(audit.result?.result, 'not-verified', audit.failed);
  const told = audit.result.drift.map(({ kind, feed, count }: Drift) => `${kind} ${feed} ${count}`);
  assert.deepEqual(told, ['missing firewall-block/ip 2', 'unlinked firewall-block/ip 1']);
  const notices: string[] = audit.result.notices;
  assert.ok(notices.includes('not applied yet: the lists ask for 1 change: 1 create'), notices.join('\n'));

  const [, id] = /^sync (\S+) was asked for/.exec(notices.at(-1) ?? '') ?? [];
  const repair = await until('the repair ended', async () => {
    const job = await bench.work.requests.getJob(id ?? '');
    return job?.returnvalue ?? undefined;
  });
  assert.equal(repair.result, 'verified');
  assert.equal(repair.read.from, 'ledger', repair.read.why);
  const { create, revive, link } = repair.counts;
  assert.deepEqual({ create, revive, link }, { create: 2, revive: 1, link: 1 }, 'in one pass, by what the audit read');
  assert.equal(await bench.view('ip'), [...TOR, '198.51.100.44'].sort().join('\n'));
  assert.deepEqual((await bench.run('audit')).result.drift, []);
});

test('an audit waits for the sync that is under way: half of what it wants is no drift', async (t) => {
  const bench = await synced(t);
  await bench.work.batches.pause();
  bench.write('tor.txt', [...TOR, '198.51.100.44'].join('\n'));
  const sync = bench.run('sync');
  await until('the sync waits for its batch', async () => (await bench.work.requests.getWaitingChildrenCount()) === 1);
  const audit = bench.run('audit');
  await until('the audit is put back', async () => (await bench.work.requests.getDelayed()).length > 0);
  await bench.work.batches.resume();
  assert.equal((await sync).result.result, 'verified');
  const { result } = await audit;
  assert.deepEqual([result.result, result.drift, result.notices], ['verified', [], []]);
});

test('an audit during which somebody wrote does not become the ledger, which is read in full next time', async (t) => {
  const bench = await synced(t);
  bench.server.faults.push({ on: { method: 'GET', path: /judgement\/external_id/ }, kind: 'slow', ms: 1500 });
  const audit = bench.run('audit');
  await until('the audit reads', () => bench.slow.now === 1);
  await bench.run('add', { value: '203.0.113.5', for: '24h', reason: 'case 1' });
  assert.equal(bench.slow.now, 1, 'the audit reads still');
  await audit;
  const { result } = await bench.run('sync');
  assert.deepEqual(result.read, { from: 'ctia', why: 'an audit could not write it anew, since others wrote' });
  assert.equal((await bench.run('sync')).result.read.from, 'ledger');
});

test('work by hand keeps the ledger right', async (t) => {
  const bench = await synced(t);
  for (const [value, reason] of [
    ['203.0.113.5', 'case 1'],
    ['203.0.113.5', 'case 1 goes on'],
    ['203.0.113.6', 'case 2'],
  ]) {
    const added = await bench.run('add', { value, for: '24h', reason });
    assert.deepEqual(added.result?.failures, [], added.failed);
  }
  await bench.run('remove', { value: '203.0.113.6' });
  bench.server.requests.reset();
  const { result } = await bench.run('sync');
  assert.equal(result.result, 'verified');
  assert.equal(result.read.from, 'ledger', result.read.why);
  assert.equal(bench.server.requests.mutating, 0);
  assert.equal(await bench.view('ip'), [...TOR, '203.0.113.5'].join('\n'));
});

test('somebody applied past this Redis: the next run reads CTIA and says so', async (t) => {
  const bench = await synced(t);
  const client = makeCtiaClient({ connection: bench.ctia, clock: bench.work.clock, patienceMs: 0 });
  bench.write('tor.txt', TOR.slice(1).join('\n'));
  const past = await run({
    ...{ run: 'apply', client, clock: bench.work.clock, owner: OWNER, ownEmbedded: true },
    approval: { ...NO_APPROVAL, yes: true },
    exclusively: (work) => work(),
    readDesired: async (adhocAllow) =>
      (await readWill({ feedsDir: bench.feedsDir, ownEmbedded: true, adhocAllow, now: client.serverNow() })).desired,
  });
  assert.deepEqual([past.result, past.counts.withdraw], ['verified', 1]);
  const { result } = await bench.run('sync');
  assert.equal(result.result, 'verified');
  assert.equal(result.read.from, 'ctia');
  assert.match(result.read.why, /^somebody else applied \S+ at 20/);
  assert.equal((await bench.run('sync')).result.read.from, 'ledger');
});

test('work by hand needs no ledger', async (t) => {
  const bench = await synced(t);
  await bench.work.redis.del(bench.work.keys.ledger);
  for (const value of ['203.0.113.5', '203.0.113.6']) await bench.run('add', { value, for: '24h', reason: 'case 1' });
  await bench.run('remove', { value: '203.0.113.6' });
  assert.equal(await bench.view('ip'), [...TOR, '203.0.113.5'].join('\n'));
  bench.server.requests.reset();
  const { result } = await bench.run('sync');
  assert.equal(result.read.from, 'ctia');
  assert.equal(bench.server.requests.mutating, 0);
});

test('a judgement that is gone when it is to be changed: made anew, and the next run reads CTIA in full', async (t) => {
  const bench = await synced(t);
  await foreign(bench, 'DELETE', pathOf(await idOf(bench, 'judgement', TOR[0] ?? '')));
  bench.write('tor.yaml', `${HEAD}defaults: { severity: High }\n`);
  const changed = await bench.run('sync');
  assert.equal(changed.result.result, 'verified');
  assert.equal(changed.result.read.from, 'ledger');
  assert.equal(changed.result.counts.change, TOR.length);
  const { result } = await bench.run('sync');
  assert.deepEqual(result.read, { from: 'ctia', why: 'CTIA holds 1 of 3 entries otherwise than the ledger said' });
  assert.equal((await bench.run('sync')).result.read.from, 'ledger');
  assert.equal(await held(bench), TOR.length);
});

test('an entry that exists although the ledger does not have it: taken, and the next run reads CTIA in full', async (t) => {
  const bench = await synced(t);
  const { store } = bench.work.ledger;
  const h = await hOf(bench, '198.51.100.8');
  const { lock } = deskFor(bench.work, silentLog, 'sync', 'a run');
  await lock.exclusively(() => store.recorder(lock).end([{ h, whole: NOTHING_HELD }]));
  const taken = await bench.run('sync');
  assert.equal(taken.result.result, 'verified');
  assert.equal(taken.result.read.from, 'ledger');
  assert.equal(await held(bench), TOR.length, 'nothing was made twice');
  const { result } = await bench.run('sync');
  assert.deepEqual(result.read, { from: 'ctia', why: 'CTIA holds 1 of 1 entries otherwise than the ledger said' });
});
