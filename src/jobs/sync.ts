import { randomUUID } from 'node:crypto';
import type { FlowJob, Job } from 'bullmq';
import { feedKey } from '../ctim/feed.ts';
import { makeBatches, takesAway } from '../plan/batch.ts';
import { addCounts, renewedCounts } from '../plan/change.ts';
import { holding, isEmpty, type Plan, summaryOf, withChanges } from '../plan/plan.ts';
import { type Approval, hasProblems } from '../plan/safety.ts';
import { hasEnded, matchFeeds, type TypedFeed, withIndicator } from '../reconcile/feeds.ts';
import { together } from '../reconcile/outcome.ts';
import { forgetReleased } from '../reconcile/panic.ts';
import { type Desired, type Prepared, prepare } from '../reconcile/prepare.ts';
import { goOnAfter } from '../reconcile/renew.ts';
import { makeReport, type Report } from '../reconcile/report.ts';
import { isFirstContact, noteApplied, openFeeds, repairing } from '../reconcile/run.ts';
import type { FeedVerdict } from '../reconcile/verify.ts';
import type { Log } from '../runtime/log.ts';
import { packBatch } from './batch-payload.ts';
import { failWithBatches } from './batches.ts';
import { DelayedError, UnrecoverableError, WaitingChildrenError } from './bullmq.ts';
import { fetchFirst } from './fetch.ts';
import { countByHand } from './hand-notes.ts';
import { noteReport } from './history.ts';
import { KEEP_JOBS, REFUSED } from './queues.ts';
import { renewFirst } from './renew.ts';
import { logRun } from './run-log.ts';
import { leaveSlot, OTHER_RUN_WAIT_MS, takeSlot } from './run-slot.ts';
import { addRequests, type BatchResult, type SyncData, type SyncState, standingOf, viewsToRead } from './sync-state.ts';
import { tellSync } from './telling.ts';
import { feedEntitiesOf, readTenant, type TenantReading } from './tenant-reading.ts';
import { verdictsOnFeeds } from './verdicts.ts';
import { type Desk, deskFor, readDesiredHere, type Workplace } from './workplace.ts';

/** A run that is not verified plans once more, and then says so. */
const REPAIRS_MAX = 1;
/** Lists that change faster than they can be published are given up for now; the next sync finds them. */
const PLANS_MAX = 6;
const DRIFTED = 'the feeds did not hold what was planned';
const MOVING = 'the lists changed each time they were about to be verified: sync again when they are at rest';
const ATTEMPTS = { attempts: 8, backoff: { type: 'exponential', delay: 2000, jitter: 0.5 } } as const;

/**
 * One sync, as a job that waits for its own batches:
 *
 *   renew    read the tenant, renew what would lapse: done whatever is wrong with what comes next
 *   plan     read the lists, plan, make missing feeds, queue the batches              → waits for its children
 *   batches  every create, link, revive, change and renewal; then, each after the one before, every withdrawal and unlink
 *   verify   read the feeds' views until they agree with the lists                    → the report
 *
 * What the second step needs of the first lies in the job, and holds no secret and no document. A worker that dies leaves
 * the job to the next one; a plan that was queued twice imports twice, which external ids make harmless.
 */
export async function processSync(
  work: Workplace,
  job: Job<SyncData, Report>,
  token: string,
  log: Log,
  signal?: AbortSignal,
): Promise<Report> {
  const jobId = String(job.id);
  const desk = deskFor(work, log, 'sync', jobId, signal);
  let { state } = job.data;
  for (;;) {
    if (state === undefined) {
      if (!(await takeSlot(work.redis, work.keys.run, work.requests, jobId))) {
        await job.moveToDelayed(work.clock.now() + OTHER_RUN_WAIT_MS, token);
        throw new DelayedError();
      }
      state = await planAndQueue(work, desk, job, undefined, approvalOf(job.data), log);
      if (await job.moveToWaitingChildren(token)) throw new WaitingChildrenError();
    }
    const verified = await verify(work, desk, job, state, log);
    if ('report' in verified) {
      await noteReport(work.redis, work.keys.history, verified.report);
      logRun(log, verified.report);
      await tellSync(work, verified.report);
      await leaveSlot(work.redis, work.keys.run, jobId);
      return verified.report;
    }
    const { again, why } = verified;
    // For the lists that were approved this run may do what it was allowed to do, though a digest fits its first plan alone.
    const approval = why === 'lists' ? approvalOf(job.data) : repairing(approvalOf(job.data));
    state = await planAndQueue(work, desk, job, again, approval, log, why === 'drift' ? DRIFTED : undefined);
    if (await job.moveToWaitingChildren(token)) throw new WaitingChildrenError();
  }
}

function approvalOf({ yes = false, force = false, digest }: SyncData): Approval {
  return { yes, force, digest };
}

