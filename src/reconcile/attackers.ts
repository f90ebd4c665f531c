import { ATTACKERS, type Entry, type Terms } from '../ctim/entry.ts';
import { entryHash } from '../ctim/external-id.ts';
import { allowChannelsOf, type Channel, feedKey } from '../ctim/feed.ts';
import { ALLOWING, type Severity } from '../ctim/judgement.ts';
import type { Observable } from '../ctim/observable.ts';
import { makePrecedence } from '../lists/precedence.ts';
import { type Actual, type ActualJudgement, isDead, isLive, liveWhere } from '../plan/actual.ts';
import { makeBatches } from '../plan/batch.ts';
import { computeChanges } from '../plan/changes.ts';
import { wasWithdrawn } from '../plan/documents.ts';
import { channelByHash } from '../plan/hold.ts';
import { type FeedLimits, overFeedLimits } from '../plan/limits.ts';
import { applyBatch } from './apply.ts';
import { HandRefused, look, makeReady, pulledNow, refuseOnHold } from './by-hand.ts';
import { placeOf } from './neighbours.ts';
import { type Failure, type Outcome, together } from './outcome.ts';
import type { PanicWork } from './panic.ts';

/**
 * Attackers that a log proposes to block, all at once. They go to the reserved list `attackers`, where the judgement itself is
 * the will, until its end, as with what a person adds by hand; but it is a program that asks, so that whatever allows wins:
 *
 *   allowed by a list as it was applied, or by hand, itself or around it     not blocked
 *   taken back since, and for the same incident                              not blocked: the same log again brings nothing back
 *   on that list, and ends no sooner                                         stays: the same log again makes nothing new
 *   otherwise                                                                blocked until then, also where it was before
 */
export interface AttackersRequest {
  readonly channel: Channel;
  /** All that there are. */
  readonly channels: readonly Channel[];
  readonly attacks: readonly Attack[];
  /** Of its feeds; undefined where a person said that they are meant to be passed. */
  readonly limits: FeedLimits | undefined;
}

export interface Attack {
  readonly observable: Observable;
  /** Epoch ms. */
  readonly until: number;
  readonly reason: string;
  readonly severity: Severity;
  /** The incident that tells of it. */
  readonly source_uri?: string | undefined;
}

export interface AttackersReport {
  readonly blocked: readonly { readonly value: string; readonly until: string }[];
  readonly stay: readonly { readonly value: string; readonly until: string }[];
  readonly notBlocked: readonly { readonly value: string; readonly because: string }[];
  readonly failures: readonly Failure[];
}

/** CTIM's guide: at most 90 for automation. https://github.com/threatgrid/ctim/blob/master/doc/structures/judgement.md */
const PRIORITY = 90;
const MALICIOUS = 2;

export async function blockAttackers(work: PanicWork, request: AttackersRequest): Promise<AttackersReport> {
  const { client, owner, exclusively } = work;
  const channel = ofTypes(request.channel, new Set(request.attacks.map(({ observable }) => observable.type)));
  const looked = await look(work, [channel]);
  refuseOnHold(looked, [channel]);
  const actual = await work.readActual(looked.self, [channel]);
  const now = client.serverNow();
  const { entries, stay, notBlocked } = decideAttackers(request, actual, now);
  await refuseOver(request, entries, (type) => viewOf(work, looked.found.feeds, type));
  const outcomes: Outcome[] = [];
  if (entries.size > 0) {
    const { context, feeds } = await exclusively(() => makeReady(work, looked, [channel]));
    const changes = computeChanges({
      now,
      desired: entries,
      actual: only(actual, entries),
      indicators: new Map(feeds.map((feed) => [feedKey(feed), feed.indicatorId])),
      succession: (await work.rights?.lacking()) !== undefined,
      ranOut: new Set(),
      collectAfterMs: undefined,
    });
    const failed = new Set<string>();
    const told = { ...context, moment: () => ({ now: client.serverNow(), owner, revision: looked.revision }) };
    for (const batch of makeBatches(changes)) {
      const outcome = await exclusively(() => applyBatch(told, batch, failed));
      for (const { h } of outcome.failures) failed.add(h);
      outcomes.push(outcome);
    }
  }
  const { failures } = together(outcomes);
  const lost = new Set(failures.map(({ h }) => h));
  const blocked = [...entries].filter(([h]) => !lost.has(h)).map(([, entry]) => ended(entry));
  return { blocked, stay, notBlocked, failures };
}

interface Decided extends Pick<AttackersReport, 'stay' | 'notBlocked'> {
  /** To be published, by h. */
  readonly entries: ReadonlyMap<string, Entry>;
}

