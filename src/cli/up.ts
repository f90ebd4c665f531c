import { problemLine } from '../ctim/problem.ts';
import { openQueueEvents } from '../jobs/connect.ts';
import { enqueue } from '../jobs/enqueue.ts';
import { openWorkplace } from '../jobs/open-workplace.ts';
import { openRedis } from '../jobs/redis.ts';
import { keepSchedules } from '../jobs/schedules.ts';
import { startWorkers } from '../jobs/workers.ts';
import type { Workplace } from '../jobs/workplace.ts';
import type { Report } from '../reconcile/report.ts';
import { readFeeds } from '../sources/feeds-folder.ts';
import { EXIT, type Exit, exitOfResult } from './exit.ts';
import { resultOf } from './job-result.ts';
import { renderReport } from './print-report.ts';
import { rememberOwner } from './remembered-owner.ts';
import { bringListsIfAny, hasFetched, openTenant, type Session, type Tenant, untilAborted } from './session.ts';
import { renderTable } from './table.ts';
import { viewTenant } from './tenant-view.ts';

export interface UpOptions {
  once: boolean;
  yes: boolean;
  force: boolean;
  digest: string | undefined;
}

/**
 * `up`, which `npm start` runs: a Redis, the embedded CTIA server where no other is configured, workers and schedules,
 * one sync through the queue, the table of feeds; then it stays until it is told to stop.
 */
export async function up(session: Session, { once, yes, force, digest }: UpOptions): Promise<Exit> {
  const { work, tenant, redis } = await open(session);
  const events = await openQueueEvents(redis.connection, work.names.requests, session.releases);
  const approval = { ...(yes && { yes }), ...(force && { force }), ...(digest && { digest }) };
  const job = await enqueue(work.requests, 'sync', approval);
  const report = (await resultOf(job, { ...session, events, redis })) as Report;
  if (report.result === 'problems') await printProblems({ ...session, guardKnowledge: work.guardKnowledge });
  session.print(`\n${renderReport(report)}\n`);
  session.print(await feedTable(session, tenant, report));
  if (once) return exitOfResult(report.result);
  session.print('\nWorkers and schedules are running; Ctrl-C stops them in order.');
  await untilAborted(session.signal);
  return EXIT.done;
}

/** `work`: workers and schedules alone. Several may run, on several machines. */
export async function work(session: Session): Promise<Exit> {
  const { work } = await open(session);
  session.print(`Working on ${work.names.requests}; Ctrl-C stops in order.`);
  await untilAborted(session.signal);
  return EXIT.done;
}

async function open(session: Session) {
  const { config, clock, log, releases } = session;
  if (hasFetched(session.config)) await bringListsIfAny(session);
  const redis = await openRedis({ ...config, clock, log });
  releases.add('Redis', () => redis.close());
  const tenant = await openTenant(session);
  const work: Workplace = await openWorkplace({
    ...config,
    ...session,
    ...tenant,
    connection: redis.connection,
  });
  rememberOwner(config, tenant.owner);
  const workers = startWorkers(work, redis.connection);
  releases.add('workers', () => workers.close());
  const schedules = await keepSchedules(work);
  releases.add('schedules', () => schedules.stop());
  await openWebhook(session, work);
  return { work, tenant, redis };
}

async function openWebhook({ config, log, releases, print }: Session, { requests }: Workplace): Promise<void> {
  if (config.webhook === undefined) return;
  const { startWebhook } = await import('../web/webhook.ts');
  const onPush = async () => void (await enqueue(requests, 'fetch', {}));
  const webhook = await startWebhook({ ...config.webhook, log, onPush });
  releases.add('webhook', () => webhook.close());
  print(`Pushes are heard at ${webhook.url}`);
}

async function printProblems({ config, clock, print, guardKnowledge }: Session): Promise<void> {
  const { reading } = await readFeeds(config.feedsDir, { now: clock.now(), knowledge: await guardKnowledge() });
  for (const problem of reading.problems) if (problem.severity === 'error') print(problemLine(problem));
}

/** Whole URLs, since they are what one pastes into a firewall. */
async function feedTable(session: Session, tenant: Tenant, report: Report): Promise<string> {
  const verdicts = new Map(report.feeds.map((verdict) => [`${verdict.channel}/${verdict.type}`, verdict]));
  const rows = (await viewTenant(session, tenant)).found.feeds.map(({ channel, type, feed }) => {
    const verdict = verdicts.get(`${channel}/${type}`);
    return [
      channel,
      type,
      String(verdict?.entries ?? '–'),
      feed?.feed_view_url ?? 'none yet',
      verdict?.verified ? 'yes' : 'no',
    ];
  });
  return renderTable(['channel', 'type', 'entries', 'feed URL', 'verified'], rows);
}
