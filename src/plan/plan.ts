import { createHash } from 'node:crypto';
import { type FeedName, feedKey } from '../ctim/feed.ts';
import { type Actual, isLive } from './actual.ts';
import { takenIds } from './adopt.ts';
import { type Change, type ChangeCounts, countChanges, hashOf } from './change.ts';
import { computeChanges, feedKeyOf, feedNamed, isStanding, type Situation } from './changes.ts';
import { wordsOf } from './documents.ts';

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
  const { owner, tenant, revision, makings, desired } = input;
  const changes = computeChanges(input);
  const counts = countChanges(changes);
  const touched = new Set(changes.filter(({ kind }) => kind !== 'collect').map(hashOf));
  const whole: Plan = {
    owner,
    tenant,
    revision,
    makings,
    changes,
    counts,
    unchanged: desired.size - [...touched].filter((h) => desired.has(h)).length,
    feeds: countFeeds(input, counts),
    held: [],
    digest: digestOf(tenant, owner, makings, changes),
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
  const values = new Map<string, Set<string>>([...situation.indicators.keys()].map((key) => [key, new Set()]));
  eachWanted(situation, (key, value) => valuesIn(values, key, () => new Set()).add(value));
  return values;
}

/** A value that two lists hold comes twice. */
function eachWanted(situation: Situation, want: (key: string, value: string) => void): void {
  const { desired, actual, indicators, now } = situation;
  for (const { channel, observable } of desired.values())
    want(feedKey({ channel, type: observable.type }), observable.value);
  for (const [h, those] of actual.judgements) {
    // What a list wants is of no reserved list: to ask would cost three hashes for each judgement.
    if (desired.has(h)) continue;
    for (const judgement of those) {
      const key = isLive(judgement, now) ? feedKeyOf(judgement, indicators) : undefined;
      if (key !== undefined && isStanding(judgement, situation)) want(key, judgement.observable.value);
    }
  }
}

function countFeeds(situation: Situation, { renew, collect, ...counts }: ChangeCounts): FeedCount[] {
  // Where nothing but renewals is to be done the feeds hold what is wanted: no look at a million judgements.
  if (Object.values(counts).every((count) => count === 0)) {
    return [...desiredValues(situation)].map(([key, { size }]) => {
      return { feed: feedNamed(key), entries: size, enters: 0, leaves: 0 };
    });
  }
  return countMoves(situation);
}

/** One map of all that is wanted, in which each value is ticked where its feed holds it: no second one of all that is held. */
function countMoves(situation: Situation): FeedCount[] {
  const { actual, indicators, now, desired, adoptable = [] } = situation;
  const wanted = new Map<string, Map<string, 'wanted' | 'held'>>([...indicators.keys()].map((key) => [key, new Map()]));
  eachWanted(situation, (key, value) => valuesIn(wanted, key, () => new Map()).set(value, 'wanted'));
  const staying = new Map<string, number>();
  const leaving = new Map<string, Set<string>>();
  const stays = (key: string, value: string) => {
    wanted.get(key)?.set(value, 'held');
    staying.set(key, (staying.get(key) ?? 0) + 1);
  };
  for (const those of actual.judgements.values()) {
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
  return [...wanted].map(([key, values]) => ({
    feed: feedNamed(key),
    entries: values.size,
    enters: values.size - (staying.get(key) ?? 0),
    leaves: leaving.get(key)?.size ?? 0,
  }));
}

function valuesIn<T>(feeds: Map<string, T>, key: string, none: () => T): T {
  const found = feeds.get(key) ?? none();
  feeds.set(key, found);
  return found;
}

function digestOf(tenant: string, owner: string, makings: readonly Making[], changes: readonly Change[]): string {
  const lines = [
    ...makings.map(({ feed, what }) => `make ${what} ${feedKey(feed)}`),
    ...changes.flatMap((change) => (change.kind === 'renew' || change.kind === 'collect' ? [] : [lineOf(change)])),
  ].sort();
  const hash = createHash('sha256').update(`${tenant}\n${owner}\n`);
  for (const line of lines) hash.update(`${line}\n`);
  return hash.digest('hex').slice(0, 16);
}

function lineOf(change: Exclude<Change, { kind: 'renew' | 'collect' }>): string {
  switch (change.kind) {
    case 'withdraw':
      return `withdraw ${change.stored.id}`;
    case 'unlink':
      return `unlink ${change.link.id}`;
    default: {
      const { lifetime } = change.entry.terms;
      const said = JSON.stringify([wordsOf(change.entry.terms), lifetime.text]);
      const taken = change.kind === 'adopt' ? ` ${takenIds(change).join(' ')}` : '';
      return `${change.kind} ${hashOf(change)} ${said}${taken}`;
    }
  }
}

export function liveCount(actual: Actual, now: number): number {
  let count = 0;
  for (const those of actual.judgements.values()) for (const it of those) if (isLive(it, now)) count += 1;
  return count;
}
