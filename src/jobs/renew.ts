import type { Job } from 'bullmq';
import { holdsAmong } from '../plan/hold.ts';
import { computeRenewals, type Renewal } from '../plan/renewals.ts';
import type { Self } from '../reconcile/actual.ts';
import { stateOf } from '../reconcile/actual.ts';
import type { Failure } from '../reconcile/outcome.ts';
import { type Renewed, renew } from '../reconcile/renew.ts';
import type { ReadFrom } from '../reconcile/report.ts';
import type { Log } from '../runtime/log.ts';
import { originOf } from '../sources/git.ts';
import { countByHand, meanwhileSince } from './hand-notes.ts';
import { noteRenewal } from './history.ts';
import { logRenewal } from './run-log.ts';
import { renewEveryMs } from './schedules.ts';
import type { RequestCounts } from './sync-state.ts';
import { tellRenewal } from './telling.ts';
import { readTenant, type TenantReading } from './tenant-reading.ts';
import { type Desk, deskFor, type Workplace } from './workplace.ts';

/**
 * Renewal beside the syncs: a job in a queue of its own, so that it waits for no run and no flow of batches, with its share
 * of the rate budget and its turn at the lock before theirs. It reads no list. A sync does the same as its first step.
 */
export interface RenewalReport {
  /** The job that did it: a renewal, or a sync in its first step. */
  readonly run: string;
  readonly kind: 'renew';
  readonly owner: string;
  readonly tenant: string;
  readonly startedAt: string;
  readonly endedAt: string;
  /** `first-contact`: this owner never applied anything there, so that nothing is renewed. */
  readonly result: 'renewed' | 'not-renewed' | 'first-contact';
  readonly live: number;
  readonly renewed: number;
  /** When the first judgement that is to be renewed would lapse if nobody did. */
  readonly firstLapse: string | null;
  readonly failures: readonly Failure[];
  readonly notices: readonly string[];
  readonly requests: RequestCounts;
  readonly read: ReadFrom;
}

export async function processRenew(work: Workplace, job: Job, log: Log, signal?: AbortSignal): Promise<RenewalReport> {
  const done = await renewFirst({ work, run: String(job.id), log, signal });
  await tellRenewal(work, done);
  return done.report;
}

export interface RenewedFirst {
  readonly renewed: Renewed;
  readonly report: RenewalReport;
  /** How often renewals run. */
  readonly everyMs: number;
  /** What is held now, for whoever plans on it. */
  readonly reading: TenantReading;
  /** Those of `reading` too, for as long as it is used. */
  readonly requests: RequestCounts;
}

const FAILURES_MAX = 100;

interface RenewFirst {
  readonly work: Workplace;
  /** The job. */
  readonly run: string;
  readonly log: Log;
  readonly signal: AbortSignal | undefined;
  /** Why what is held is read from CTIA and not from the ledger. */
  readonly inFull?: string | undefined;
}

export async function renewFirst({ work, run, log, signal, inFull }: RenewFirst): Promise<RenewedFirst> {
  const { clock, owner, feedsDir, ctia, redis, keys } = work;
  const startedAt = new Date(clock.now()).toISOString();
  const desk = deskFor(work, log, 'renewal', run, signal);
  const { client } = desk;
  const { organisation } = await client.identity();
  const self: Self = { owner, organisation };
  const byHand = await countByHand(work);
  const reading = readTenant(work, desk, inFull);
  const everyMs = await renewEveryMs(work);
  const renewed = await renew({
    ...{ client, clock, signal, self, everyMs },
    actual: await reading.readActual(self),
    async findState() {
      const { ownIndicators } = await reading.readFeedEntities(self, []);
      // Before anything is written: what was just read in full becomes the ledger, which then hears of the renewals.
      await reading.keep();
      return { state: stateOf(owner, ownIndicators), holds: holdsAmong(owner, ownIndicators) };
    },
    origin: () => originOf(feedsDir),
    exclusively: desk.exclusively,
    record: desk.record,
    rights: work.rights,
    meanwhile: meanwhileSince({ ...work, client, self }, byHand),
    stillDue: (renewals) => stillDue(work, desk, renewals, everyMs),
  });
  const { outcome, live, firstLapse, firstContact } = renewed;
  const report: RenewalReport = {
    ...{ run, kind: 'renew', owner, tenant: `${ctia.ctiaUrl} (${organisation})`, startedAt },
    endedAt: new Date(clock.now()).toISOString(),
    result: firstContact ? 'first-contact' : outcome.failures.length > 0 ? 'not-renewed' : 'renewed',
    live,
    renewed: outcome.applied,
    firstLapse: firstLapse === undefined ? null : new Date(firstLapse).toISOString(),
    failures: outcome.failures.slice(0, FAILURES_MAX),
    notices: [...renewed.notices, ...outcome.notices],
    requests: { ...client.requests },
    read: reading.told(),
  };
  await noteRenewal(redis, keys.renewal, report);
  logRenewal(log, report);
  return {
    renewed,
    report,
    everyMs,
    requests: client.requests,
    reading: { ...reading, readActual: async () => renewed.actual },
  };
}

/**
 * What somebody withdrew, changed or renewed since it was read the ledger knows; where there is none, what was just read is
 * the latest that anybody knows.
 */
async function stillDue(
  { ledger: { store } }: Workplace,
  { client }: Desk,
  renewals: readonly Renewal[],
  everyMs: number,
): Promise<readonly Renewal[]> {
  const facts = await store.facts();
  if (!('id' in facts)) return renewals;
  const asked = new Set(renewals.map(({ stored }) => stored.id));
  const held = await store.records(facts.id, [...new Set(renewals.map(({ stored }) => stored.h))]);
  const actual = {
    judgements: new Map([...held].map(([h, { judgements }]) => [h, judgements])),
    dangling: new Map([...held].map(([h, { dangling }]) => [h, dangling])),
  };
  return computeRenewals({ actual, now: client.serverNow(), everyMs }).filter(({ stored }) => asked.has(stored.id));
}
