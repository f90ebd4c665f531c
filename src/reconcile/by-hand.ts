import type { CtiaClient } from '../ctia/client.ts';
import { isCtiaError } from '../ctia/error.ts';
import type { AllowedByHand, Entry, Terms } from '../ctim/entry.ts';
import { entryHash } from '../ctim/external-id.ts';
import { type Channel, feedKey } from '../ctim/feed.ts';
import type { Observable } from '../ctim/observable.ts';
import type { ActualJudgement } from '../plan/actual.ts';
import type { Change } from '../plan/change.ts';
import { channelByHash, onHold } from '../plan/hold.ts';
import type { FeedLimits } from '../plan/limits.ts';
import { type AddedByHand, overByHand } from '../plan/over-by-hand.ts';
import type { Clock } from '../runtime/clock.ts';
import { SECOND } from '../runtime/clock.ts';
import type { Self } from './actual.ts';
import { type ApplyContext, applyBatch, makeApplyContext, type Recorder } from './apply.ts';
import type { BulkRights } from './bulk-rights.ts';
import { type FoundFeeds, findFeeds, makeFeeds, type TypedFeed } from './feeds.ts';
import { allowedAround, isReserved, placeOf } from './neighbours.ts';
import { type Failure, NOTHING_DONE, type Outcome, together } from './outcome.ts';
import { CARVE_OUT } from './prepare.ts';
import { viewTrouble } from './verify.ts';

/**
 * What a person does by hand is will too. It has no list: the judgement itself says what is wanted and until when, always
 * `once`, so no sync undoes it and losing Redis does not lose it. What is looked at and what is written on it is one step
 * of the only writer: no batch of a sync comes between.
 */
export interface HandWork {
  readonly client: CtiaClient;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly owner: string;
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
  readonly record?: Recorder | undefined;
  readonly rights?: BulkRights | undefined;
  readonly notes?: HandNotes | undefined;
}

/** Where those hear of it who carry out a plan that was made before. */
export interface HandNotes {
  letThrough(allowed: AllowedByHand): Promise<void>;
  hold(channel: string): Promise<void>;
  release(channel: string): Promise<void>;
  /** Something was done: what was planned before is to be planned again. */
  done(): Promise<void>;
}

export interface HandReport {
  readonly observable: Observable;
  readonly did: string;
  /** Feeds that hold the value, and feeds that do not any more, as their views show it. */
  readonly shown: readonly string[];
  readonly gone: readonly string[];
  /** Of feeds whose views could not be read: why. */
  readonly troubles?: readonly string[];
  readonly until?: string;
  /** Ranges that hold the value, and that are published in parts around it for that time. */
  readonly split?: readonly string[];
  readonly failures: readonly Failure[];
}

/** A person asked for something that cannot be done as asked; the message says what to do instead. Nothing was changed. */
export class HandRefused extends Error {
  override readonly name = 'HandRefused';
}

const VIEW_MS_MAX = 10 * SECOND;
const VIEW_EVERY_MS = 250;
/** What a firewall that pulls it gets, too: trying again changes nothing. */
const VIEW_UNREADABLE = ['not-found', 'token', 'forbidden'] as const;
/** CTIM's guide: 100 for a human's word. */
const PRIORITY_BY_HAND = 100;
const CLEAN = 1;
const MALICIOUS = 2;

export interface AddRequest {
  readonly observable: Observable;
  readonly channel: Channel;
  /** All that there are: allow beats block in each of them. */
  readonly channels: readonly Channel[];
  readonly lifetimeMs: number;
  readonly words: WordsByHand;
  /** Of its feed; undefined where the person said that they are meant to be passed, and what its firewalls read too. */
  readonly limits: FeedLimits | undefined;
}

/** What a person says beside a value. */
export type WordsByHand = Pick<Terms, 'ticket' | 'source_uri'> & { readonly reason: string };

