import type { CtiaClient } from '../ctia/client.ts';
import type { StoredIndicator } from '../ctia/stored.ts';
import { feedKey } from '../ctim/feed.ts';
import { makeBatches } from '../plan/batch.ts';
import { addCounts, countChanges, renewedCounts } from '../plan/change.ts';
import { stateDocument } from '../plan/documents.ts';
import { type Before, driftLine } from '../plan/drift.ts';
import { desiredValues, holding, isEmpty, type Plan, summaryOf, withChanges } from '../plan/plan.ts';
import { RENEW_EVERY_MS } from '../plan/renewals.ts';
import { type Approval, hasProblems } from '../plan/safety.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Self } from './actual.ts';
import { type ApplyContext, applyBatch, makeApplyContext, type Recorder } from './apply.ts';
import { type BulkRights, rightsOfThisRun } from './bulk-rights.ts';
import { readDrift } from './drift.ts';
import { makeFeeds, removeFormer, type TypedFeed } from './feeds.ts';
import { type AskMeanwhile, askCtia } from './meanwhile.ts';
import { wantedOnHold } from './on-hold.ts';
import { NOTHING_DONE, type Outcome, together } from './outcome.ts';
import { forgetReleased } from './panic.ts';
import { type Prepared, type PrepareInput, prepare, readInFull, type TenantReader } from './prepare.ts';
import { goOnAfter, type Renewed, readState, renew } from './renew.ts';
import { countsLine, makeReport, type Report } from './report.ts';
import { AUDIT_MS_MAX, type FeedVerdict, verifyFeed } from './verify.ts';

export interface RunInput extends PrepareInput {
  readonly run: string;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Runs its argument as the only writer of this owner and tenant. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
  /** Of the workers whose Redis this run shares: they hear of what it writes. */
  readonly record?: Recorder | undefined;
  /** What people do by hand while it runs, where somebody tells; otherwise CTIA is asked now and then. */
  readonly meanwhile?: AskMeanwhile | undefined;
  /** How often renewals run, as the settings say. */
  readonly renewEveryMs?: number;
  /** The remote that the checkout came from, where there is one. */
  readonly origin?: () => Promise<string | undefined>;
  /** Told what goes on, for a terminal. */
  readonly progress?: (step: Progress) => void;
}

export type Progress =
  | { readonly step: 'renewed'; readonly renewed: Renewed }
  | { readonly step: 'planned'; readonly prepared: Prepared }
  | { readonly step: 'applying'; readonly done: number; readonly of: number }
  | { readonly step: 'verifying'; readonly feeds: number };

const MOVED = 'the lists changed while they were applied: apply again';

/**
 * One run, in this process: read what is actual and renew what would lapse; then read what is desired, plan, make what
 * feeds are missing, apply batch by batch, verify the feeds, and note in CTIA what was applied. Whatever is wrong with the
 * lists or the feeds, the renewals are done by then. A held plan applies nothing more. A run that is not verified reads
 * CTIA and plans once more, and then says so.
 */
export async function run(parts: RunInput): Promise<Report> {
  const input = { ...parts, rights: parts.rights ?? rightsOfThisRun() };
  const { client, clock, exclusively } = input;
  const startedAt = clock.now();
  const outcomes: Outcome[] = [];
  let counts = countChanges([]);
  let before: Report | undefined;
  for (;;) {
    const renewed = await renewFirst(input);
    input.progress?.({ step: 'renewed', renewed });
    counts = addCounts(counts, renewedCounts(renewed.outcome.applied));
    const prepared = await prepare({
      ...input,
      ...(before && { approval: repairing(input.approval) }),
      tenantReader: { ...readerOf(input), readActual: async () => renewed.actual },
    });
    // Other lists than those approved are another plan: what this run was allowed to do does not cover them.
    if (before && before.revision !== prepared.desired.revision)
      return { ...before, notices: [...before.notices, MOVED] };
    input.progress?.({ step: 'planned', prepared });
    const held = prepared.plan.held.length > 0;
    const goesOn = goOnAfter(renewed, prepared.plan.changes, held);
    const applied = held ? holding(prepared.plan) : withChanges(prepared.plan, goesOn.changes);
    counts = addCounts(counts, applied.counts);
    outcomes.push({ ...renewed.outcome, failures: goesOn.failures }, { ...NOTHING_DONE, notices: goesOn.notices });
    const feeds = held ? prepared.found.feeds : await exclusively(() => openFeeds(client, prepared));
    outcomes.push(await applyAll(input, prepared, applied, feeds, renewed.entitiesMax));
    if (!held) {
      await exclusively(() => noteApplied(client, prepared, !isEmpty(applied) || renewed.outcome.applied > 0));
      await exclusively(() => forgetReleased(client, prepared.self, prepared.found.released));
    }
    input.progress?.({ step: 'verifying', feeds: feeds.length });
    const verdicts = held ? [] : await verifyAll(input, prepared, feeds);
    const outcome = together(outcomes);
    const report = makeReport({
      run: input.run,
      kind: 'sync',
      plan: summaryOf(prepared.plan, before),
      counts,
      startedAt,
      endedAt: clock.now(),
      failures: outcome.failures,
      notices: [...renewed.notices, ...prepared.found.notices, ...outcome.notices],
      feeds: verdicts,
      requests: client.requests,
    });
    const drifted = report.result === 'not-verified' && outcome.failures.length === 0;
    if (!drifted || before) return report;
    before = report;
  }
}

function readerOf({ client, tenantReader }: Pick<RunInput, 'client' | 'tenantReader'>): TenantReader {
  return tenantReader ?? readInFull(client);
}

