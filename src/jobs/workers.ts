import type { Job } from 'bullmq';
import { type CtiaErrorKind, isCtiaError } from '../ctia/error.ts';
import { MINUTE, SECOND } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { processAudit } from './audit.ts';
import type { BatchPayload } from './batch-payload.ts';
import { processBatch } from './batches.ts';
import { DelayedError, UnrecoverableError, WaitingChildrenError, Worker } from './bullmq.ts';
import { errandOf, processByHand } from './by-hand.ts';
import { processFetch } from './fetch.ts';
import { processGuards } from './guards.ts';
import { processMessage } from './messages.ts';
import { processPull } from './pull.ts';
import { parseRequest, REFUSED, type Request, type RequestName } from './queues.ts';
import type { RedisConnection } from './redis-connection.ts';
import { processRenew } from './renew.ts';
import { processSightings } from './sightings.ts';
import { processSync } from './sync.ts';
import type { BatchResult, SyncData } from './sync-state.ts';
import { tellFailedJob } from './telling.ts';
import { processWatch } from './watch.ts';
import { deskFor, type Workplace } from './workplace.ts';

export interface Workers {
  /** Finishes the jobs in flight, or hands them back after `CLOSE_MS_MAX`. */
  close(): Promise<void>;
}

/** A worker that was killed: its job is taken up by another after at most this and one check. */
const LOCK_MS = 15 * SECOND;
const STALLED_CHECK_MS = 5 * SECOND;
/** Adding and removing by hand do not wait behind a sync that plans. */
const REQUESTS_AT_ONCE = 4;
const MESSAGES_AT_ONCE = 4;
/** Those that say when it is over. */
const WATCHED: ReadonlySet<string> = new Set<RequestName>(['sync', 'renew', 'audit']);
const CLOSE_MS_MAX = 20 * SECOND;

/** Nothing gets better by trying again: a person or another payload is needed. */
const FINAL_KINDS: readonly CtiaErrorKind[] = [
  'credentials',
  'capability',
  'forbidden',
  'wrong-host',
  'invalid',
  'unexpected',
];

export function startWorkers(work: Workplace, connection: RedisConnection): Workers {
  const options = {
    connection,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    maxStalledCount: 10,
    metrics: { maxDataPoints: 24 * 60 },
  };
  const closing = new AbortController();
  const requests: Worker = new Worker(
    work.names.requests,
    (job, token, signal) =>
      react(work, requests, job, token, (log) => processRequest(work, job, token ?? '', log, closing.signal, signal)),
    { ...options, concurrency: REQUESTS_AT_ONCE },
  );
  // A worker of its own: it waits for no request, no run and no batch.
  const renewals: Worker = new Worker(
    work.names.renewals,
    (job, token, signal) => react(work, renewals, job, token, (log) => processRenewal(work, job, log, signal)),
    { ...options, concurrency: 1 },
  );
  const batches: Worker = new Worker<BatchPayload, BatchResult>(
    work.names.batches,
    (job, token, signal) => react(work, batches, job, token, (log) => processBatch(work, job, log, signal)),
    { ...options, concurrency: 1 },
  );
  const { notifier } = work;
  // Who has nowhere to send to leaves messages to who has.
  const messages =
    notifier &&
    new Worker(
      work.names.messages,
      (job, token, signal) => processMessage({ ...work, ...notifier }, job, token ?? '', signal),
      { ...options, concurrency: MESSAGES_AT_ONCE },
    );
  const all = [requests, renewals, batches, ...(messages ? [messages] : [])];
  for (const worker of all) {
    worker.on('error', sayOnceAMinute(work, worker.name));
    worker.on('failed', (job, error) => {
      logFailedJob(work.log, job, error);
      // Who asked for one sees it fail himself.
      if (job?.repeatJobKey !== undefined && job.finishedOn !== undefined && WATCHED.has(job.name))
        void tellFailedJob(work, job.name, error.message);
    });
    worker.on('stalled', (id) => work.log.warn({ job: id }, 'a job of a worker that died is taken up'));
  }
  return {
    async close() {
      closing.abort();
      const closed = Promise.all(all.map((worker) => worker.close()));
      const forced = new AbortController();
      await Promise.race([closed, work.clock.sleep(CLOSE_MS_MAX, forced.signal).catch(() => {})]);
      forced.abort();
      await Promise.all(all.map((worker) => worker.close(true)));
    },
  };
}

