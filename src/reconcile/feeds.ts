import type { CtiaClient } from '../ctia/client.ts';
import { isCtiaError } from '../ctia/error.ts';
import { withoutQuery } from '../ctia/http.ts';
import type { StoredFeed, StoredIndicator } from '../ctia/stored.ts';
import { feedIdPrefix, indicatorId, ownedId } from '../ctim/external-id.ts';
import { type Channel, type FeedName, feedKey } from '../ctim/feed.ts';
import type { ObservableType } from '../ctim/observable.ts';
import { FEED_LIFETIME_LEFT_MIN_MS, feedDocument, indicatorDocument, type Moment } from '../plan/documents.ts';
import { type Hold, holdsAmong, releasedAmong } from '../plan/hold.ts';
import type { Making } from '../plan/plan.ts';
import { isOurs, readOwnIndicators, type Self, type State, stateOf } from './actual.ts';

/** One typed feed of a channel as the tenant has it. */
export interface TypedFeed extends FeedName {
  readonly title: string;
  /** What links end at: the feed's own indicator where there is a feed. */
  readonly indicatorId: string | undefined;
  readonly feed: StoredFeed | undefined;
  readonly ours: boolean;
}

export interface FoundFeeds {
  readonly feeds: readonly TypedFeed[];
  readonly makings: readonly Making[];
  /** To say: the alarms, and what else a person should know of a feed. */
  readonly notices: readonly string[];
  /** What somebody else must see to: foreign lifetimes that end, indicators that somebody deleted. */
  readonly alarms: readonly FeedAlarm[];
  readonly state: State | undefined;
  /** Channels on hold. */
  readonly holds: readonly Hold[];
  /** Channels whose hold was lifted: their next plan is approved. */
  readonly released: readonly string[];
  /** Of ours, those that a later one stands for: they answer until they end, and then are deleted. */
  readonly former: readonly StoredFeed[];
}