async function renewFirst(input: RunInput & { rights: BulkRights }): Promise<Renewed> {
  const { client, owner, renewEveryMs = RENEW_EVERY_MS, origin = async () => undefined } = input;
  const self: Self = { owner, organisation: (await client.identity()).organisation };
  return renew({
    ...input,
    self,
    actual: await readerOf(input).readActual(self),
    everyMs: renewEveryMs,
    findState: () => readState(client, self),
    origin,
  });
}

/** A second pass repairs what this very run was allowed to do. Its plan is another one, so no digest can name it. */
export function repairing(approval: Approval): Approval {
  return { ...approval, yes: true, force: approval.force || approval.digest !== undefined, digest: undefined };
}

/** Makes what is missing. At first approval the state is written first: who crashes midway is known when it comes back. */
export async function openFeeds(client: CtiaClient, prepared: Prepared): Promise<readonly TypedFeed[]> {
  const { found, desired, self } = prepared;
  const moment = { now: client.serverNow(), owner: self.owner, revision: desired.revision };
  if (isFirstContact(prepared)) await writeState(client, prepared);
  await removeFormer(client, found.former, moment.now);
  return makeFeeds(client, moment, desired.channels, found);
}

async function applyAll(
  input: RunInput,
  prepared: Prepared,
  plan: Plan,
  feeds: readonly TypedFeed[],
  entitiesMax: number,
): Promise<Outcome> {
  const context = applyContextOf(input, prepared, feeds);
  context.learnEntitiesMax(entitiesMax);
  const batches = makeBatches(plan.changes);
  const outcomes: Outcome[] = [];
  const failed = new Set<string>();
  for (const [done, batch] of batches.entries()) {
    input.progress?.({ step: 'applying', done, of: batches.length });
    const outcome = await input.exclusively(() => applyBatch(context, batch, failed));
    for (const { h } of outcome.failures) failed.add(h);
    outcomes.push(outcome);
  }
  return together(outcomes);
}

function applyContextOf(input: RunInput, prepared: Prepared, feeds: readonly TypedFeed[]): ApplyContext {
  return makeApplyContext({
    client: input.client,
    clock: input.clock,
    signal: input.signal,
    self: prepared.self,
    revision: prepared.desired.revision,
    indicators: new Map(feeds.map((feed) => [feedKey(feed), feed.indicatorId])),
    record: input.record,
    rights: input.rights,
    meanwhile: input.meanwhile ?? askCtia(input.client, input.clock, prepared.self),
  });
}

export interface AuditInput extends Omit<RunInput, 'exclusively' | 'progress'> {
  /** As our ledger had it before this read, where there is one. Asked after the read: then the tenant is known. */
  readonly ledgerBefore?: () => Before['ledger'];
}

/** What drifted, what the feeds hold and what a run would do, with nothing changed. */
export async function audit(input: AuditInput): Promise<Report> {
  const { client, clock, ledgerBefore = () => undefined } = input;
  const startedAt = clock.now();
  const prepared = await prepare(input);
  const verdicts = await verifyAll({ ...input, patienceMs: AUDIT_MS_MAX }, prepared, prepared.found.feeds);
  const { drift, unapplied } = await readDrift(client, prepared, verdicts, ledgerBefore());
  const plan = summaryOf(prepared.plan);
  const waiting =
    unapplied.length === 0 ? [] : [`not applied yet: the lists ask for ${countsLine(countChanges(unapplied))}`];
  return makeReport({
    run: input.run,
    kind: 'audit',
    plan,
    counts: plan.counts,
    startedAt,
    endedAt: clock.now(),
    failures: [],
    notices: [...prepared.found.notices, ...drift.map(driftLine), ...waiting],
    // Of lists with errors nobody knows what they want, so no feed can differ from it.
    feeds: hasProblems(plan) ? verdicts.filter(({ trouble }) => trouble !== undefined) : verdicts,
    requests: client.requests,
    drift,
  });
}

async function verifyAll(
  input: Pick<RunInput, 'client' | 'clock' | 'signal'> & { patienceMs?: number },
  prepared: Prepared,
  feeds: readonly TypedFeed[],
): Promise<FeedVerdict[]> {
  const wanted = desiredValues(prepared.situation);
  const onHold = await wantedOnHold(prepared.found.holds, prepared.desired, prepared.allowedByHand, {
    actual: async () => prepared.actual,
    now: input.client.serverNow(),
  });
  const verdicts: FeedVerdict[] = [];
  for (const feed of feeds) {
    const values = onHold(feed) ?? wanted.get(feedKey(feed)) ?? new Set();
    verdicts.push(await verifyFeed({ ...input, self: prepared.self }, feed, values));
  }
  return verdicts;
}

type Applied = Pick<Prepared, 'found' | 'desired' | 'self'>;

/** After each run that wrote, unless the state says so already. A run that changed nothing writes nothing. */
export async function noteApplied(
  client: CtiaClient,
  applied: Applied,
  wrote: boolean,
): Promise<StoredIndicator | undefined> {
  const { found, desired } = applied;
  if (!wrote || isFirstContact(applied) || found.state?.revision === desired.revision) return undefined;
  return writeState(client, applied);
}

export function isFirstContact({ found, desired }: Omit<Applied, 'self'>): boolean {
  return found.state === undefined || found.state.repository !== desired.repository;
}

async function writeState(client: CtiaClient, { found, desired, self }: Applied): Promise<StoredIndicator> {
  const moment = { now: client.serverNow(), owner: self.owner, revision: desired.revision };
  const document = stateDocument(moment, desired.repository);
  if (found.state === undefined) return client.createIndicator(document);
  return client.replaceIndicator(found.state.id, document);
}
