import { CONSUMERS, type ConsumerName, entriesMaxOf, takes } from '../ctim/consumer.ts';
import type { Entry } from '../ctim/entry.ts';
import { type FeedName, feedKey } from '../ctim/feed.ts';
import { glances, isLive } from './actual.ts';
import { feedKeyOf, feedNamed, type Situation } from './changes.ts';
import { percent } from './limits.ts';
import { desiredValues } from './plan.ts';

/** How near one feed is to what one of its consumers takes. Only where its vendor names a limit. */
export interface Headroom {
  readonly feed: FeedName;
  readonly consumer: ConsumerName;
  readonly entries: number;
  readonly entriesMax?: number;
  /** At most so many: what two lists hold is counted twice while there is room for that. */
  readonly bytes?: number;
  readonly bytesMax?: number;
  /** Of the limit that is nearer; over 1: it does not take all. */
  readonly share: number;
}

/** Who pulls the feeds of each channel. */
export type ConsumersOf = ReadonlyMap<string, readonly ConsumerName[]>;

/** A feed that is so full is called out before it is over. */
const WARN_SHARE = 0.9;

export interface FeedSize {
  readonly feed: FeedName;
  readonly entries: number;
  /** Absent where nobody counted them. */
  readonly bytes?: number | undefined;
}

export function headroomOf(feeds: readonly FeedSize[], consumers: ConsumersOf): Headroom[] {
  return feeds.flatMap(({ feed, entries, bytes }) =>
    (consumers.get(feed.channel) ?? []).flatMap((consumer) => {
      if (!takes(consumer, feed.type)) return [];
      const entriesMax = entriesMaxOf(consumer, feed.type);
      const { bytesMax } = CONSUMERS[consumer];
      const sized = bytes !== undefined && bytesMax !== undefined;
      if (entriesMax === undefined && !sized) return [];
      const share = Math.max(entriesMax === undefined ? 0 : entries / entriesMax, sized ? bytes / bytesMax : 0);
      const row: Headroom = {
        feed,
        consumer,
        entries,
        ...(entriesMax !== undefined && { entriesMax }),
        ...(sized && { bytes, bytesMax }),
        share,
      };
      return [row];
    }),
  );
}

/** With the bytes of those feeds that a consumer takes so many of and no more. */
export function sizesOf(feeds: readonly FeedSize[], situation: Situation, consumers: ConsumersOf): readonly FeedSize[] {
  const limits = new Map<string, number>();
  for (const { feed } of feeds) {
    const most = (consumers.get(feed.channel) ?? []).flatMap((name) => CONSUMERS[name].bytesMax ?? []);
    if (most.length > 0) limits.set(feedKey(feed), Math.min(...most));
  }
  if (limits.size === 0) return feeds;
  const bytes = new Map<string, number>();
  for (const { channel, observable } of situation.desired.values()) {
    const key = feedKey({ channel, type: observable.type });
    if (limits.has(key)) bytes.set(key, (bytes.get(key) ?? 0) + observable.value.length + 1);
  }
  const near = [...limits].filter(([key, most]) => (bytes.get(key) ?? 0) > WARN_SHARE * most);
  const values = near.length === 0 ? undefined : desiredValues(situation);
  for (const [key] of near) {
    let exactly = 0;
    for (const value of values?.get(key) ?? []) exactly += value.length + 1;
    bytes.set(key, exactly);
  }
  return feeds.map((it) => (limits.has(feedKey(it.feed)) ? { ...it, bytes: bytes.get(feedKey(it.feed)) ?? 0 } : it));
}

/** What a feed would hold if it held what the lists say and nothing else, and which list brings most of it. */
export interface ListedFeed extends FeedSize {
  readonly bytes: number;
  readonly mostOf: string;
}

/** Of channels that somebody is known to pull. What two lists have counts once. */
export function listedFeeds(entries: Iterable<Entry>, consumers: ConsumersOf): ListedFeed[] {
  const feeds = new Map<string, { feed: FeedName; values: Set<string>; bytes: number; lists: Map<string, number> }>();
  for (const { channel, list, observable } of entries) {
    if ((consumers.get(channel)?.length ?? 0) === 0) continue;
    const { type, value } = observable;
    const key = feedKey({ channel, type });
    const found = feeds.get(key) ?? { feed: { channel, type }, values: new Set(), bytes: 0, lists: new Map() };
    feeds.set(key, found);
    found.lists.set(list, (found.lists.get(list) ?? 0) + 1);
    if (found.values.has(value)) continue;
    found.values.add(value);
    found.bytes += value.length + 1;
  }
  return [...feeds.values()].map(({ feed, values, bytes, lists }) => {
    const [[mostOf] = ['']] = [...lists].sort(([, a], [, b]) => b - a);
    return { feed, entries: values.size, bytes, mostOf };
  });
}

/** How many values each feed holds now, by what was read of our own. */
export function heldSizes({ actual, indicators, now }: Pick<Situation, 'actual' | 'indicators' | 'now'>): FeedSize[] {
  const values = new Map<string, Set<string>>([...indicators.keys()].map((key) => [key, new Set()]));
  for (const judgement of glances(actual.judgements)) {
    const key = isLive(judgement, now) ? feedKeyOf(judgement, indicators) : undefined;
    if (key !== undefined) values.get(key)?.add(judgement.observable.value);
  }
  return [...values].map(([key, held]) => ({ feed: feedNamed(key), entries: held.size }));
}

export function isNear({ share }: Headroom): boolean {
  return share >= WARN_SHARE;
}

/** `panos takes 50000 entries of firewall-block/ip, which holds 49000 (98 %)`. */
export function headroomText(row: Headroom): string {
  const { feed, consumer, entries, entriesMax, bytes, bytesMax, share } = row;
  const byEntries = entriesMax !== undefined && entries / entriesMax === share;
  const [most, held] = byEntries ? [`${entriesMax} entries`, entries] : [`${bytesMax} bytes`, bytes];
  return `${consumer} takes ${most} of ${feedKey(feed)}, which holds ${held} (${percent(share)})`;
}

/** What a person should hear though it holds nothing: feeds that are nearly full, and such as nobody takes. */
export function headroomNotices(
  rows: readonly Headroom[],
  feeds: readonly FeedSize[],
  consumers: ConsumersOf,
): string[] {
  const near = rows.filter(isNear).map((row) => {
    const { over } = CONSUMERS[row.consumer];
    return `${headroomText(row)}${row.share > 1 ? '' : '; over that'}: ${over}`;
  });
  const idle = feeds.flatMap(({ feed, entries }) => {
    const names = consumers.get(feed.channel) ?? [];
    if (entries === 0 || names.length === 0 || names.some((name) => takes(name, feed.type))) return [];
    return `${feedKey(feed)} holds ${entries}, and none of its consumers (${names.join(', ')}) takes ${feed.type}`;
  });
  return [...near, ...idle];
}