export function decideAttackers(
  { channel, channels, attacks }: Pick<AttackersRequest, 'channel' | 'channels' | 'attacks'>,
  actual: Actual,
  now: number,
): Decided {
  const allows = allowsIn(actual, channels, now).map((it) => ({ it, precedence: makePrecedence([], [it.observable]) }));
  const precedence = makePrecedence(
    [],
    allows.map(({ it }) => it.observable),
  );
  const entries = new Map<string, Entry>();
  const stay: AttackersReport['stay'][number][] = [];
  const notBlocked: AttackersReport['notBlocked'][number][] = [];
  for (const attack of attacks) {
    const { value } = attack.observable;
    const entry = entryOf(channel, attack);
    const h = entryHash(channel.name, ATTACKERS, attack.observable);
    const { published, problems } = precedence(entry);
    const isTakenBack = actual.judgements.get(h)?.some((it) => isOfBefore(it, attack, now)) === true;
    const stands = actual.judgements.get(h)?.find((it) => isLive(it, now) && it.links.length > 0);
    if (!channel.titles.has(attack.observable.type)) {
      const because = `${channel.name} has no feed of type ${attack.observable.type}`;
      notBlocked.push({ value, because });
    } else if (!published || problems.length > 0) {
      const by = allows.find((allow) => !allow.precedence(entry).published)?.it;
      notBlocked.push({ value, because: by === undefined ? 'what it holds is allowed' : `allowed by ${placeOf(by)}` });
    } else if (isTakenBack) {
      notBlocked.push({ value, because: 'it was taken back since: add blocks it all the same' });
    } else if (stands !== undefined && stands.end >= attack.until) {
      stay.push({ value, until: new Date(stands.end).toISOString() });
    } else entries.set(h, entry);
  }
  return { entries, stay, notBlocked };
}

function isOfBefore(stored: ActualJudgement, { source_uri }: Attack, now: number): boolean {
  return isDead(stored, now) && wasWithdrawn(stored) && stored.words.source_uri === source_uri;
}

/** What is allowed now, by lists as they were applied last and by hand. */
function allowsIn({ judgements }: Actual, channels: readonly Channel[], now: number): readonly ActualJudgement[] {
  const names = allowChannelsOf(channels);
  const allows = liveWhere(judgements, now, ({ words }) => ALLOWING.has(words.disposition));
  return allows.filter((it) => channelByHash(names, it) !== undefined);
}

function entryOf(channel: Channel, { observable, until, reason, severity, source_uri }: Attack): Entry {
  const terms: Terms = {
    disposition: MALICIOUS,
    reason,
    source: ATTACKERS,
    ...(source_uri !== undefined && { source_uri }),
    priority: PRIORITY,
    severity,
    confidence: 'High',
    tlp: 'amber',
    lifetime: { kind: 'once', text: new Date(until).toISOString(), end: until },
  };
  return {
    ...{ observable, terms, list: ATTACKERS, channel: channel.name },
    position: { file: 'by-log', line: 1, column: 1 },
  };
}

function ended({ observable, terms: { lifetime } }: Entry): { value: string; until: string } {
  return { value: observable.value, until: lifetime.text };
}

/** Of all attackers of a type together: a program that errs must not fill a feed. */
async function refuseOver(
  { channel, limits }: AttackersRequest,
  entries: ReadonlyMap<string, Entry>,
  viewOf: (type: Observable['type']) => Promise<readonly string[]>,
): Promise<void> {
  if (limits === undefined) return;
  for (const type of new Set([...entries.values()].map(({ observable }) => observable.type))) {
    const held = new Set(await viewOf(type));
    const those = [...entries.values()].filter((it) => it.observable.type === type && !held.has(it.observable.value));
    const before = held.size;
    const moved = { before, enters: those.length, leaves: 0, entries: before + those.length, allow: false, type };
    const name = feedKey({ channel: channel.name, type });
    const over = overFeedLimits(limits, { ...moved, name, space: BigInt(those.length) }, false);
    if (over.length > 0)
      throw new HandRefused(
        `nobody is blocked: over the limits: ${over.join('; ')}. If it is meant all the same, --force`,
      );
  }
}

async function viewOf(
  { client }: PanicWork,
  feeds: Awaited<ReturnType<typeof look>>['found']['feeds'],
  type: Observable['type'],
): Promise<readonly string[]> {
  const feed = feeds.find((it) => it.type === type)?.feed;
  return feed === undefined ? [] : pulledNow(client, feed.feed_view_url);
}

function ofTypes(channel: Channel, types: ReadonlySet<string>): Channel {
  return { ...channel, titles: new Map([...channel.titles].filter(([type]) => types.has(type))) };
}

function only(actual: Actual, entries: ReadonlyMap<string, Entry>): Actual {
  const of = <T>(all: ReadonlyMap<string, readonly T[]>) =>
    new Map(
      [...entries.keys()].flatMap((h): [string, readonly T[]][] => {
        const those = all.get(h);
        return those === undefined ? [] : [[h, those]];
      }),
    );
  return { judgements: of(actual.judgements), dangling: of(actual.dangling) };
}
