import { createRequire } from 'node:module';
import type { Redis } from 'ioredis';
import { SECOND } from '../runtime/clock.ts';
import type { Releases } from '../runtime/release.ts';

/** For BullMQ's `connection` and for `new Redis(…)`. */
export type RedisConnection =
  | { path: string }
  | { host: string; port: number; username?: string; password?: string; db?: number; tls?: Record<string, never> };

export interface OpenRedis {
  connection: RedisConnection;
  /** For people: never with a password. */
  description: string;
  /** True when it is our child and not somebody's server. */
  managed: boolean;
  /** What keeps it from working although it answers (a full disk, full memory), or undefined. */
  findProblem(): Promise<string | undefined>;
  close(): Promise<void>;
}

export class RedisError extends Error {
  override readonly name = 'RedisError';
}

/** BullMQ's scripts need it. */
const OLDEST_VERSION = [6, 2] as const;
const CONNECT_TIMEOUT_MS = 5 * SECOND;

/** Loaded by who asks a Redis; whoever asks none needs none of it. */
export function loadRedis(): typeof Redis {
  return createRequire(import.meta.url)('ioredis').Redis;
}

/** For who shares the lock and the history and puts nothing into a queue. */
export function connectRedis(connection: RedisConnection, releases: Releases): Redis {
  const redis = new (loadRedis())({ ...connection, maxRetriesPerRequest: 1 });
  redis.on('error', () => {
    // Each command rejects for itself; without a listener ioredis prints every reconnection.
  });
  releases.add('Redis connection', () => redis.disconnect());
  return redis;
}

/** One connection for a few questions, which fails at once instead of trying for ever. */
export async function withRedis<T>(connection: RedisConnection, ask: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new (loadRedis())({
    ...connection,
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: CONNECT_TIMEOUT_MS,
    // After a refused connection ioredis keeps the process alive for this long (2 s by default), only to log a line.
    disconnectTimeout: 0,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // `connect` rejects with "Connection is closed" whatever went wrong; the event says what.
  let failure: unknown;
  redis.on('error', (error) => {
    failure ??= error;
  });
  try {
    await redis.connect();
    return await ask(redis);
  } catch (error) {
    throw failure ?? error;
  } finally {
    redis.disconnect();
  }
}

export async function checkVersion(redis: Redis, description: string): Promise<void> {
  const version = field(await redis.info('server'), 'redis_version') ?? '0';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST_VERSION[0] || (major === OLDEST_VERSION[0] && minor >= OLDEST_VERSION[1])) return;
  throw new RedisError(`${description} is version ${version}; expected ${OLDEST_VERSION.join('.')} or newer`);
}

export async function findRedisProblem(connection: RedisConnection, description: string): Promise<string | undefined> {
  try {
    const info = await withRedis(connection, (redis) => redis.info());
    const limit = Number(field(info, 'maxmemory') ?? 0);
    if (field(info, 'aof_last_write_status') === 'err') {
      return `${description} cannot write its append-only file and refuses jobs; free space on its disk (df), it goes on by itself`;
    }
    if (field(info, 'aof_last_bgrewrite_status') === 'err') {
      return `${description} cannot rewrite its append-only file, which grows until the disk is full; free space or memory`;
    }
    if (field(info, 'maxmemory_policy') !== 'noeviction' && limit > 0) {
      return `${description} evicts keys when its memory is full (maxmemory-policy ${field(info, 'maxmemory_policy')}) and would lose jobs; set it to noeviction`;
    }
    if (limit > 0 && Number(field(info, 'used_memory')) > limit)
      return `${description} has used all of its memory (maxmemory ${limit} bytes)`;
    return undefined;
  } catch (error) {
    return `${description} does not answer (${reasonOf(error)})`;
  }
}

export function field(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
}

/** Redis quotes no password in its answers, and Node names address and port at most. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message || ('code' in error ? String(error.code) : error.name) : String(error);
}