async function planAndQueue(
  work: Workplace,
  desk: Desk,
  job: Job<SyncData, Report>,
  before: SyncState | undefined,
  approval: Approval,
  log: Log,
  inFull?: string,
): Promise<SyncState> {
  const startedAt = before?.startedAt ?? work.clock.now();
  const { revision } = job.data;
  const fetchNotices = await fetchFirst(work);
  const byHand = await countByHand(work);
  const first = await renewFirst({ work, run: String(job.id), log, signal: desk.signal, inFull });
  const { renewed } = first;
  const prepareWith = (tenantReader: TenantReading) =>
    prepare({
      client: desk.client,
      owner: work.owner,
      ownEmbedded: work.ownEmbedded,
      rights: work.rights,
      approval,
      tenantReader,
      readDesired: async (adhocAllow) => {
        const desired = await readDesiredHere(work, desk.client, adhocAllow);
        if (revision === undefined || (await holds(desired, revision, work.fetch !== undefined))) return desired;
        throw new UnrecoverableError(otherRevision(revision, desired));
      },
    });
  let { reading } = first;
  let prepared = await prepareWith(reading);
  const unsure = reading.told().from === 'ledger' ? whyUnsure(prepared) : undefined;
  if (unsure !== undefined) {
    reading = readTenant(work, desk, unsure);
    prepared = await prepareWith(reading);
  }
  await reading.keep();
  const { plan } = prepared;
  const held = plan.held.length > 0;
  const goesOn = goOnAfter(renewed, plan.changes, held);
  const applied: Plan = held ? holding(plan) : withChanges(plan, goesOn.changes);
  const read = reading.told();
  log.info({ digest: plan.digest, counts: applied.counts, held: plan.held.map(({ rule }) => rule), read }, 'planned');
  const feeds = held ? prepared.found.feeds : await openFeedsOf(work, desk, prepared);
  const requests = addRequests(desk.client.requests, first.requests);
  const counts = addCounts(renewedCounts(renewed.outcome.applied), applied.counts);
  const state: SyncState = {
    plans: (before?.plans ?? 0) + 1,
    repairs: before?.repairs ?? 0,
    startedAt,
    plan: summaryOf(plan, before?.plan),
    counts: before === undefined ? counts : addCounts(before.counts, counts),
    notices: [
      ...fetchNotices,
      ...renewed.notices,
      ...renewed.outcome.notices,
      ...goesOn.notices,
      ...prepared.found.notices,
    ],
    failures: goesOn.failures,
    standing: standingOf(prepared),
    allowedByHand: prepared.allowedByHand,
    ranOut: [...(prepared.situation.ranOut ?? [])],
    holds: prepared.found.holds,
    ...(prepared.desired.copies !== undefined && { copies: prepared.desired.copies }),
    byHand,
    read,
    views: job.repeatJobKey === undefined ? viewsToRead(applied, read, before?.views) : 'all',
    wrote: before?.wrote === true || (!held && (!isEmpty(applied) || renewed.outcome.applied > 0)),
    requests: before === undefined ? requests : addRequests(before.requests, requests),
  };
  desk.client.requests.total = 0;
  desk.client.requests.mutating = 0;
  await job.updateData({ ...job.data, state });
  await queueBatches(work, job, prepared, applied, feeds, byHand);
  // The next plan was approved, and this was it.
  const { self, found } = prepared;
  if (!held && found.released.length > 0)
    await desk.exclusively(() => forgetReleased(desk.client, self, found.released));
  return state;
}

/** What only the truth may decide: a plan that a person is asked about, and what a plain POST makes once more each time. */
function whyUnsure({ plan }: Prepared): string | undefined {
  if (plan.held.length > 0 && !hasProblems(plan)) return 'the plan is held';
  return plan.makings.length > 0 ? 'a feed or an indicator is missing, or its lifetime ends' : undefined;
}

/** What is made here the ledger does not know: it is to be read again. */
async function openFeedsOf({ ledger }: Workplace, desk: Desk, prepared: Prepared): Promise<readonly TypedFeed[]> {
  const facts = await ledger.store.facts();
  const deletes = prepared.found.former.some((feed) => hasEnded(feed, desk.client.serverNow()));
  const makes = prepared.plan.makings.length > 0 || deletes || isFirstContact(prepared);
  if (makes && 'id' in facts) await ledger.store.noteEntities(facts.id, undefined);
  return desk.exclusively(() => openFeeds(desk.client, prepared));
}

