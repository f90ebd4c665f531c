import type { Observable } from '../ctim/observable.ts';
import { type Actual, type Glance, glances, isLive, isOf } from './actual.ts';
import { atOnce, SLICE, type Sliced } from './slices.ts';

/**
 * How long the feeds stay as they are if nobody does anything from now on. What is *once* is to end, so the runway is that
 * of all else: the moment when the first value of it would leave its feed.
 *
 *   a value held by one judgement                           leaves when that ends
 *   by several: two lists, or generations of a succession   leaves when the last of them ends
 */
export interface Runway {
  /** Judgements that are valid now and linked. */
  readonly live: number;
  /** When the first value would lapse that is to go on. */
  readonly lapses: Ending | undefined;
  /** When the first one leaves that is meant to. */
  readonly ends: Ending | undefined;
}

export interface Ending {
  /** Epoch ms. */
  readonly at: number;
  readonly value: string;
}

/** By the channel of the indicator that a judgement is linked to; one without a link is in no feed. */
export function runways(actual: Actual, now: number, channelOf: ChannelOf): ReadonlyMap<string, Runway> {
  return atOnce(runwaysInSlices(actual, now, channelOf));
}

type ChannelOf = (indicatorId: string) => string;

export function* runwaysInSlices(
  { judgements }: Actual,
  now: number,
  channelOf: ChannelOf,
): Sliced<ReadonlyMap<string, Runway>> {
  const first = yield* firstOf(glances(judgements), now, channelOf);
  // Nearly all values are held once: all of a million are put together only where what ends first is not.
  if (!(yield* isOutlived(first, glances(judgements), now))) return first;
  const found = yield* firstOf(yield* lastOf(glances(judgements), now), now, channelOf);
  return new Map([...found].map(([channel, it]) => [channel, { ...it, live: first.get(channel)?.live ?? it.live }]));
}

type Held = Pick<Glance, 'observable' | 'start' | 'end' | 'once' | 'links'>;

/** The indicator whose feed it is in now. */
function feedOf(held: Held, now: number): string | undefined {
  return isLive(held, now) ? held.links[0]?.target : undefined;
}

interface HeldEnding extends Ending {
  readonly target: string;
  readonly observable: Observable;
}

interface Firsts {
  live: number;
  lapses: HeldEnding | undefined;
  ends: HeldEnding | undefined;
}

function* firstOf(those: Iterable<Held>, now: number, channelOf: ChannelOf): Sliced<Map<string, Firsts>> {
  const found = new Map<string, Firsts>();
  let done = 0;
  for (const held of those) {
    if (++done % SLICE === 0) yield;
    const target = feedOf(held, now);
    if (target === undefined) continue;
    const channel = channelOf(target);
    const firsts = found.get(channel) ?? { live: 0, lapses: undefined, ends: undefined };
    found.set(channel, firsts);
    firsts.live += 1;
    const what = held.once ? 'ends' : 'lapses';
    const before = firsts[what];
    if (before !== undefined && before.at <= held.end) continue;
    const { observable } = held;
    firsts[what] = { at: held.end, value: observable.value, target, observable };
  }
  return found;
}

/** Whether any of these values is held for longer by another judgement. */
function* isOutlived(firsts: ReadonlyMap<string, Firsts>, those: Iterable<Glance>, now: number): Sliced<boolean> {
  const endings = [...firsts.values()].flatMap(({ lapses, ends }) => [lapses, ends]).filter((it) => it !== undefined);
  let done = 0;
  for (const held of those) {
    if (++done % SLICE === 0) yield;
    for (const { at, target, observable } of endings)
      if (isOf(held, observable) && held.end > at && feedOf(held, now) === target) return true;
  }
  return false;
}

/** Of each value in each feed the judgement that ends last. */
function* lastOf(those: Iterable<Held>, now: number): Sliced<Iterable<Held>> {
  const last = new Map<string, Held>();
  let done = 0;
  for (const held of those) {
    if (++done % SLICE === 0) yield;
    const target = feedOf(held, now);
    if (target === undefined) continue;
    const { observable, start, end, once, links } = held;
    const key = `${target} ${observable.value}`;
    const before = last.get(key);
    // Copied: a glance is good until the next one is asked for.
    if (before === undefined || before.end < end) last.set(key, { observable, start, end, once, links });
  }
  return last.values();
}