export async function addByHand(work: HandWork, request: AddRequest): Promise<HandReport> {
  const { observable, channel, channels, lifetimeMs, words, limits } = request;
  if (!channel.titles.has(observable.type)) {
    throw new HandRefused(
      `channel ${channel.name} has no feed of type ${observable.type}; it has ${[...channel.titles.keys()].join(', ')}`,
    );
  }
  const looked = await look(work, only(observable.type, [channel]));
  refuseOnHold(looked, [channel]);
  if (limits !== undefined) await refuseOver(work, looked, { channel, observable, limits });
  const end = work.client.serverNow() + lifetimeMs;
  const { outcome, feeds, ended } = await work.exclusively(async () => {
    const entry = entryByHand(channel, observable, end, words);
    const ended = channel.action === 'block' ? await letThroughBefore(work, looked, channels, entry) : [];
    const { context, feeds } = await makeReady(work, looked, only(observable.type, [channel]));
    const outcomes = [await put(context, entry)];
    if (outcomes[0]?.failures.length === 0) outcomes.push(await withdraw({ context, feeds }, ended, []));
    return { outcome: together(outcomes), feeds, ended };
  });
  const feed = feeds.find((it) => it.channel === channel.name && it.type === observable.type);
  const shown = outcome.failures.length === 0 && feed && (await becomes(work, feed, observable.value, true));
  const trouble = typeof shown === 'string' ? [shown] : [];
  const over = ended.length === 0 ? '' : ', and no longer let through by hand';
  return {
    observable,
    did: `${channel.action === 'block' ? 'blocked' : 'allowed'} in ${channel.name}${over}`,
    shown: shown === true && feed ? [feedKey(feed)] : [],
    gone: [],
    ...(trouble.length > 0 && { troubles: trouble }),
    until: new Date(end).toISOString(),
    failures: outcome.failures,
  };
}

/** Asked before anything is made: of the feed as it is pulled now, which costs none of the hour's requests. */
async function refuseOver({ client }: HandWork, { found }: Looked, asked: Omit<AddedByHand, 'held'>): Promise<void> {
  const { channel, observable } = asked;
  const feed = found.feeds.find((it) => it.channel === channel.name && it.type === observable.type)?.feed;
  const held = feed === undefined ? [] : await pulledNow(client, feed.feed_view_url);
  const over = overByHand({ ...asked, held });
  if (over.length === 0) return;
  const done = channel.action === 'block' ? 'blocked' : 'allowed';
  throw new HandRefused(
    `${observable.value} is not ${done} in ${channel.name}: ${over.join('; ')}. If it is meant all the same, --force`,
  );
}

/** What firewalls get. Where they get nothing but an error there is no feed to be too full: that stops nobody who blocks one value. */
export async function pulledNow(client: CtiaClient, url: string): Promise<readonly string[]> {
  try {
    return await client.view(url);
  } catch (error) {
    if (!isCtiaError(error, ...VIEW_UNREADABLE)) throw error;
    return [];
  }
}

/** What an allow list lets through stays so; of what a person let through just so, the later word counts: it ends. */
async function letThroughBefore(
  { client }: HandWork,
  { self }: Looked,
  channels: readonly Channel[],
  entry: Entry,
): Promise<readonly ActualJudgement[]> {
  const { observable } = entry;
  const allowed = await allowedAround(client, self, channels, entry);
  const ends = allowed.filter(
    (it) => isReserved(it, channels, 'adhoc-allow') && it.observable.value === observable.value,
  );
  const [first] = allowed.filter((it) => !ends.includes(it));
  if (first === undefined) return ends;
  const value = first.observable.value === observable.value ? 'it' : first.observable.value;
  throw new HandRefused(
    `${observable.value} is not blocked: ${value} is allowed by ${placeOf(first)}, until ${new Date(first.end).toISOString()} at least; take that out first`,
  );
}

export interface Looked {
  readonly self: Self;
  readonly found: FoundFeeds;
  /** The last applied revision. */
  readonly revision: string;
}

/** Reads what there is, and changes nothing. */
export async function look({ client, owner }: HandWork, channels: readonly Channel[]): Promise<Looked> {
  const { organisation } = await client.identity();
  const self: Self = { owner, organisation };
  const found = await findFeeds(client, self, channels, client.serverNow());
  if (found.state === undefined) {
    throw new HandRefused(
      `owner ${owner} never applied anything to ${client.ctiaUrl}: look at the plan and apply it once first (apply --yes)`,
    );
  }
  return { self, found, revision: found.state.revision };
}

