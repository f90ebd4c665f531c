import { createHash } from 'node:crypto';
import { type FeedName, feedKey } from '../ctim/feed.ts';
import { type Actual, isLive } from './actual.ts';
import { takenIds } from './adopt.ts';
import { type Change, type ChangeCounts, countChanges, hashOf } from './change.ts';
import {
  changesInSlices,
  feedKeyOf,
  feedKeyOfStanding,
  feedNamed,
  type NotDesired,
  type Situation,
} from './changes.ts';
import { endedEarly, wordsOf } from './documents.ts';
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

export function summaryOf(plan: Plan): PlanSummary {
  const { changes: _, makings: __, ...summary } = plan;
  return summary;
}

export interface PlanInput extends Situation {
  readonly owner: string;
  readonly tenant: string;
  readonly revision: string;
  readonly makings: readonly Making[];
}

export function makePlan(input: PlanInput, heldBy: (plan: Plan) => Held[]): Plan {
  return atOnce(planInSlices(input, heldBy));
}

export function* planInSlices(input: PlanInput, heldBy: (plan: Plan) => Held[]): Sliced<Plan> {
  const { owner, tenant, revision, makings, desired } = input;
  const { changes, notDesired } = yield* changesInSlices(input);
  const counts = countChanges(changes);
  yield;
  const touched = new Set<string>();
  for (const change of changes)
    if (change.kind !== 'collect' && desired.has(hashOf(change))) touched.add(hashOf(change));
  yield;
  const feeds = yield* countFeeds(input, notDesired, changes, counts);
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
  return { ...whole, held: heldBy(whole) };
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
  const notDesired = new Map([...actual.judgements].filter(([h]) => !desired.has(h)));
  const want = (key: string, value: string) => valuesIn(values, key, () => new Set()).add(value);
  atOnce(eachWanted(situation, notDesired, want));
  return values;
}

/** A value that two lists hold comes twice. */
function* eachWanted(
  situation: Situation,
  notDesired: NotDesired,
  want: (key: string, value: string, list: string) => void,
): Sliced<void> {
  const { desired, now } = situation;
  let done = 0;
  for (const { channel, observable, list } of desired.values()) {
    want(feedKey({ channel, type: observable.type }), observable.value, list);
    if (++done % SLICE === 0) yield;
  }
  // What a list wants is of no reserved list: to ask would cost three hashes for each judgement.
  for (const those of notDesired.values()) {
    for (const judgement of those) {
      const key = isLive(judgement, now) ? feedKeyOfStanding(judgement, situation) : undefined;
      if (key !== undefined) want(key, judgement.observable.value, BY_HAND);
    }
    if (++done % SLICE === 0) yield;
  }
}

/** No list is called so. */
const BY_HAND = '';

/** How many values each feed is to hold. A list has each once, so where a feed is of one list nothing is compared. */
function* countWanted(situation: Situation, notDesired: NotDesired): Sliced<FeedCount[]> {
  const counts = new Map<string, Map<string, number>>([...situation.indicators.keys()].map((key) => [key, new Map()]));
  yield* eachWanted(situation, notDesired, (key, _, list) => {
    const lists = valuesIn(counts, key, () => new Map());
    lists.set(list, (lists.get(list) ?? 0) + 1);
  });
  const several = [...counts].filter(([, lists]) => lists.size > 1 || lists.has(BY_HAND));
  const values = new Map(several.map(([key]) => [key, new Set<string>()]));
  if (values.size > 0) yield* eachWanted(situation, notDesired, (key, value) => values.get(key)?.add(value));
  return [...counts].map(([key, lists]) => {
    const entries = values.get(key)?.size ?? [...lists.values()][0] ?? 0;
    return { feed: feedNamed(key), entries, enters: 0, restores: 0, leaves: 0 };
  });
}

function* countFeeds(
  situation: Situation,
  notDesired: NotDesired,
  changes: readonly Change[],
  { renew, collect, ...counts }: ChangeCounts,
): Sliced<FeedCount[]> {
  // Where nothing but renewals is to be done the feeds hold what is wanted: no look at a million judgements.
  if (Object.values(counts).every((count) => count === 0)) {
    return yield* countWanted(situation, notDesired);
  }
  return yield* countMoves(situation, notDesired, changes);
}

/** One map of all that is wanted, in which each value is ticked where its feed holds it: no second one of all that is held. */
function* countMoves(situation: Situation, notDesired: NotDesired, changes: readonly Change[]): Sliced<FeedCount[]> {
  const { actual, indicators, now, desired, adoptable = [] } = situation;
  const wanted = new Map<string, Map<string, 'wanted' | 'held'>>([...indicators.keys()].map((key) => [key, new Map()]));
  yield* eachWanted(situation, notDesired, (key, value) => valuesIn(wanted, key, () => new Map()).set(value, 'wanted'));
  const staying = new Map<string, number>();
  const leaving = new Map<string, Set<string>>();
  const stays = (key: string, value: string) => {
    wanted.get(key)?.set(value, 'held');
    staying.set(key, (staying.get(key) ?? 0) + 1);
  };
  let done = 0;
  for (const those of actual.judgements.values()) {
    if (++done % SLICE === 0) yield;
    for (const judgement of those) {
      const key = isLive(judgement, now) ? feedKeyOf(judgement, indicators) : undefined;
      if (key === undefined) continue;
      const { value } = judgement.observable;
      const values = wanted.get(key);
      const known = values?.get(value);
      if (known === undefined) valuesIn(leaving, key, () => new Set()).add(value);
      if (known !== 'wanted') continue;
      stays(key, value);
    }
  }
  for (const [h, those] of adoptable) {
    // What is adopted is in its feed before.
    const entry = desired.get(h);
    if (entry === undefined || those.every(({ links }) => links.length === 0)) continue;
    const key = feedKey({ channel: entry.channel, type: entry.observable.type });
    if (wanted.get(key)?.get(entry.observable.value) === 'wanted') stays(key, entry.observable.value);
  }
  const restored = new Map<string, Set<string>>();
  for (const change of changes) {
    if (!isRestoring(change, actual)) continue;
    const key = feedKey(change.feed);
    const { value } = change.entry.observable;
    if (wanted.get(key)?.get(value) === 'wanted') valuesIn(restored, key, () => new Set()).add(value);
  }
  return [...wanted].map(([key, values]) => ({
    feed: feedNamed(key),
    entries: values.size,
    enters: values.size - (staying.get(key) ?? 0),
    restores: restored.get(key)?.size ?? 0,
    leaves: leaving.get(key)?.size ?? 0,
  }));
}

type Restoring = Extract<Change, { kind: 'create' | 'link' | 'revive' }>;

/** What our own judgement proves to have been published before. One that was deleted with its links proves nothing. */
export function isRestoring(change: Change, actual: Actual): change is Restoring {
  if (change.kind === 'link') return true;
  if (change.kind !== 'create' && change.kind !== 'revive') return false;
  return actual.judgements.get(hashOf(change))?.some(endedEarly) ?? false;
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
  for (const those of actual.judgements.values()) for (const it of those) if (isLive(it, now)) count += 1;
  return count;
}
