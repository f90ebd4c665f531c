import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCtiaClient, openCtia } from '../../src/ctia/client.ts';
import type { Http } from '../../src/ctia/http.ts';
import { type EmbeddedCtia, startEmbeddedCtia } from '../../src/embedded-ctia/server.ts';
import { willOf } from '../../src/jobs/desired.ts';
import type { Approval } from '../../src/plan/safety.ts';
import type { Report } from '../../src/reconcile/report.ts';
import { run } from '../../src/reconcile/run.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { fakeTime } from '../ctia/fake-time.ts';
import { SIGNING_KEY } from '../embedded-ctia/fixture.ts';
import { readingOf } from '../lists/reading-of.ts';
import { type Call, callerOf } from './caller.ts';
import { SETTINGS } from './lists.ts';

const ORG = 'acme-org';
export const ANOTHER_ORG = 'another-org';
const REPOSITORY = 'https://git.acme.test/blocklists';

/** A state of the lists with a number: a later commit has a higher one. */
export interface Commit {
  readonly n: number;
  readonly files: ReadonlyMap<string, string>;
}

/** Between our client and the network. */
export type Between = (request: Parameters<Http['send']>[0], send: Http['send']) => ReturnType<Http['send']>;

export interface RunWish {
  readonly force?: boolean;
  readonly owner?: string;
  readonly between?: Between;
  /** Awaited before each batch, and before feeds and state are written. */
  readonly beforeBatch?: () => void;
}

/** One server, one organisation, one clock for all. */
export interface World {
  readonly server: EmbeddedCtia;
  readonly now: () => number;
  step(ms: number): void;
  /** The product's own run. */
  run(commit: Commit, wish?: RunWish): Promise<Report>;
  /** A colleague with our rights, and somebody of another organisation. */
  readonly colleague: Call;
  readonly stranger: Call;
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly seed: number;
  readonly refreshMs: number;
  readonly serverAheadMs: number;
  readonly bulkMax: number;
  /** Records a page of those that the client asks for: a long answer in little. */
  readonly pageSize: number;
}

export async function openWorld({ pageSize, serverAheadMs, ...options }: WorldOptions): Promise<World> {
  const time = fakeTime({ serverAheadMs });
  const dataDir = mkdtempSync(join(tmpdir(), 'simulation-'));
  const us = { id: 'client-7', password: 'correct-horse-battery-staple', login: 'ctim-feeds', org: ORG };
  const server = await startEmbeddedCtia({
    ...options,
    dataDir,
    host: '127.0.0.1',
    port: 0,
    signingKey: SIGNING_KEY,
    log: silentLog,
    // A slow answer takes its time of the one clock that there is.
    clock: { now: time.serverClock.now, sleep: async (ms) => time.step(ms) },
  });
  server.addClient(us);
  const opened = openCtia({
    clock: time.clock,
    ctiaUrl: server.url,
    tokenUrl: server.url,
    clientId: us.id,
    clientPassword: us.password,
  });
  const { http } = opened;
  let between: Between = (request, send) => send(request);
  const send: Http['send'] = (request) => {
    const url = request.url.replace(/([?&]limit=)\d+/, `$1${pageSize}`);
    return between({ ...request, url }, http.send);
  };
  const connection = Object.assign(opened, { http: { ...http, send } });

  return {
    server,
    now: time.serverClock.now,
    step: time.step,
    colleague: callerOf(server.url, time.serverClock.now, 'colleague', ORG),
    stranger: callerOf(server.url, time.serverClock.now, 'stranger', ANOTHER_ORG),
    async run(commit, { force = false, owner = 'acme', beforeBatch = () => {}, ...wish } = {}) {
      between = wish.between ?? ((request, send) => send(request));
      const client = makeCtiaClient({ connection, clock: time.clock, patienceMs: 60_000 });
      const approval: Approval = { yes: true, force, digest: undefined };
      try {
        return await run({
          run: `run of commit ${commit.n}`,
          client,
          clock: time.clock,
          owner,
          approval,
          ownEmbedded: false,
          readDesired: async (adhocAllow) => {
            const files = { ...Object.fromEntries(commit.files), 'settings.yaml': SETTINGS };
            const reading = await readingOf(files, { now: client.serverNow(), adhocAllow });
            const revision = { label: `c${commit.n}`, dirty: false, digest: '', repository: REPOSITORY };
            const { desired } = willOf({ reading, revision }, false);
            const standingTo = async (applied: string) => {
              const other = Number(applied.slice(1));
              return commit.n === other ? 'same' : commit.n < other ? 'older' : 'newer';
            };
            return { ...desired, standingTo };
          },
          exclusively: async (work) => {
            beforeBatch();
            return work();
          },
        });
      } finally {
        between = (request, send) => send(request);
      }
    },
    async close() {
      opened.close();
      await server.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
