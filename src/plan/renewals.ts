import { type Actual, type ActualJudgement, type GlanceKind, glances, isLive, NEVER } from './actual.ts';
import type { Change } from './change.ts';
import { atOnce, SLICE, type Sliced, sorted } from './slices.ts';
import { latestFirst, nextGeneration } from './succession.ts';

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
 *   a later generation of its entry stands in the same feed              – (it is to lapse, or a plan withdraws it)
 */
export type Renewal = Extract<Change, { kind: 'renew' }>;

/** How often renewals run where nobody said otherwise: six times in the shortest lifetime that a list may have. */
export const RENEW_EVERY_MS = 5 * 60_000;

/** A judgement is renewed when less than this share of its lifetime is left. */
export const MARGIN_SHARE = 0.5;
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

export interface Renewing {
  readonly actual: Actual;
  readonly now: number;
  /** How often renewals run. */
  readonly everyMs: number;
}

/** In the order of their ends: what would lapse first is renewed first. */
export function computeRenewals(renewing: Renewing): readonly Renewal[] {
  return atOnce(renewalsInSlices(renewing));
}

export function* renewalsInSlices(renewing: Renewing): Sliced<readonly Renewal[]> {
  const renewals: Renewal[] = [];
  let done = 0;
  const { judgements } = renewing.actual;
  const due = new Set<string>();
  // On most days none of nearly all, so that this is asked first.
  for (const held of glances(judgements, (kind) => dueBefore(renewing, kind))) {
    if (isDue(renewing, held)) due.add(held.h);
    if (++done % SLICE === 0) yield;
  }
  for (const h of due) {
    renewals.push(...renewalsOf(renewing, h, judgements.get(h) ?? []));
    if (++done % SLICE === 0) yield;
  }
  return yield* sorted(renewals, (a, b) => a.stored.end - b.stored.end);
}

function isDue<T extends Pick<ActualJudgement, 'start' | 'end' | 'once' | 'lifetimeMs'>>(
  renewing: Renewing,
  stored: T,
): stored is T & { lifetimeMs: number } {
  return stored.end < dueBefore(renewing, stored) && isLive(stored, renewing.now);
}

function dueBefore({ now, everyMs }: Renewing, { once, lifetimeMs }: Pick<GlanceKind, 'once' | 'lifetimeMs'>): number {
  return once || lifetimeMs === undefined ? NEVER : now + marginFor(lifetimeMs, everyMs);
}

function renewalsOf(renewing: Renewing, h: string, those: readonly ActualJudgement[]): Renewal[] {
  const inFeed = those.filter((stored) => stored.links.length > 0 && isLive(stored, renewing.now));
  return latestOfEachFeed(inFeed).flatMap((stored): Renewal[] => {
    if (!isDue(renewing, stored)) return [];
    const { lifetimeMs } = stored;
    return [{ kind: 'renew', feed: undefined, stored, lifetimeMs, next: nextGeneration(renewing.actual, h) }];
  });
}

function latestOfEachFeed(those: readonly ActualJudgement[]): readonly ActualJudgement[] {
  if (those.length < 2) return those;
  const latest = new Map<string, ActualJudgement>();
  for (const stored of [...those].sort(latestFirst))
    for (const { target } of stored.links) if (!latest.has(target)) latest.set(target, stored);
  return [...new Set(latest.values())];
}
