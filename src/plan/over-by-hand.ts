import { CONSUMERS, type ConsumerName, refusesRanges, takes } from '../ctim/consumer.ts';
import { type Channel, feedKey } from '../ctim/feed.ts';
import { isRange, type Observable } from '../ctim/observable.ts';
import { spaceAdded } from './address-space.ts';
import { headroomOf, headroomText } from './headroom.ts';
import { type FeedLimits, overFeedLimits } from './limits.ts';

export interface AddedByHand {
  readonly channel: Channel;
  readonly observable: Observable;
  /** The values of its feed as firewalls pull them now. */
  readonly held: readonly string[];
  readonly limits: FeedLimits;
}

/**
 * Why one value may not enter its feed unasked, each reason with its numbers. What a list must keep holds for a person's word
 * too: a prefix that was mistyped, and a feed that is too long or holds what its firewall does not read.
 */
export function overByHand({ channel, observable, held, limits }: AddedByHand): string[] {
  const { type, value } = observable;
  if (held.includes(value)) return [];
  const feed = { channel: channel.name, type };
  const before = held.length;
  const entries = before + 1;
  const moved = {
    ...{ name: feedKey(feed), type, before, entries, enters: 1, leaves: 0, allow: channel.action === 'allow' },
    space: type === 'ip' || type === 'ipv6' ? spaceAdded(new Map([[value, undefined]]), new Map()) : 0n,
  };
  const consumers = channel.consumers ?? [];
  const bytes = held.reduce((sum, { length }) => sum + length + 1, value.length + 1);
  const full = headroomOf([{ feed, entries, bytes }], new Map([[channel.name, consumers]]));
  return [
    ...overFeedLimits(limits, moved, false).map((over) => `over the limits: ${over}`),
    ...unread(consumers, observable),
    ...full.filter(({ share }) => share > 1).map((row) => `${headroomText(row)}: ${CONSUMERS[row.consumer].over}`),
  ];
}

/** A firewall that does not read what it pulls blocks nothing, and says nothing. */
function unread(consumers: readonly ConsumerName[], observable: Observable): string[] {
  const { type } = observable;
  if (consumers.length > 0 && !consumers.some((name) => takes(name, type)))
    return [`of those who pull its feeds (${consumers.join(', ')}) none takes ${type}`];
  const rangeless = isRange(observable) ? refusesRanges(consumers, type) : undefined;
  return rangeless === undefined ? [] : [`${rangeless}, which pulls its feeds, takes single addresses only`];
}
