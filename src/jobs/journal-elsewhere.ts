import type { Releases } from '../runtime/release.ts';
import type { Journal } from './journal.ts';
import { fileJournalsOf } from './journal-files.ts';
import { redisJournalsOf } from './journal-redis.ts';
import { hasManagedRedis, type ManagedRedisSettings } from './managed-redis.ts';
import { openRedis } from './redis.ts';
import { connectRedis } from './redis-connection.ts';

/**
 * The journals of an owner at a CTIA that does not tell who we are: without a token the organisation is not known, by which
 * they are kept apart. So those of each organisation that one was written for, which is nearly always one.
 */
export async function journalsWithoutToken(
  input: ManagedRedisSettings & { redisUrl?: string; releases: Releases },
  whose: { readonly ctiaUrl: string; readonly owner: string },
): Promise<Journal[]> {
  const { redisUrl, dataDir, releases } = input;
  const files = await fileJournalsOf(dataDir, whose);
  if (redisUrl === undefined && !hasManagedRedis(dataDir)) return files;
  const open = await openRedis(input);
  releases.add('Redis', () => open.close());
  return [...files, ...(await redisJournalsOf(connectRedis(open.connection, releases), whose))];
}
