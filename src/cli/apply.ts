import { randomUUID } from 'node:crypto';
import { makeCtiaClient } from '../ctia/client.ts';
import type { Observable } from '../ctim/observable.ts';
import { problemLine } from '../ctim/problem.ts';
import { readWill, type Will } from '../jobs/desired.ts';
import type { WriterLock } from '../jobs/lock.ts';
import { shareWithWorkers } from '../jobs/share.ts';
import { renderPlan } from '../plan/render.ts';
import { type Approval, hasProblems, NO_APPROVAL } from '../plan/safety.ts';
import { prepare } from '../reconcile/prepare.ts';
import { type Progress, run } from '../reconcile/run.ts';
import { HOUR } from '../runtime/clock.ts';
import { readSoundSettings } from '../sources/feeds-folder.ts';
import { originOf } from '../sources/git.ts';
import type { LastGood } from '../sources/last-good.ts';
import { EXIT, type Exit, exitOfResult } from './exit.ts';
import { renderReport } from './print-report.ts';
import { bringLists, openTenant, type Session, type Tenant } from './session.ts';
import { pullDue } from './upstreams.ts';

/** `apply`: plan, apply and verify in this process. No Redis is needed; where one is there, its lock is kept. */
export async function apply(session: Session, options: Approval & { json: boolean }): Promise<Exit> {
  const { json, yes, force, digest } = options;
  await bringLists(session);
  const tenant = await openTenant(session);
  const shared = await shareWithWorkers({ ...session.config, ...session, ...tenant });
  const lastGood = await pullDue(session, tenant, async () => shared);
  const client = clientFor(session, tenant, shared?.lock);
  const runId = randomUUID();
  const settings = await readSoundSettings(session.config.feedsDir);
  const renewing = settings?.renewEveryMs === undefined ? {} : { renewEveryMs: settings.renewEveryMs };
  const report = await run({
    run: runId,
    client,
    clock: session.clock,
    signal: session.signal,
    owner: tenant.owner,
    ownEmbedded: tenant.ownEmbedded,
    approval: { yes, force, digest },
    readDesired: readDesired(session, tenant, client.serverNow, lastGood),
    exclusively: shared?.lock.exclusively ?? ((work) => work()),
    record: shared?.record,
    rights: shared?.rights,
    progress: showProgress(json),
    origin: () => originOf(session.config.feedsDir),
    ...renewing,
  });
  await shared?.noteReport(report);
  session.print(json ? JSON.stringify(report, null, 2) : renderReport(report));
  return exitOfResult(report.result);
}

/** `plan`: what `apply` would do, and nothing done. */
export async function plan(session: Session, { json }: { json: boolean }): Promise<Exit> {
  await bringLists(session);
  const tenant = await openTenant(session);
  const share = () => shareWithWorkers({ ...session.config, ...session, ...tenant });
  const lastGood = await pullDue(session, tenant, share);
  const client = clientFor(session, tenant, undefined);
  const prepared = await prepare({
    client,
    owner: tenant.owner,
    ownEmbedded: tenant.ownEmbedded,
    approval: NO_APPROVAL,
    readDesired: readDesired(session, tenant, client.serverNow, lastGood),
  });
  session.print(json ? JSON.stringify(prepared.plan, null, 2) : renderPlan(prepared.plan));
  for (const notice of prepared.found.notices) console.error(`notice: ${notice}`);
  if (hasProblems(prepared.plan)) return EXIT.problems;
  return prepared.plan.held.length > 0 ? EXIT.held : EXIT.done;
}

function clientFor(session: Session, { ctia }: Tenant, lock: WriterLock | undefined) {
  return makeCtiaClient({
    connection: ctia,
    clock: session.clock,
    signal: session.signal,
    patienceMs: HOUR,
    assertMayWrite: lock?.assertHeld,
    onWait: (error, waitMs) => console.error(`${error.message}; waiting ${Math.ceil(waitMs / 1000)} s`),
  });
}

function readDesired(session: Session, { ownEmbedded }: Tenant, serverNow: () => number, lastGood?: LastGood) {
  return async (adhocAllow: readonly Observable[]): Promise<Will['desired']> => {
    const { feedsDir } = session.config;
    const knowledge = await session.guardKnowledge();
    const now = serverNow();
    const will = await readWill({ feedsDir, ownEmbedded, adhocAllow, now, knowledge, ...(lastGood && { lastGood }) });
    for (const problem of will.problems) if (problem.severity === 'error') console.error(problemLine(problem));
    return will.desired;
  };
}

/** One line that moves on a terminal; plain lines, and few, elsewhere. A held plan is shown whole: it is what a person decides on. */
function showProgress(json: boolean): (step: Progress) => void {
  const isTerminal = process.stderr.isTTY;
  return (step) => {
    if (step.step === 'planned' && step.prepared.plan.held.length > 0 && !json)
      console.error(renderPlan(step.prepared.plan));
    if (step.step === 'applying' && isTerminal)
      process.stderr.write(`\rapplying batch ${step.done + 1} of ${step.of} `);
    if (step.step === 'verifying' && isTerminal) process.stderr.write('\rverifying                         \r');
  };
}
