import type { Redis } from 'ioredis';
import type { BulkRights } from '../reconcile/bulk-rights.ts';

export interface KeptRights extends BulkRights {
  /** Somebody may have given the client its scopes: the next bulk PUT is tried again. */
  forget(): Promise<void>;
}

/** In Redis, by tenant: what one worker was refused no other one asks for again. */
export function keepRights(redis: Redis, key: string): KeptRights {
  return {
    lacking: async () => (await redis.get(key)) ?? undefined,
    async learn(why) {
      await redis.set(key, why);
    },
    async forget() {
      await redis.del(key);
    },
  };
}
