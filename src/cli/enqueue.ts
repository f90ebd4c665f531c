import type { HandResult } from '../jobs/by-hand.ts';
import { openQueueEvents } from '../jobs/connect.ts';
import { enqueue as put } from '../jobs/enqueue.ts';
import type { FetchReport } from '../jobs/fetch.ts';
import type { GuardsReport } from '../jobs/guards.ts';
import { openWorkplace } from '../jobs/open-workplace.ts';
import type { PullReport } from '../jobs/pull.ts';
import type { RequestName } from '../jobs/queues.ts';
import { openRedis } from '../jobs/redis.ts';
import type { RenewalReport } from '../jobs/renew.ts';
import type { Report } from '../reconcile/report.ts';
import { readFeeds } from '../sources/feeds-folder.ts';
import { pullLine } from '../sources/upstream-pulls.ts';
import { CommandRefused, EXIT, type Exit, exitOfResult } from './exit.ts';
import { guardPullTable } from './guards.ts';
import { renderHand } from './hand-report.ts';
import { resultOf } from './job-result.ts';
import { renderReport, renewalLines } from './print-report.ts';
import { bringLists, openTenant, type Session } from './session.ts';

export interface EnqueueOptions {
  name: RequestName;
  payload: Record<string, unknown>;
  wait: boolean;
  json: boolean;
}

/** `enqueue`: puts a job into the queue of the configured tenant and owner, as any BullMQ producer could. */
export async function enqueue(session: Session, { name, payload, wait, json }: EnqueueOptions): Promise<Exit> {
  const { config, clock, log, releases } = session;
  if (name === 'sync') await bringLists(session);
  const redis = await openRedis({ ...config, clock, log });
  releases.add('Redis', () => redis.close());
  const tenant = await openTenant(session);
  const work = await openWorkplace({ ...config, ...session, ...tenant, connection: redis.connection });
  const queue = name === 'renew' ? work.renewals : work.requests;
  const workers = await queue.getWorkersCount();
  if (wait && workers === 0) {
    throw new CommandRefused(
      EXIT.failed,
      'no worker is running, so nobody would do it: start one with `npm start` or `npx ctim-feeds work`, or use `apply`',
    );
  }
  const events = wait ? await openQueueEvents(redis.connection, queue.name, releases) : undefined;
  const job = await put(queue, name, name === 'sync' ? { ...(await meant(session)), ...payload } : payload);
  if (events === undefined) {
    session.print(
      json
        ? JSON.stringify({ queue: queue.name, job: job.id })
        : `job ${job.id} is in ${queue.name}${workers === 0 ? '; no worker is running now' : ''}`,
    );
    return EXIT.done;
  }
  return show(session, name, await resultOf(job, { ...session, events, redis }), json);
}

/** A sync says which lists are meant: a worker with another checkout refuses it rather than publish something else. */
async function meant({ config, clock }: Session): Promise<{ revision: string }> {
  const { revision } = await readFeeds(config.feedsDir, { now: clock.now() });
  return { revision: revision.label };
}

function show(session: Session, name: RequestName, result: unknown, json: boolean): Exit {
  if (json) session.print(JSON.stringify(result, null, 2));
  if (name === 'sync' || name === 'audit') {
    const report = result as Report;
    if (!json) session.print(renderReport(report));
    return exitOfResult(report.result);
  }
  if (name === 'renew') {
    const report = result as RenewalReport;
    if (!json) session.print(renewalLines(report).join('\n'));
    return report.result === 'renewed' ? EXIT.done : report.result === 'first-contact' ? EXIT.held : EXIT.notVerified;
  }
  if (name === 'pull') {
    const { pulls, sync } = result as PullReport;
    if (!json) for (const pull of pulls) session.print(pullLine(pull));
    if (!json && sync !== null) session.print(`sync is job ${sync}`);
    return pulls.some(({ did }) => did === 'kept') ? EXIT.notVerified : EXIT.done;
  }
  if (name === 'guards') {
    const { pulls } = result as GuardsReport;
    if (!json) session.print(guardPullTable(pulls));
    return pulls.some(({ did }) => did === 'kept') ? EXIT.notVerified : EXIT.done;
  }
  if (name === 'fetch') {
    const { commit, sync } = result as FetchReport;
    if (!json) session.print(`${commit}: ${sync === null ? 'synced already' : `sync is job ${sync}`}`);
    return EXIT.done;
  }
  const { lines, exit } = renderHand(result as HandResult);
  if (!json) for (const line of lines) session.print(line);
  return exit;
}
