import { createHash } from 'node:crypto';
import { type FeedName, feedKey } from '../ctim/feed.ts';
import { type Actual, type ActualJudgement, glances, isLive } from './actual.ts';
import { takenIds } from './adopt.ts';
import type { Apart } from './apart.ts';
import { type Change, type ChangeCounts, countChanges, hashOf } from './change.ts';
import { changesInSlices, feedKeyOf, feedKeyOfStanding, feedNamed, type Situation } from './changes.ts';
import { endedEarly, wordsOf } from './documents.ts';
import { meet } from './meet.ts';
import { atOnce, SLICE, type Sliced, sorted } from './slices.ts';

/** An indicator or a feed that is to be made, or a feed of ours whose lifetime is to be prolonged. */
export interface Making {
  readonly feed: FeedName;
  readonly what: 'indicator' | 'feed' | 'feed-lifetime';
}

/** Observables, not judgements: a value that moves from one list to another neither enters nor leaves. */
export interface FeedCount {
  readonly feed: FeedName;
  readonly entries: number;
  readonly enters: number;
  /** Of those that enter: ours before, until somebody else took them out or nobody renewed them. */
  readonly restores: number;
  readonly leaves: number;
}

/** A reason why nothing but renewals is applied, with the way out in its message. */
export interface Held {
  readonly rule: string;
  readonly message: string;
}

/** Ordered changes with counts and a digest: a value that can be printed, compared, queued and approved. */
export interface Plan {
  readonly owner: string;
  readonly tenant: string;
  readonly revision: string;
  readonly makings: readonly Making[];
  readonly changes: readonly Change[];
  readonly counts: ChangeCounts;
  readonly unchanged: number;
  readonly feeds: readonly FeedCount[];
  readonly held: readonly Held[];
  /** Of this very plan; times, renewals and what is collected left out: it still matches an hour later. */
  readonly digest: string;
}

/** A plan without its changes: what a report says of it. */
export type PlanSummary = Omit<Plan, 'changes' | 'makings'>;

/** Where a run plans more than once, what an earlier plan made is unchanged in the later ones, and not in the run. */
export function summaryOf(plan: Plan, before?: Pick<PlanSummary, 'unchanged'>): PlanSummary {
  const { changes: _, makings: __, ...summary } = plan;
  return { ...summary, unchanged: Math.min(plan.unchanged, before?.unchanged ?? plan.unchanged) };
}

export interface PlanInput extends Situation {
  readonly owner: string;
  readonly tenant: string;
  readonly revision: string;
  readonly makings: readonly Making[];
}

export function makePlan(input: PlanInput, heldBy: HeldBy): Plan {
  return atOnce(planInSlices(input, heldBy));
}

/** Why a plan may not go; it may ask what is not there as wanted, and need not look at all the rest. */
export type HeldBy = (plan: Plan, apart: Apart) => Held[];

export function* planInSlices(input: PlanInput, heldBy: HeldBy): Sliced<Plan> {
  const { owner, tenant, revision, makings, desired } = input;
  const { changes, apart } = yield* changesInSlices(input);
  const counts = countChanges(changes);
  yield;
  const touched = new Set<string>();
  for (const change of changes)
    if (change.kind !== 'collect' && desired.has(hashOf(change))) touched.add(hashOf(change));
  yield;
  const feeds = yield* countFeeds(input, apart, changes, counts);
  const whole: Plan = {
    owner,
    tenant,
    revision,
    makings,
    changes,
    counts,
    unchanged: desired.size - touched.size,
    feeds,
    held: [],
    digest: yield* digestOf(tenant, owner, makings, changes),
  };
  return { ...whole, held: heldBy(whole, apart) };
}

/** What a held plan does: nothing. Renewals do not wait for a plan (`reconcile/renew.ts`). */
export function holding(plan: Plan): Plan {
  return { ...withChanges(plan, []), makings: [] };
}

/** The same plan, doing these of its changes and no others. */
export function withChanges(plan: Plan, changes: readonly Change[]): Plan {
  return changes === plan.changes ? plan : { ...plan, changes, counts: countChanges(changes) };
}

export function isEmpty(plan: Plan): boolean {
  return plan.changes.length === 0 && plan.makings.length === 0;
}

