import { existsSync } from 'node:fs';
import type { Job } from 'bullmq';
import { FetchError } from '../sources/repository.ts';
import { UnrecoverableError } from './bullmq.ts';
import { enqueue } from './enqueue.ts';
import { latestReports } from './history.ts';
import { REFUSED } from './queues.ts';
import type { Workplace } from './workplace.ts';

export interface FetchReport {
  readonly commit: string;
  /** The job of the sync that was asked for; null where the latest sync was of this commit. */
  readonly sync: string | null;
}

const REPORTS_LOOKED_AT = 20;

/**
 * By a schedule, and when a webhook tells of a push: fetch, and ask for a sync of what came. A commit that was synced, or
 * held, is not asked for again each time: the hourly sync looks at it.
 */
export async function processFetch(work: Workplace, job: Job): Promise<FetchReport> {
  const { fetch, redis, keys, requests } = work;
  if (fetch === undefined) throw new UnrecoverableError(`${REFUSED}this worker has no FEEDS_REPO to fetch`);
  const { commit, before } = await fetch();
  const latest = (await latestReports(redis, keys.history, REPORTS_LOOKED_AT)).find(({ kind }) => kind === 'sync');
  if (latest?.revision === commit) return { commit, sync: null };
  work.log.info({ job: job.id, commit, before }, 'the lists moved');
  const sync = await enqueue(requests, 'sync', { revision: commit }, `sync-${commit}`);
  return { commit, sync: String(sync.id) };
}

/** Before lists are read. A repository that cannot be reached stops nothing: what was fetched last goes on, and it is said. */
export async function fetchFirst({ fetch, feedsDir, log }: Workplace): Promise<string[]> {
  if (fetch === undefined) return [];
  try {
    await fetch();
    return [];
  } catch (error) {
    if (!(error instanceof FetchError)) throw error;
    const message = existsSync(feedsDir) ? `${error.message}; going by what was fetched last` : error.message;
    log.warn(message);
    return [message];
  }
}
