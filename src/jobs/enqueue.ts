import { randomUUID } from 'node:crypto';
import type { Job, Queue, QueueEvents } from 'bullmq';
import { type Clock, SECOND } from '../runtime/clock.ts';
import { KEEP_JOBS, PAYLOAD_VERSION, type RequestName } from './queues.ts';
import { type OpenRedis, RedisError } from './redis-connection.ts';

/** Tried again when CTIA or Redis fails on the way; what a person must change is not. */
const RETRIES = { attempts: 5, backoff: { type: 'exponential', delay: 3000 } } as const;
/** Smaller goes first: what a person asks for now does not wait behind a schedule. */
const PRIORITY: Readonly<Record<RequestName, number>> = {
  panic: 1,
  remove: 2,
  add: 3,
  attackers: 3,
  renew: 4,
  fetch: 4,
  sightings: 5,
  sync: 5,
  pull: 6,
  watch: 6,
  guards: 7,
  audit: 9,
};

/** `once`: while a job of this name waits or works, another is not put beside it. */
export function enqueue(
  requests: Queue,
  name: RequestName,
  payload: Record<string, unknown>,
  once?: string,
): Promise<Job> {
  // Counted ids begin anew in a Redis that was flushed: who waits for the job of before would hear of another one's.
  const options = { ...RETRIES, priority: PRIORITY[name], jobId: `${name}-${randomUUID()}`, ...KEEP_JOBS };
  return requests.add(
    name,
    { v: PAYLOAD_VERSION, ...payload },
    once === undefined ? options : { ...options, deduplication: { id: once } },
  );
}

/** Where the end of a job is heard, and what could keep it from ever coming. */
export interface Waiting {
  readonly events: QueueEvents;
  readonly redis: OpenRedis;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const LOOK_EVERY_MS = 2 * SECOND;
/** A Redis that is being started again has a problem too, and gets over it. */
const LOOKS_MAX = 4;

/**
 * The job's result, or its error; rejects with the signal's reason when a person stops waiting, and with what is wrong
 * with Redis when nothing can come any more (a full disk). The job itself goes on.
 */
export async function waitFor(job: Job, waiting: Waiting): Promise<unknown> {
  const { events, signal } = waiting;
  signal.throwIfAborted();
  const done = new AbortController();
  try {
    return await Promise.race([
      job.waitUntilFinished(events),
      untilRedisFails(waiting, AbortSignal.any([signal, done.signal])),
    ]);
  } finally {
    done.abort();
  }
}

async function untilRedisFails({ redis, clock }: Waiting, signal: AbortSignal): Promise<never> {
  for (let looks = 0; ; ) {
    await clock.sleep(LOOK_EVERY_MS, signal);
    const problem = await redis.findProblem();
    looks = problem === undefined ? 0 : looks + 1;
    if (problem !== undefined && looks === LOOKS_MAX) throw new RedisError(problem);
  }
}
