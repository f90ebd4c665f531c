import { setImmediate } from 'node:timers/promises';
import type { CtiaClient } from '../ctia/client.ts';
import { isCtiaError } from '../ctia/error.ts';
import type { AllowedByHand, Entry } from '../ctim/entry.ts';
import { channelOfIndicator } from '../ctim/external-id.ts';
import { allowChannelsOf, type Channel, feedKey } from '../ctim/feed.ts';
import { ALLOWING } from '../ctim/judgement.ts';
import type { Standing } from '../ctim/standing.ts';
import { type Actual, type ActualJudgement, type GlanceKind, listOf, liveWhere } from '../plan/actual.ts';
import type { NotDesired } from '../plan/apart.ts';
import type { Situation } from '../plan/changes.ts';
import { withoutEntries } from '../plan/entries-by-hash.ts';
import { type ConsumersOf, headroomNotices, headroomOf, sizesOf } from '../plan/headroom.ts';
import { holdNotice, ofChannels, withoutChannels } from '../plan/hold.ts';
import type { Limits } from '../plan/limits.ts';
import { type Plan, planInSlices } from '../plan/plan.ts';
import { findRanOut } from '../plan/ran-out.ts';
import { type Approval, heldBy } from '../plan/safety.ts';
import { findShortages, shortageNotice } from '../plan/shortage.ts';
import { inSlices } from '../plan/slices.ts';
import { MINUTE } from '../runtime/clock.ts';
import { readActual, type Self } from './actual.ts';
import { type BulkRights, successionNotice } from './bulk-rights.ts';
import { byHash, hashesOf } from './by-hash.ts';
import { type FeedEntities, type FoundFeeds, matchFeeds, readFeedEntities } from './feeds.ts';
import { findOverruled } from './overruled.ts';
import { findOwnersHere } from './owners-here.ts';
import type { PulledList } from './pulled-lists.ts';
import { readAdoptable } from './read-adoptable.ts';

/** What the lists say at a commit. */
export interface Desired {
  readonly entries: readonly Entry[];
  /** Errors in the lists. */
  readonly problems: number;
  readonly firstProblem?: string | undefined;
  readonly lists: ReadonlySet<string>;
  /** Of these lists the upstream has no copy yet: what is live of them stays. */
  readonly unknownLists?: ReadonlySet<string>;
  /** What tells the copies of upstreams that this was read with from others; absent where there is none. */
  readonly copies?: string;
  /** Channels that these lists publish to. */
  readonly channels: readonly Channel[];
  readonly revision: string;
  readonly repository: string | undefined;
  /** Lists and settings of their commit that a partial checkout does not have. */
  readonly leftOut?: readonly string[] | undefined;
  /** What a plan may do unasked; absent: anything. */
  readonly limits?: Limits;
  /** How their commit stands to that revision. Absent where they are of no commit, undefined where that revision is none. */
  readonly standingTo?: (revision: string) => Promise<Standing | undefined>;
  /** How long what is dead stays; absent where the settings say nothing. */
  readonly collectAfterMs?: number | undefined;
  /** Listed, and past their day: not to be published, and not collected while they are listed. */
  readonly expired?: readonly Entry[];
  /** What the lists of another commit want, read as these are; undefined where it is not to be had here. For channels on hold. */
  readonly listsAt?: ((commit: string, allowedByHand: readonly AllowedByHand[]) => Promise<ListsAt>) | undefined;
  /** What of the lists a person should hear of, though it holds nothing. */
  readonly notices?: readonly string[];
}

/** Of a commit: its entries, or why they are not to be had. */
export type ListsAt =
  | {
      readonly commit: string;
      readonly entries: readonly Entry[];
      /** Of these lists the entries are those of a copy of now. */
      readonly pulled: ReadonlyMap<string, PulledList>;
    }
  | { readonly unreadable: string };

export interface PrepareInput {
  readonly client: CtiaClient;
  readonly owner: string;
  /** Reads the lists; what people allowed by hand takes entries out of them. */
  readonly readDesired: (allowedByHand: readonly AllowedByHand[]) => Promise<Desired>;
  readonly approval: Approval;
  /** The embedded server that we started ourselves. */
  readonly ownEmbedded: boolean;
  /** Where what CTIA holds is read from; in full from CTIA itself unless said otherwise. */
  readonly tenantReader?: TenantReader;
  readonly rights?: BulkRights | undefined;
}

