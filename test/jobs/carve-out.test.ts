import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOUR, systemClock } from '../../src/runtime/clock.ts';
import { addresses, until, type Workbench, workbench } from './workbench.ts';

const RANGE = 'action: block\ndefaults: { reason: scanners }\nobservables:\n  - 11.0.0.0/29\n  - bad.icu\n';
const PARTS = '11.0.0.0/30\n11.0.0.4\n11.0.0.6/31';

async function published(t: Parameters<typeof workbench>[0], files: Record<string, string>): Promise<Workbench> {
  const bench = await workbench(t, { files });
  bench.startWorkers();
  const { result, failed } = await bench.run('sync');
  assert.equal(result?.result, 'verified', failed);
  return bench;
}

test('a value inside a range that a list blocks: refused with the line and the split; carved out for its time', async (t) => {
  const bench = await published(t, { 'range.yaml': RANGE });
  bench.server.requests.reset();
  const refused = await bench.run('remove', { value: '11.0.0.5', for: '2h' });
  assert.match(
    refused.failed ?? '',
    /^refused: 11\.0\.0\.5 lies inside 11\.0\.0\.0\/29, which stands in list range \(feeds\/range\.yaml:4\): write there instead 11\.0\.0\.0\/30, 11\.0\.0\.4, 11\.0\.0\.6\/31, .*--carve-out/,
  );
  const plain = await bench.run('remove', { value: '11.0.0.5' });
  assert.match(plain.failed ?? '', /lies inside 11\.0\.0\.0\/29/);
  const below = await bench.run('remove', { value: 'www.bad.icu', for: '2h', carveOut: true, type: 'domain' });
  assert.match(below.failed ?? '', /^refused: www\.bad\.icu lies below bad\.icu, which stands in list range/);
  assert.equal(bench.server.requests.mutating, 0);
  assert.equal(await bench.view('ip'), '11.0.0.0/29');

  const { result, failed } = await bench.run('remove', { value: '11.0.0.5', for: '2h', carveOut: true });
  assert.equal(failed, undefined);
  assert.deepEqual([result.gone, result.split, result.failures], [['firewall-block/ip'], ['11.0.0.0/29'], []]);
  assert.equal(await bench.view('ip'), PARTS);
  for (const loses of [false, true]) {
    if (loses) await bench.work.redis.flushall();
    const sync = await bench.run('sync');
    assert.equal(sync.result?.result, 'verified', JSON.stringify(sync.result ?? sync.failed));
    assert.equal(sync.result.requests.mutating, 0, 'what was split by hand says what the list says');
    assert.equal(await bench.view('ip'), PARTS);
  }
  bench.step(2.1 * HOUR);
  const after = await bench.run('sync');
  assert.equal(after.result?.result, 'verified', JSON.stringify(after.result ?? after.failed));
  assert.equal(await bench.view('ip'), '11.0.0.0/29');
});

test('what an allow list lets through nobody blocks by hand; what a person let through the later word blocks', async (t) => {
  const allow = 'action: allow\nobservables: [11.0.1.7, good.icu]\n';
  const bench = await published(t, { 'range.yaml': RANGE, 'never.yaml': allow });
  for (const value of ['11.0.1.7', '11.0.1.0/24', 'www.good.icu']) {
    const { failed } = await bench.run('add', { value, for: '2h', reason: 'case 1' });
    assert.match(
      failed ?? '',
      /^refused: .* is not blocked: .* is allowed by list never \(feeds\/never\.yaml:2\)/,
      value,
    );
  }
  const value = '11.0.2.2';
  await bench.run('remove', { value, for: '2h' });
  const { result, failed } = await bench.run('add', { value, for: '2h', reason: 'case 2' });
  assert.match(result?.did ?? failed, /blocked in firewall-block, and no longer let through by hand/);
  assert.equal((await bench.run('sync')).result.result, 'verified');
  assert.equal(await bench.view('ip'), `11.0.0.0/29\n${value}`);
});

test('by hand during a long sync: in and out of the feed in a second or two, and no waiting batch brings it back', async (t) => {
  const bench = await published(t, { 'range.yaml': RANGE });
  const lines = addresses(2300).split('\n');
  bench.write('many.yaml', 'action: block\nentries_from: [many.txt]\n');
  bench.write('many.txt', lines.filter((it) => !it.startsWith('11.0.0.')).join('\n'));
  bench.server.faults.push({ on: { path: /bundle\/import/ }, kind: 'slow', ms: 250, times: 99 });
  const job = await bench.work.requests.add('sync', { v: 1 }, { attempts: 5 });
  await until('a batch is under way', () => bench.slow.now > 0);
  const startedAt = systemClock.now();
  const last = String(lines.at(-1));
  const removed = await bench.run('remove', { value: last, for: '2h' });
  assert.deepEqual(removed.result?.gone, ['firewall-block/ip'], removed.failed);
  const added = await bench.run('add', { value: '11.9.9.9', for: '2h', reason: 'case 1' });
  assert.deepEqual(added.result?.shown, ['firewall-block/ip'], added.failed);
  assert.equal(await job.getState(), 'waiting-children', 'the sync goes on');
  const tookMs = systemClock.now() - startedAt;
  assert(tookMs < 5000, `both took ${tookMs} ms, each behind one slow batch of 250 ms at most`);
  let cameBack = false;
  await until('the sync is through', async () => {
    cameBack ||= (await bench.view('ip')).split('\n').includes(last);
    return (await job.getState()) === 'completed';
  });
  assert.equal(cameBack, false);
  assert.equal((await bench.view('ip')).split('\n').length, 2300 - 256 - 1 + 2);
});
