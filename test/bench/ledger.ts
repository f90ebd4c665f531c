import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
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
import type { Releases } from '../../src/runtime/release.ts';
import { address, writeFeeds } from './addresses.ts';
import type { Awaited, Seen } from './looking-process.ts';
import { forkServer } from './server.ts';

const OWNER = 'bench';
const clock = systemClock;
const log = silentLog;

export interface JobCost {
  readonly read: 'ledger' | 'ctia';
  /** Counted by the server, without the looks of who waits for the value. */
  readonly requests: number;
  readonly mutating: number;
  readonly seconds: number;
  /** From `enqueue` to the answer of a view that holds the value, and what was asked until then. */
  readonly inView?: { readonly seconds: number; readonly requests: number };
}

/**
 * What one changed entry of `n` costs through the queue, with a worker that has seen the lists before and with one that
 * has not; what no change and an audit cost.
 */
export async function ledgerCosts(
  folder: string,
  n: number,
  releases: Releases,
): Promise<{ warm: JobCost[]; unchanged: JobCost; cold: JobCost; audit: JobCost }> {
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

  const looking = fork(new URL('./looking-process.js', import.meta.url));
  releases.add('who looks', () => looking.disconnect());

  /** One job: what it cost the server, and how long until it ended and, where one is awaited, until a view held the value. */
  async function job(name: RequestName, awaited?: Awaited): Promise<JobCost> {
    if (awaited) {
      looking.send(awaited);
      await once(looking, 'message');
    }
    const before = await server.used();
    if (awaited) looking.send('begin');
    const beganAt = clock.now();
    const began = performance.now();
    const since = () => (performance.now() - began) / 1000;
    const queued = await enqueue(work.requests, name, {});
    const ended = queued.waitUntilFinished(events) as Promise<Report>;
    let inView: JobCost['inView'];
    let looks = 0;
    if (awaited) {
      const [seen] = (await once(looking, 'message')) as [Seen];
      looks = seen.looks;
      // Counted when we hear of it: rather too many than too few.
      const requests = (await server.used()).requests - before.requests - looks;
      inView = { seconds: (seen.at - beganAt) / 1000, requests };
    }
    const report = await ended;
    const after = await server.used();
    if (report.result !== 'verified') throw new Error(JSON.stringify(report, null, 2));
    return {
      read: report.read?.from ?? 'ctia',
      requests: after.requests - before.requests - looks,
      mutating: after.mutating - before.mutating,
      seconds: since(),
      ...(inView && { inView }),
    };
  }

  await job('sync');
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
  return { warm, unchanged, cold, audit };
}

async function urlOfView({ ctia }: Workplace): Promise<string> {
  const client = makeCtiaClient({ connection: ctia, clock, patienceMs: MINUTE });
  const [feed] = await client.allByExternalId('feed', `${OWNER}-feed-firewall-block-ip-0`);
  if (feed === undefined) throw new Error('there is no feed of addresses');
  return feed.feed_view_url;
}
