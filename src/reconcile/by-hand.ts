import type { CtiaClient } from '../ctia/client.ts';
import type { StoredJudgement } from '../ctia/stored.ts';
import type { Entry } from '../ctim/entry.ts';
import { entryHash } from '../ctim/external-id.ts';
import { type Channel, feedKey } from '../ctim/feed.ts';
import { type Observable, sameObservable } from '../ctim/observable.ts';
import { type ActualJudgement, isLive, listOf } from '../plan/actual.ts';
import type { Clock } from '../runtime/clock.ts';
import { SECOND } from '../runtime/clock.ts';
import { actualJudgement, type Self } from './actual.ts';
import { type ApplyContext, applyBatch, makeApplyContext, type Recorder } from './apply.ts';
import type { BulkRights } from './bulk-rights.ts';
import { type FoundFeeds, findFeeds, makeFeeds, type TypedFeed } from './feeds.ts';
import { type Failure, type Outcome, together } from './outcome.ts';

/**
 * What a person does by hand is will too. It has no list: the judgement itself says what is wanted and until when, always
 * `once`, so no sync undoes it and losing Redis does not lose it.
 */
export interface HandWork {
  readonly client: CtiaClient;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly owner: string;
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
  readonly record?: Recorder;
  readonly rights?: BulkRights;
}

export interface HandReport {
  readonly observable: Observable;
  readonly did: string;
  /** Feeds that hold the value, and feeds that do not any more, as their views show it. */
  readonly shown: readonly string[];
  readonly gone: readonly string[];
  readonly until?: string;
  readonly failures: readonly Failure[];
}

/** A person asked for something that cannot be done as asked; the message says what to do instead. Nothing was changed. */
export class HandRefused extends Error {
  override readonly name = 'HandRefused';
}

const VIEW_MS_MAX = 10 * SECOND;
const VIEW_EVERY_MS = 250;
/** CTIM's guide: 100 for a human's word. */
const PRIORITY_BY_HAND = 100;
const CLEAN = 1;
const MALICIOUS = 2;

export async function addByHand(
  work: HandWork,
  {
    observable,
    channel,
    lifetimeMs,
    reason,
  }: { observable: Observable; channel: Channel; lifetimeMs: number; reason: string },
): Promise<HandReport> {
  if (!channel.titles.has(observable.type)) {
    throw new HandRefused(
      `channel ${channel.name} has no feed of type ${observable.type}; it has ${[...channel.titles.keys()].join(', ')}`,
    );
  }
  const { context, feeds } = await makeReady(work, await look(work, [channel]), [channel]);
  const end = context.moment().now + lifetimeMs;
  const outcome = await work.exclusively(() => put(context, entryByHand(channel, observable, end, reason)));
  const feed = feeds.find((it) => it.channel === channel.name && it.type === observable.type);
  const shown = outcome.failures.length === 0 && feed && (await becomes(work, feed, observable.value, true));
  return {
    observable,
    did: `${channel.action === 'block' ? 'blocked' : 'allowed'} in ${channel.name}`,
    shown: shown && feed ? [feedKey(feed)] : [],
    gone: [],
    until: new Date(end).toISOString(),
    failures: outcome.failures,
  };
}

/**
 * Takes back what was added by hand. What a list blocks stays, unless `allow` says for how long to let it through: then
 * an entry of `adhoc-allow` takes it out of the block feeds for that time.
 */
export async function removeByHand(
  work: HandWork,
  request: {
    observable: Observable;
    channels: readonly Channel[];
    allow: { channel: Channel; lifetimeMs: number; reason: string } | undefined;
  },
): Promise<HandReport> {
  const { observable, channels, allow } = request;
  const looked = await look(work, channels);
  const now = work.client.serverNow();
  const found = (await work.client.judgementsOn(observable))
    .filter((stored) => sameObservable(stored.observable as Observable, observable))
    .flatMap((stored): ActualJudgement[] => ours(looked.self, stored))
    .filter((judgement) => isLive(judgement, now));
  const blocks = channels.filter(({ action }) => action === 'block');
  const blocking = found.filter(({ words }) => words.disposition !== CLEAN);
  const byHand = blocking.filter(({ h }) => isOf(h, observable, blocks, 'adhoc-block'));
  const listed = blocking.filter((judgement) => !byHand.includes(judgement));
  if (listed.length > 0 && allow === undefined) throw new HandRefused(stillListed(observable, listed));
  if (blocking.length === 0 && allow === undefined) {
    throw new HandRefused(`${observable.type} ${observable.value} is not blocked by us: nothing to remove`);
  }
  // Only now is anything made: who is refused finds the tenant as it was.
  const { context, feeds } = await makeReady(work, looked, allow ? [allow.channel] : []);
  const outcomes: Outcome[] = [];
  const end = allow && now + allow.lifetimeMs;
  if (allow && end !== undefined) {
    outcomes.push(
      await work.exclusively(() => put(context, entryByHand(allow.channel, observable, end, allow.reason))),
    );
  }
  const changes = blocking.map((stored) => ({ kind: 'withdraw', feed: undefined, stored, after: [] }) as const);
  if (changes.length > 0)
    outcomes.push(await work.exclusively(() => applyBatch(context, { kind: 'withdraw', changes }, new Set())));
  const gone: string[] = [];
  for (const feed of feeds) {
    const blocked = feed.type === observable.type && blocks.some(({ name }) => name === feed.channel);
    if (blocked && (await becomes(work, feed, observable.value, false))) gone.push(feedKey(feed));
  }
  return {
    observable,
    did: allow ? `allowed in ${allow.channel.name}, withdrawn where it was blocked` : 'withdrawn',
    shown: [],
    gone,
    ...(end !== undefined && { until: new Date(end).toISOString() }),
    failures: together(outcomes).failures,
  };
}