/** An error is what nobody tries again. */
export function logFailedJob(log: Log, job: Pick<Job, 'id' | 'name' | 'finishedOn'> | undefined, error: Error): void {
  const facts = { job: job?.id, name: job?.name };
  // ioredis speaks of an option that only we could set.
  const why = error.name === 'MaxRetriesPerRequestError' ? 'Redis was lost in the middle of it' : error.message;
  if (job !== undefined && job.finishedOn === undefined) log.warn(facts, `job failed, and is tried again: ${why}`);
  else log.error(facts, `job failed: ${why}`);
}

/** While Redis is down or full, a worker fails ten times a second in the same words. */
export function sayOnceAMinute(
  { log, clock }: Pick<Workplace, 'log' | 'clock'>,
  queue: string,
): (error: Error) => void {
  const saidAt = new Map<string, number>();
  return (error) => {
    // Redis names the script that it was running, and each of BullMQ's fails for the same reason.
    const message = error.message.replace(/ script: [0-9a-f]+,.*$/s, '');
    const now = clock.now();
    for (const [said, at] of saidAt) if (now - at >= MINUTE) saidAt.delete(said);
    if (saidAt.has(message)) return;
    saidAt.set(message, now);
    log.warn({ queue }, `queue: ${message}`);
  };
}

async function processRequest(
  work: Workplace,
  job: Job,
  token: string,
  log: Log,
  closing: AbortSignal,
  signal?: AbortSignal,
): Promise<unknown> {
  const request = requestOf(job);
  switch (request.name) {
    case 'sync':
      return processSync(work, job as Job<SyncData>, token, log, signal);
    case 'audit':
      return processAudit(work, job, token, log, signal);
    case 'fetch':
      return processFetch(work, job);
    case 'renew':
      return processRenew(work, job, log, signal);
    case 'watch':
      return processWatch(work, job, log, signal);
    case 'guards':
      return processGuards(work, job, { token, closing });
    case 'sightings':
      return processSightings(work, job, request.payload, log, signal);
    case 'pull':
      return processPull(work, job, request.payload, { token, closing });
    default:
      return processByHand(work, deskFor(work, log, errandOf(request), String(job.id), signal), request);
  }
}

async function processRenewal(work: Workplace, job: Job, log: Log, signal?: AbortSignal): Promise<unknown> {
  const { name } = requestOf(job);
  if (name !== 'renew')
    throw new UnrecoverableError(`${REFUSED}${name} does not go into this queue, but into ${work.names.requests}`);
  return processRenew(work, job, log, signal);
}

function requestOf(job: Job): Request {
  const request = parseRequest(job.name, payloadOf(job));
  if ('wrong' in request) throw new UnrecoverableError(`${REFUSED}${request.wrong}`);
  return request;
}

/** A sync that goes on finds its own state beside the payload. At its first start there can be none: what a producer calls so is an unknown key. */
function payloadOf({ name, data, attemptsStarted }: Job): unknown {
  if (name !== 'sync' || attemptsStarted <= 1) return data;
  const { state: _, ...payload } = data;
  return payload;
}

/** The one place where a job's failure decides what becomes of the job. */
async function react<T>(
  work: Workplace,
  worker: Worker,
  job: Job,
  token: string | undefined,
  processor: (log: Log) => Promise<T>,
): Promise<T> {
  const log = work.log.child({ job: job.id, name: job.name });
  try {
    return await processor(log);
  } catch (error) {
    if (error instanceof DelayedError || error instanceof WaitingChildrenError) throw error;
    if (isCtiaError(error, 'throttled')) {
      const waitMs = error.facts.retryAfterMs ?? MINUTE;
      log.warn({ waitMs }, error.message);
      if (error.facts.status === 429) await deskFor(work, log, 'panic', String(job.id)).budget.pause(waitMs);
      else if (worker.name === work.names.requests) {
        // The share of this errand is used up: who asks by hand has more, and shares this queue.
        await job.moveToDelayed(work.clock.now() + waitMs, token);
        throw new DelayedError();
      }
      await worker.rateLimit(waitMs);
      throw Worker.RateLimitError();
    }
    if (isCtiaError(error, ...FINAL_KINDS)) throw new UnrecoverableError(error.message);
    throw error;
  }
}
