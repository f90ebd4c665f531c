// Blocks one address for a day, then publishes the lists, and prints both results. It knows nothing but BullMQ.
import { Queue, QueueEvents } from 'bullmq';

const { REDIS = 'redis://127.0.0.1:6379', QUEUE = '' } = process.env; // the queue's name: ctim-feeds doctor prints it
const connection = REDIS.startsWith('/') ? { path: REDIS } : { url: REDIS };
const queue = new Queue(QUEUE, { connection });
const events = new QueueEvents(QUEUE, { connection });
await events.waitUntilReady();

const retries = {
  attempts: 5,
  backoff: { type: 'exponential', delay: 3000 },
  removeOnComplete: { count: 200 },
  removeOnFail: { count: 500 },
};
const jobs = [
  await queue.add('add', { v: 1, value: '11.22.33.44', for: '24h', reason: 'case 4711' }, { ...retries, priority: 3 }),
  await queue.add('sync', { v: 1 }, { ...retries, priority: 5 }),
];
for (const job of jobs) {
  try {
    process.stdout.write(`${job.name} ${JSON.stringify(await job.waitUntilFinished(events))}\n`);
  } catch (error) {
    process.stdout.write(`${job.name} failed: ${error.message}\n`);
    process.exitCode = 1;
  }
}
await events.close();
await queue.close();
