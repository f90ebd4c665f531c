import type { Redis } from 'ioredis';
import { type LastGood, makeLastGood, type TextStore } from '../sources/last-good.ts';
import { GUARD_COPIES, type RedisKeys } from './keys.ts';

/** What all workers of one tenant and owner have of remote lists. */
export function sharedCopies(redis: Redis, keys: RedisKeys): LastGood {
  return makeLastGood(makeTextKeys(redis, keys.copies));
}

/** Lists that guards go by are anybody's: of no tenant and no owner, and known by their address. */
export function sharedGuardCopies(redis: Redis): LastGood {
  return makeLastGood(makeTextKeys(redis, GUARD_COPIES));
}

/** Texts in Redis, by which all workers have the same copies. */
function makeTextKeys(redis: Redis, prefix: string): TextStore {
  const full = (key: string) => `${prefix}:${key}`;
  return {
    get: async (key) => (await redis.get(full(key))) ?? undefined,
    async set(key, text) {
      await redis.set(full(key), text);
    },
    async remove(key) {
      await redis.del(full(key));
    },
  };
}
