import type { CtiaClient } from '../ctia/client.ts';
import type { StoredIndicator } from '../ctia/stored.ts';
import type { AllowedByHand, Entry } from '../ctim/entry.ts';
import { RESERVED_LISTS } from '../ctim/entry.ts';
import { channelOfHold, channelOfIndicator } from '../ctim/external-id.ts';
import { type Channel, feedKey } from '../ctim/feed.ts';
import { type Actual, type ActualJudgement, isDead, listOf } from '../plan/actual.ts';
import { makeBatches } from '../plan/batch.ts';
import { type Change, type ChangeCounts, countChanges, hashOf } from '../plan/change.ts';
import { computeChanges } from '../plan/changes.ts';
import {
  EMPTY,
  type Hold,
  holdDocument,
  holdsAmong,
  keep,
  ofChannels,
  releasedAmong,
  releasedDocument,
} from '../plan/hold.ts';
import { readOwnIndicators, type Self, stateOf } from './actual.ts';
import { applyBatch } from './apply.ts';
import { HandRefused, type HandWork, type Looked, makeReady } from './by-hand.ts';
import { byHash } from './by-hash.ts';
import { type FeedEntities, matchFeeds, readFeedEntities } from './feeds.ts';
import { type Failure, type Outcome, together } from './outcome.ts';
import { findAllowedByHand, type ListsAt } from './prepare.ts';
import { keptOfPulled, type PulledList, pulledNotices, valuesOf, withoutKept } from './pulled-lists.ts';
import { type FeedVerdict, type Named, verifyFeed } from './verify.ts';

export interface PanicWork extends HandWork {
  /** What CTIA holds of us now. Asked after the hold stands: nothing but this changes that channel any more. */
  readonly readActual: (self: Self, channels: readonly Channel[]) => Promise<Actual>;
  readonly listsAt: (commit: string, allowedByHand: readonly AllowedByHand[]) => Promise<ListsAt>;
}

export interface PanicRequest {
  /** As the settings have it; undefined where they know none of that name any more, or cannot be read. */
  readonly channel: Channel | undefined;
  readonly name: string;
  readonly to: typeof EMPTY | string;
  readonly reason: string | undefined;
}

export interface PanicReport {
  readonly channel: string;
  /** `empty`, or the commit. */
  readonly to: string;
  readonly since: string;
  readonly counts: ChangeCounts;
  /** What people had added by hand, and what is gone too: it does not come back by itself. */
  readonly byHand: Named;
  readonly feeds: readonly FeedVerdict[];
  readonly failures: readonly Failure[];
  readonly notices: readonly string[];
}

const NAMED_MAX = 20;

/**
 * Empties a channel, or puts it back to what its lists wanted at a commit, and leaves it on hold. In this order, so that it
 * is safe to be stopped anywhere and said again:
 *
 *   lists of the commit     read and sound, or nothing is done
 *   the hold                made as the only writer, readable before anything leaves: no run touches the channel from now on
 *   creates, revives        what the commit wants
 *   withdrawals             all else, what was added by hand too
 *   the feeds' views        hold just that, and whatever foreign links keep in them
 */
