import { createHash } from 'node:crypto';
import type { Entry } from '../ctim/entry.ts';
import { type FeedName, feedKey } from '../ctim/feed.ts';
import { type Actual, isLive } from './actual.ts';
import { type Change, type ChangeCounts, countChanges, hashOf } from './change.ts';
import { computeChanges, feedKeyOf, isStanding, type Situation } from './changes.ts';
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
  /** Of this very plan, times and renewals left out: it still matches an hour later. */
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
  const touched = [...new Set(changes.map(hashOf))];
  const whole: Plan = {
    owner,
    tenant,
    revision,
    makings,
    changes,
    counts,
    unchanged: desired.size - touched.filter((h) => desired.has(h)).length,
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
export function desiredValues({ desired, actual, indicators, now }: Situation): Map<string, Set<string>> {
  const values = new Map<string, Set<string>>([...indicators.keys()].map((key) => [key, new Set()]));
  for (const entry of desired.values()) valuesOf(values, feedKey(entryFeed(entry))).add(entry.observable.value);
  // What a list wants is of no reserved list: to ask would cost three hashes for each judgement.
  for (const { judgement, key } of liveOf({ actual, indicators, now }, desired)) {
    if (isStanding(judgement, indicators)) valuesOf(values, key).add(judgement.observable.value);
  }
  return values;
}

function countFeeds(situation: Situation, counts: ChangeCounts): FeedCount[] {
  const wanted = desiredValues(situation);
  // Where nothing but renewals is to be done, the feeds hold what is wanted: not worth a second set of a million values.
  const isSettled = Object.entries(counts).every(([kind, count]) => kind === 'renew' || count === 0);
  const held = isSettled ? wanted : heldValues(situation);
  return [...wanted].map(([key, values]) => {
    const before = held.get(key) ?? new Set<string>();
    const slash = key.lastIndexOf('/');
    return {
      feed: { channel: key.slice(0, slash), type: key.slice(slash + 1) as FeedName['type'] },
      entries: values.size,
      enters: before === values ? 0 : sizeWithout(values, before),
      leaves: before === values ? 0 : sizeWithout(before, values),
    };
  });
}

function heldValues(situation: Situation): Map<string, Set<string>> {
  const held = new Map<string, Set<string>>();
  for (const { judgement, key } of liveOf(situation)) valuesOf(held, key).add(judgement.observable.value);
  return held;
}

function* liveOf(
  { actual, indicators, now }: Pick<Situation, 'actual' | 'indicators' | 'now'>,
  except: ReadonlyMap<string, unknown> = new Map(),
) {
  for (const [h, those] of actual.judgements) {
    if (except.has(h)) continue;
    for (const judgement of those) {
      const key = isLive(judgement, now) ? feedKeyOf(judgement, indicators) : undefined;
      if (key !== undefined) yield { judgement, key };
    }
  }
}

function valuesOf(values: Map<string, Set<string>>, key: string): Set<string> {
  const found = values.get(key) ?? new Set<string>();
  values.set(key, found);
  return found;
}

function entryFeed(entry: Entry): FeedName {
  return { channel: entry.channel, type: entry.observable.type };
}

function sizeWithout(values: ReadonlySet<string>, others: ReadonlySet<string>): number {
  let size = 0;
  for (const value of values) if (!others.has(value)) size += 1;
  return size;
}

function digestOf(tenant: string, owner: string, makings: readonly Making[], changes: readonly Change[]): string {
  const lines = [
    ...makings.map(({ feed, what }) => `make ${what} ${feedKey(feed)}`),
    ...changes.flatMap((change) => (change.kind === 'renew' ? [] : [lineOf(change)])),
  ].sort();
  const hash = createHash('sha256').update(`${tenant}\n${owner}\n`);
  for (const line of lines) hash.update(`${line}\n`);
  return hash.digest('hex').slice(0, 16);
}

function lineOf(change: Exclude<Change, { kind: 'renew' }>): string {
  switch (change.kind) {
    case 'withdraw':
      return `withdraw ${change.stored.id}`;
    case 'unlink':
      return `unlink ${change.link.id}`;
    default: {
      const { lifetime } = change.entry.terms;
      return `${change.kind} ${hashOf(change)} ${JSON.stringify([wordsOf(change.entry.terms), lifetime.text])}`;
    }
  }
}

export function liveCount(actual: Actual, now: number): number {
  return [...actual.judgements.values()].flat().filter((judgement) => isLive(judgement, now)).length;
}
