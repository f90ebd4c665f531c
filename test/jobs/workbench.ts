import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Job } from 'bullmq';
import { type CtiaConnection, openCtia } from '../../src/ctia/client.ts';
import { type EmbeddedCtia, startEmbeddedCtia } from '../../src/embedded-ctia/server.ts';
import { openQueueEvents } from '../../src/jobs/connect.ts';
import { enqueue } from '../../src/jobs/enqueue.ts';
import { openWorkplace } from '../../src/jobs/open-workplace.ts';
import type { RequestName } from '../../src/jobs/queues.ts';
import { openRedis } from '../../src/jobs/redis.ts';
import type { OpenRedis } from '../../src/jobs/redis-connection.ts';
import { startWorkers } from '../../src/jobs/workers.ts';
import type { Workplace } from '../../src/jobs/workplace.ts';
import { type Clock, systemClock } from '../../src/runtime/clock.ts';
import { type Log, silentLog } from '../../src/runtime/log.ts';
import type { NotifyTarget } from '../../src/runtime/notify-targets.ts';
import { makeReleases, type Releases } from '../../src/runtime/release.ts';
import { currentTree } from '../../src/sources/repository.ts';
import { type Cleanup, type Running, start } from '../cli/ctim-feeds-process.ts';
import { type Answer, call, SIGNING_KEY, tokenFor } from '../embedded-ctia/fixture.ts';

export const OWNER = 'acme';
export const CLIENT = { id: 'client-of-acme', password: 'hunter2-hunter2' };

/**
 * Everything that jobs work with, real: a Redis of our own (or of the bench beside it), an embedded server over HTTP, a
 * feeds folder or a `remote` repository of one.
 */
export interface Workbench {
  readonly folder: string;
  readonly feedsDir: string;
  readonly redis: OpenRedis;
  readonly server: EmbeddedCtia;
  readonly ctia: CtiaConnection;
  readonly releases: Releases;
  readonly work: Workplace;
  /** Writes below the feeds folder. */
  write(file: string, text: string): void;
  remove(file: string): void;
  /** `ctim-feeds work` in a process of its own, ready to work. It ends before the Redis does that it shares. */
  startWorkProcess(env?: Record<string, string>): Promise<Running>;
  /** Workers in this process. */
  startWorkers(): void;
  /** Puts a job into the queue and waits for its end. */
  run(name: RequestName, payload?: Record<string, unknown>): Promise<Ended>;
  add(name: string, data: unknown): Promise<Ended>;
  /** The lines of a feed of `firewall-block`, as a firewall gets them. */
  view(type: string): Promise<string>;
  get(path: string): Promise<Answer>;
  /** How many requests the server answers slowly, as a `slow` fault has it: now, and most at once so far. */
  readonly slow: { readonly now: number; readonly most: number };
  /** The server's clock, by which everything is live or dead, goes ahead. */
  step(ms: number): void;
  /** The server goes away, and comes back on the same store and port. */
  closeServer(): Promise<void>;
  reopenServer(): Promise<void>;
}

export interface Ended {
  readonly job: Job;
  // biome-ignore lint/suspicious/noExplicitAny: tests assert on whatever came back
  readonly result?: any;
  readonly failed?: string;
}

