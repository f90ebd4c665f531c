import { setImmediate } from 'node:timers/promises';
import type { CtiaClient } from '../ctia/client.ts';
import type { Actual } from '../plan/actual.ts';
import { ENTITIES_MAX } from '../plan/batch.ts';
import type { Change } from '../plan/change.ts';
import { channelByHash, EMPTY, type Hold, holdsAmong } from '../plan/hold.ts';
import { type Learned, withLearned } from '../plan/learned.ts';
import { isTooSeldom, type Renewal, renewalsInSlices } from '../plan/renewals.ts';
import { lastInEachFeed } from '../plan/runway.ts';
import { inSlices } from '../plan/slices.ts';
import { type Clock, MINUTE } from '../runtime/clock.ts';
import { readOwnIndicators, type Self, type State, stateOf } from './actual.ts';
import { applyBatch, makeApplyContext, type Recorder } from './apply.ts';
import type { BulkRights } from './bulk-rights.ts';
import type { AskMeanwhile } from './meanwhile.ts';
import { type Failure, NOTHING_DONE, type Outcome, together } from './outcome.ts';
import { EXAMPLES_REPOSITORY } from './prepare.ts';

/**
 * Renewal waits for nothing: built from what is live and ours and from what stands on it, before any list is read, any feed
 * is looked for, any plan is held. It is a step of each run, and a job of its own beside them.
 *
 *   nothing ends within its margin            nothing is asked or written
 *   the tenant has no state of this owner     nothing: what bears our mark may be another team's
 *   the state is of another repository        the same, where the origin of this checkout is known; a checkout that is gone stops nothing
 *   in a channel that a person emptied        nothing of it
 *   otherwise                                 batch by batch, what would lapse first first
 */
export interface RenewInput {
  readonly client: CtiaClient;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly self: Self;
  readonly actual: Actual;
  /** How often this is done: the margin is never less than two of it. */
  readonly everyMs: number;
  readonly findState: () => Promise<StateAndHolds>;
  /** The remote that this checkout came from, where there is one. */
  readonly origin: () => Promise<string | undefined>;
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
  readonly record?: Recorder | undefined;
  readonly rights: BulkRights;
  readonly meanwhile?: AskMeanwhile | undefined;
  /**
   * Asked as the only writer, just before a batch goes: which of these are still to be renewed. Who withdrew one since
   * `actual` was read would find it back in its feed.
   */
  readonly stillDue?: ((renewals: readonly Renewal[]) => Promise<readonly Renewal[]>) | undefined;
}

export interface StateAndHolds {
  readonly state: State | undefined;
  readonly holds: readonly Hold[];
}

export interface Renewed {
  readonly outcome: Outcome;
  /** What is held now: a plan made on it renews nothing twice. */
  readonly actual: Actual;
  /** Entries, of a succession too. */
  readonly live: number;
  /** When the first of them that is to be renewed would leave its feed, epoch ms. */
  readonly firstLapse: number | undefined;
  readonly notices: readonly string[];
  /** At first contact: nothing was renewed. */
  readonly firstContact: boolean;
  /** What this tenant takes in one request, as far as it was said. */
  readonly entitiesMax: number;
}

export async function renew(input: RenewInput): Promise<Renewed> {
  const { client, actual, everyMs } = input;
  const ending = await inSlices(renewalsInSlices({ actual, now: client.serverNow(), everyMs }), setImmediate);
  const nothing = { outcome: NOTHING_DONE, firstContact: false, entitiesMax: ENTITIES_MAX };
  if (ending.length === 0) return { ...(await after(input, actual)), ...nothing };
  const { state, holds } = await input.findState();
  if (state === undefined || (await isOfAnother(state, input.origin)))
    return { ...(await after(input, actual)), ...nothing, firstContact: true };
  const emptied = holds.filter(({ to }) => to === EMPTY).map(({ channel }) => channel);
  const due = ending.filter(({ stored }) => channelByHash(emptied, stored) === undefined);
  const learned: Learned[] = [];
  const context = makeApplyContext({
    client,
    clock: input.clock,
    signal: input.signal,
    self: input.self,
    revision: state.revision,
    indicators: new Map(),
    rights: input.rights,
    meanwhile: input.meanwhile,
    record: {
      begin: async (hs, moment) => input.record?.begin(hs, moment),
      async end(facts) {
        learned.push(...facts);
        await input.record?.end(facts);
      },
      note: async (done, moment) => input.record?.note(done, moment),
    },
  });
  const outcomes: Outcome[] = [];
  for (let at = 0; at < due.length; at += ENTITIES_MAX) {
    const some = due.slice(at, at + ENTITIES_MAX);
    const outcome = await input.exclusively(async () => {
      const changes = (await input.stillDue?.(some)) ?? some;
      return changes.length === 0 ? NOTHING_DONE : applyBatch(context, { kind: 'replace', changes }, new Set());
    });
    outcomes.push(outcome);
  }
  const outcome = together(outcomes);
  return {
    ...(await after(input, withLearned(actual, learned))),
    ...nothing,
    outcome,
    entitiesMax: context.entitiesMax,
  };
}

async function after(
  { client, everyMs }: RenewInput,
  actual: Actual,
): Promise<Pick<Renewed, 'actual' | 'live' | 'firstLapse' | 'notices'>> {
  const now = client.serverNow();
  let live = 0;
  let shortest = Number.POSITIVE_INFINITY;
  let firstLapse: number | undefined;
  const seen = lastInEachFeed(actual, now, ({ end, once, lifetimeMs }) => {
    live += 1;
    if (once) return;
    firstLapse = Math.min(firstLapse ?? end, end);
    shortest = Math.min(shortest, lifetimeMs ?? shortest);
  });
  await inSlices(seen, setImmediate);
  const notices = isTooSeldom(shortest, everyMs)
    ? [
        `renewals every ${everyMs / MINUTE} minutes come too seldom for a lifetime of ${shortest / MINUTE}: set renew.every to a quarter of it`,
      ]
    : [];
  return { actual, live, firstLapse, notices };
}

/** Shipped examples are published to our own server alone, whatever repository they lie in. */
async function isOfAnother({ repository }: State, origin: RenewInput['origin']): Promise<boolean> {
  if (repository === EXAMPLES_REPOSITORY) return false;
  const here = await origin();
  return here !== undefined && here !== repository;
}

export async function readState(client: CtiaClient, self: Self): Promise<StateAndHolds> {
  const own = await readOwnIndicators(client, self);
  return { state: stateOf(self.owner, own), holds: holdsAmong(self.owner, own) };
}

/**
 * What a plan made afterwards has left to do, and which failures of the renewals stand: what CTIA refused to write, or did
 * not find, is a notice: the plan makes it anew from its list, and says itself how that went. All else would fail in the same way again.
 */
export function goOnAfter(
  { outcome: { failures } }: Pick<Renewed, 'outcome'>,
  changes: readonly Change[],
  held: boolean,
): { changes: readonly Change[]; failures: readonly Failure[]; notices: readonly string[] } {
  if (held || failures.length === 0) return { changes, failures, notices: [] };
  const standing = failures.filter(({ kind }) => kind !== 'entry');
  const tried = new Set(standing.map(({ h }) => h));
  return {
    changes: changes.filter((it) => it.kind !== 'renew' || !tried.has(it.stored.h)),
    failures: standing,
    notices: failures.filter(({ kind }) => kind === 'entry').map(({ message }) => `not renewed: ${message}`),
  };
}
