import { createHash } from 'node:crypto';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Condition } from '../notify/condition.ts';
import type { Message } from '../notify/message.ts';
import type { Clock } from '../runtime/clock.ts';
import type { NotifyTarget } from '../runtime/notify-targets.ts';
import { KEEP_JOBS } from './queues.ts';

/**
 * One message for one condition, and one when it is over, whichever worker finds it and however often. What stands lies in
 * Redis, by who looks for it (`scope`) and what it is:
 *
 *   found, and does not stand        it stands from now on; a message to each target
 *   found, and stands                nothing
 *   stands, and not found any more   it is over: a message to each target
 *
 * Messages are jobs, one for each target: a chat that is down delays nobody, and is told when it is back. They are named by
 * what they tell, so that a worker that died between noting and telling, or two that look at once, tell it once. A Redis that is lost
 * tells again what still stands, and nothing of what was over meanwhile.
 */
export interface Notifier {
  readonly targets: readonly NotifyTarget[];
  readonly messages: Queue;
  /** `scope` looked, and this is all that it found. `quietAtFirst`: what its first look finds is no news. */
  tell(scope: Scope, found: readonly Condition[], how?: { readonly quietAtFirst: boolean }): Promise<void>;
}

export type Scope =
  | 'sync'
  | 'drift-ours'
  | 'drift-foreign'
  | 'renewal'
  | 'sources'
  | 'guard-lists'
  | 'incidents'
  | `job-${string}`;

export interface MessageData {
  readonly target: string;
  readonly message: Message;
}

/** For a day, ever more seldom: a message that is older helps nobody. */
const TRIES = { attempts: 12, backoff: { type: 'exponential', delay: 20_000, jitter: 0.5 } } as const;

interface NotifierParts {
  readonly redis: Redis;
  readonly key: string;
  readonly messages: Queue;
  readonly clock: Clock;
  readonly targets: readonly NotifyTarget[];
  readonly owner: string;
  readonly tenant: string;
}

/** A condition since when it was found first (ISO). */
export interface Standing {
  readonly condition: Condition;
  readonly since: string;
  /** `quietly`: to nobody, neither now nor when it is over. */
  readonly told?: true | 'quietly';
}

export function makeNotifier({ redis, key, messages, clock, targets, owner, tenant }: NotifierParts): Notifier {
  async function send(state: 'raised' | 'over', field: string, { condition, since }: Standing): Promise<void> {
    const message: Message = { state, condition, owner, tenant, since, at: new Date(clock.now()).toISOString() };
    for (const target of targets.map(targetId)) {
      const jobId = `${state}-${digest(`${field}\n${since}\n${target}`)}`;
      await messages.add(state, { target, message } satisfies MessageData, { jobId, ...TRIES, ...KEEP_JOBS });
    }
  }

  return {
    targets,
    messages,
    async tell(scope, found, { quietAtFirst } = { quietAtFirst: false }) {
      const quietly = quietAtFirst && (await redis.hsetnx(key, `${LOOKED}${scope}`, '{}')) === 1;
      const now = new Date(clock.now()).toISOString();
      const fields = new Map(found.map((condition) => [`${scope}\n${condition.kind}\n${condition.about}`, condition]));
      for (const [field, condition] of fields) {
        const stands: Standing = { condition, since: now, ...(quietly && { told: 'quietly' }) };
        await redis.hsetnx(key, field, JSON.stringify(stands));
      }
      for (const [field, text] of Object.entries(await redis.hgetall(key))) {
        if (!field.startsWith(`${scope}\n`)) continue;
        const standing = JSON.parse(text) as Standing;
        if (fields.has(field)) {
          if (standing.told) continue;
          await send('raised', field, standing);
          await redis.hset(key, field, JSON.stringify({ ...standing, told: true } satisfies Standing));
        } else {
          if (standing.told !== 'quietly') await send('over', field, standing);
          await redis.hdel(key, field);
        }
      }
    },
  };
}

/** No scope is called so. */
const LOOKED = 'looked ';

export async function standingConditions(redis: Redis, key: string): Promise<Standing[]> {
  const all = Object.entries(await redis.hgetall(key)).filter(([field]) => !field.startsWith(LOOKED));
  const found = all.map(([, text]) => JSON.parse(text) as Standing);
  return found.sort((a, b) => (a.since < b.since ? -1 : 1));
}

/** A job names its target so: the address is a secret. */
export function targetId({ url, format }: NotifyTarget): string {
  return digest(`${format} ${url}`);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}
