import { type ManagedRedisSettings, openManagedRedis } from './managed-redis.ts';
import {
  checkVersion,
  findRedisProblem,
  type OpenRedis,
  type RedisConnection,
  RedisError,
  reasonOf,
  withRedis,
} from './redis-connection.ts';

/** The Redis of `REDIS_URL`, or one that is started for us and stopped when the last process of ours leaves it. */
export async function openRedis(settings: ManagedRedisSettings & { redisUrl?: string }): Promise<OpenRedis> {
  if (settings.redisUrl === undefined) return openManagedRedis(settings);
  const connection = parseRedisUrl(settings.redisUrl);
  const description = describe(connection);
  try {
    await withRedis(connection, (redis) => checkVersion(redis, description));
  } catch (cause) {
    if (cause instanceof RedisError) throw cause;
    throw new RedisError(
      `the Redis of REDIS_URL, ${description}, does not answer (${reasonOf(cause)}); check that it runs and the address, ` +
        'user and password, or unset REDIS_URL to have one started here',
      { cause },
    );
  }
  return {
    connection,
    description,
    managed: false,
    findProblem: () => findRedisProblem(connection, description),
    close: async () => {},
  };
}

export function parseRedisUrl(text: string): RedisConnection {
  const url = new URL(text);
  if (url.protocol === 'unix:') return { path: decodeURIComponent(url.pathname) };
  const db = url.pathname.slice(1);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 6379 : Number(url.port),
    ...(url.username !== '' && { username: decodeURIComponent(url.username) }),
    ...(url.password !== '' && { password: decodeURIComponent(url.password) }),
    ...(db !== '' && { db: Number(db) }),
    ...(url.protocol === 'rediss:' && { tls: {} }),
  };
}

function describe(connection: RedisConnection): string {
  if ('path' in connection) return connection.path;
  const { host, port, db, tls } = connection;
  return `${tls === undefined ? 'redis' : 'rediss'}://${host}:${port}${db === undefined ? '' : `/${db}`}`;
}
