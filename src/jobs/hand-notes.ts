import type { Redis } from 'ioredis';
import type { CtiaClient } from '../ctia/client.ts';
import type { AllowedByHand } from '../ctim/entry.ts';
import type { Self } from '../reconcile/actual.ts';
import type { HandNotes } from '../reconcile/by-hand.ts';
import { type AskMeanwhile, readHolds } from '../reconcile/meanwhile.ts';
import type { RedisKeys } from './keys.ts';

/**
 * What people do by hand, as those hear of it who carry out a plan made before. Written as the only writer and before
 * anything is sent, read by each batch as the only writer: no batch slips through between. It is a hint and no truth:
 * where it names a channel, CTIA is asked. A Redis that is flushed loses it together with all batches that would ask.
 */
export function makeHandNotes(redis: Redis, keys: RedisKeys): HandNotes {
  return {
    async letThrough(allowed) {
      await redis.zadd(keys.letThrough, await redis.incr(keys.byHand), JSON.stringify(allowed));
      await redis.zremrangebyrank(keys.letThrough, 0, -1 - LET_THROUGH_MAX);
    },
    async hold(channel) {
      await redis.sadd(keys.onHold, channel);
      await redis.incr(keys.byHand);
    },
    async release(channel) {
      await redis.srem(keys.onHold, channel);
    },
    async done() {
      await redis.incr(keys.byHand);
    },
  };
}

const LET_THROUGH_MAX = 1000;

/** How many notes there are of what was done by hand: what was planned before the last of them may not be what is wanted. */
export async function countByHand({ redis, keys }: { redis: Redis; keys: RedisKeys }): Promise<string> {
  return (await redis.get(keys.byHand)) ?? '0';
}

/** `since`: the count when the plan was made. Costs a request to CTIA only while a channel is, or seems to be, on hold. */
export function meanwhileSince(
  { redis, keys, client, self }: { redis: Redis; keys: RedisKeys; client: CtiaClient; self: Self },
  since: string,
): AskMeanwhile {
  return async () => {
    const letThrough = await redis.zrangebyscore(keys.letThrough, `(${since}`, '+inf');
    const noted = await redis.smembers(keys.onHold);
    const holds = noted.length === 0 ? [] : await readHolds(client, self);
    const gone = noted.filter((channel) => !holds.some((hold) => hold.channel === channel));
    if (gone.length > 0) await redis.srem(keys.onHold, ...gone);
    return { holds, letThrough: letThrough.map((text) => JSON.parse(text) as AllowedByHand) };
  };
}
