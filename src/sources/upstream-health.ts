import { quoted } from '../ctim/problem.ts';
import type { Upstream } from '../lists/upstream-schema.ts';
import { DAY, HOUR, MINUTE } from '../runtime/clock.ts';
import type { SourceFacts } from './last-good.ts';

/**
 *   unknown      no good answer yet: the list publishes nothing, and nothing of it is withdrawn
 *   quarantined  the newest answer is not believed
 *   failing      it does not answer, or not with a list
 *   stale        it answers, and has said the same for `stale_after`
 *   late         nobody pulls it
 *   good
 */
export type UpstreamHealth = 'unknown' | 'quarantined' | 'failing' | 'stale' | 'late' | 'good';

/** Periods without a pull, good or bad, after which nobody seems to pull any more. */
const LATE_PERIODS = 3;

export function healthOf(
  { copy, failures, error, quarantined, nextPullAt }: SourceFacts,
  upstream: Upstream,
  now: number,
): UpstreamHealth {
  if (copy === undefined) return 'unknown';
  if (failures > 0) return quarantined[0]?.at === error?.at ? 'quarantined' : 'failing';
  if (now - copy.changedAt >= upstream.staleAfterMs) return 'stale';
  if (now - nextPullAt >= LATE_PERIODS * upstream.everyMs) return 'late';
  return 'good';
}

/** What a run says of it, or nothing. */
export function healthNotice(list: string, facts: SourceFacts, upstream: Upstream, now: number): string | undefined {
  const { copy, failures, error } = facts;
  const name = `upstream ${quoted(list)}`;
  const why = error === undefined ? '' : ` (${error.kind}: ${error.message})`;
  const since = copy === undefined ? '' : ` of ${ago(now - copy.fetchedAt)} ago`;
  switch (healthOf(facts, upstream, now)) {
    case 'unknown':
      return `${name} has no copy yet${why}: the list publishes nothing, and nothing of it is withdrawn`;
    case 'quarantined':
      return `${name} answers with what is not believed${why}; the last good copy${since} stays; look at it and, if it is right: ctim-feeds upstreams accept ${list}`;
    case 'failing':
      return `${name} failed ${failures} ${failures === 1 ? 'time' : 'times'}${why}; the last good copy${since} stays`;
    case 'stale':
      return `${name} has not changed for ${ago(now - (copy?.changedAt ?? now))}: a source that says the same for ever may be dead`;
    case 'late':
      return `${name} was not pulled since ${ago(now - (copy?.fetchedAt ?? now))}: do workers run?`;
    case 'good':
      return undefined;
  }
}

export function ago(ms: number): string {
  if (ms < HOUR) return `${Math.max(0, Math.round(ms / MINUTE))} min`;
  return ms < 2 * DAY ? `${Math.round(ms / HOUR)} h` : `${Math.round(ms / DAY)} d`;
}