/** What CTIA holds of us, as far as a plan needs it. First the judgements: what people did by hand decides how lists are read. */
export interface TenantReader {
  readActual(self: Self): Promise<Actual>;
  readFeedEntities(self: Self, channels: readonly Channel[]): Promise<FeedEntities>;
}

export function readInFull(client: CtiaClient): TenantReader {
  return {
    readActual: (self) => readTwice(() => readActual(client, self)),
    readFeedEntities: (self, channels) => readFeedEntities(client, self, channels),
  };
}

/** Everything that a run decides on, read once. */
export interface Prepared {
  readonly self: Self;
  readonly tenant: string;
  readonly desired: Desired;
  /** What people allowed by hand, as the lists were read with it. */
  readonly allowedByHand: readonly AllowedByHand[];
  readonly situation: Situation;
  /** What is held and not wanted, by h; of a million nobody looks for it twice. */
  readonly notDesired: NotDesired;
  /** All that is held, also in channels on hold, of which the situation has nothing. */
  readonly actual: Actual;
  readonly found: FoundFeeds;
  readonly plan: Plan;
}

/** The repository that the state names while nothing but the shipped examples was ever published. */
export const EXAMPLES_REPOSITORY = 'urn:ctim-feeds:examples';

export async function prepare(input: PrepareInput): Promise<Prepared> {
  const { client, owner, approval, tenantReader = readInFull(input.client) } = input;
  const { organisation, login } = await client.identity();
  const self: Self = { owner, organisation };
  const tenant = `${client.ctiaUrl} (${organisation})`;
  const actual = await tenantReader.readActual(self);
  const now = client.serverNow();
  const byHand = findAllowedByHand(actual, now);
  let desired = await input.readDesired(byHand);
  // What an allow list without a copy let through, it lets through still.
  const { unknownLists } = desired;
  const isOfUnknown = (it: GlanceKind) =>
    ALLOWING.has(it.words.disposition) && unknownLists?.has(listOf(it) ?? '') === true;
  const stillAllowed = unknownLists ? liveWhere(actual.judgements, now, isOfUnknown).map(allowedBy) : [];
  const allowedByHand = [...byHand, ...stillAllowed];
  if (stillAllowed.length > 0) desired = await input.readDesired(allowedByHand);
  const entities = await tenantReader.readFeedEntities(self, desired.channels);
  const feeds = matchFeeds(self, desired.channels, entities, now);
  const lacking = await input.rights?.lacking();
  const listed = await byHash(desired.entries);
  const ranOut = findRanOut(listed, actual, now);
  const isOut = new Set(ranOut.values());
  const overruled = findOverruled(desired, allowedByHand, actual, now);
  const whole: Situation = {
    now,
    desired: isOut.size === 0 ? listed : withoutEntries(listed, (entry) => isOut.has(entry)),
    ranOut: new Set([...ranOut.keys(), ...(await hashesOf(desired.expired ?? []))]),
    collectAfterMs: desired.collectAfterMs,
    actual,
    indicators: new Map(feeds.feeds.map((feed) => [feedKey(feed), feed.indicatorId])),
    ...(desired.unknownLists && { unknownLists: desired.unknownLists }),
    overruled: overruled.hs,
    succession: lacking !== undefined,
  };
  const base = leaveAlone(whole, self, entities, feeds);
  const { adoptable, notices: notAdopted } = await readTwice(() => readAdoptable(client, self, base));
  const situation: Situation = adoptable.size === 0 ? base : { ...base, adoptable };
  const notices = [
    ...clockNotice(client.serverAheadMs()),
    ...(lacking === undefined ? [] : [successionNotice(lacking)]),
    ...findShortages(situation).map((it) => shortageNotice(it, now)),
    ...feeds.holds.map(holdNotice),
    ...feeds.notices,
    ...(desired.notices ?? []),
    ...notAdopted,
    ...overruled.notices,
    ...ranOutNotice([...ranOut.values()]),
  ];
  const found = { ...feeds, makings: mayMake(feeds), notices };
  const here = found.state === undefined ? await findOwnersHere(client, self) : [];
  const published = found.state === undefined ? here : [found.state];
  const unattended = input.ownEmbedded && published.every(({ repository }) => repository === EXAMPLES_REPOSITORY);
  const { problems, firstProblem, lists, revision, repository } = desired;
  const otherOwners = [...new Set(here.map((it) => it.owner))].filter((it) => it !== owner);
  const standing = found.state && (await desired.standingTo?.(found.state.revision));
  const { limits, channels } = desired;
  const consumers = consumersOf(channels);
  const allowChannels = allowChannelsOf(channels);
  const safety = {
    ...situation,
    limits,
    consumers,
    allowChannels,
    feedsOfOthers: new Set(found.feeds.filter(({ feed }) => feed && feed.owner !== login).map(feedKey)),
    problems,
    firstProblem,
    lists,
    leftOut: desired.leftOut,
    unattended,
    otherOwners,
    standing,
    state: found.state,
    repository,
    approval,
    released: new Set(found.released),
  };
  let notDesired: NotDesired = new Map();
  const isHeld = heldBy(safety);
  const planned = planInSlices({ ...situation, owner, tenant, revision, makings: found.makings }, (made, apart) => {
    notDesired = apart.notDesired;
    return isHeld(made, apart);
  });
  const plan = await inSlices(planned, setImmediate);
  const sizes = sizesOf(plan.feeds, situation, consumers);
  const said = headroomNotices(headroomOf(sizes, consumers), sizes, consumers);
  return {
    ...{ self, tenant, desired, allowedByHand, situation, notDesired, actual, plan },
    found: { ...found, notices: [...found.notices, ...said] },
  };
}

