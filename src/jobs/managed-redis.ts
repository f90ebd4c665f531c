import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../runtime/clock.ts';
import { MINUTE, SECOND } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { identify, lives } from './process-identity.ts';
import { findRedisBinary, WAYS_TO_A_REDIS } from './redis-binary.ts';
import { checkVersion, findRedisProblem, type OpenRedis, RedisError, withRedis } from './redis-connection.ts';
import { makeMembers } from './redis-members.ts';

export interface ManagedRedisSettings {
  dataDir: string;
  /** The PATH on which a server is looked for. */
  searchPath: string;
  log: Log;
  clock: Clock;
}

/** What `server` in the Redis folder records: which process it is and where it listens. */
interface Server {
  identity: string;
  socket: string;
}

/** The system refuses longer paths for sockets: 107 bytes on Linux, 103 on macOS. */
const LONGEST_SOCKET_PATH = 100;
const POLL_MS = 20;
/** Reading a big append-only file takes its time. */
const START_TIMEOUT_MS = 2 * MINUTE;
const STOP_TIMEOUT_MS = 15 * SECOND;
const WATCH_EVERY_MS = SECOND;
const WATCH_AT_MOST_EVERY_MS = 30 * SECOND;

/**
 * A Redis of our own below the data directory. It is detached, because Ctrl-C goes to the whole process group and would
 * end it before the workers have handed back their jobs; for the same reason it outlives a `kill -9` of ours, and is
 * found again by what the `server` file records. If it dies under us it is started again and goes on where its
 * append-only file ends.
 */
export async function openManagedRedis({ dataDir, searchPath, log, clock }: ManagedRedisSettings): Promise<OpenRedis> {
  mkdirSync(join(dataDir, 'redis'), { recursive: true, mode: 0o700 });
  const folder = realpathSync(join(dataDir, 'redis'));
  const members = makeMembers(folder, clock);
  const description = `the Redis in ${folder}`;

  let server = await members.exclusively(async () => {
    const found = await findOrStart(folder, searchPath, log, clock);
    members.join();
    return found;
  });
  const connection = { path: server.socket };
  const closing = new AbortController();

  const watch = async () => {
    let delay = WATCH_EVERY_MS;
    for (;;) {
      await clock.sleep(delay, closing.signal);
      if (lives(server.identity)) continue;
      try {
        server = await members.exclusively(() => findOrStart(folder, searchPath, log, clock));
        log.warn({ pid: pidOf(server) }, `${description} had died and was started again`);
        delay = WATCH_EVERY_MS;
      } catch (error) {
        log.error({ err: error }, `${description} has died and does not start`);
        delay = Math.min(2 * delay, WATCH_AT_MOST_EVERY_MS);
      }
    }
  };
  const watching = watch().catch((reason) => {
    if (!closing.signal.aborted) throw reason;
  });

  /** For an end without `close`, such as an uncaught error: nothing asynchronous happens any more. */
  const onExit = () => {
    if (members.leave() && lives(server.identity)) process.kill(pidOf(server), 'SIGTERM');
  };
  process.once('exit', onExit);

  const close = async () => {
    closing.abort();
    await watching;
    await members.exclusively(async () => {
      if (members.leave()) await stop(server, folder, log, clock);
    });
    process.off('exit', onExit);
  };
  return {
    connection,
    description,
    managed: true,
    findProblem: () => findRedisProblem(connection, description),
    close,
  };
}

/** Whether workers of this data directory ever had a Redis of ours, running or not. */
export function hasManagedRedis(dataDir: string): boolean {
  return existsSync(join(dataDir, 'redis'));
}

async function findOrStart(folder: string, searchPath: string, log: Log, clock: Clock): Promise<Server> {
  const recorded = readServer(folder);
  if (recorded !== undefined && lives(recorded.identity)) {
    await untilReady(recorded, folder, clock);
    log.debug({ pid: pidOf(recorded) }, 'found our Redis running');
    return recorded;
  }
  const binary = findRedisBinary(searchPath);
  if (binary === undefined)
    throw new RedisError(`no Redis: no redis-server or valkey-server was found.\n${WAYS_TO_A_REDIS}`);
  return start(binary, folder, log, clock);
}

