import type { Redis } from 'ioredis';
import { CtiaError } from '../ctia/error.ts';
import { ONE_BY_ONE_PER_HOUR, REQUESTS_PER_HOUR } from '../ctia/one-by-one-share.ts';
import { type Clock, HOUR, SECOND } from '../runtime/clock.ts';
import type { RedisKeys } from './keys.ts';

/**
 * One budget for all workers: CTIA counts 8000 requests per rolling hour for the whole organisation, whoever sends them.
 * We stop before that, so that analysts and other integrations keep working.
 */
export interface RateBudget {
  /** Resolves when a request may go; throws `throttled` where that would take long, so that the job waits instead. */
  take(): Promise<void>;
  /** The same, and counts nothing: who waits so before it takes the lock keeps nobody waiting who has room left. */
  room(): Promise<void>;
  /** How many requests may still go within this hour. */
  left(): Promise<number>;
  /** Whether one more request may go that does one by one what a token may not do in bulk. */
  takeOneByOne(): Promise<boolean>;
  /** CTIA said 429: all workers wait. */
  pause(ms: number): Promise<void>;
}

/** Who asks, in the order of work. */
export const ERRANDS = ['panic', 'remove', 'add', 'renewal', 'sync'] as const;
export type Errand = (typeof ERRANDS)[number];

/** Of the hour's requests this many are kept for errands before this one: a million creates leave the renewals theirs. */
const KEPT_FREE: Readonly<Record<Errand, number>> = { panic: 0, remove: 50, add: 100, renewal: 200, sync: 1200 };

export function requestsFor(errand: Errand, perHour: number = REQUESTS_PER_HOUR): number {
  return perHour - KEPT_FREE[errand];
}

/** What a request waits for in place; a longer wait gives the worker free. */
const WAIT_MS_MAX = 5 * SECOND;

/** Returns 0 and counts the request (or only looks), or the ms until there is room. */
const TAKE = `
local paused = redis.call('pttl', KEYS[2])
if paused > 0 then return paused end
local now = tonumber(ARGV[1])
local hour = tonumber(ARGV[2])
redis.call('zremrangebyscore', KEYS[1], '-inf', now - hour)
local over = redis.call('zcard', KEYS[1]) - tonumber(ARGV[3])
if over < 0 and ARGV[4] == 'look' then return 0 end
if over < 0 then
  local n = redis.call('incr', KEYS[1] .. ':n')
  redis.call('pexpire', KEYS[1] .. ':n', hour)
  redis.call('zadd', KEYS[1], now, now .. '-' .. n)
  redis.call('pexpire', KEYS[1], hour)
  return 0
end
local last = redis.call('zrange', KEYS[1], over, over, 'withscores')
return math.max(1, tonumber(last[2]) + hour - now)
`;

export function makeRateBudget(
  redis: Redis,
  keys: RedisKeys,
  clock: Clock,
  perHour: number,
  signal?: AbortSignal,
): RateBudget {
  async function wait(how: 'take' | 'look'): Promise<void> {
    for (;;) {
      const waitMs = Number(await redis.eval(TAKE, 2, keys.requestTimes, keys.pause, clock.now(), HOUR, perHour, how));
      if (waitMs === 0) return;
      if (waitMs > WAIT_MS_MAX) {
        const message = `the budget of ${perHour} requests an hour is used up, free again in ${Math.ceil(waitMs / SECOND)} s`;
        throw new CtiaError('throttled', message, { retryAfterMs: waitMs });
      }
      await clock.sleep(waitMs, signal);
    }
  }

  return {
    take: () => wait('take'),
    room: () => wait('look'),
    async left() {
      const used = await redis.zcount(keys.requestTimes, `(${clock.now() - HOUR}`, '+inf');
      return Math.max(0, perHour - used);
    },
    async takeOneByOne() {
      const { oneByOneTimes, pause } = keys;
      return (
        Number(await redis.eval(TAKE, 2, oneByOneTimes, pause, clock.now(), HOUR, ONE_BY_ONE_PER_HOUR, 'take')) === 0
      );
    },
    async pause(ms) {
      await redis.set(keys.pause, '1', 'PX', Math.max(1, Math.ceil(ms)));
    },
  };
}
