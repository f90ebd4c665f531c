import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { handsOf } from '../../src/jobs/by-hand.ts';
import { deskFor } from '../../src/jobs/workplace.ts';
import { release } from '../../src/reconcile/panic.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { call } from '../embedded-ctia/fixture.ts';
import { gitRepository } from '../sources/git-repository.ts';
import { addresses, inFeedOrder, OWNER, until, type Workbench, workbench } from './workbench.ts';

const TWO = 'action: block\nobservables:\n  - 11.0.0.1\n  - 11.0.0.2\n';
const HELD = `/ctia/indicator/external_id/${OWNER}-hold-firewall-block`;

async function published(t: Parameters<typeof workbench>[0], files = { 'tor.yaml': TWO }): Promise<Workbench> {
  const bench = await workbench(t, { files });
  bench.startWorkers();
  const { result, failed } = await bench.run('sync');
  assert.equal(result?.result, 'verified', failed);
  return bench;
}

async function sync(bench: Workbench) {
  const { result, failed } = await bench.run('sync');
  assert(result, failed);
  return result;
}

test('panic --empty: the feed is empty, the hold stands in CTIA, and no run fills it until it is released', async (t) => {
  const bench = await published(t);
  await bench.run('add', { value: '11.9.9.9', for: '24h', reason: 'case 1' });
  const { result, failed } = await bench.run('panic', { channel: 'firewall-block', to: 'empty', reason: 'INC-9' });
  assert.equal(failed, undefined);
  assert.equal(await bench.view('ip'), '');
  assert.deepEqual([result.to, result.counts.withdraw, result.byHand.some], ['empty', 3, ['11.9.9.9']]);
  assert.equal(
    result.feeds.every((it: { verified: boolean }) => it.verified),
    true,
  );
  const [hold] = (await bench.get(HELD)).json;
  assert.deepEqual(
    [hold.producer, hold.title, hold.short_description, hold.tlp],
    ['ctim-feeds', 'ctim-feeds hold firewall-block', 'empty', 'amber'],
  );

  bench.write('tor.yaml', `${TWO}  - 11.0.0.3\n`);
  for (const flushed of [false, true]) {
    if (flushed) await bench.work.redis.flushall();
    const report = await sync(bench);
    assert.equal(report.result, 'verified', JSON.stringify(report, null, 1));
    assert.equal(report.requests.mutating, 0);
    assert.match(
      report.notices.join('\n'),
      /channel firewall-block is on hold since .*: emptied by a person \(INC-9\)/,
    );
    assert.equal(await bench.view('ip'), '', flushed ? 'after FLUSHALL' : 'at once');
  }
  const added = await bench.run('add', { value: '11.9.9.8', for: '24h', reason: 'case 2' });
  assert.match(added.failed ?? '', /^refused: channel firewall-block is on hold since .*INC-9.*--release/);

  const lifted = await bench.run('panic', { channel: 'firewall-block', release: true });
  assert.equal(lifted.failed, undefined);
  await until('the sync that follows', async () => (await bench.view('ip')) === '11.0.0.1\n11.0.0.2\n11.0.0.3');
  await until('nothing is left of the hold', async () => (await bench.get(HELD)).json.length === 0);
  const again = await bench.run('panic', { channel: 'firewall-block', release: true });
  assert.match(again.failed ?? '', /^refused: channel firewall-block is not on hold/);
});

test('panic with lists and settings that do not parse: emptied all the same', async (t) => {
  const bench = await published(t, { 'tor.yaml': `channel: partner\n${TWO}`, 'settings.yaml': PARTNER } as never);
  bench.write('tor.yaml', 'action: [');
  bench.write('settings.yaml', 'owner: [');
  const { result, failed } = await bench.run('panic', { channel: 'partner', to: 'empty' });
  assert.equal(failed, undefined);
  assert.equal(result.counts.withdraw, 2);
  assert.equal(await viewOf(bench, 'partner'), '');
  const unknown = await bench.run('panic', { channel: 'nobody', to: 'empty' });
  assert.match(unknown.failed ?? '', /^refused: there is no channel nobody/);
});

const PARTNER = `owner: ${OWNER}\nchannels: { partner: { action: block } }\n`;

async function viewOf(bench: Workbench, channel: string): Promise<string> {
  const { json } = await bench.get(`/ctia/feed/external_id/${OWNER}-feed-${channel}-ip-0`);
  return (await call({ url: bench.server.url, token: '' }, 'GET', json[0].feed_view_url)).text;
}