async function start(binary: string, folder: string, log: Log, clock: Clock): Promise<Server> {
  const socket = socketPath(folder);
  rmSync(socket, { force: true });
  const settings = {
    port: '0',
    unixsocket: socket,
    unixsocketperm: '700',
    dir: folder,
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
    logfile: join(folder, 'redis.log'),
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  writeFileSync(settings.logfile, '');
  // Without our environment: it may hold the client's password, and every process of this user could read it there.
  const child = spawn(binary, args, { detached: true, stdio: 'ignore', env: {}, cwd: folder });
  child.unref();
  const failure = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`it ended with ${signal ?? `status ${code}`}`)));
  });
  failure.catch(() => {});
  try {
    const identity = child.pid === undefined ? undefined : identify(child.pid);
    if (identity === undefined) return await failure;
    const server = { identity, socket };
    writeFileSync(join(folder, 'server'), JSON.stringify(server), { mode: 0o600 });
    await Promise.race([untilReady(server, folder, clock), failure]);
    log.debug({ pid: child.pid, binary }, 'started our Redis');
    return server;
  } catch (cause) {
    throw new RedisError(
      `${binary} does not start: ${cause instanceof Error ? cause.message : cause}\n${logTail(folder)}`,
      {
        cause,
      },
    );
  }
}

/** While it reads its append-only file it answers LOADING: alive, and not ready. */
async function untilReady(server: Server, folder: string, clock: Clock): Promise<void> {
  const until = clock.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      await withRedis({ path: server.socket }, async (redis) => {
        await redis.ping();
        await checkVersion(redis, 'the Redis found here');
      });
      return;
    } catch (error) {
      if (error instanceof RedisError) throw error;
      if (!lives(server.identity)) throw new Error('it ended', { cause: error });
      if (clock.now() > until) {
        throw new RedisError(
          `the Redis of ${folder} (process ${pidOf(server)}) lives but does not answer; end it with: kill ${pidOf(server)}\n${logTail(folder)}`,
          { cause: error },
        );
      }
    }
    await clock.sleep(POLL_MS);
  }
}

async function stop(server: Server, folder: string, log: Log, clock: Clock): Promise<void> {
  const until = clock.now() + STOP_TIMEOUT_MS;
  // SIGTERM is SHUTDOWN: it writes the append-only file to the disk first.
  if (lives(server.identity)) process.kill(pidOf(server), 'SIGTERM');
  while (lives(server.identity)) {
    if (clock.now() > until) {
      log.warn(
        { pid: pidOf(server) },
        'our Redis does not stop and is killed; up to a second of its writes may be lost',
      );
      process.kill(pidOf(server), 'SIGKILL');
    }
    await clock.sleep(POLL_MS);
  }
  rmSync(join(folder, 'server'), { force: true });
  rmSync(server.socket, { force: true });
}

function socketPath(folder: string): string {
  const path = join(folder, 'redis.sock');
  if (Buffer.byteLength(path) <= LONGEST_SOCKET_PATH) return path;
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  const short = join(tmpdir(), `ctim-feeds-${name}`);
  mkdirSync(short, { recursive: true, mode: 0o700 });
  // Anybody may make folders there, and whoever owns this one could listen in our place.
  const { uid, mode } = lstatSync(short);
  if (uid !== process.getuid?.() || (mode & 0o077) !== 0 || !lstatSync(short).isDirectory()) {
    throw new RedisError(`${short} is not ours alone; remove it, or choose a data directory with a shorter path`);
  }
  return join(short, 'redis.sock');
}

function readServer(folder: string): Server | undefined {
  try {
    const read: unknown = JSON.parse(readFileSync(join(folder, 'server'), 'utf8'));
    if (typeof read !== 'object' || read === null || !('identity' in read) || !('socket' in read)) return undefined;
    return { identity: String(read.identity), socket: String(read.socket) };
  } catch {
    return undefined;
  }
}

function pidOf({ identity }: Server): number {
  return Number(identity.split(' ')[0]);
}

function logTail(folder: string): string {
  try {
    const lines = readFileSync(join(folder, 'redis.log'), 'utf8').trimEnd().split('\n').slice(-5);
    return `the end of ${join(folder, 'redis.log')}:\n${lines.map((line) => `  ${line}`).join('\n')}`;
  } catch {
    return '';
  }
}
