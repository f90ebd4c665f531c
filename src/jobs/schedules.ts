import type { Queue } from 'bullmq';
import { type Clock, DAY, HOUR } from '../runtime/clock.ts';
import { KEEP_JOBS, PAYLOAD_VERSION } from './queues.ts';

/**
 * What runs by itself. A sync renews what would lapse, publishes what changed in the checkout, and proves the feeds; an
 * audit only looks. Upserted at each start, by the same ids, so that several workers have one schedule between them.
 */
const SCHEDULES = [
  { id: 'sync', name: 'sync', everyMs: HOUR },
  { id: 'audit', name: 'audit', everyMs: DAY },
] as const;

export async function upsertSchedules(requests: Queue, clock: Clock): Promise<void> {
  for (const { id, name, everyMs } of SCHEDULES) {
    await requests.upsertJobScheduler(
      `schedule-${id}`,
      // Not at once: who starts us enqueues the first sync and waits for it.
      { every: everyMs, startDate: clock.now() + everyMs },
      {
        name,
        data: { v: PAYLOAD_VERSION },
        opts: { attempts: 5, backoff: { type: 'exponential', delay: 5000 }, ...KEEP_JOBS },
      },
    );
  }
}
