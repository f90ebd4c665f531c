import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

/**
 * One sync or audit at a time for a tenant and owner: a second one would plan on what the first is about to change. The slot holds
 * the id of the job that has it, so that one whose job ended, failed or was lost with Redis can be taken over at once.
 */
const TAKE = `
local holder = redis.call('get', KEYS[1])
if holder == false or holder == ARGV[1] or holder == ARGV[2] then redis.call('set', KEYS[1], ARGV[2]) return '' end
return holder
`;
/** Who does not get it looks again after this. */
export const OTHER_RUN_WAIT_MS = 300;

const LEAVE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`;

/** True when the slot is this job's now. */
export async function takeSlot(redis: Redis, key: string, queue: Queue, jobId: string): Promise<boolean> {
  const take = (over: string) => redis.eval(TAKE, 1, key, over, jobId);
  const holder = String(await take(''));
  if (holder === '') return true;
  const state = await queue.getJobState(holder);
  if (state === 'completed' || state === 'failed' || state === 'unknown') return String(await take(holder)) === '';
  return false;
}

export async function leaveSlot(redis: Redis, key: string, jobId: string): Promise<void> {
  await redis.eval(LEAVE, 1, key, jobId);
}