export async function panic(work: PanicWork, request: PanicRequest): Promise<PanicReport> {
  const { client, clock, signal, owner, exclusively } = work;
  const { name, to, reason } = request;
  const channels = request.channel ? [request.channel] : [];
  const { looked, entities } = await lookAtChannel(work, request);
  const { self } = looked;
  const commit = to === EMPTY ? undefined : await sound(work, to, []);

  const hold = await exclusively(async () => {
    await work.notes?.hold(name);
    return makeHold(client, self, {
      channel: name,
      to: commit?.commit ?? EMPTY,
      ...(reason !== undefined && { reason }),
    });
  });
  const actual = await work.readActual(self, channels);
  const wanted = commit && (await sound(work, commit.commit, findAllowedByHand(actual, client.serverNow())));
  const pulled: ReadonlyMap<string, PulledList> = wanted?.pulled ?? new Map();
  const kept = keptOfPulled(actual, name, pulled, client.serverNow());
  const listed = (wanted?.entries ?? []).filter((entry) => entry.channel === name);
  const entries = withoutKept(listed, kept);
  const { context, feeds } = await exclusively(() => makeReady(work, looked, entries.length === 0 ? [] : channels));
  const mine = new Set<string>();
  const others = new Set<string>();
  for (const { id, externalIds } of entities.ownIndicators)
    (channelOfIndicator(owner, externalIds) === name ? mine : others).add(id);
  for (const { indicatorId } of feeds) if (indicatorId !== undefined) mine.add(indicatorId);
  const there = keep(actual, ofChannels(new Set([name]), mine, others));
  const changes = changesTo(name, there, await byHash(entries), {
    now: client.serverNow(),
    indicators: new Map(feeds.map((feed) => [feedKey(feed), feed.indicatorId])),
    unknownLists: kept.lists,
    succession: (await work.rights?.lacking()) !== undefined,
  });
  const revision = commit?.commit ?? looked.revision;
  const outcomes: Outcome[] = [];
  const failed = new Set<string>();
  const asTold = { ...context, moment: () => ({ now: client.serverNow(), owner, revision }) };
  for (const batch of makeBatches(changes)) {
    const outcome = await exclusively(() => applyBatch(asTold, batch, failed));
    for (const { h } of outcome.failures) failed.add(h);
    outcomes.push(outcome);
  }
  const verdicts: FeedVerdict[] = [];
  for (const feed of feeds) {
    if (feed.feed !== undefined)
      verdicts.push(await verifyFeed({ client, clock, self, signal }, feed, valuesOf(feed, entries, kept)));
  }
  const { failures, notices } = together(outcomes);
  const byHand = changes.flatMap((it) =>
    it.kind === 'withdraw' && isByHand(it.stored) ? it.stored.observable.value : [],
  );
  return {
    channel: name,
    to: hold.to,
    since: hold.since,
    counts: countChanges(changes),
    byHand: { count: byHand.length, some: byHand.slice(0, NAMED_MAX) },
    feeds: verdicts,
    failures,
    notices: [...new Set([...pulledNotices(name, pulled, kept, listed), ...notices])],
  };
}

export interface ReleaseReport {
  readonly channel: string;
  /** What it was held to, and since when. */
  readonly to: string;
  readonly since: string;
}

/** Lifts the hold. What the lists want of the channel the next plan brings back, however much that is. */
export async function release(work: HandWork, name: string): Promise<ReleaseReport> {
  const { client, owner, exclusively } = work;
  const { looked, entities } = await lookAtChannel(work, { channel: undefined, name });
  const hold = looked.found.holds.find(({ channel }) => channel === name);
  if (hold === undefined) {
    const lifted = looked.found.released.includes(name);
    throw new HandRefused(
      lifted
        ? `channel ${name} is released already: its next plan is approved (enqueue sync --wait, or apply)`
        : `channel ${name} is not on hold: there is nothing to release`,
    );
  }
  await exclusively(async () => {
    for (const { id, externalIds } of entities.ownIndicators) {
      if (channelOfHold(owner, externalIds) !== name) continue;
      if (id === hold.id) await client.replaceIndicator(id, releasedDocument(owner, name));
      else await client.removeOne(id);
    }
    await work.notes?.release(name);
  });
  return { channel: name, to: hold.to, since: hold.since };
}

/** After a plan that may go: what was approved of these channels was this one. A hold that somebody made again meanwhile stays. */
export async function forgetReleased(client: CtiaClient, self: Self, channels: readonly string[]): Promise<void> {
  if (channels.length === 0) return;
  for (const { id, channel } of releasedAmong(self.owner, await readOwnIndicators(client, self)))
    if (channels.includes(channel)) await client.removeOne(id);
}

