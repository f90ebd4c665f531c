import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BULK_KINDS } from '../../src/embedded-ctia/kinds.ts';
import { SETTINGS, synced, TOR } from './synced-workbench.ts';
import { CLIENT, type Workbench } from './workbench.ts';

/** Workers whose token may import and use no bulk route, and lists that run out once: what batches know of it. */
const DAY = 24 * 3_600_000;
const PUT = 'PUT /ctia/bulk';
const IMPORT = 'POST /ctia/bundle/import';

function lessRights(bench: Workbench): void {
  const lacking = ['casebook', 'investigation', 'target-record'];
  const kinds = [...new Set([...BULK_KINDS.map(({ name }) => name), 'feed'])].filter((kind) => !lacking.includes(kind));
  const scopes = ['import-bundle', ...kinds].map((it) => `private-intel/${it}`);
  bench.server.addClient({ ...CLIENT, scopes });
}

function asked(bench: Workbench): [puts: number, imports: number] {
  const { byRoute } = bench.server.requests;
  return [byRoute.get(PUT) ?? 0, byRoute.get(IMPORT) ?? 0];
}

test('renewals through the queue go by succession, a held plan’s too; it is learned once, and an audit tries again', async (t) => {
  const bench = await synced(t);
  lessRights(bench);
  bench.step(4 * DAY);
  bench.server.requests.reset();
  const first = await bench.run('sync');
  assert.equal(first.result?.result, 'verified', first.failed);
  assert.equal(first.result.counts.renew, TOR.length);
  assert.match(first.result.notices.join(), /by succession.*lacks the scopes private-intel, asset, casebook/);
  assert.deepEqual(asked(bench), [1, 1]);
  assert.match((await bench.work.rights.lacking()) ?? '', /lacks the scopes private-intel/);

  // The lists are broken meanwhile: the batch has nothing but what is stored.
  bench.write('tor.yaml', 'action: block\nobservables: [1.2.3]\n');
  bench.step(4 * DAY);
  const held = await bench.run('sync');
  assert.equal(held.result.result, 'problems');
  assert.equal(held.result.counts.renew, TOR.length);
  assert.deepEqual(held.result.failures, []);
  assert.deepEqual(asked(bench), [1, 2], 'bulk PUT was not asked again');
  bench.step(4 * DAY);
  assert.equal(await bench.view('ip'), TOR.join('\n'));

  await bench.run('audit');
  assert.equal(await bench.work.rights.lacking(), undefined);
});

test('what was withdrawn one by one and is listed again was not missing meanwhile, and is an addition: the ledger knows', async (t) => {
  const bench = await synced(t);
  lessRights(bench);
  bench.step(4 * DAY);
  assert.equal((await bench.run('sync')).result?.counts.renew, TOR.length);
  bench.step(4 * DAY);
  bench.write('tor.txt', TOR.slice(2).join('\n'));
  assert.equal((await bench.run('sync', { force: true })).result?.result, 'verified');
  bench.step(DAY);
  bench.write('settings.yaml', `${SETTINGS}limits: { additions: 1 }\n`);
  bench.write('tor.txt', TOR.join('\n'));
  const again = await bench.run('sync');
  assert.equal(again.result?.result, 'held', again.failed);
  assert.match(again.result.held[0]?.message ?? '', /additions 2 \(limit 1\)/);
  assert.doesNotMatch(again.result.notices.join(), /was short of/);
});

test('what runs out once, by its list or its own day, through the queue: verified with it and without it', async (t) => {
  const bench = await synced(t);
  const day = new Date(bench.work.clock.now() + DAY).toISOString().slice(0, 10);
  const entries = ['203.0.113.5', `{ value: 203.0.113.6, expires: ${day} }`];
  bench.write('once.yaml', `action: block\nlifetime: 1d\nrenew: false\nobservables: [${entries.join(', ')}]\n`);
  const published = await bench.run('sync');
  assert.equal(published.result?.result, 'verified', published.failed);
  assert.equal(await bench.view('ip'), [...TOR, '203.0.113.5', '203.0.113.6'].join('\n'));
  bench.step(2 * DAY);
  for (const _ of ['the day after', 'again']) {
    const { result } = await bench.run('sync');
    assert.equal(result.result, 'verified', JSON.stringify(result.feeds));
    assert.match(result.notices.join(), /once\.yaml:4 203\.0\.113\.5 ran out and will not be published again/);
    assert.match(
      result.notices.join(),
      /once\.yaml:4 "203\.0\.113\.6" ran out on \S+ and is not published: remove the entry/,
    );
    assert.deepEqual(Object.values(result.counts), Object.values(result.counts).fill(0));
  }
});

test('what is dead is collected through the queue, after what the settings say, and the ledger knows', async (t) => {
  const bench = await synced(t);
  const [gone, ...left] = TOR;
  bench.write('tor.txt', left.join('\n'));
  await bench.run('sync');
  bench.write('settings.yaml', `${SETTINGS}\ncollect: { after: 0 }\n`);
  bench.step(5000);
  const { result } = await bench.run('sync');
  assert.equal(result.result, 'verified');
  assert.equal(result.counts.collect, 1);
  assert.equal(result.read.from, 'ledger', result.read.why);
  assert.deepEqual((await bench.get(`/ctia/ip/${gone}/judgements`)).json, []);
  bench.server.requests.reset();
  const after = await bench.run('sync');
  assert.equal(after.result.read.from, 'ledger');
  assert.equal(bench.server.requests.mutating, 0);
});
