import type { Redis } from 'ioredis';
import type { TextStore } from '../sources/last-good.ts';

/** Texts in Redis, by which all workers of one tenant and owner have the same copies. */
export function makeTextKeys(redis: Redis, prefix: string): TextStore {
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
