import type { Redis } from 'ioredis';
import { type LastGood, makeLastGood, type TextStore } from '../sources/last-good.ts';
import type { RedisKeys } from './keys.ts';

/** What all workers of one tenant and owner have of remote lists. */
export function sharedCopies(redis: Redis, keys: RedisKeys): LastGood {
  return makeLastGood(makeTextKeys(redis, keys.copies));
}

/** Texts in Redis, by which all workers of one tenant and owner have the same copies. */
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
