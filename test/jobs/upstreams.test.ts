import assert from 'node:assert/strict';
import { describe, it, type TestContext, test } from 'node:test';
import { makeCtiaClient } from '../../src/ctia/client.ts';
import { openWorkplace } from '../../src/jobs/open-workplace.ts';
import type { PullReport } from '../../src/jobs/pull.ts';
import { keepSchedules } from '../../src/jobs/schedules.ts';
import { readDesiredHere } from '../../src/jobs/workplace.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import type { Pull } from '../../src/sources/upstream-pull.ts';
import { type RemoteLists, startRemoteLists } from '../sources/remote-lists.ts';
import { addresses, inFeedOrder, OWNER, until, type Workbench, workbench } from './workbench.ts';

/** A list of others, as this bench's folder has it. */
function listOf(url: string, more = ''): string {
  return `action: block\nupstream: { url: "${url}", type: ip, every: 1h${more} }\n`;
}

async function benchWith(t: TestContext, files: (url: string) => Record<string, string>) {
  const remote = await startRemoteLists();
  t.after(() => remote.close());
  const bench = await workbench(t, { files: files(remote.url) });
  bench.startWorkers();
  return { bench, remote };
}

/** Pulls the list, and waits for the sync that follows where there is one. */
async function pull(bench: Workbench, list: string): Promise<Pull> {
  const { result, failed } = await bench.run('pull', { list });
  assert.equal(failed, undefined);
  const { pulls, sync } = result as PullReport;
  if (sync !== null) await until('the sync is done', async () => (await bench.work.requests.getJob(sync))?.finishedOn);
  const [first] = pulls;
  assert(first);
  return first;
}