interface Looked {
  readonly self: Self;
  readonly found: FoundFeeds;
  /** The last applied revision. */
  readonly revision: string;
}

/** Reads what there is, and changes nothing. */
async function look({ client, owner }: HandWork, channels: readonly Channel[]): Promise<Looked> {
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

/** Makes the feeds that these channels miss, and knows the others. */
async function makeReady(
  work: HandWork,
  { self, found, revision }: Looked,
  channels: readonly Channel[],
): Promise<{ context: ApplyContext; feeds: readonly TypedFeed[] }> {
  const { client, clock, signal, owner, record } = work;
  const moment = { now: client.serverNow(), owner, revision };
  const missing = found.makings.some(({ feed }) => channels.some(({ name }) => name === feed.channel));
  const feeds = missing ? await work.exclusively(() => makeFeeds(client, moment, channels, found)) : found.feeds;
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

function put(context: ApplyContext, entry: Entry): Promise<Outcome> {
  const feed = { channel: entry.channel, type: entry.observable.type };
  const generation = { h: entryHash(entry.channel, entry.list, entry.observable), g: 0 };
  const change = { kind: 'create', feed, entry, judgement: generation, link: generation } as const;
  return applyBatch(context, { kind: 'import', changes: [change] }, new Set());
}

function entryByHand(channel: Channel, observable: Observable, end: number, reason: string): Entry {
  const list = channel.action === 'block' ? 'adhoc-block' : 'adhoc-allow';
  return {
    observable,
    list,
    channel: channel.name,
    position: { file: 'by-hand', line: 1, column: 1 },
    terms: {
      disposition: channel.action === 'block' ? MALICIOUS : CLEAN,
      reason,
      source: list,
      priority: PRIORITY_BY_HAND,
      severity: 'Medium',
      confidence: 'High',
      tlp: 'amber',
      lifetime: { kind: 'once', text: new Date(end).toISOString(), end },
    },
  };
}

function ours(self: Self, stored: StoredJudgement): ActualJudgement[] {
  const judgement = actualJudgement(self, stored, [], (words) => words);
  return judgement === undefined ? [] : [judgement];
}

function isOf(h: string, observable: Observable, channels: readonly Channel[], list: string): boolean {
  return channels.some(({ name }) => entryHash(name, list, observable) === h);
}

function stillListed(observable: Observable, listed: readonly ActualJudgement[]): string {
  const where = listed.map((judgement) => `list ${listOf(judgement) ?? 'unknown'} (${placeOf(judgement)})`).join(', ');
  return `${observable.value} stands in ${where}: take it out there, or let it through for a time with --for, for example --for 24h`;
}

/** `<commit>:feeds/tor.yaml:12` without the commit. */
function placeOf({ references }: ActualJudgement): string {
  const id = references[0]?.external_id ?? 'place unknown';
  return id.slice(id.indexOf(':') + 1);
}

/** Reads the view until the value is there (or is gone), at most ten seconds. */
async function becomes(
  { client, clock, signal }: HandWork,
  feed: TypedFeed,
  value: string,
  present: boolean,
): Promise<boolean> {
  if (feed.feed === undefined) return !present;
  for (const until = clock.now() + VIEW_MS_MAX; ; ) {
    if ((await client.view(feed.feed.feed_view_url)).includes(value) === present) return true;
    if (clock.now() >= until) return false;
    await clock.sleep(VIEW_EVERY_MS, signal);
  }
}
