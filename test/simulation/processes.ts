import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EmbeddedCtia } from '../../src/embedded-ctia/server.ts';
import { lives } from '../../src/jobs/process-identity.ts';
import type { HandReport } from '../../src/reconcile/by-hand.ts';
import type { Report } from '../../src/reconcile/report.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import type { Running } from '../cli/ctim-feeds-process.ts';
import { call, tokenFor } from '../embedded-ctia/fixture.ts';
import { until, type Workbench, workbench } from '../jobs/workbench.ts';
import { gitRepository } from '../sources/git-repository.ts';
import type { Call } from './caller.ts';
import { filesOf, type Lists, SETTINGS } from './lists.ts';
import { ANOTHER_ORG } from './world.ts';

/** Two `work` processes on one Redis, one server and one repository of lists, all real, that live and die as the story wants. */
export interface Processes {
  readonly colleague: Call;
  readonly stranger: Call;
  /** The server's clock, which goes ahead when the story says so. */
  readonly now: () => number;
  readonly server: EmbeddedCtia;
  step(ms: number): void;
  /** Files as they are to be, by path below the feeds folder. */
  commit(files: ReadonlyMap<string, string>, message?: string): void;
  /** `git revert` of the latest commit. */
  revert(): void;
  /** Puts a sync into the queue and waits for its end; once more where Redis forgot it. `meanwhile` begins with it. */
  sync(payload: { force?: boolean }, meanwhile?: () => Promise<void>): Promise<Report>;
  /** The same for what a person does by hand. */
  byHand(name: 'add' | 'remove', payload: Record<string, unknown>): Promise<HandReport>;
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
  const home = mkdtempSync(join(tmpdir(), 'lists-'));
  undos.unshift(() => rmSync(home, { recursive: true, force: true }));
  const remote = gitRepository(home);
  let files: string[] = [];
  const commit: Processes['commit'] = (now, message) => {
    const gone = files.filter((file) => !now.has(file)).map((file) => [`feeds/${file}`, null]);
    const there = [...now, ['settings.yaml', SETTINGS]].map(([file, text]) => [`feeds/${file}`, text]);
    remote.commit(Object.fromEntries([...gone, ...there]), message);
    files = [...now.keys()];
  };
  commit(filesOf(lists));
  const bench = await workbench({ after: (undo) => undos.unshift(undo) }, { remote: home, refreshMs: 1000 });
  let aheadMs = 0;
  let workers: Running[] = [];
  const startMissing = async () => {
    workers = workers.filter(({ child }) => child.exitCode === null && child.signalCode === null);
    const missing = Array.from({ length: WORKERS - workers.length }, () => bench.startWorkProcess());
    workers.push(...(await Promise.all(missing)));
  };
  const close = async () => {
    for (const undo of undos) await undo();
  };
  await startMissing().catch(async (error) => {
    await close();
    throw error;
  });
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
    commit,
    revert() {
      remote.git('revert', '--no-edit', 'HEAD');
      files = remote
        .git('ls-files', 'feeds')
        .split('\n')
        .map((file) => file.slice('feeds/'.length))
        .filter((file) => file !== 'settings.yaml');
    },
    byHand: async (name, payload) => (await runRequest(bench, name, payload)) as HandReport,
    async sync(payload, meanwhile = async () => {}) {
      isSyncing = true;
      const [report] = await Promise.all([
        (runRequest(bench, 'sync', { yes: true, ...payload }) as Promise<Report>).finally(() => {
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
    close,
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

/** A job that Redis forgot is put into it once more. */
async function runRequest({ work }: Workbench, name: string, payload: Record<string, unknown>): Promise<unknown> {
  const add = () =>
    until(`${name} is queued`, async () =>
      work.requests
        // As `enqueue` does: in a Redis that was flushed counted ids begin anew, and another job would be taken for this one.
        .add(
          name,
          { v: 1, ...payload },
          { jobId: `${name}-${randomUUID()}`, attempts: 5, priority: name === 'sync' ? 5 : 2 },
        )
        .catch(() => undefined),
    );
  let job = await add();
  let ended: { result: unknown } | { failed: string } | undefined;
  await until(
    `${name} ends`,
    async () => {
      try {
        const found = await work.requests.getJob(job.id ?? '');
        if (found === undefined) job = await add();
        const state = await found?.getState();
        // Its fields were read before its state.
        const last = state === 'completed' || state === 'failed' ? await work.requests.getJob(job.id ?? '') : undefined;
        if (last && state === 'completed') ended = { result: last.returnvalue };
        if (last && state === 'failed') ended = { failed: last.failedReason };
      } catch {
        // Redis is away for a moment.
      }
      return ended !== undefined;
    },
    SYNC_MS_MAX,
  );
  if (ended !== undefined && 'failed' in ended) throw new RequestFailed(ended.failed);
  return ended?.result;
}

/** A job ended badly; a person reads why. */
export class RequestFailed extends Error {
  override readonly name = 'RequestFailed';
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