/** What is known of a channel when its settings may be broken: at first contact, or of a name that nothing bears, nothing is done. */
async function lookAtChannel(
  { client, owner }: HandWork,
  { channel, name }: Pick<PanicRequest, 'channel' | 'name'>,
): Promise<{ looked: Looked; entities: FeedEntities }> {
  const self: Self = { owner, organisation: (await client.identity()).organisation };
  const channels = channel ? [channel] : [];
  const entities = await readFeedEntities(client, self, channels);
  const state = stateOf(owner, entities.ownIndicators);
  if (state === undefined)
    throw new HandRefused(`owner ${owner} never applied anything to ${client.ctiaUrl}: there is nothing to hold`);
  const named = ({ externalIds }: StoredIndicator) =>
    [channelOfIndicator(owner, externalIds), channelOfHold(owner, externalIds)].includes(name);
  if (channel === undefined && !entities.ownIndicators.some(named)) {
    const known = new Set(entities.ownIndicators.flatMap((it) => channelOfIndicator(owner, it.externalIds) ?? []));
    throw new HandRefused(
      `there is no channel ${name}: neither the settings nor the tenant know it (it has ${[...known].join(', ') || 'none of ours'})`,
    );
  }
  const found = matchFeeds(self, channels, entities, client.serverNow());
  return { looked: { self, found, revision: state.revision }, entities };
}

async function sound(
  { listsAt }: PanicWork,
  to: string,
  allowedByHand: readonly AllowedByHand[],
): Promise<Extract<ListsAt, { commit: string }>> {
  const lists = await listsAt(to, allowedByHand);
  if ('commit' in lists) return lists;
  throw new HandRefused(`${to} is nothing to go back to: ${lists.unreadable}; name another commit, or --empty`);
}

/** One for each channel: what stands is written over. An answer that was lost left one that is found by its id. */
async function makeHold(client: CtiaClient, self: Self, wish: Omit<Hold, 'id' | 'since'>): Promise<Hold> {
  const document = holdDocument(self.owner, wish);
  const [id = ''] = document.external_ids;
  const [stored] = (await client.allByExternalId('indicator', id)).filter(
    ({ groups, externalIds }) => groups.includes(self.organisation) && externalIds.includes(id),
  );
  const made = await (stored ? client.replaceIndicator(stored.id, document) : client.createIndicator(document));
  const [hold] = holdsAmong(self.owner, [made]);
  if (hold === undefined) throw new Error(`CTIA made a hold without its id: ${made.id}`);
  return hold;
}

/** What a person added by hand no list takes back; here it goes too. */
function changesTo(
  channel: string,
  actual: Actual,
  desired: ReadonlyMap<string, Entry>,
  rest: Pick<Parameters<typeof computeChanges>[0], 'now' | 'indicators' | 'unknownLists' | 'succession'>,
): Change[] {
  const changes = computeChanges({ ...rest, desired, actual, ranOut: new Set(), collectAfterMs: undefined });
  const ending = new Set(changes.flatMap((it) => (it.kind === 'withdraw' ? it.stored.id : [])));
  const made = changes.filter((it) => 'entry' in it && it.entry !== undefined);
  const more: Change[] = [];
  for (const [h, those] of actual.judgements) {
    for (const stored of desired.has(h) ? [] : those) {
      if (isDead(stored, rest.now) || ending.has(stored.id) || rest.unknownLists?.has(listOf(stored) ?? '')) continue;
      const after = made.filter((it) => 'entry' in it && it.entry?.observable.value === stored.observable.value);
      const feed = { channel, type: stored.observable.type };
      more.push({ kind: 'withdraw', feed, stored, after: after.map(hashOf) });
    }
  }
  const withdrawals = [...changes.filter(({ kind }) => kind === 'withdraw'), ...more];
  const before = changes.filter(({ kind }) => kind !== 'withdraw' && kind !== 'unlink' && kind !== 'collect');
  return [...before, ...withdrawals, ...changes.filter(({ kind }) => kind === 'unlink')];
}

function isByHand(stored: ActualJudgement): boolean {
  return RESERVED_LISTS.some((list) => list === listOf(stored));
}
