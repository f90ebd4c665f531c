import { channelOfHold, entryHash, holdId, ownedId } from '../ctim/external-id.ts';
import type { IndicatorDocument } from '../ctim/feed.ts';
import { type Actual, type ActualLink, type Glance, glances, type HeldJudgements, listOf } from './actual.ts';
import { feedNamed, type Situation } from './changes.ts';
import { withoutEntries } from './entries-by-hash.ts';

/**
 * A channel that a person took out of the hands of all runs (`panic`). While the hold stands nothing is created, revived,
 * changed, linked, repaired or withdrawn there; what should be there is renewed. It is an indicator in CTIA, so losing
 * Redis does not lose it. One that was lifted stays there as *released* until the channel's next plan has gone: that plan
 * is approved, which losing Redis must not lose either.
 */
export interface Hold {
  readonly id: string;
  readonly channel: string;
  /** What the channel is to hold: nothing, or what the lists of this commit want. */
  readonly to: typeof EMPTY | string;
  readonly since: string;
  readonly reason?: string;
}

export const EMPTY = 'empty';
const RELEASED = 'released';

export function holdDocument(owner: string, { channel, to, reason }: Omit<Hold, 'id' | 'since'>): IndicatorDocument {
  return {
    external_ids: [holdId(owner, channel), ownedId(owner)],
    producer: 'ctim-feeds',
    title: `ctim-feeds hold ${channel}`,
    short_description: to,
    ...(reason !== undefined && { description: reason }),
    tlp: 'amber',
  };
}

interface StoredHold {
  readonly id: string;
  readonly externalIds: readonly string[];
  readonly short_description: string | undefined;
  readonly description: string | undefined;
  readonly modified: string;
}

/** The same indicator, once the hold is lifted: the next plan of that channel is approved. */
export function releasedDocument(owner: string, channel: string): IndicatorDocument {
  return holdDocument(owner, { channel, to: RELEASED });
}

export function holdsAmong(owner: string, indicators: readonly StoredHold[]): Hold[] {
  return latestOf(owner, indicators).filter(({ to }) => to !== RELEASED);
}

/** Whose next plan is approved. */
export function releasedAmong(owner: string, indicators: readonly StoredHold[]): Pick<Hold, 'id' | 'channel'>[] {
  return latestOf(owner, indicators).filter(({ to }) => to === RELEASED);
}

/** Of several (an answer that was lost) the latest says what the channel is to hold. */
function latestOf(owner: string, indicators: readonly StoredHold[]): Hold[] {
  const holds = new Map<string, Hold>();
  for (const { id, externalIds, short_description: to = EMPTY, description, modified } of indicators) {
    const channel = channelOfHold(owner, externalIds);
    if (channel === undefined || (holds.get(channel)?.since ?? '') > modified) continue;
    holds.set(channel, { id, channel, to, since: modified, ...(description !== undefined && { reason: description }) });
  }
  return [...holds.values()];
}

export function holdNotice(hold: Hold): string {
  return `${onHold(hold)}; nothing but renewals is done there until panic ${hold.channel} --release`;
}

export function onHold({ channel, to, since, reason }: Hold): string {
  return `channel ${channel} is on hold since ${since}: ${whatWasDone(to)} by a person${reason === undefined ? '' : ` (${reason})`}`;
}

export function whatWasDone(to: Hold['to']): string {
  return to === EMPTY ? 'emptied' : `put back to ${to}`;
}

/** Which judgements and links are of some channels: by the indicator they are in, and where that is nobody's, by their h. */
export interface OfChannels {
  judgement(stored: Glance): boolean;
  link(link: Pick<ActualLink, 'target'>): boolean;
}

/** `theirs`: indicators of these channels; `others`: those of all other channels of today. */
export function ofChannels(
  channels: ReadonlySet<string>,
  theirs: ReadonlySet<string>,
  others: ReadonlySet<string>,
): OfChannels {
  const link = ({ target }: Pick<ActualLink, 'target'>) => theirs.has(target);
  return {
    link,
    judgement(stored) {
      if (stored.links.some(link)) return true;
      return !stored.links.some(({ target }) => others.has(target)) && channelByHash(channels, stored) !== undefined;
    },
  };
}

/** The one of these channels that a judgement was made for, whatever it is linked to; needs no feed and no settings. */
export function channelByHash(
  channels: Iterable<string>,
  stored: Pick<Glance, 'h' | 'observable' | 'references'>,
): string | undefined {
  const list = listOf(stored);
  if (list === undefined) return undefined;
  for (const channel of channels) if (entryHash(channel, list, stored.observable) === stored.h) return channel;
  return undefined;
}

/** The same situation as if nothing of these channels were wanted or there: what is planned on it leaves them alone. */
export function withoutChannels(situation: Situation, channels: ReadonlySet<string>, those: OfChannels): Situation {
  return {
    ...situation,
    desired: withoutEntries(situation.desired, ({ channel }) => channels.has(channel)),
    actual: keep(situation.actual, {
      judgement: (stored) => !those.judgement(stored),
      link: (link) => !those.link(link),
    }),
    indicators: new Map([...situation.indicators].filter(([key]) => !channels.has(feedNamed(key).channel))),
  };
}

/** Of what is held, those parts. */
export function keep(actual: Actual, { judgement, link }: OfChannels): Actual {
  const judgements: HeldJudgements = actual.judgements.copy?.() ?? new Map(actual.judgements);
  for (const held of glances(judgements)) {
    if (judgement(held)) continue;
    const { h } = held;
    const left = (judgements.get(h) ?? []).filter(judgement);
    if (left.length > 0) judgements.set(h, left);
    else judgements.delete(h);
  }
  return { judgements, dangling: partsOf(actual.dangling, link) };
}

function partsOf<T>(all: ReadonlyMap<string, readonly T[]>, isIn: (one: T) => boolean): Map<string, readonly T[]> {
  const some = new Map<string, readonly T[]>();
  for (const [h, those] of all) {
    const left = those.filter(isIn);
    if (left.length > 0) some.set(h, left.length === those.length ? those : left);
  }
  return some;
}