export interface FeedAlarm {
  readonly kind: 'feed-ending' | 'indicator-gone';
  readonly feed: FeedName;
  readonly message: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** A foreign feed that ends within this time is an alarm: it is not ours to prolong. */
const FOREIGN_END_ALARM_MS = 30 * DAY_MS;

/** What a tenant holds of feeds and indicators that could be ours or become so. The state is among the indicators. */
export interface FeedEntities {
  readonly ownIndicators: readonly StoredIndicator[];
  readonly ownFeeds: readonly StoredFeed[];
  /** Of whatever owner, by title. */
  readonly indicators: readonly StoredIndicator[];
  readonly feeds: readonly StoredFeed[];
  /** The titles that were asked for: of others this says nothing. */
  readonly titles: readonly string[];
}

export async function findFeeds(
  client: CtiaClient,
  self: Self,
  channels: readonly Channel[],
  now: number,
): Promise<FoundFeeds> {
  return matchFeeds(self, channels, await readFeedEntities(client, self, channels), now);
}

/** Four requests, whatever the number of channels. */
export async function readFeedEntities(
  client: CtiaClient,
  self: Self,
  channels: readonly Channel[],
): Promise<FeedEntities> {
  const titles = channels.flatMap((channel) => [...channel.titles.values()]);
  const ofIndicators = titles.map((it) => it.indicator);
  const ofFeeds = titles.map((it) => it.feed);
  const none = titles.length === 0;
  return {
    ownIndicators: await readOwnIndicators(client, self),
    ownFeeds: (await client.allByExternalId('feed', ownedId(self.owner))).filter((it) => isOurs(self, it)),
    indicators: none ? [] : await client.allByTitle('indicator', ofIndicators),
    feeds: none ? [] : await client.allByTitle('feed', ofFeeds),
    titles: [...ofIndicators, ...ofFeeds],
  };
}

/** The query of a feed's view is its secret. What is kept, or goes to another process, is kept without it. */
export function withoutSecrets(entities: FeedEntities): FeedEntities {
  const bare = (feed: StoredFeed) => ({ ...feed, feed_view_url: withoutQuery(feed.feed_view_url) });
  return { ...entities, ownFeeds: entities.ownFeeds.map(bare), feeds: entities.feeds.map(bare) };
}

/** With this one in its new state. */
export function withIndicator(entities: FeedEntities, indicator: StoredIndicator): FeedEntities {
  return { ...entities, ownIndicators: [...entities.ownIndicators.filter(({ id }) => id !== indicator.id), indicator] };
}

/** Whether these were read for at least these channels. */
export function coversChannels({ titles }: FeedEntities, channels: readonly Channel[]): boolean {
  const known = new Set(titles);
  return channels.every((channel) =>
    [...channel.titles.values()].every((it) => known.has(it.indicator) && known.has(it.feed)),
  );
}

/**
 * Finds the indicator and the feed of each type of each channel. Ours by external id, then, among what our own
 * organisation made, by exact title: Cisco's workflows made them under these public names, and a tenant has them once.
 */
export function matchFeeds(
  self: Self,
  channels: readonly Channel[],
  candidates: FeedEntities,
  now: number,
): FoundFeeds {
  const { ownIndicators, ownFeeds } = candidates;
  const feeds: TypedFeed[] = [];
  const makings: Making[] = [];
  const notices: string[] = [];
  const former: StoredFeed[] = [];
  const alarms: FeedAlarm[] = [];
  for (const channel of channels) {
    for (const [type, title] of channel.titles) {
      const name = { channel: channel.name, type };
      const feed =
        newestOwnFeed(self, ownFeeds, name) ??
        oldest(candidates.feeds.filter((it) => it.title === title.feed && isAdoptable(self, it)));
      const own = ownIndicators.filter((it) => it.externalIds.includes(indicatorId(self.owner, channel.name, type)));
      // Two runs that began at once made several of ours: the one that the feed shows is as right as any.
      const indicator =
        own.find((it) => it.id === feed?.indicator_id) ??
        oldest(own) ??
        oldest(candidates.indicators.filter((it) => it.title === title.indicator && isAdoptable(self, it)));
      const ours = feed !== undefined && isOurs(self, feed);
      if (feed && indicator && feed.indicator_id !== indicator.id)
        throw new FeedOnOtherIndicator(name, feed, indicator);
      if (feed && !indicator) alarms.push(indicatorGone(name, feed));
      if (feed && feed.output !== 'observables')
        notices.push(`${feedKey(name)}: the feed ${feed.id} gives ${feed.output}, not a list of values`);
      feeds.push({ ...name, title: title.feed, indicatorId: feed?.indicator_id ?? indicator?.id, feed, ours });
      if (!indicator && !feed) makings.push({ feed: name, what: 'indicator' });
      if (!feed) makings.push({ feed: name, what: 'feed' });
      else lifetimeOf(name, feed, ours, now, makings, alarms);
      for (const before of formerFeeds(self, ownFeeds, name, feed)) {
        former.push(before);
        if (!hasEnded(before, now)) notices.push(stillAnswers(name, before));
      }
    }
  }
  const holds = holdsAmong(self.owner, ownIndicators);
  const released = releasedAmong(self.owner, ownIndicators).map(({ channel }) => channel);
  const said = [...alarms.map(({ message }) => message), ...notices];
  return { feeds, makings, notices: said, alarms, state: stateOf(self.owner, ownIndicators), holds, released, former };
}

/**
 * Makes what `findFeeds` found missing. A plain POST is not idempotent: an answer that was lost leaves an object that
 * the next run finds by its external id.
 */
export async function makeFeeds(
  client: CtiaClient,
  moment: Moment,
  channels: readonly Channel[],
  found: FoundFeeds,
): Promise<readonly TypedFeed[]> {
  const byName = new Map(channels.map((channel) => [channel.name, channel]));
  const made: TypedFeed[] = [];
  for (const feed of found.feeds) {
    const channel = byName.get(feed.channel);
    const whats = new Set(found.makings.filter((it) => feedKey(it.feed) === feedKey(feed)).map((it) => it.what));
    made.push(channel === undefined || whats.size === 0 ? feed : await makeFeed(client, moment, channel, feed, whats));
  }
  return made;
}

async function makeFeed(
  client: CtiaClient,
  moment: Moment,
  channel: Channel,
  typed: TypedFeed,
  whats: ReadonlySet<Making['what']>,
): Promise<TypedFeed> {
  const { type } = typed;
  const target = whats.has('indicator')
    ? (await client.createIndicator(indicatorDocument(moment.owner, channel, type))).id
    : typed.indicatorId;
  if (target === undefined) throw new Error(`no indicator for ${feedKey(typed)}`);
  if (whats.has('feed')) {
    const feed = await client.createFeed(feedDocument(moment, channel, type, { g: 0, indicatorId: target }));
    return { ...typed, indicatorId: target, feed, ours: true };
  }
  if (!whats.has('feed-lifetime') || typed.feed === undefined) return { ...typed, indicatorId: target };
  const g = generationOfFeed(moment.owner, typed.feed, typed);
  const start = typed.feed.lifetime?.start_time;
  const document = feedDocument(moment, channel, type, {
    g,
    indicatorId: target,
    ...(start !== undefined && { start }),
  });
  return { ...typed, feed: await client.replaceFeed(typed.feed.id, document) };
}

/** Two things of the same name that do not belong together: to publish to either would be a guess. */
export class FeedOnOtherIndicator extends Error {
  constructor(name: FeedName, feed: StoredFeed, indicator: StoredIndicator) {
    super(
      `${feedKey(name)}: the feed ${feed.id} (${feed.title ?? 'no title'}) shows indicator ${feed.indicator_id ?? 'none'}, ` +
        `but the indicator of that name is ${indicator.id}; delete or rename the one that is not used, or set other titles in settings.yaml`,
    );
    this.name = 'FeedOnOtherIndicator';
  }
}

/** Title alone says little: search returns other organisations' green records, and what bears our mark is of another channel or type. */
function isAdoptable(
  { owner, organisation }: Self,
  stored: { groups: readonly string[]; externalIds: readonly string[] },
): boolean {
  return stored.groups.includes(organisation) && !stored.externalIds.some((id) => id.startsWith(`${owner}-`));
}

function oldest<T extends { created: string }>(those: readonly T[]): T | undefined {
  return [...those].sort((a, b) => (a.created < b.created ? -1 : 1))[0];
}

function newestOwnFeed({ owner }: Self, feeds: readonly StoredFeed[], name: FeedName): StoredFeed | undefined {
  return feeds
    .filter((feed) => generationOfFeed(owner, feed, name) >= 0)
    .sort(
      (a, b) => generationOfFeed(owner, b, name) - generationOfFeed(owner, a, name) || (a.created < b.created ? -1 : 1),
    )[0];
}

/** Of a feed that was rotated, the ones before it. */
function formerFeeds(
  { owner }: Self,
  feeds: readonly StoredFeed[],
  name: FeedName,
  newest: StoredFeed | undefined,
): StoredFeed[] {
  if (newest === undefined) return [];
  const g = generationOfFeed(owner, newest, name);
  return feeds.filter((feed) => generationOfFeed(owner, feed, name) >= 0 && generationOfFeed(owner, feed, name) < g);
}

export function hasEnded({ lifetime }: StoredFeed, now: number): boolean {
  return lifetime?.end_time !== undefined && Date.parse(lifetime.end_time) < now;
}

/** Those whose time is over: their views answer 404 already. */
export async function removeFormer(client: CtiaClient, former: readonly StoredFeed[], now: number): Promise<void> {
  for (const feed of former) {
    if (!hasEnded(feed, now)) continue;
    try {
      await client.removeOne(feed.id);
    } catch (error) {
      if (!isCtiaError(error, 'not-found')) throw error;
    }
  }
}

function stillAnswers(name: FeedName, { id, lifetime }: StoredFeed): string {
  return `${feedKey(name)}: its former feed ${id} answers until ${lifetime?.end_time ?? 'somebody ends it'}: pull the new one (feeds --show-secrets)`;
}

/** -1 where the feed is not ours for this channel and type. */
export function generationOfFeed(
  owner: string,
  feed: StoredFeed,
  { channel, type }: { channel: string; type: ObservableType },
): number {
  const prefix = feedIdPrefix(owner, channel, type);
  const id = feed.externalIds.find((it) => it.startsWith(prefix));
  const g = id === undefined ? '' : id.slice(prefix.length);
  return /^\d{1,9}$/.test(g) ? Number(g) : -1;
}

function indicatorGone(name: FeedName, feed: StoredFeed): FeedAlarm {
  const message = `${feedKey(name)}: the indicator of feed ${feed.id} was deleted or renamed; publishing goes on to ${feed.indicator_id ?? 'none'}, which the feed still shows`;
  return { kind: 'indicator-gone', feed: name, message };
}

function lifetimeOf(
  name: FeedName,
  feed: StoredFeed,
  ours: boolean,
  now: number,
  makings: Making[],
  alarms: FeedAlarm[],
): void {
  const end = feed.lifetime?.end_time;
  if (end === undefined) return;
  const leftMs = Date.parse(end) - now;
  if (ours && leftMs < FEED_LIFETIME_LEFT_MIN_MS) makings.push({ feed: name, what: 'feed-lifetime' });
  if (!ours && leftMs < FOREIGN_END_ALARM_MS) {
    const message = `${feedKey(name)}: the feed ${feed.id} is not ours and ends on ${end}; then firewalls get 404; prolong it in the console`;
    alarms.push({ kind: 'feed-ending', feed: name, message });
  }
}
