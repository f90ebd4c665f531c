// Blocks one address for a day, publishes the lists, renews what would lapse, and prints the results. It knows nothing but BullMQ.
import { Queue, QueueEvents } from 'bullmq';

const { REDIS = 'redis://127.0.0.1:6379', QUEUE = '' } = process.env; // the queue's name: ctim-feeds doctor prints it
const connection = REDIS.startsWith('/') ? { path: REDIS } : { url: REDIS };
const open = (name) => ({ queue: new Queue(name, { connection }), events: new QueueEvents(name, { connection }) });
const requests = open(QUEUE);
const renewals = open(`${QUEUE}-renewals`);
for (const { events } of [requests, renewals]) await events.waitUntilReady();

const retries = {
  attempts: 5,
  backoff: { type: 'exponential', delay: 3000 },
  removeOnComplete: { count: 200 },
  removeOnFail: { count: 500 },
};
const add = { v: 1, value: '11.22.33.44', for: '24h', reason: 'case 4711' };
const jobs = [
  [requests, await requests.queue.add('add', add, { ...retries, priority: 3 })],
  [requests, await requests.queue.add('sync', { v: 1 }, { ...retries, priority: 5 })],
  [renewals, await renewals.queue.add('renew', { v: 1 }, retries)],
];
for (const [{ events }, job] of jobs) {
  try {
    process.stdout.write(`${job.name} ${JSON.stringify(await job.waitUntilFinished(events))}\n`);
  } catch (error) {
    process.stdout.write(`${job.name} failed: ${error.message}\n`);
    process.exitCode = 1;
  }
}
for (const { queue, events } of [requests, renewals]) {
  await events.close();
  await queue.close();
}
