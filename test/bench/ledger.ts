import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeCtiaClient, openCtia } from '../../src/ctia/client.ts';
import { openQueueEvents } from '../../src/jobs/connect.ts';
import { enqueue } from '../../src/jobs/enqueue.ts';
import { openWorkplace } from '../../src/jobs/open-workplace.ts';
import type { RequestName } from '../../src/jobs/queues.ts';
import { openRedis } from '../../src/jobs/redis.ts';
import { startWorkers } from '../../src/jobs/workers.ts';
import type { Workplace } from '../../src/jobs/workplace.ts';
import type { Report } from '../../src/reconcile/report.ts';
import { MINUTE, systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { makeReleases } from '../../src/runtime/release.ts';
import { address, writeFeeds } from './addresses.ts';
import { forkServer } from './server.ts';

/**
 * What one changed entry costs through the queue, with a worker that has seen the lists before and with one that has not;
 * what no change and an audit cost. `--n` entries in one text list. Prints JSON; docs/BENCH.md tells what it means.
 */
const { values: options } = parseArgs({ options: { n: { type: 'string', default: '20000' } } });
const n = Number(options.n);
const OWNER = 'bench';
const LOOK_EVERY_MS = 20;

const releases = makeReleases();
const clock = systemClock;
const log = silentLog;
const folder = mkdtempSync(join(tmpdir(), 'ctim-bench-ledger-'));
releases.add('the folder', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
try {
  process.stdout.write(`${JSON.stringify(await measure(), null, 2)}\n`);
} finally {
  await releases.releaseAll();
}

async function measure() {
  const feedsDir = join(folder, 'feeds');
  for (const dir of [feedsDir, join(folder, 'ctia')]) mkdirSync(dir);
  writeFeeds(feedsDir, n);
  const server = await forkServer(join(folder, 'ctia'));
  releases.add('the server', () => server.close());
  const redis = await openRedis({ dataDir: folder, searchPath: process.env.PATH ?? '', log, clock });
  releases.add('Redis', () => redis.close());
  const login = { clientId: 'client-1', clientPassword: 'secret' };
  const ctia = openCtia({ clock, ctiaUrl: server.url, tokenUrl: server.url, ...login });
  releases.add('connections', () => ctia.close());
  const open = () =>
    openWorkplace({
      ...{ clock, log, releases, connection: redis.connection, ctia },
      ...{ owner: OWNER, feedsDir, ownEmbedded: true },
    });
  const work = await open();
  const events = await openQueueEvents(redis.connection, work.names.requests, releases);
  const workers = startWorkers(work, redis.connection);

  /** One job: what it cost the server, and how long until it ended and, where one is awaited, until a view held the value. */
  async function job(name: RequestName, awaited?: { value: string; viewUrl: string }) {
    const before = await server.used();
    const began = performance.now();
    const since = () => (performance.now() - began) / 1000;
    const queued = await enqueue(work.requests, name, {});
    const ended = queued.waitUntilFinished(events) as Promise<Report>;
    let looks = 0;
    let untilInView: number | undefined;
    let etag = '';
    while (awaited !== undefined && untilInView === undefined) {
      // As a firewall asks: a view that did not change is not made again, and the look itself slows nothing down.
      const look = await fetch(awaited.viewUrl, { headers: { 'If-None-Match': etag } });
      const text = await look.text();
      etag = look.headers.get('ETag') ?? etag;
      looks += 1;
      if (`\n${text}\n`.includes(`\n${awaited.value}\n`)) untilInView = since();
      else await clock.sleep(LOOK_EVERY_MS);
    }
    const report = await ended;
    const after = await server.used();
    if (report.result !== 'verified') throw new Error(JSON.stringify(report, null, 2));
    return {
      read: report.read.from,
      requests: after.requests - before.requests - looks,
      mutating: after.mutating - before.mutating,
      seconds: rounded(since()),
      ...(untilInView !== undefined && { untilInView: rounded(untilInView), looks }),
    };
  }

  const first = await job('sync');
  const viewUrl = await urlOfView(work);
  const edit = (value: string) => {
    writeFeeds(feedsDir, n, value);
    return { value, viewUrl };
  };
  const warm = [];
  for (const k of [0, 1, 2]) warm.push(await job('sync', edit(address(n + k))));
  const unchanged = await job('sync');
  await workers.close();
  const other = startWorkers(await open(), redis.connection);
  releases.add('workers', () => other.close());
  const cold = await job('sync', edit(address(n + 3)));
  const audit = await job('audit');
  return { n, node: process.version, first, warm, unchanged, cold, audit };
}

async function urlOfView({ ctia }: Workplace): Promise<string> {
  const client = makeCtiaClient({ connection: ctia, clock, patienceMs: MINUTE });
  const [feed] = await client.allByExternalId('feed', `${OWNER}-feed-firewall-block-ip-0`);
  if (feed === undefined) throw new Error('there is no feed of addresses');
  return feed.feed_view_url;
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