test('panic --to a commit: what its lists wanted, in before out, kept whatever is committed next', async (t) => {
  const bench = await published(t, { 'tor.yaml': TWO });
  const repository = gitRepository(join(bench.feedsDir, '..'));
  const good = repository.commit({ 'feeds/tor.yaml': TWO, 'feeds/settings.yaml': `owner: ${OWNER}\n` });
  repository.commit({ 'feeds/tor.yaml': 'action: block\nobservables: [11.0.0.2, 11.0.0.7]\n' });
  const first = await bench.run('sync', { yes: true, force: true });
  assert.equal(first.result?.result, 'verified', JSON.stringify(first));
  await bench.run('add', { value: '11.9.9.9', for: '24h', reason: 'case 1' });
  bench.write('tor.yaml', 'action: [');

  const { result, failed } = await bench.run('panic', { channel: 'firewall-block', to: good.slice(0, 12) });
  assert.equal(failed, undefined);
  assert.equal(await bench.view('ip'), '11.0.0.1\n11.0.0.2');
  assert.deepEqual([result.to, result.counts.revive, result.counts.withdraw], [good, 1, 2]);

  repository.commit({ 'feeds/tor.yaml': 'action: block\nobservables: [11.0.0.8]\n' });
  const held = await sync(bench);
  assert.equal(held.result, 'verified', JSON.stringify(held));
  assert.equal(await bench.view('ip'), '11.0.0.1\n11.0.0.2');

  const wrong = await bench.run('panic', { channel: 'firewall-block', to: 'abcdef0' });
  assert.match(wrong.failed ?? '', /^refused: abcdef0 is nothing to go back to: it is not in this checkout/);
  assert.equal((await bench.get(HELD)).json[0].short_description, good, 'the hold is as it was');

  await bench.run('panic', { channel: 'firewall-block', release: true });
  await until('the lists of now', async () => (await bench.view('ip')) === '11.0.0.8');
});

test('panic during a long sync: batches of that channel that wait go no more, others do', async (t) => {
  const bench = await published(t);
  bench.write('tor.yaml', `action: block\nentries_from: [tor.txt]\n`);
  bench.write('tor.txt', addresses(5000));
  bench.write('mail.yaml', 'action: block\nchannel: mail\nobservables: [11.77.0.1]\n');
  bench.write('settings.yaml', `owner: ${OWNER}\nchannels: { mail: { action: block } }\n`);
  bench.server.faults.push({ on: { path: /bundle\/import/ }, kind: 'slow', ms: 400, times: 99 });
  const job = await bench.work.requests.add('sync', { v: 1 }, { attempts: 5 });
  await until('a batch is under way', () => bench.slow.now > 0);
  const { result, failed } = await bench.run('panic', { channel: 'firewall-block', to: 'empty' });
  assert.equal(failed, undefined);
  assert.equal(await bench.view('ip'), '', JSON.stringify(result.feeds));
  await until('the sync is through', async () => (await job.getState()) === 'completed');
  assert.equal(await bench.view('ip'), '', 'nothing came back');
  assert.equal(await viewOf(bench, 'mail'), '11.77.0.1');
  const imports = bench.server.requests.byRoute.get('POST /ctia/bundle/import') ?? 0;
  assert(imports < 6, `${imports} imports: batches on hold are not sent`);
});

test('a limit does not hold what a release brings back, though Redis is lost between; once only', async (t) => {
  const many = addresses(30);
  const bench = await published(t, {
    'tor.yaml': 'action: block\nentries_from: [tor.txt]\n',
    'tor.txt': many,
  } as never);
  bench.write('settings.yaml', `owner: ${OWNER}\nlimits: { additions: 5 }\n`);
  assert.equal((await sync(bench)).result, 'verified');
  await bench.run('panic', { channel: 'firewall-block', to: 'empty' });
  await release(handsOf(bench.work, deskFor(bench.work, silentLog, 'panic', 'a run')), 'firewall-block');
  const [released] = (await bench.get(HELD)).json;
  assert.equal(released.short_description, 'released');
  await bench.work.redis.flushall();
  const back = await sync(bench);
  assert.deepEqual([back.result, back.counts.revive, back.notices], ['verified', 30, []]);
  assert.equal(await bench.view('ip'), inFeedOrder(many));
  assert.deepEqual((await bench.get(HELD)).json, []);
  bench.write('tor.txt', addresses(60));
  const result = await sync(bench);
  assert.equal(result.held[0]?.rule, 'over-limit', JSON.stringify(result, null, 1));
});
