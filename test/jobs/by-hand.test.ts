import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOUR, MINUTE, systemClock } from '../../src/runtime/clock.ts';
import { addresses, OWNER, until, type Workbench, workbench } from './workbench.ts';

const FILES = { 'tor.yaml': 'action: block\nobservables:\n  - 11.0.0.1\n  - 11.0.0.2\n' };

async function published(t: Parameters<typeof workbench>[0]): Promise<Workbench> {
  const bench = await workbench(t, { files: FILES });
  bench.startWorkers();
  assert.equal((await bench.run('sync')).result.result, 'verified');
  return bench;
}

test('add: in the feed at once, for its time; a sync leaves it, and remove takes it out', async (t) => {
  const bench = await published(t);
  const { result } = await bench.run('add', { value: '11.9.9.9', for: '24h', reason: 'case 4711' });
  assert.deepEqual(result.shown, ['firewall-block/ip']);
  const inHours = (Date.parse(result.until) - systemClock.now()) / HOUR;
  assert(inHours > 23.9 && inHours <= 24, `ends in ${inHours} h`);
  assert.equal(await bench.view('ip'), '11.0.0.1\n11.0.0.2\n11.9.9.9');

  const sync = await bench.run('sync');
  assert.equal(sync.result.result, 'verified');
  assert.equal(sync.result.requests.mutating, 0);
  assert.equal(await bench.view('ip'), '11.0.0.1\n11.0.0.2\n11.9.9.9');

  const stored = await bench.get('/ctia/judgement/search?query=observable.value:11.9.9.9');
  const [judgement] = stored.json;
  assert.equal(judgement.reason, 'case 4711');
  assert.equal(judgement.priority, 100);
  assert.equal(judgement.valid_time.end_time, result.until);
  assert(judgement.external_ids.some((id: string) => id.startsWith(`${OWNER}-once-`)));

  const removed = await bench.run('remove', { value: '11.9.9.9' });
  assert.deepEqual(removed.result.gone, ['firewall-block/ip']);
  assert.equal(await bench.view('ip'), '11.0.0.1\n11.0.0.2');
  const again = await bench.run('add', { value: '11.9.9.9', for: '1h', reason: 'case 4712' });
  assert.deepEqual(again.result.shown, ['firewall-block/ip'], 'the dead one is revived');
  assert.equal(await bench.view('ip'), '11.0.0.1\n11.0.0.2\n11.9.9.9');
});

test('guards, limits, what a firewall reads and what a channel requires hold for people too', async (t) => {
  const settings = `owner: ${OWNER}
channels:
  firewall-block: { consumers: [cisco-tid] }
  cases: { action: block, types: [ip, ipv6], consumers: [sophos], require: [reason, ticket], limits: { entries_per_feed: 1 } }
`;
  const bench = await workbench(t, { files: { ...FILES, 'settings.yaml': settings } });
  bench.startWorkers();
  assert.equal((await bench.run('sync')).result.result, 'verified');
  for (const [value, says] of [
    ['8.8.8.8', /8\.8\.8\.8 is not blocked: /],
    ['8.8.8.0/24', /8\.8\.8\.0\/24 is not blocked: /],
    ['10.0.0.1', /10\.0\.0\.1 is not blocked: /],
    ['co.uk', /co\.uk is not blocked: /],
  ] as const) {
    const { failed, job } = await bench.run('add', { value, for: '24h', reason: 'case 4711' });
    assert.match(failed ?? 'not failed', new RegExp(`^refused: ${says.source}`));
    assert.equal(job.attemptsMade, 1);
  }
  const add = (value: string, more: object = {}) =>
    bench.run('add', { value, for: '24h', reason: 'case 4711', channel: 'cases', ...more });
  const range = await add('11.9.9.0/24', { channel: 'firewall-block' });
  assert.match(range.failed ?? '', /cisco-tid, which pulls its feeds, takes single addresses only\. If .*, --force$/);
  assert.match(
    (await add('11.9.9.9')).failed ?? '',
    /^refused: the channel cases requires ticket: say --ticket, or --force if there is none$/,
  );
  assert.match(
    (await add('2a00:1450::1', { ticket: '4711' })).failed ?? '',
    /of those who pull its feeds \(sophos\) none takes ipv6/,
  );
  assert.match((await add('11.9.9.9', { ticket: '4711', source_uri: 'no where' })).failed ?? '', /is no absolute URI/);
  assert.deepEqual((await add('11.9.9.9', { ticket: '4711' })).result.shown, ['cases/ip']);
  assert.match((await add('11.9.9.8', { ticket: '4711' })).failed ?? '', /cases\/ip entries 2 \(limit 1\)/);
  assert.deepEqual((await add('11.9.9.8', { force: true })).result.shown, ['cases/ip']);
  assert.equal((await bench.run('remove', { value: '11.9.9.8' })).failed, undefined, 'nothing holds a remove');
  assert.equal(await bench.view('ip'), '11.0.0.1\n11.0.0.2');
});

