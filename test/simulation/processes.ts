import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EmbeddedCtia } from '../../src/embedded-ctia/server.ts';
import { lives } from '../../src/jobs/process-identity.ts';
import type { Report } from '../../src/reconcile/report.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import type { Running } from '../cli/ctim-feeds-process.ts';
import { call, tokenFor } from '../embedded-ctia/fixture.ts';
import { until, type Workbench, workbench } from '../jobs/workbench.ts';
import type { Call } from './caller.ts';
import { filesOf, type Lists, SETTINGS } from './lists.ts';
import { ANOTHER_ORG } from './world.ts';

/** Two `work` processes on one Redis and one server, all real, that live and die as the story wants. */
export interface Processes {
  readonly colleague: Call;
  readonly stranger: Call;
  /** The server's clock, which goes ahead when the story says so. */
  readonly now: () => number;
  readonly server: EmbeddedCtia;
  step(ms: number): void;
  commit(lists: Lists): void;
  /** Puts a sync into the queue and waits for its end; once more where Redis forgot it. `meanwhile` begins with it. */
  sync(payload: { force?: boolean }, meanwhile?: () => Promise<void>): Promise<Report>;
  /** While a write was done and nobody knows it yet; at once where the sync writes nothing. */
  inTheMiddle(): Promise<void>;
  killWorkers(which: 'one' | 'all'): Promise<void>;
  killRedis(): Promise<void>;
  flushRedis(): Promise<void>;
  close(): Promise<void>;
}

const WORKERS = 2;
/** A worker killed hands its job to another within a minute, its writer's lock ends within 45 s. */
const SYNC_MS_MAX = 180_000;

export async function openProcesses(lists: Lists): Promise<Processes> {
  const undos: (() => void | Promise<void>)[] = [];
  const bench = await workbench(
    { after: (undo) => undos.unshift(undo) },
    { files: { ...Object.fromEntries(filesOf(lists)), 'settings.yaml': SETTINGS }, refreshMs: 1000 },
  );
  let aheadMs = 0;
  let files = [...filesOf(lists).keys()];
  let workers: Running[] = [];
  const startMissing = async () => {
    workers = workers.filter(({ child }) => child.exitCode === null && child.signalCode === null);
    const missing = Array.from({ length: WORKERS - workers.length }, () => bench.startWorkProcess());
    workers.push(...(await Promise.all(missing)));
  };
  await startMissing();
  let isSyncing = false;

  return {
    server: bench.server,
    colleague: callerOf(bench, 'colleague', 'local'),
    stranger: callerOf(bench, 'stranger', ANOTHER_ORG),
    now: () => systemClock.now() + aheadMs,
    step(ms) {
      aheadMs += ms;
      bench.step(ms);
    },
    commit(changed) {
      const now = filesOf(changed);
      for (const file of files) if (!now.has(file)) bench.remove(file);
      for (const [file, text] of now) bench.write(file, text);
      files = [...now.keys()];
    },
    async sync(payload, meanwhile = async () => {}) {
      isSyncing = true;
      const [report] = await Promise.all([
        runSync(bench, payload).finally(() => {
          isSyncing = false;
        }),
        meanwhile(),
      ]);
      return report;
    },
    inTheMiddle: async () => {
      await until('a write is under way', () => bench.slow.now > 0 || !isSyncing, SYNC_MS_MAX);
    },
    async killWorkers(which) {
      const doomed = which === 'all' ? workers : workers.slice(0, 1);
      await Promise.all(
        doomed.map(async (worker) => {
          worker.child.kill('SIGKILL');
          await worker.ended();
        }),
      );
      // Nobody is left who holds a lock: that it ends by itself is shown elsewhere.
      if (which === 'all') await removeLocks(bench);
      await startMissing();
    },
    killRedis: () => killRedis(bench),
    async flushRedis() {
      await bench.work.redis.flushall();
      await startMissing();
    },
    async close() {
      for (const undo of undos) await undo();
    },
  };
}

function callerOf(bench: Workbench, login: string, org: string): Call {
  const { id, password } = bench.server.addClient({ login, org });
  let token = '';
  return async (method, path, body) => {
    const answer = await call({ url: bench.server.url, token }, method, path, body);
    if (answer.status !== 401) return answer;
    token = await tokenFor(bench.server.url, id, password);
    return call({ url: bench.server.url, token }, method, path, body);
  };
}

async function runSync({ work }: Workbench, { force = false }: { force?: boolean }): Promise<Report> {
  const add = () =>
    until('the sync is queued', async () =>
      work.requests.add('sync', { v: 1, yes: true, force }, { attempts: 5 }).catch(() => undefined),
    );
  let job = await add();
  let report: Report | undefined;
  let failed = '';
  await until(
    'the sync ends',
    async () => {
      try {
        const found = await work.requests.getJob(job.id ?? '');
        if (found === undefined) job = await add();
        const state = await found?.getState();
        // Its fields were read before its state.
        const ended =
          state === 'completed' || state === 'failed' ? await work.requests.getJob(job.id ?? '') : undefined;
        if (state === 'completed') report = ended?.returnvalue as Report;
        if (state === 'failed') failed = ended?.failedReason ?? 'no reason';
      } catch {
        // Redis is away for a moment.
      }
      return report !== undefined || failed !== '';
    },
    SYNC_MS_MAX,
  );
  assert.ok(report !== undefined, `the sync failed: ${failed}`);
  return report;
}

async function removeLocks({ work }: Workbench): Promise<void> {
  const { redis, keys, names } = work;
  for (const queue of [names.requests, names.batches]) {
    for (const lock of await redis.keys(`bull:${queue}:*:lock`)) await redis.del(lock);
  }
  await redis.del(keys.lock);
}

async function killRedis({ folder }: Workbench): Promise<void> {
  const recorded = () => JSON.parse(readFileSync(join(folder, 'redis', 'server'), 'utf8')).identity as string;
  const killed = recorded();
  process.kill(Number(killed.split(' ')[0]), 'SIGKILL');
  await until('it is dead', () => !lives(killed));
  await until('another one runs', () => recorded() !== killed && lives(recorded()), 60_000);
}