/** What each feed is to hold: the values of the lists and what people added by hand. */
export function desiredValues(situation: Situation): Map<string, Set<string>> {
  const { indicators, desired, actual } = situation;
  const values = new Map<string, Set<string>>([...indicators.keys()].map((key) => [key, new Set()]));
  const want = (key: string, value: string) => valuesIn(values, key, () => new Set()).add(value);
  const { met, strangers } = meet(desired, actual.judgements);
  for (const { entry } of met)
    want(feedKey({ channel: entry.channel, type: entry.observable.type }), entry.observable.value);
  for (const h of strangers) eachStanding(situation, actual.judgements.get(h) ?? [], want);
  return values;
}

/** Live values that stay although no list wants them. What a list wants is of none: to ask would cost three hashes for each. */
export function eachStanding(
  situation: Pick<Situation, 'now' | 'indicators' | 'unknownLists'>,
  those: readonly ActualJudgement[],
  want: (key: string, value: string) => void,
): void {
  for (const judgement of those) {
    const key = isLive(judgement, situation.now) ? feedKeyOfStanding(judgement, situation) : undefined;
    if (key !== undefined) want(key, judgement.observable.value);
  }
}

/** What is wanted of one feed, and of what is held there what nothing was known to want; both without what is there as wanted. */
interface FeedApart {
  readonly wanted: Map<string, 'wanted' | 'held'>;
  readonly leaving: Set<string>;
}

function* countFeeds(
  situation: Situation,
  apart: Apart,
  changes: readonly Change[],
  { renew, collect, ...counts }: ChangeCounts,
): Sliced<FeedCount[]> {
  const feeds = new Map<string, FeedApart>();
  const feedAt = (key: string) => valuesIn(feeds, key, (): FeedApart => ({ wanted: new Map(), leaving: new Set() }));
  for (const key of apart.counts.keys()) feedAt(key);
  const byHand = new Set<string>();
  let done = 0;
  for (const those of apart.notDesired.values()) {
    eachStanding(situation, those, (key, value) => {
      feedAt(key).wanted.set(value, 'wanted');
      byHand.add(key);
    });
    if (++done % SLICE === 0) yield;
  }
  // Where nothing but renewals is to be done the feeds hold what is wanted.
  const moves = !Object.values(counts).every((count) => count === 0);
  if (moves) yield* findApart(situation, apart, feedAt);
  const restored = moves ? findRestored(situation, changes, feeds) : new Map<string, Set<string>>();
  const entries = yield* countEntries(situation, apart, feeds, byHand);
  return [...feeds].map(([key, { wanted, leaving }]) => {
    let enters = 0;
    if (moves) for (const is of wanted.values()) if (is === 'wanted') enters += 1;
    return {
      ...{ feed: feedNamed(key), entries: entries.get(key) ?? 0, enters },
      ...{ restores: restored.get(key)?.size ?? 0, leaves: leaving.size },
    };
  });
}

/** What enters and leaves: of what is apart, against each other and against what is there as wanted. */
function* findApart(
  { desired, indicators, now, adoptable = new Map() }: Situation,
  { wanted, held, notDesired }: Apart,
  feedAt: (key: string) => FeedApart,
): Sliced<void> {
  let done = 0;
  for (const { channel, observable } of wanted) {
    feedAt(feedKey({ channel, type: observable.type })).wanted.set(observable.value, 'wanted');
    if (++done % SLICE === 0) yield;
  }
  for (const those of [held, notDesired.values()].flatMap((all) => [...all])) {
    for (const judgement of those) {
      const key = isLive(judgement, now) ? feedKeyOf(judgement, indicators) : undefined;
      if (key === undefined) continue;
      const { value } = judgement.observable;
      const feed = feedAt(key);
      if (feed.wanted.has(value)) feed.wanted.set(value, 'held');
      else feed.leaving.add(value);
    }
    if (++done % SLICE === 0) yield;
  }
  if (wanted.size < desired.size) {
    for (const entry of desired.values()) {
      if (++done % SLICE === 0) yield;
      const { channel, observable } = entry;
      const feed = feedAt(feedKey({ channel, type: observable.type }));
      if (feed.wanted.size + feed.leaving.size === 0 || wanted.has(entry)) continue;
      if (feed.wanted.has(observable.value)) feed.wanted.set(observable.value, 'held');
      feed.leaving.delete(observable.value);
    }
  }
  for (const [h, those] of adoptable) {
    // What is adopted is in its feed before.
    const entry = desired.get(h);
    if (entry === undefined || those.every(({ links }) => links.length === 0)) continue;
    const feed = feedAt(feedKey({ channel: entry.channel, type: entry.observable.type }));
    if (feed.wanted.has(entry.observable.value)) feed.wanted.set(entry.observable.value, 'held');
  }
}

