import type { Job } from 'bullmq';
import { readSettingsAlone } from '../sources/feeds-folder.ts';
import { bringHome, type GuardPull, updateGuardLists } from '../sources/guard-data.ts';
import { DelayedError } from './bullmq.ts';
import { tellGuardLists } from './telling.ts';
import type { Workplace } from './workplace.ts';

export interface GuardsReport {
  readonly pulls: readonly GuardPull[];
}

/**
 * By a schedule where the settings ask for one (`guards: { update: { every } }`), or by hand: fetch the lists that guards go
 * by, for all workers, and keep them on this machine too for commands that ask nobody. The next reading of lists goes by them.
 */
export async function processGuards(
  work: Workplace,
  job: Job,
  { token, closing }: { token: string; closing: AbortSignal },
): Promise<GuardsReport> {
  const { clock, feedsDir, log, upstreams, guardCopies } = work;
  const { lists, updateEveryMs } = (await readSettingsAlone(feedsDir)).guards;
  const everyMs = job.repeatJobKey === undefined ? undefined : updateEveryMs;
  const parts = { clock, download: upstreams.download, lastGood: guardCopies.shared, signal: closing, everyMs };
  const pulls = await updateGuardLists(lists, parts).catch(async (error) => {
    if (!closing.aborted) throw error;
    // Who stops does not wait for a server that does not answer.
    await job.moveToDelayed(clock.now(), token);
    throw new DelayedError();
  });
  if (guardCopies.home) await bringHome(lists, guardCopies.shared, guardCopies.home);
  for (const { url, did, message } of pulls)
    if (did === 'kept') log.warn({ job: job.id, url }, `guard list ${url}: ${message}; what was known of it stays`);
  await tellGuardLists(work, lists);
  return { pulls };
}
