import { randomUUID } from 'node:crypto';
import type { AllowedByHand } from '../ctim/entry.ts';
import { problemLine } from '../ctim/problem.ts';
import { readWill, type Will } from '../jobs/desired.ts';
import { type Journal, journalled, KEEP_MS, NO_LEDGER } from '../jobs/journal.ts';
import { fileJournal } from '../jobs/journal-files.ts';
import { shareWithWorkers } from '../jobs/share.ts';
import { tenantOf } from '../jobs/workplace.ts';
import { renderPlan } from '../plan/render.ts';
import type { Approval } from '../plan/safety.ts';
import { type Progress, run } from '../reconcile/run.ts';
import { readSoundSettings } from '../sources/feeds-folder.ts';
import { originOf } from '../sources/git.ts';
import type { LastGood } from '../sources/last-good.ts';
import { type Exit, exitOfResult } from './exit.ts';
import { overviewFor } from './overview.ts';
import { renderReport } from './print-report.ts';
import { bringLists, openTenant, type Session, type Tenant } from './session.ts';
import { workingClient } from './tenant-client.ts';
import { pullDue } from './upstreams.ts';

/** `apply`: plan, apply and verify in this process. No Redis is needed; where one is there, its lock is kept. */
export async function apply(session: Session, options: Approval & { json: boolean }): Promise<Exit> {
  await bringLists(session);
  return applyTo(session, await openTenant(session), options);
}

export async function applyTo(session: Session, tenant: Tenant, options: Approval & { json: boolean }): Promise<Exit> {
  const { json, yes, force, digest } = options;
  const shared = await shareWithWorkers({ ...session.config, ...session, ...tenant });
  const lastGood = await pullDue(session, tenant, async () => shared);
  const client = workingClient(session, tenant, shared?.lock);
  const runId = randomUUID();
  const settings = await readSoundSettings(session.config.feedsDir);
  const journal = shared?.journal ?? fileJournal(session.config.dataDir, await tenantOf(tenant.ctia), tenant.owner);
  const renewing = settings?.renewEveryMs === undefined ? {} : { renewEveryMs: settings.renewEveryMs };
  const report = await run({
    run: runId,
    client,
    clock: session.clock,
    signal: session.signal,
    owner: tenant.owner,
    ownEmbedded: tenant.ownEmbedded,
    approval: { yes, force, digest },
    readDesired: readDesired(session, tenant, client.serverNow, { upstreams: lastGood, guards: shared?.guardCopies }),
    exclusively: shared?.lock.exclusively ?? ((work) => work()),
    record: journalled(shared?.record ?? NO_LEDGER, journal, 'sync', runId),
    rights: shared?.rights,
    meanwhile: await shared?.meanwhile(client),
    progress: showProgress(json),
    origin: () => originOf(session.config.feedsDir),
    ...renewing,
  });
  await shared?.noteReport(report);
  await letGoOfOld(journal, client.serverNow() - (settings?.historyKeepMs ?? KEEP_MS));
  session.print(json ? JSON.stringify(report, null, 2) : renderReport(report));
  return exitOfResult(report.result);
}

/** The run is over: that its journal cannot be trimmed is no failure of it. */
async function letGoOfOld(journal: Journal, before: number): Promise<void> {
  try {
    await journal.forget(before);
  } catch (error) {
    console.error(`notice: the journal keeps what is too old: ${error instanceof Error ? error.message : error}`);
  }
}

export function readDesired(
  session: Session,
  { ownEmbedded }: Tenant,
  serverNow: () => number,
  copies: { readonly upstreams: LastGood | undefined; readonly guards: LastGood | undefined },
  hear: (problems: Will['problems']) => void = () => {},
) {
  return async (adhocAllow: readonly AllowedByHand[]): Promise<Will['desired']> => {
    const { feedsDir } = session.config;
    const knowledge = await session.guardKnowledge(copies.guards);
    const lastGood = copies.upstreams;
    const now = serverNow();
    const will = await readWill({ feedsDir, ownEmbedded, adhocAllow, now, knowledge, ...(lastGood && { lastGood }) });
    hear(will.problems);
    for (const problem of will.problems) if (problem.severity === 'error') console.error(problemLine(problem));
    return will.desired;
  };
}

/** One line that moves on a terminal; plain lines, and few, elsewhere. A held plan is shown whole: it is what a person decides on. */
function showProgress(json: boolean): (step: Progress) => void {
  const isTerminal = process.stderr.isTTY;
  return (step) => {
    if (step.step === 'planned' && step.prepared.plan.held.length > 0 && !json)
      console.error(renderPlan(overviewFor(step.prepared, [])));
    if (step.step === 'applying' && isTerminal)
      process.stderr.write(`\rapplying batch ${step.done + 1} of ${step.of} `);
    if (step.step === 'verifying' && isTerminal) process.stderr.write('\rverifying                         \r');
  };
}
