import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { type Clock, SECOND } from '../runtime/clock.ts';
import { ERRANDS, type Errand } from './rate-budget.ts';

/**
 * One writer per tenant and owner, across all workers and `apply`: imports that run side by side create duplicates, since
 * nothing is unique on the server. Held for one batch, longer than the longest request may take; asked again before each
 * write, so that a process that was stopped for a minute does not write with a lock that it lost.
 */
export interface WriterLock {
  /** What the lock holds while it is ours: who writes to Redis by it has this compared in the same step. */
  readonly token: string;
  /** Runs `work` as the only writer; waits for its turn. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /** Throws unless the lock is held, and prolongs it. */
  assertHeld(): Promise<void>;
}

export class LockLost extends Error {
  override readonly name = 'LockLost';
}

/** Longer than a write's time-out of 40 s. */
const LOCK_MS = 45 * SECOND;
const ASK_EVERY_MS = 100;

/**
 * The order of work: who waits for a panic, by hand or for a renewal says so for as long as it asks, and whoever comes later
 * in that order lets it go first. ARGV[3] is one's own place in it, KEYS[2] and on the marks of all places.
 */
const TAKE = `
local place = tonumber(ARGV[3])
redis.call('set', KEYS[1 + place], '1', 'PX', ARGV[4])
for before = 1, place - 1 do
  if redis.call('exists', KEYS[1 + before]) == 1 then return 0 end
end
if redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX') then
  redis.call('del', KEYS[1 + place])
  return 1
end
return 0
`;
const PROLONG = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0`;
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`;

/** Between two batches of a long sync there are a few ms in which the lock is free. */
export function makeWriterLock(
  redis: Redis,
  key: string,
  clock: Clock,
  signal?: AbortSignal,
  errand: Errand = 'sync',
): WriterLock {
  const token = randomUUID();
  const marks = ERRANDS.map((each) => `${key}:waits-for-${each}`);
  const place = ERRANDS.indexOf(errand) + 1;
  const take = () => redis.eval(TAKE, 1 + marks.length, key, ...marks, token, LOCK_MS, place, 5 * ASK_EVERY_MS);
  return {
    token,
    async exclusively(work) {
      while ((await take()) !== 1) await clock.sleep(ASK_EVERY_MS, signal);
      try {
        return await work();
      } finally {
        await redis.eval(RELEASE, 1, key, token);
      }
    },
    async assertHeld() {
      if ((await redis.eval(PROLONG, 1, key, token, LOCK_MS)) === 1) return;
      throw new LockLost('another process writes to this tenant now: this one was stopped for too long');
    },
  };
}
