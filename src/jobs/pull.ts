import type { Job } from 'bullmq';
import { readUpstreamLists } from '../sources/upstream-lists.ts';
import type { Pull } from '../sources/upstream-pull.ts';
import { pullLine, pullUpstreams } from '../sources/upstream-pulls.ts';
import { DelayedError, UnrecoverableError } from './bullmq.ts';
import { enqueue } from './enqueue.ts';
import { REFUSED, type RequestPayload } from './queues.ts';
import { tellSources } from './telling.ts';
import type { Workplace } from './workplace.ts';

export interface PullReport {
  readonly pulls: readonly Pull[];
  /** The job of the sync that was asked for; null where no list is another than before. */
  readonly sync: string | null;
}

/**
 * By a schedule of each list, or by hand: ask its upstream, judge what comes, keep it for all workers, and ask for a sync where
 * the list is another one now. An upstream that fails is no failed job: it is said in the log, in `upstreams`, and by each
 * run until it is well again.
 */
export async function processPull(
  work: Workplace,
  job: Job,
  { list }: RequestPayload<'pull'>,
  { token, closing }: { token: string; closing: AbortSignal },
): Promise<PullReport> {
  const { clock, feedsDir, ownEmbedded, log } = work;
  const { lists: all, isWhole } = await readUpstreamLists(feedsDir, { ownEmbedded });
  const lists = list === undefined ? all : all.filter(({ name }) => name === list);
  if (lists.length === 0 && list !== undefined) {
    if (!isWhole) throw new Error('the lists cannot all be read, so it is not known where the upstream is');
    throw new UnrecoverableError(
      `${REFUSED}there is no list ${JSON.stringify(list)} with an upstream in this worker's lists`,
    );
  }
  const byHand = job.repeatJobKey === undefined;
  const parts = { clock, all, signal: closing, ...work.upstreams };
  const pulls = await pullUpstreams(lists, parts, { byHand }).catch(async (error) => {
    if (!closing.aborted) throw error;
    // Who stops does not wait for a server that does not answer: another worker asks, or this one when it is back.
    await job.moveToDelayed(clock.now(), token);
    throw new DelayedError();
  });
  for (const pull of pulls) {
    if (pull.did === 'kept') log.warn({ job: job.id, list: pull.list, kind: pull.kind }, pullLine(pull));
    else if (pull.did !== 'waited') log.info({ job: job.id, list: pull.list }, pullLine(pull));
  }
  if (isWhole) await tellSources(work, all);
  if (!pulls.some(({ did }) => did === 'changed')) return { pulls, sync: null };
  const sync = await enqueue(work.requests, 'sync', {});
  return { pulls, sync: String(sync.id) };
}