async function loseCopies({ work: { redis, keys } }: Workbench): Promise<void> {
  const lost = await redis.keys(`${keys.copies.replace(/[[\]*?]/g, '?')}:*`);
  assert(lost.length > 0);
  await redis.del(lost);
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

const EXITS = addresses(60);
const OTHER = addresses(60).replaceAll('11.0.', '11.77.');

interface Outage {
  readonly name: string;
  readonly kind: string;
  readonly serve: (remote: RemoteLists) => void;
}

/** What sources really answered with, in addresses of ours. */
const OUTAGES: readonly Outage[] = [
  { name: 'T12 the list is empty', kind: 'empty', serve: (it) => it.serve('/exits', '') },
  {
    name: 'T14 an error page with status 200',
    kind: 'web-page',
    serve: (it) => it.serve('/exits', '<!doctype html><title>502 Bad Gateway</title><p>11.0.0.1</p>\n'),
  },
  {
    name: 'T14 an error page with status 503',
    kind: 'throttled',
    serve: (it) => it.serve('/exits', (_, response) => response.writeHead(503).end('<html>maintenance</html>')),
  },
  {
    name: 'a rate limit in words',
    kind: 'rate-limit',
    serve: (it) => it.serve('/exits', 'You have exceeded the rate limit. Try again in one hour.\n'),
  },
  {
    name: 'a conflict marker',
    kind: 'conflict-marker',
    serve: (it) => it.serve('/exits', `${EXITS}\n<<<<<<< HEAD\n11.0.9.9\n=======\n>>>>>>> update\n`),
  },
  { name: "another feed's content", kind: 'other-list', serve: (it) => it.serve('/exits', `${OTHER}\n`) },
  {
    name: 'version numbers that look like addresses',
    kind: 'replaced',
    serve: (it) => it.serve('/exits', `${addresses(60).replaceAll('11.0.', '4.18.')}\n`),
  },
  {
    name: 'a file cut in the middle of a line',
    kind: 'cut-off',
    serve: (it) => it.serve('/exits', EXITS.slice(0, EXITS.length - 3)),
  },
  {
    name: 'a connection cut before the end',
    kind: 'truncated',
    serve: (it) =>
      it.serve('/exits', (_, response) => {
        response.writeHead(200, { 'content-length': '5000' });
        response.write(EXITS, () => response.destroy());
      }),
  },
  { name: 'T29 lists the canary', kind: 'canary', serve: (it) => it.serve('/exits', `${EXITS}\n192.0.2.254\n`) },
  { name: 'T36 three times as long', kind: 'grown', serve: (it) => it.serve('/exits', `${addresses(180)}\n`) },
];

test('what really went wrong elsewhere changes nothing in the feed, and is said until it is well again', async (t) => {
  const { bench, remote } = await benchWith(t, (url) => ({
    'exits.yaml': listOf(`${url}/exits?key=t0psecret`),
    'other.yaml': listOf(`${url}/other`),
  }));
  remote.serve('/exits', `${EXITS}\n`);
  remote.serve('/other', `${OTHER}\n`);
  await bench.run('pull', { list: 'other' });
  await bench.run('pull', { list: 'exits' });
  assert.equal((await bench.run('sync', { yes: true })).result?.result, 'verified');
  const before = await bench.view('ip');
  assert.equal(before, inFeedOrder(`${EXITS}\n${OTHER}`));

  for (const { name, kind, serve } of OUTAGES) {
    await t.test(name, async () => {
      serve(remote);
      const pulled = await pull(bench, 'exits');
      assert.deepEqual([pulled.did, pulled.kind], ['kept', kind], pulled.message);
      const { result } = await bench.run('sync');
      assert.equal(result.result, 'verified');
      assert.equal(sum(result.counts), 0);
      const said = result.notices.find((notice: string) => notice.includes('upstream "exits"'));
      assert.match(said, new RegExp(`${kind}: `));
      assert.doesNotMatch(JSON.stringify([pulled, result]), /t0psecret/);
      assert.equal(await bench.view('ip'), before);
    });
  }

  remote.serve('/exits', `${EXITS}\n11.0.0.200\n`);
  assert.deepEqual((await pull(bench, 'exits')).churn, { added: 1, removed: 0 });
  assert.equal(await bench.view('ip'), inFeedOrder(`${EXITS}\n${OTHER}\n11.0.0.200`));
  assert.deepEqual((await bench.run('sync')).result.notices, []);
});

test('lines of an upstream that are invalid or guarded are left out, and hold nothing', async (t) => {
  const { bench, remote } = await benchWith(t, (url) => ({
    'exits.yaml': listOf(`${url}/exits`),
    'mine.yaml': 'action: block\nobservables: [11.0.0.1, 11.5.5.5]\n',
  }));
  remote.serve('/exits', `${addresses(60)}\n10.0.0.1\n8.8.8.8\nwhat?\nevil.example\n`);
  await bench.run('pull', { list: 'exits' });
  const { result } = await bench.run('sync', { yes: true });
  assert.equal(result.result, 'verified');
  const [notice] = result.notices;
  assert.match(
    notice,
    /3 lines of the upstream left out \(1 guard-private, 1 guard-resolver, 1 invalid-[a-z]+\); first: upstream exits:61 /,
  );
  assert.equal(await bench.view('ip'), inFeedOrder(`${addresses(60)}\n11.5.5.5`));

  // Of what two lists hold, one may drop it.
  bench.write('mine.yaml', 'action: block\nobservables: [11.5.5.5]\n');
  assert.equal((await bench.run('sync')).result.counts.withdraw, 1);
  assert.match(await bench.view('ip'), /^11\.0\.0\.1$/m);
  const judgement = (await bench.get(`/ctia/ip/11.0.0.1/judgements?sort_by=priority`)).json.find(
    (it: { source: string }) => it.source === 'exits',
  );
  assert.deepEqual(
    [judgement.priority, judgement.external_references[0].external_id.split(':').slice(1)],
    [90, ['upstream exits', '2']],
  );
});

describe('a source without a copy', () => {
  it('is unknown: nothing of it is published or withdrawn, no list waits for it, and the run says so', async (t) => {
    const { bench, remote } = await benchWith(t, (url) => ({
      'exits.yaml': listOf(`${url}/exits`),
      'mine.yaml': 'action: block\nobservables: [11.5.5.5]\n',
    }));
    const first = await bench.run('sync', { yes: true });
    assert.equal(first.result.result, 'verified');
    assert.match(first.result.notices[0], /upstream "exits" has no copy yet: the list publishes nothing/);
    assert.equal(await bench.view('ip'), '11.5.5.5');

    remote.serve('/exits', `${EXITS}\n`);
    await pull(bench, 'exits');
    assert.equal(await bench.view('ip'), inFeedOrder(`${EXITS}\n11.5.5.5`));

    // Somebody flushed the Redis, and the source is down.
    await loseCopies(bench);
    remote.serve('/exits', (_, response) => response.writeHead(500).end());
    assert.equal((await pull(bench, 'exits')).did, 'kept');
    bench.write('mine.yaml', 'action: block\nobservables: [11.6.6.6]\n');
    const { result } = await bench.run('sync');
    assert.deepEqual([result.result, result.counts.create, result.counts.withdraw], ['verified', 1, 1]);
    assert.match(result.notices[0], /no copy yet \(status: .*\/exits answers 500/);
    assert.equal(await bench.view('ip'), inFeedOrder(`${EXITS}\n11.6.6.6`));
    assert.equal(sum((await bench.run('sync')).result.counts), 0);

    // What lapses of it is renewed all the same.
    bench.step(5 * 24 * 3600_000);
    await bench.work.renewals.add('renew', { v: 1 });
    await until('it is renewed', async () => {
      const { json } = await bench.get('/ctia/ip/11.0.0.7/judgements');
      return Date.parse(json[0].valid_time.end_time) > bench.work.clock.now() + 8 * 24 * 3600_000;
    });

    // A list that is deleted is another matter.
    bench.remove('exits.yaml');
    assert.match(JSON.stringify((await bench.run('sync')).result.held), /lists that were applied are gone: exits/);
  });

  it('goes on letting through what it let through, where it is an allow list', async (t) => {
    const { bench, remote } = await benchWith(t, (url) => ({
      'safe.yaml': `action: allow\nupstream: { url: "${url}/safe" }\n`,
      'mine.yaml': 'action: block\nobservables: [11.0.0.1, 11.5.5.5]\n',
    }));
    remote.serve('/safe', '11.0.0.1\n');
    await bench.run('pull', { list: 'safe' });
    await bench.run('sync', { yes: true });
    assert.equal(await bench.view('ip'), '11.5.5.5');
    await loseCopies(bench);
    assert.equal((await bench.run('sync')).result.result, 'verified');
    assert.equal(await bench.view('ip'), '11.5.5.5');
  });
});

test('two workers share one copy and one schedule, and wait for no source when they stop', async (t) => {
  const remote = await startRemoteLists();
  t.after(() => remote.close());
  remote.serve('/exits', `${EXITS}\n`);
  remote.serve('/silent', () => undefined);
  const files = { 'exits.yaml': listOf(`${remote.url}/exits`), 'silent.yaml': listOf(`${remote.url}/silent`) };
  const bench = await workbench(t, { files });
  const schedules = await keepSchedules(bench.work);
  t.after(() => schedules.stop());
  const worker = await bench.startWorkProcess();
  const lastGood = bench.work.upstreams.lastGood;
  await until('the schedule has pulled', async () => (await lastGood.facts('exits')).copy);
  await until('the other source is asked', () => remote.asked.length === 2);

  // It is told to stop while a source does not answer.
  const stoppedAt = systemClock.now();
  worker.child.kill('SIGTERM');
  assert.equal((await worker.ended()).exit, 0, worker.stderr);
  assert(systemClock.now() - stoppedAt < 10_000, 'nobody waits for a source');
  bench.remove('silent.yaml');

  // The other worker may ask nobody, and has the list all the same.
  const { clock, ctia, feedsDir } = bench.work;
  const other = await openWorkplace({
    clock,
    ctia,
    feedsDir,
    log: silentLog,
    releases: bench.releases,
    connection: bench.redis.connection,
    owner: OWNER,
    ownEmbedded: true,
  });
  const client = makeCtiaClient({ connection: ctia, clock, patienceMs: 0 });
  assert.equal((await readDesiredHere(other, client, [])).entries.length, 60);
  const ids = async () =>
    (await bench.work.requests.getJobSchedulers())
      .map(({ key }) => key)
      .filter((id) => id.startsWith('schedule-pull-'));
  const second = await keepSchedules(other);
  t.after(() => second.stop());
  assert.equal((await ids()).length, 1);

  bench.write('exits.yaml', 'action: [block\nupstream: {}\n');
  const third = await keepSchedules(other);
  await third.stop();
  assert.equal((await ids()).length, 1, 'a list that cannot be read keeps its schedule');
  bench.write('exits.yaml', 'action: block\nobservables: [11.0.0.1]\n');
  const fourth = await keepSchedules(other);
  await fourth.stop();
  assert.deepEqual(await ids(), [], 'a list without an upstream has none');
});
