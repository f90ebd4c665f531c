import { type Actual, glances, isLive } from './actual.ts';

/**
 * How long the feeds stay as they are if nobody does anything from now on. What is *once* is to end, so the runway is that
 * of all else: the moment when the first of it would leave its feed.
 */
export interface Runway {
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
  const found = new Map<string, Runway>();
  for (const judgement of glances(actual.judgements)) {
    const [link] = judgement.links;
    if (link === undefined || !isLive(judgement, now)) continue;
    const channel = channelOf(link.target);
    const { live, lapses, ends } = found.get(channel) ?? { live: 0, lapses: undefined, ends: undefined };
    const ending = { at: judgement.end, value: judgement.observable.value };
    found.set(channel, {
      live: live + 1,
      lapses: judgement.once ? lapses : sooner(lapses, ending),
      ends: judgement.once ? sooner(ends, ending) : ends,
    });
  }
  return found;
}

function sooner(a: Ending | undefined, b: Ending): Ending {
  return a === undefined || b.at < a.at ? b : a;
}
