import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { Redis } from 'ioredis';
import { openRedis } from '../../src/jobs/redis.ts';
import type { RedisConnection } from '../../src/jobs/redis-connection.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';

/** One Redis for all tests of a file, and ends of it as different workers have them. */
export async function redisForTests(): Promise<{ connection: RedisConnection; redis: Redis; other: Redis }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'redis-'));
  const opened = await openRedis({ dataDir, searchPath: process.env.PATH ?? '', log: silentLog, clock: systemClock });
  const { connection } = opened;
  const redis = new Redis({ ...connection });
  const other = new Redis({ ...connection });
  after(async () => {
    redis.disconnect();
    other.disconnect();
    await opened.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  return { connection, redis, other };
}
