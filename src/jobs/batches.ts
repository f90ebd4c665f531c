import type { Job } from 'bullmq';
import { applyBatch, makeApplyContext } from '../reconcile/apply.ts';
import { type Outcome, together } from '../reconcile/outcome.ts';
import type { Log } from '../runtime/log.ts';
import { type BatchPayload, unpackBatch } from './batch-payload.ts';
import { UnrecoverableError } from './bullmq.ts';
import { meanwhileSince } from './hand-notes.ts';
import type { BatchResult } from './sync-state.ts';
import { deskFor, type Workplace } from './workplace.ts';

/**
 * One batch, one request to CTIA (unless answers make it more). What batches before it could not make comes as their
 * results: a withdrawal whose successor is among that stays undone.
 */
export async function processBatch(
  work: Workplace,
  job: Job<BatchPayload, BatchResult>,
  log: Log,
  signal?: AbortSignal,
): Promise<BatchResult> {
  await failWithBatches(job);
  const before = Object.values(await job.getChildrenValues<BatchResult>());
  const { client, exclusively, record, budget } = deskFor(work, log, 'sync', job.data.run, signal);
  const { organisation } = await client.identity();
  const self = { owner: work.owner, organisation };
  const context = makeApplyContext({
    client,
    clock: work.clock,
    signal,
    self,
    meanwhile: meanwhileSince({ ...work, client, self }, job.data.byHand),
    revision: job.data.revision,
    indicators: new Map(job.data.indicators),
    record,
    rights: work.rights,
  });
  const failed = new Set(before.flatMap(({ outcome }) => outcome.failures.map(({ h }) => h)));
  await budget.room();
  const own: Outcome = await exclusively(() => applyBatch(context, unpackBatch(job.data), failed));
  log.info({ applied: own.applied, failures: own.failures.length }, 'batch applied');
  const all: BatchResult[] = [...before, { outcome: own, requests: client.requests }];
  return {
    outcome: together(all.map(({ outcome }) => outcome)),
    requests: {
      total: all.reduce((sum, { requests }) => sum + requests.total, 0),
      mutating: all.reduce((sum, { requests }) => sum + requests.mutating, 0),
    },
  };
}

/**
 * A batch that failed for good fails all that waited for it, with its own reason. BullMQ would do so too, and say no more
 * than which child it was.
 */
export async function failWithBatches(job: Pick<Job, 'getIgnoredChildrenFailures'>): Promise<void> {
  const [reason] = Object.values(await job.getIgnoredChildrenFailures());
  if (reason !== undefined) throw new UnrecoverableError(reason);
}