export function refuseOnHold({ found }: Looked, channels: readonly Pick<Channel, 'name'>[]): void {
  const hold = found.holds.find((it) => channels.some(({ name }) => name === it.channel));
  if (hold !== undefined)
    throw new HandRefused(
      `${onHold(hold)}; nothing enters or leaves it: lift the hold first (panic ${hold.channel} --release)`,
    );
}

/** These channels, as if they had feeds of this type alone: what is asked of CTIA, and made there, is in proportion. */
export function only(type: Observable['type'], channels: readonly Channel[]): Channel[] {
  return channels.map((channel) => ({
    ...channel,
    titles: new Map([...channel.titles].filter(([its]) => its === type)),
  }));
}

/** Makes the feeds that these channels miss, and knows the others. To be called as the only writer. */
export async function makeReady(
  work: HandWork,
  { self, found, revision }: Looked,
  channels: readonly Channel[],
): Promise<{ context: ApplyContext; feeds: readonly TypedFeed[] }> {
  const { client, clock, signal, owner, record } = work;
  const moment = { now: client.serverNow(), owner, revision };
  const missing = found.makings.some(({ feed }) => channels.some(({ name }) => name === feed.channel));
  const feeds = missing ? await makeFeeds(client, moment, channels, found) : found.feeds;
  const context = makeApplyContext({
    client,
    clock,
    signal,
    self,
    revision,
    indicators: new Map(feeds.map((feed) => [feedKey(feed), feed.indicatorId])),
    record,
    rights: work.rights,
  });
  return { context, feeds };
}

/** What is there already is looked at and brought up to date: so it does for what was never there, and for what is. */
export function put(context: ApplyContext, ...entries: readonly Entry[]): Promise<Outcome> {
  const changes = entries.map((entry) => {
    const feed = { channel: entry.channel, type: entry.observable.type };
    const generation = { h: entryHash(entry.channel, entry.list, entry.observable), g: 0 };
    return { kind: 'create', feed, entry, judgement: generation, link: generation } as const;
  });
  return applyBatch(context, { kind: 'import', changes }, new Set());
}

export async function withdraw(
  { context, feeds }: { context: ApplyContext; feeds: readonly TypedFeed[] },
  those: readonly ActualJudgement[],
  after: readonly string[],
  failed: ReadonlySet<string> = new Set(),
): Promise<Outcome> {
  const changes = those.map((stored): Extract<Change, { kind: 'withdraw' }> => {
    const { type } = stored.observable;
    const channel = channelByHash(
      feeds.map((feed) => feed.channel),
      stored,
    );
    return { kind: 'withdraw', feed: channel === undefined ? undefined : { channel, type }, stored, after };
  });
  if (changes.length === 0) return NOTHING_DONE;
  return applyBatch(context, { kind: 'withdraw', changes }, failed);
}

export function entryByHand(
  channel: Channel,
  observable: Observable,
  end: number,
  words: WordsByHand,
  carveOut = false,
): Entry {
  const list = channel.action === 'block' ? 'adhoc-block' : 'adhoc-allow';
  return {
    observable,
    list,
    channel: channel.name,
    position: { file: carveOut ? CARVE_OUT : 'by-hand', line: 1, column: 1 },
    terms: {
      disposition: channel.action === 'block' ? MALICIOUS : CLEAN,
      ...words,
      source: list,
      priority: PRIORITY_BY_HAND,
      severity: 'Medium',
      confidence: 'High',
      tlp: 'amber',
      lifetime: { kind: 'once', text: new Date(end).toISOString(), end },
    },
  };
}

/** Reads the view until the value is there (or is gone), at most ten seconds. A text says why the view cannot be read. */
export async function becomes(
  { client, clock, signal }: HandWork,
  feed: TypedFeed,
  value: string,
  present: boolean,
): Promise<boolean | string> {
  if (feed.feed === undefined) return !present;
  for (const until = clock.now() + VIEW_MS_MAX; ; ) {
    try {
      if ((await client.view(feed.feed.feed_view_url)).includes(value) === present) return true;
    } catch (error) {
      if (!isCtiaError(error, ...VIEW_UNREADABLE)) throw error;
      return viewTrouble(error.kind, feed, error.message);
    }
    if (clock.now() >= until) return false;
    await clock.sleep(VIEW_EVERY_MS, signal);
  }
}
