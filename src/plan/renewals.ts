import { type Actual, type ActualJudgement, isLive } from './actual.ts';
import type { Change } from './change.ts';

/**
 * What is live, ours and not *once* and ends within its margin is renewed, whatever today's lists say. All that a renewal
 * needs stands on the judgement: the lifetime is the one that it tells itself.
 *
 *   live, linked, not once, tells its lifetime, ends within the margin   renew
 *   live, and an end beyond the margin                                   –
 *   dead, or still to start                                              – (a plan revives; nothing here knows whether it is wanted)
 *   once                                                                 – (it is to run out)
 *   linked to nothing                                                    – (it is in no feed)
 *   its lifetime is not told any more                                    – (somebody edited it; its list, once read, writes it anew)
 */
export type Renewal = Extract<Change, { kind: 'renew' }>;

/** How often renewals run where nobody said otherwise: six times in the shortest lifetime that a list may have. */
export const RENEW_EVERY_MS = 5 * 60_000;

const MARGIN_SHARE = 0.5;
const PERIODS_MIN = 2;
/** What was just renewed is not due again at once, however seldom renewals run. */
const MARGIN_SHARE_MAX = 0.9;

/** How long before its end a judgement is renewed: half its lifetime, and never less than two periods, so that one may be missed. */
export function marginFor(lifetimeMs: number, everyMs: number): number {
  return Math.min(Math.max(lifetimeMs * MARGIN_SHARE, everyMs * PERIODS_MIN), lifetimeMs * MARGIN_SHARE_MAX);
}

/** Whether one renewal that is missed lets something of this lifetime lapse. */
export function isTooSeldom(lifetimeMs: number, everyMs: number): boolean {
  return everyMs * PERIODS_MIN > lifetimeMs * MARGIN_SHARE_MAX;
}

/** In the order of their ends: what would lapse first is renewed first. */
export function computeRenewals({ actual, now }: { actual: Actual; now: number }, everyMs: number): Renewal[] {
  const renewals: Renewal[] = [];
  for (const those of actual.judgements.values()) {
    for (const stored of those) {
      const renewal = renewalOf(stored, now, everyMs);
      if (renewal) renewals.push(renewal);
    }
  }
  return renewals.sort((a, b) => a.stored.end - b.stored.end);
}

export function renewalOf(stored: ActualJudgement, now: number, everyMs: number): Renewal | undefined {
  const { lifetimeMs, once, links, end } = stored;
  if (once || lifetimeMs === undefined || links.length === 0 || !isLive(stored, now)) return undefined;
  if (end - now >= marginFor(lifetimeMs, everyMs)) return undefined;
  return { kind: 'renew', feed: undefined, stored, lifetimeMs };
}
