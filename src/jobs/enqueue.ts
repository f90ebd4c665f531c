import type { Job, Queue, QueueEvents } from 'bullmq';
import { KEEP_JOBS, PAYLOAD_VERSION, type RequestName } from './queues.ts';

/** Tried again when CTIA or Redis fails on the way; what a person must change is not. */
const RETRIES = { attempts: 5, backoff: { type: 'exponential', delay: 3000 } } as const;
/** Smaller goes first: what a person asks for now does not wait behind a schedule. */
const PRIORITY: Readonly<Record<RequestName, number>> = { remove: 2, add: 3, sync: 5, audit: 9 };

export function enqueue(requests: Queue, name: RequestName, payload: Record<string, unknown>): Promise<Job> {
  return requests.add(name, { v: PAYLOAD_VERSION, ...payload }, { ...RETRIES, priority: PRIORITY[name], ...KEEP_JOBS });
}

/** The job's result, or its error; rejects with the signal's reason when a person stops waiting. The job itself goes on. */
export async function waitFor(job: Job, events: QueueEvents, signal: AbortSignal): Promise<unknown> {
  signal.throwIfAborted();
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return Promise.race([job.waitUntilFinished(events), stopped]);
}
