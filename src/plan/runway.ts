import type { Observable } from '../ctim/observable.ts';
import { type Actual, type Glance, glances, isLive, isOf, type Judgements } from './actual.ts';

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
export function runways(
  { judgements }: Actual,
  now: number,
  channelOf: (indicatorId: string) => string,
): ReadonlyMap<string, Runway> {
  const first = firstOf(inFeeds(judgements, now), channelOf);
  // Nearly all values are held once: all of a million are put together only where what ends first is not.
  if (!isOutlived(first, inFeeds(judgements, now))) return first;
  const found = firstOf(lastOf(inFeeds(judgements, now)), channelOf);
  return new Map([...found].map(([channel, it]) => [channel, { ...it, live: first.get(channel)?.live ?? it.live }]));
}

/** One judgement that is in a feed. */
type Held = Pick<Glance, 'observable' | 'end' | 'once' | 'links'>;

function* inFeeds(judgements: Judgements, now: number): Generator<Glance> {
  for (const held of glances(judgements)) if (held.links.length > 0 && isLive(held, now)) yield held;
}

function targetOf({ links }: Pick<Held, 'links'>): string {
  return links[0]?.target ?? '';
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

function firstOf(those: Iterable<Held>, channelOf: (indicatorId: string) => string): Map<string, Firsts> {
  const found = new Map<string, Firsts>();
  for (const held of those) {
    const target = targetOf(held);
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
function isOutlived(firsts: ReadonlyMap<string, Firsts>, those: Iterable<Glance>): boolean {
  const endings = [...firsts.values()].flatMap(({ lapses, ends }) => [lapses, ends]).filter((it) => it !== undefined);
  for (const held of those)
    for (const { at, target, observable } of endings)
      if (held.end > at && targetOf(held) === target && isOf(held, observable)) return true;
  return false;
}

/** Of each value in each feed the judgement that ends last. */
function lastOf(those: Iterable<Held>): Iterable<Held> {
  const last = new Map<string, Held>();
  for (const held of those) {
    const { observable, end, once, links } = held;
    const key = `${targetOf(held)} ${observable.value}`;
    const before = last.get(key);
    // Copied: a glance is good until the next one is asked for.
    if (before === undefined || before.end < end) last.set(key, { observable, end, once, links });
  }
  return last.values();
}