test('remove of a listed value names list, file and line and changes nothing; with a time it is let through', async (t) => {
  const bench = await published(t);
  bench.server.requests.reset();
  const refused = await bench.run('remove', { value: '11.0.0.2' });
  assert.match(refused.failed ?? '', /^refused: 11\.0\.0\.2 stands in list tor \(feeds\/tor\.yaml:4\): .*--for/);
  assert.equal(bench.server.requests.mutating, 0);
  assert.equal(await bench.view('ip'), '11.0.0.1\n11.0.0.2');

  const through = await bench.run('remove', { value: '11.0.0.2', for: '4h', reason: 'a customer' });
  assert.equal(through.failed, undefined);
  assert.deepEqual(through.result.gone, ['firewall-block/ip']);
  assert.equal(await bench.view('ip'), '11.0.0.1');
  const sync = await bench.run('sync');
  assert.equal(sync.result.result, 'verified');
  assert.equal(sync.result.requests.mutating, 0, 'the sync respects it');
  assert.equal(await bench.view('ip'), '11.0.0.1');
});

test('a value let through comes back when its time is over', async (t) => {
  const bench = await published(t);
  await bench.run('remove', { value: '11.0.0.2', for: '30m' });
  assert.equal(await bench.view('ip'), '11.0.0.1');
  bench.step(31 * MINUTE);
  const sync = await bench.run('sync');
  assert.equal(sync.result.result, 'verified');
  assert.equal(sync.result.counts.revive, 1);
  assert.equal(await bench.view('ip'), '11.0.0.1\n11.0.0.2');
});

test('before anything was applied, nothing is added by hand', async (t) => {
  const bench = await workbench(t, { files: FILES });
  bench.startWorkers();
  const { failed } = await bench.run('add', { value: '11.9.9.9', for: '24h', reason: 'case 4711' });
  assert.match(failed ?? '', /^refused: owner acme never applied anything to http.*apply/);
  assert.equal(bench.server.requests.mutating, 0);
});

test('a list with an error holds no work by hand', async (t) => {
  const bench = await published(t);
  bench.write('tor.yaml', 'action: block\nobservables: [1.2.3]\n');
  const { result, failed } = await bench.run('add', { value: '11.9.9.9', for: '24h', reason: 'case 4711' });
  assert.deepEqual(result?.shown, ['firewall-block/ip'], failed);
});

test('what was approved by its digest goes through, although somebody blocks an address meanwhile', async (t) => {
  const bench = await published(t);
  bench.write('settings.yaml', `owner: ${OWNER}\nlimits: { additions: 5 }\n`);
  bench.write('more.yaml', 'action: block\nentries_from: [more.txt]\n');
  bench.write('more.txt', addresses(1100));
  const held = await bench.run('sync');
  assert.equal(held.result?.result, 'held', held.failed);
  bench.server.faults.push({ on: { path: /bundle\/import/ }, kind: 'slow', ms: 300, times: 9 });
  const approved = bench.run('sync', { digest: held.result.digest });
  await until('its batch is under way', () => bench.slow.now > 0);
  const added = await bench.run('add', { value: '11.9.9.9', for: '24h', reason: 'case 4711' });
  assert.deepEqual(added.result?.shown, ['firewall-block/ip'], added.failed);
  const { result, failed } = await approved;
  assert.equal(result?.result, 'verified', `${failed} ${JSON.stringify(result?.held)}`);
  assert.match(await bench.view('ip'), /11\.0\.0\.9\n.*11\.9\.9\.9/s);
});
