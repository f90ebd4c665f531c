import type { AllowedByHand } from '../ctim/entry.ts';
import { entryHash } from '../ctim/external-id.ts';
import { feedKey } from '../ctim/feed.ts';
import type { ChangeCounts } from '../plan/change.ts';
import type { Hold } from '../plan/hold.ts';
import { eachStanding, type Plan, type PlanSummary } from '../plan/plan.ts';
import type { Failure, Outcome } from '../reconcile/outcome.ts';
import type { Desired, Prepared } from '../reconcile/prepare.ts';
import type { ReadFrom } from '../reconcile/report.ts';
import type { RequestPayload } from './queues.ts';

/** What verifying needs of planning, as it lies in the job between the two. Plain data, without a secret or a document. */
export interface SyncState {
  /** How often this run has planned, and how often of that because the feeds did not hold what was planned. */
  readonly plans: number;
  readonly repairs: number;
  readonly startedAt: number;
  readonly plan: PlanSummary;
  readonly counts: ChangeCounts;
  readonly notices: readonly string[];
  /** Of the renewals that went before the plan, what it does not make good. */
  readonly failures: readonly Failure[];
  /** Values that no list tells, added by hand or of lists that are not known: feed and value. */
  readonly standing: readonly (readonly [string, string])[];
  readonly allowedByHand: readonly AllowedByHand[];
  /** Entries that are listed and had their time, by h. */
  readonly ranOut: readonly string[];
  /** Channels on hold when this was planned. */
  readonly holds: readonly Hold[];
  /** Of the upstreams' copies that this was planned with. */
  readonly copies?: string;
  /** How many jobs by hand had ended when this was planned. */
  readonly byHand: string;
  readonly wrote: boolean;
  /** What the plan was made on. */
  readonly read: ReadFrom;
  /** The feeds whose views are to be read, by `feedKey`: those that the plan touches, or all. */
  readonly views: 'all' | readonly string[];
  /** Of planning alone; what batches sent, they tell themselves. */
  readonly requests: RequestCounts;
}

export interface RequestCounts {
  readonly total: number;
  readonly mutating: number;
}

/** What a batch job returns: its own outcome and that of all that it waited for. */
export interface BatchResult {
  readonly outcome: Outcome;
  readonly requests: RequestCounts;
}

export type SyncData = RequestPayload<'sync'> & { state?: SyncState };

/** Live values that stay although no list tells them. What a list wants is of none: not asked, since asking costs hashes. */
export function standingOf({ situation, notDesired }: Prepared): (readonly [string, string])[] {
  const standing: (readonly [string, string])[] = [];
  for (const those of notDesired.values()) eachStanding(situation, those, (key, value) => standing.push([key, value]));
  return standing;
}

/** Without changes there is nothing to do but to look: then all of them, as after a full read. */
export function viewsToRead(applied: Plan, read: ReadFrom, before: SyncState['views'] = []): SyncState['views'] {
  if (before === 'all' || read.from === 'ctia' || applied.changes.length === 0) return 'all';
  const touched = applied.changes.flatMap(({ feed }) => (feed ? [feedKey(feed)] : []));
  return [...new Set([...before, ...touched])];
}

/** What the feeds of these keys are to hold. */
export function wantedValues(desired: Desired, state: SyncState, keys: ReadonlySet<string>): Map<string, Set<string>> {
  const wanted = new Map<string, Set<string>>([...keys].map((key) => [key, new Set()]));
  const want = (key: string, value: string) => wanted.get(key)?.add(value);
  const ranOut = new Set(state.ranOut);
  for (const { channel, list, observable, terms } of desired.entries) {
    if (terms.lifetime.kind === 'runs-out' && ranOut.has(entryHash(channel, list, observable))) continue;
    want(feedKey({ channel, type: observable.type }), observable.value);
  }
  for (const [key, value] of state.standing) want(key, value);
  return wanted;
}

export function addRequests(a: RequestCounts, b: RequestCounts): RequestCounts {
  return { total: a.total + b.total, mutating: a.mutating + b.mutating };
}