export function consumersOf(channels: readonly Channel[]): ConsumersOf {
  return new Map(channels.map(({ name, consumers = [] }) => [name, consumers]));
}

/** What is planned on this does nothing in channels on hold. */
function leaveAlone(
  situation: Situation,
  { owner }: Self,
  { ownIndicators }: FeedEntities,
  { holds, feeds }: FoundFeeds,
): Situation {
  if (holds.length === 0) return situation;
  const held = new Set(holds.map(({ channel }) => channel));
  const theirs = new Set<string>();
  const others = new Set<string>();
  for (const { channel, indicatorId } of feeds)
    if (indicatorId !== undefined) (held.has(channel) ? theirs : others).add(indicatorId);
  for (const { id, externalIds } of ownIndicators)
    if (held.has(channelOfIndicator(owner, externalIds) ?? '')) theirs.add(id);
  return withoutChannels(situation, held, ofChannels(held, theirs, others));
}

/** A channel on hold is made nothing for; a feed of it must not end all the same. */
function mayMake({ makings, holds }: FoundFeeds): FoundFeeds['makings'] {
  const held = new Set(holds.map(({ channel }) => channel));
  return makings.filter(({ feed, what }) => what === 'feed-lifetime' || !held.has(feed.channel));
}

/** We go by the server's clock, so nothing breaks; but logs and firewalls go by theirs. */
const CLOCK_NOTICE_MS = 2 * MINUTE;

function clockNotice(aheadMs: number): string[] {
  if (Math.abs(aheadMs) < CLOCK_NOTICE_MS) return [];
  const minutes = Math.round(Math.abs(aheadMs) / MINUTE);
  return [
    `the clock of CTIA is ${minutes} minutes ${aheadMs < 0 ? 'behind' : 'ahead of'} ours: set this machine's clock`,
  ];
}

function ranOutNotice([first, ...more]: readonly Entry[]): string[] {
  if (first === undefined) return [];
  const { observable, position } = first;
  const others = more.length === 0 ? '' : ` and ${more.length} more`;
  return [
    `${position.file}:${position.line} ${observable.value}${others} ran out and will not be published again (renew: false): remove what is not needed any more`,
  ];
}

/** Who writes while we read page by page makes the count differ: one more look, and then nothing is decided on it. */
export async function readTwice<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!isCtiaError(error, 'incomplete')) throw error;
    return read();
  }
}

/** Live entries of `adhoc-allow`: for their time they take the value out of the block feeds. */
export function findAllowedByHand(actual: Actual, now: number): AllowedByHand[] {
  // Each of these is *once*, which is asked of a million more quickly than their list.
  return liveWhere(actual.judgements, now, (it) => it.once && listOf(it) === 'adhoc-allow').map(allowedBy);
}

/** Stands where an entry of a list has its file: the judgement itself says how it was meant. */
export const CARVE_OUT = 'carve-out';

function allowedBy({ observable, references }: ActualJudgement): AllowedByHand {
  const carves = references[0]?.external_id?.includes(`:${CARVE_OUT}:`) ?? false;
  return carves ? { ...observable, carveOut: true } : observable;
}