/** Everything that enters in any order, then, in a chain, everything that leaves: each waits for all before it. */
async function queueBatches(
  work: Workplace,
  job: Job<SyncData, Report>,
  prepared: Prepared,
  applied: Plan,
  feeds: readonly TypedFeed[],
  byHand: string,
): Promise<void> {
  const parent = { id: String(job.id), queue: job.queueQualifiedName };
  const facts = {
    run: String(job.id),
    byHand,
    revision: prepared.desired.revision,
    indicators: feeds.flatMap((feed): [string, string][] =>
      feed.indicatorId ? [[feedKey(feed), feed.indicatorId]] : [],
    ),
  };
  const batches = makeBatches(applied.changes);
  const opts = () => ({ jobId: `batch-${randomUUID()}`, ignoreDependencyOnFailure: true, ...ATTEMPTS, ...KEEP_JOBS });
  const jobFor = (batch: (typeof batches)[number]) => ({ name: batch.kind, data: packBatch(batch, facts) });
  const entering = batches.filter((batch) => !takesAway(batch));
  const leaving = batches.filter(takesAway);
  if (leaving.length === 0) {
    for (const batch of entering) await work.batches.add(batch.kind, jobFor(batch).data, { ...opts(), parent });
    return;
  }
  const queueName = work.names.batches;
  let children: FlowJob[] = entering.map((batch) => ({ ...jobFor(batch), queueName, opts: opts() }));
  for (const batch of leaving) children = [{ ...jobFor(batch), queueName, opts: opts(), children }];
  const [last] = children;
  if (last) await work.flows.add({ ...last, opts: { ...last.opts, parent } });
}

async function verify(
  work: Workplace,
  desk: Desk,
  job: Job<SyncData, Report>,
  state: SyncState,
  log: Log,
): Promise<{ report: Report } | { again: SyncState; why: Moved | 'drift' }> {
  await failWithBatches(job);
  const children = Object.values(await job.getChildrenValues<BatchResult>());
  const done = together(children.map(({ outcome }) => outcome));
  const failures = [...state.failures, ...done.failures];
  const requests = children.reduce((total, child) => addRequests(total, child.requests), state.requests);
  const held = state.plan.held.length > 0;
  const { verdicts, moved } = held ? { verdicts: [], moved: undefined } : await verdictsOn(work, desk, state);
  const report = makeReport({
    run: String(job.id),
    kind: 'sync',
    plan: state.plan,
    counts: state.counts,
    startedAt: state.startedAt,
    endedAt: work.clock.now(),
    failures,
    notices: [...state.notices, ...done.notices],
    feeds: verdicts,
    requests: addRequests(requests, desk.client.requests),
    read: state.read,
  });
  if (moved !== undefined && state.plans < PLANS_MAX) {
    // Somebody else wants something else now: this is no second try of the same.
    log.info('the lists, or what was done by hand, changed meanwhile: planning again');
    return { again: state, why: moved };
  }
  if (moved !== undefined)
    return { report: { ...report, result: 'not-verified', notices: [...report.notices, MOVING] } };
  const drifted = report.result === 'not-verified' && failures.length === 0;
  if (!drifted || state.repairs >= REPAIRS_MAX) return { report };
  log.warn('the feeds do not hold what was planned: planning once more');
  return { again: { ...state, repairs: state.repairs + 1 }, why: 'drift' };
}

/** What is wanted is not what was planned any more, so the views prove nothing about either: since the lists changed, or people did something. */
type Moved = 'lists' | 'by-hand';

async function verdictsOn(
  work: Workplace,
  desk: Desk,
  state: SyncState,
): Promise<{ verdicts: FeedVerdict[]; moved: Moved | undefined }> {
  const { client } = desk;
  const { organisation } = await client.identity();
  const self = { owner: work.owner, organisation };
  const desired = await readDesiredHere(work, desk.client, state.allowedByHand);
  const isOther = desired.revision !== state.plan.revision || desired.copies !== state.copies;
  if (isOther) return { verdicts: [], moved: 'lists' };
  if ((await countByHand(work)) !== state.byHand) return { verdicts: [], moved: 'by-hand' };
  const { entities, id } = await feedEntitiesOf(work, desk, self, desired.channels);
  const found = matchFeeds(self, desired.channels, entities, client.serverNow());
  const verdicts = await verdictsOnFeeds(work, desk, self, { desired, state, feeds: found.feeds, ledgerId: id });
  await desk.exclusively(async () => {
    const written = await noteApplied(client, { found, desired, self }, state.wrote);
    if (written && id !== undefined) await work.ledger.store.noteEntities(id, withIndicator(entities, written));
  });
  await readBack(work);
  return { verdicts, moved: undefined };
}

/** What this run wrote is in memory before the next change comes: after a hundred thousand creates that takes seconds. */
async function readBack({ ledger: { store, mirror } }: Workplace): Promise<void> {
  const facts = await store.facts();
  if ('id' in facts) await mirror.catchUp(facts);
}

/** A branch that we fetch ourselves may have moved on since the job was put into the queue: what contains the commit is no other. */
async function holds(desired: Desired, revision: string, isFetched: boolean): Promise<boolean> {
  if (desired.revision === revision) return true;
  return isFetched && (await desired.standingTo?.(revision)) === 'newer';
}

function otherRevision(asked: string, desired: Desired): string {
  return `${REFUSED}this worker holds ${desired.revision} of the lists, the job asks for ${asked}: update the worker's checkout, or enqueue again`;
}