export async function workbench(
  t: Cleanup,
  {
    files = {},
    log = silentLog,
    beside,
    remote,
    refreshMs = 0,
    notifyTargets = [],
  }: {
    files?: Record<string, string>;
    log?: Log;
    beside?: Workbench;
    remote?: string;
    refreshMs?: number;
    notifyTargets?: readonly NotifyTarget[];
  } = {},
): Promise<Workbench> {
  const folder = mkdtempSync(join(tmpdir(), 'workbench-'));
  const home = join(folder, 'repository');
  const feedsDir = remote === undefined ? join(folder, 'feeds') : join(currentTree(home), 'feeds');
  const releases = beside?.releases ?? makeReleases();
  releases.add('the folder', () => rmSync(folder, { recursive: true, force: true }));
  if (beside === undefined) t.after(() => releases.releaseAll());
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(feedsDir, file)), { recursive: true });
    writeFileSync(join(feedsDir, file), text);
  };
  if (remote === undefined)
    for (const [file, text] of Object.entries({ 'settings.yaml': `owner: ${OWNER}\n`, ...files })) write(file, text);

  const clock = systemClock;
  let aheadMs = 0;
  const slow = { now: 0, most: 0 };
  const serverClock: Clock = {
    now: () => clock.now() + aheadMs,
    async sleep(ms, signal) {
      slow.now += 1;
      slow.most = Math.max(slow.most, slow.now);
      await clock.sleep(ms, signal).finally(() => {
        slow.now -= 1;
      });
    },
  };
  const startServer = (port: number) =>
    startEmbeddedCtia({
      dataDir: join(folder, 'ctia'),
      port,
      client: CLIENT,
      clock: serverClock,
      log: silentLog,
      signingKey: SIGNING_KEY,
      refreshMs,
    });
  let server = await startServer(0);
  releases.add('the embedded server', () => server.close());
  const searchPath = process.env.PATH ?? '';
  const redis = beside?.redis ?? (await openRedis({ dataDir: folder, searchPath, log: silentLog, clock }));
  if (beside === undefined) releases.add('Redis', () => redis.close());
  const ctia = openCtia({
    clock,
    ctiaUrl: server.url,
    tokenUrl: server.url,
    clientId: CLIENT.id,
    clientPassword: CLIENT.password,
  });
  releases.add('connections to CTIA', () => ctia.close());
  const work = await openWorkplace({
    clock,
    log,
    releases,
    connection: redis.connection,
    ctia,
    owner: OWNER,
    feedsDir,
    ...(remote !== undefined && { repository: { url: remote, branch: undefined, home } }),
    ownEmbedded: true,
    upstreamPrivateHosts: ['127.0.0.1'],
    notifyTargets,
  });
  const events = await openQueueEvents(redis.connection, work.names.requests, releases);

  const ended = async (job: Job): Promise<Ended> => {
    try {
      const result: unknown = await job.waitUntilFinished(events);
      return { job: await again(work, job), result };
    } catch (error) {
      return { job: await again(work, job), failed: error instanceof Error ? error.message : String(error) };
    }
  };
  const get = async (path: string) => {
    const token = await tokenFor(server.url, CLIENT.id, CLIENT.password);
    return call({ url: server.url, token }, 'GET', path);
  };
  return {
    folder,
    feedsDir,
    redis,
    get server() {
      return server;
    },
    ctia,
    releases,
    work,
    write,
    remove: (file) => rmSync(join(feedsDir, file)),
    async startWorkProcess(env = {}) {
      const cleanup = { after: (undo: () => void | Promise<void>) => releases.add('a work process', undo) };
      const worker = start(cleanup, folder, ['work'], {
        ...(remote === undefined ? { FEEDS_DIR: feedsDir } : { FEEDS_REPO: remote }),
        DATA_DIR: folder,
        CTIA_URL: server.url,
        CTIA_TOKEN_URL: server.url,
        CTIA_CLIENT_ID: CLIENT.id,
        CTIA_CLIENT_PASSWORD: CLIENT.password,
        UPSTREAM_PRIVATE_HOSTS: '127.0.0.1',
        ...env,
      });
      await worker.shows(/Working on ctim-feeds-acme-/);
      return worker;
    },
    startWorkers() {
      const workers = startWorkers(work, redis.connection);
      releases.add('workers', () => workers.close());
    },
    run: async (name, payload = {}) => ended(await enqueue(work.requests, name, payload)),
    add: async (name, data) => ended(await work.requests.add(name, data, { attempts: 5 })),
    async view(type) {
      const { json } = await get(`/ctia/feed/external_id/${OWNER}-feed-firewall-block-${type}-0`);
      assert.equal(json.length, 1, `one feed of type ${type}`);
      return (await call({ url: server.url, token: '' }, 'GET', json[0].feed_view_url)).text;
    },
    get,
    slow,
    step(ms) {
      aheadMs += ms;
    },
    closeServer: () => server.close(),
    async reopenServer() {
      server = await startServer(Number(new URL(server.url).port));
    },
  };
}

async function again(work: Workplace, { id }: Job): Promise<Job> {
  const job = await work.requests.getJob(id ?? '');
  assert(job, `job ${id} is kept`);
  return job;
}

export async function until<T>(what: string, look: () => T | Promise<T>, limitMs = 15_000): Promise<NonNullable<T>> {
  for (const limit = systemClock.now() + limitMs; ; await systemClock.sleep(20)) {
    const seen = await look();
    if (seen) return seen;
    assert(systemClock.now() < limit, `waited in vain until ${what}`);
  }
}

/** A list of the addresses 11.0.0.0, 11.0.0.1 … and what a feed shows of it. */
export function addresses(count: number): string {
  return Array.from({ length: count }, (_, i) => `11.0.${i >> 8}.${i & 255}`).join('\n');
}

export function inFeedOrder(addressLines: string): string {
  return addressLines.split('\n').sort().join('\n');
}

export function tempLog(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'workbench-log-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'log');
}
