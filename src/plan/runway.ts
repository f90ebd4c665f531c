import { type Actual, type ActualJudgement, type Glance, glances, isLive } from './actual.ts';
import { atOnce, SLICE, type Sliced } from './slices.ts';

/**
 * How long the feeds stay as they are if nobody does anything from now on. What is *once* is to end, so the runway is that
 * of all else: the moment when the first of it would leave its feed.
 */
export interface Runway {
  /** Entries, however many judgements each has: of a succession there are two for a while. */
  readonly live: number;
  /** When the first one that is to be renewed would lapse, epoch ms, and its value. */
  readonly lapses: Ending | undefined;
  /** When the first one ends that is meant to. */
  readonly ends: Ending | undefined;
}

export interface Ending {
  readonly at: number;
  readonly value: string;
}

/** By the channel of the indicator that a judgement is linked to; one without a link is in no feed. */
export function runways(
  actual: Actual,
  now: number,
  channelOf: (indicatorId: string) => string,
): ReadonlyMap<string, Runway> {
  return atOnce(runwaysInSlices(actual, now, channelOf));
}

export function* runwaysInSlices(
  actual: Actual,
  now: number,
  channelOf: (indicatorId: string) => string,
): Sliced<ReadonlyMap<string, Runway>> {
  const found = new Map<string, Runway>();
  yield* lastInEachFeed(actual, now, (judgement) => {
    const [link] = judgement.links;
    if (link === undefined) return;
    const channel = channelOf(link.target);
    const { live, lapses, ends } = found.get(channel) ?? { live: 0, lapses: undefined, ends: undefined };
    const ending = { at: judgement.end, value: judgement.observable.value };
    found.set(channel, {
      live: live + 1,
      lapses: judgement.once ? lapses : sooner(lapses, ending),
      ends: judgement.once ? sooner(ends, ending) : ends,
    });
  });
  return found;
}

/**
 * Shows of each entry what keeps it in its feed longest. A predecessor that lapses before its successor takes nothing out
 * of a feed. Those of which there is only one are not made objects for that.
 */
export function* lastInEachFeed(
  { judgements }: Actual,
  now: number,
  see: (judgement: Pick<Glance, 'observable' | 'end' | 'once' | 'lifetimeMs' | 'links'>) => void,
): Sliced<void> {
  const several = new Set<string>();
  let done = 0;
  for (const it of glances(judgements)) {
    if (isLive(it, now)) {
      if (it.alone) see(it);
      else several.add(it.h);
    }
    if (++done % SLICE === 0) yield;
  }
  for (const h of several) {
    const longest = new Map<string | undefined, ActualJudgement>();
    for (const it of judgements.get(h) ?? []) {
      const target = it.links[0]?.target;
      if (isLive(it, now) && it.end > (longest.get(target)?.end ?? now - 1)) longest.set(target, it);
    }
    for (const it of longest.values()) see(it);
    if (++done % SLICE === 0) yield;
  }
}

/** Of two at one moment always the same, in whatever order they come. */
function sooner(a: Ending | undefined, b: Ending): Ending {
  if (a === undefined || b.at < a.at) return b;
  return b.at === a.at && b.value < a.value ? b : a;
}