function findRestored(
  { actual }: Situation,
  changes: readonly Change[],
  feeds: ReadonlyMap<string, FeedApart>,
): Map<string, Set<string>> {
  const restored = new Map<string, Set<string>>();
  for (const change of changes) {
    if (!isRestoring(change, actual)) continue;
    const key = feedKey(change.feed);
    const { value } = change.entry.observable;
    if (feeds.get(key)?.wanted.get(value) === 'wanted') valuesIn(restored, key, () => new Set()).add(value);
  }
  return restored;
}

/** How many values each feed is to hold. A list has each once, so where a feed is of one list nothing is compared. */
function* countEntries(
  { desired }: Situation,
  { counts }: Apart,
  feeds: ReadonlyMap<string, FeedApart>,
  byHand: ReadonlySet<string>,
): Sliced<Map<string, number>> {
  const entries = new Map<string, number>();
  const values = new Map<string, Set<string>>();
  for (const key of feeds.keys()) {
    const lists = [...(counts.get(key)?.values() ?? [])];
    entries.set(key, lists[0] ?? 0);
    if (lists.length > 1 || byHand.has(key)) values.set(key, new Set(feeds.get(key)?.wanted.keys()));
  }
  if (values.size === 0) return entries;
  let done = 0;
  for (const { channel, observable } of desired.values()) {
    values.get(feedKey({ channel, type: observable.type }))?.add(observable.value);
    if (++done % SLICE === 0) yield;
  }
  for (const [key, all] of values) entries.set(key, all.size);
  return entries;
}

type Restoring = Extract<Change, { kind: 'create' | 'link' | 'revive' }>;

/** What our own judgement proves to have been published before. One that was deleted with its links proves nothing. */
export function isRestoring(change: Change, actual: Actual): change is Restoring {
  if (change.kind === 'link') return true;
  if (change.kind !== 'create' && change.kind !== 'revive') return false;
  return endedEarly(actual.judgements.get(hashOf(change)) ?? []);
}

function valuesIn<T>(feeds: Map<string, T>, key: string, none: () => T): T {
  const known = feeds.get(key);
  if (known !== undefined) return known;
  const made = none();
  feeds.set(key, made);
  return made;
}

function* digestOf(
  tenant: string,
  owner: string,
  makings: readonly Making[],
  changes: readonly Change[],
): Sliced<string> {
  const lines = new Set(makings.map(({ feed, what }) => `make ${what} ${feedKey(feed)}`));
  let done = 0;
  for (const change of changes) {
    if (isApproved(change)) lines.add(lineOf(change));
    if (++done % SLICE === 0) yield;
  }
  const hash = createHash('sha256').update(`${tenant}\n${owner}\n`);
  for (const line of yield* sorted([...lines], (a, b) => (a < b ? -1 : a > b ? 1 : 0))) {
    hash.update(`${line}\n`);
    if (++done % SLICE === 0) yield;
  }
  return hash.digest('hex').slice(0, 16);
}

type Approved = Exclude<Change, { kind: 'renew' | 'collect' }>;

/** One too many of an entry that stays changes no feed; which one that is, a renewal by succession decides anew. */
function isApproved(change: Change): change is Approved {
  if (change.kind === 'withdraw') return !change.after.includes(change.stored.h);
  return change.kind !== 'renew' && change.kind !== 'collect';
}

/** Three ways to one end. Which of them it is may turn out otherwise once renewals went, or a time later. */
const ENTERING: ReadonlySet<Change['kind']> = new Set(['create', 'link', 'revive']);

function lineOf(change: Approved): string {
  switch (change.kind) {
    case 'withdraw':
      // By its entry: renewed by succession meanwhile, it is another judgement, or two.
      return `withdraw ${change.stored.h}`;
    case 'unlink':
      // A renewal by succession copies the link that is wrong.
      return `unlink ${change.h} from ${change.link.target}`;
    default: {
      const { lifetime } = change.entry.terms;
      const said = JSON.stringify([wordsOf(change.entry.terms), lifetime.text]);
      const taken = change.kind === 'adopt' ? ` ${takenIds(change).join(' ')}` : '';
      return `${ENTERING.has(change.kind) ? 'enter' : change.kind} ${hashOf(change)} ${said}${taken}`;
    }
  }
}

export function liveCount(actual: Actual, now: number): number {
  let count = 0;
  for (const it of glances(actual.judgements)) if (isLive(it, now)) count += 1;
  return count;
}
