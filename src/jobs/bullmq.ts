import { createRequire } from 'node:module';

/** As CommonJS: its 170 ES modules take each process a quarter of a second longer to load. */
export const {
  DelayedError,
  FlowProducer,
  Queue,
  QueueEvents,
  UnrecoverableError,
  WaitingChildrenError,
  Worker,
}: typeof import('bullmq') = createRequire(import.meta.url)('bullmq');

export type FlowProducer = import('bullmq').FlowProducer;
export type Queue = import('bullmq').Queue;
export type QueueEvents = import('bullmq').QueueEvents;
export type Worker = import('bullmq').Worker;
