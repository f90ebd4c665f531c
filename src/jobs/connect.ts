import type { Redis } from 'ioredis';
import type { Releases } from '../runtime/release.ts';
import { FlowProducer, Queue, QueueEvents } from './bullmq.ts';
import { KEEP_JOBS, type QueueNames } from './queues.ts';
import { loadRedis, type RedisConnection } from './redis-connection.ts';

/** Our ends of the queues. Each closes itself when the process releases what it opened. */
export interface QueueEnds {
  readonly redis: Redis;
  readonly requests: Queue;
  readonly renewals: Queue;
  readonly batches: Queue;
  readonly flows: FlowProducer;
}

/** A producer must fail when Redis is down, not hang: so it does not wait for it to come back. */
function producing(connection: RedisConnection) {
  return { connection: { ...connection, maxRetriesPerRequest: 1 }, skipWaitingForReady: true };
}

export async function connectQueues(
  connection: RedisConnection,
  names: QueueNames,
  releases: Releases,
): Promise<QueueEnds> {
  const options = producing(connection);
  const redis = new (loadRedis())({ ...connection, maxRetriesPerRequest: 3 });
  releases.add('redis connection', async () => {
    await redis.quit().catch(() => redis.disconnect());
  });
  redis.on('error', () => {
    // Each command rejects for itself; without a listener ioredis prints every reconnection.
  });
  const requests = new Queue(names.requests, { ...options, defaultJobOptions: KEEP_JOBS });
  releases.add('requests queue', () => requests.close());
  const renewals = new Queue(names.renewals, { ...options, defaultJobOptions: KEEP_JOBS });
  releases.add('renewals queue', () => renewals.close());
  const batches = new Queue(names.batches, options);
  releases.add('batches queue', () => batches.close());
  const flows = new FlowProducer(options);
  releases.add('flow producer', () => flows.close());
  requests.on('error', () => {});
  renewals.on('error', () => {});
  batches.on('error', () => {});
  flows.on('error', () => {});
  const ends = { redis, requests, renewals, batches, flows };
  await takeTurns(ends);
  return ends;
}

/**
 * One importer at a time, across all workers: imports that run side by side race for external ids. One renewal too: a
 * second would do the same again.
 */
export async function takeTurns({ batches, renewals }: Pick<QueueEnds, 'batches' | 'renewals'>): Promise<void> {
  await batches.setGlobalConcurrency(1);
  await renewals.setGlobalConcurrency(1);
}

/** For who tells people; a connection of its own, which nobody else needs. */
export function connectMessages(connection: RedisConnection, name: string, releases: Releases): Queue {
  const messages = new Queue(name, producing(connection));
  messages.on('error', () => {});
  releases.add('messages queue', () => messages.close());
  return messages;
}

/** How many processes take jobs from this queue now. */
export async function countWorkers(connection: RedisConnection, name: string): Promise<number> {
  const queue = new Queue(name, producing(connection));
  queue.on('error', () => {});
  try {
    return await queue.getWorkersCount();
  } finally {
    await queue.close();
  }
}

export async function openQueueEvents(
  connection: RedisConnection,
  name: string,
  releases: Releases,
): Promise<QueueEvents> {
  const events = new QueueEvents(name, { connection });
  events.on('error', () => {});
  releases.add('queue events', () => events.close());
  await events.waitUntilReady();
  return events;
}
