import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CtiaClient, makeCtiaClient, openCtia } from '../../src/ctia/client.ts';
import type { Http } from '../../src/ctia/http.ts';
import type { Channel } from '../../src/ctim/feed.ts';
import type { Observable } from '../../src/ctim/observable.ts';
import { BULK_KINDS } from '../../src/embedded-ctia/kinds.ts';
import { type EmbeddedCtia, startEmbeddedCtia } from '../../src/embedded-ctia/server.ts';
import { willOf } from '../../src/jobs/desired.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { type Approval, NO_APPROVAL } from '../../src/plan/safety.ts';
import { rightsOfThisRun } from '../../src/reconcile/bulk-rights.ts';
import { addByHand, type HandReport, type HandWork } from '../../src/reconcile/by-hand.ts';
import { removeByHand } from '../../src/reconcile/let-through.ts';
import { prepare } from '../../src/reconcile/prepare.ts';
import type { Report } from '../../src/reconcile/report.ts';
import { run } from '../../src/reconcile/run.ts';
import { HOUR, SECOND } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { fakeTime } from '../ctia/fake-time.ts';
import { SIGNING_KEY } from '../embedded-ctia/fixture.ts';
import { readingOf } from '../lists/reading-of.ts';
import { type Call, callerOf } from './caller.ts';
import { SETTINGS, typeOf } from './lists.ts';

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
  /** Approved by a person who looked at it, as all are that no digest names. */
  readonly yes?: boolean;
  readonly force?: boolean;
  /** Exactly the plan with this digest is approved, and nothing else. */
  readonly digest?: string;
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
  /** What a run would do, for a person to look at. */
  plan(commit: Commit): Promise<Plan>;
  /** What people do by hand, as jobs of their own: no list is read. */
  block(value: string, channel: string, forMs: number): Promise<HandReport>;
  unblock(value: string, allowForMs: number | undefined): Promise<HandReport>;
  /** The client is given all scopes, or none that bulk routes ask for; its tokens end within ten minutes. */
  grant(scopes: 'all' | 'no bulk'): void;
  /** As each audit does: whether bulk routes are open is to be found out anew. */
  forgetRights(): void;
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
  /** Of the whole organisation. */
  readonly rateLimitPerHour?: number | undefined;
  /** What was learned of bulk routes is kept from run to run, as workers do; otherwise each run learns for itself. */
  readonly keepsRights: boolean;
}

const US = { id: 'client-7', password: 'correct-horse-battery-staple', login: 'ctim-feeds', org: ORG };
/** Bulk PUT asks for the right to create every kind; without these it is closed, and import is not. */
const OF_BULK = ['casebook', 'investigation', 'target-record'];
const NO_BULK = ['import-bundle', 'feed', ...BULK_KINDS.map(({ name }) => name)]
  .filter((kind) => !OF_BULK.includes(kind))
  .map((it) => `private-intel/${it}`);
/** As `apply` does; workers wait in their queue instead. */
const PATIENCE_MS = HOUR;

export async function openWorld(wish: WorldOptions): Promise<World> {
  const { pageSize, serverAheadMs, rateLimitPerHour, keepsRights, ...options } = wish;
  const time = fakeTime({ serverAheadMs });
  const dataDir = mkdtempSync(join(tmpdir(), 'simulation-'));
  const server = await startEmbeddedCtia({
    ...options,
    ...(rateLimitPerHour !== undefined && { rateLimitPerHour }),
    dataDir,
    host: '127.0.0.1',
    port: 0,
    signingKey: SIGNING_KEY,
    log: silentLog,
    // A slow answer takes its time of the one clock that there is.
    clock: { now: time.serverClock.now, sleep: async (ms) => time.step(ms) },
  });
  server.addClient(US);
  const opened = openCtia({
    clock: time.clock,
    ctiaUrl: server.url,
    tokenUrl: server.url,
    clientId: US.id,
    clientPassword: US.password,
  });
  const { http } = opened;
  let between: Between = (request, send) => send(request);
  let quietUntil = 0;
  let impatient = '';
  const send: Http['send'] = (request) => {
    const url = request.url.replace(/([?&]limit=)\d+/, `$1${pageSize}`);
    return between({ ...request, url }, async (sent) => {
      if (time.clock.now() < quietUntil)
        impatient ||= `${sent.method} ${sent.url} was sent before Retry-After was over`;
      const answer = await http.send(sent);
      const retryAfter = Number.parseInt(answer.headers['retry-after'] ?? '0', 10);
      if (answer.status === 429) quietUntil = time.clock.now() + retryAfter * SECOND;
      return answer;
    });
  };
  const connection = Object.assign(opened, { http: { ...http, send } });
  let kept = rightsOfThisRun();
  const rights = () => (keepsRights ? kept : rightsOfThisRun());
  // In a process of its own, which heard of no Retry-After yet.
  const newClient = () => {
    quietUntil = 0;
    return makeCtiaClient({ connection, clock: time.clock, patienceMs: PATIENCE_MS });
  };
  const settings = (await readingOf({ 'settings.yaml': SETTINGS })).settings;
  const handWork = (): HandWork => ({
    client: newClient(),
    clock: time.clock,
    owner: 'acme',
    exclusively: (work) => work(),
    rights: rights(),
  });
  const wanting = (client: CtiaClient, commit: Commit) => ({
    client,
    rights: rights(),
    ownEmbedded: false,
    readDesired: async (adhocAllow: readonly Observable[]) => {
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
  });
  const channelNamed = (name: string): Channel => {
    const channel = settings.channels.get(name);
    assert(channel, `no channel ${name}`);
    return channel;
  };
  const speaking = { url: server.url, now: time.serverClock.now, step: time.step };

  return {
    server,
    now: time.serverClock.now,
    step: time.step,
    colleague: callerOf(speaking, 'colleague', ORG),
    stranger: callerOf(speaking, 'stranger', ANOTHER_ORG),
    async run(
      commit,
      { force = false, owner = 'acme', digest, yes = digest === undefined, beforeBatch = () => {}, ...wish } = {},
    ) {
      const outer = between;
      between = wish.between ?? ((request, send) => send(request));
      const approval: Approval = { yes, force, digest };
      try {
        return await run({
          ...wanting(newClient(), commit),
          run: `run of commit ${commit.n}`,
          clock: time.clock,
          owner,
          approval,
          origin: async () => REPOSITORY,
          exclusively: async (work) => {
            beforeBatch();
            return work();
          },
        });
      } finally {
        between = outer;
        assert.equal(impatient, '');
      }
    },
    async plan(commit) {
      return (await prepare({ ...wanting(newClient(), commit), owner: 'acme', approval: NO_APPROVAL })).plan;
    },
    block: (value, channel, lifetimeMs) =>
      addByHand(handWork(), {
        ...{ observable: { type: typeOf(value), value }, channel: channelNamed(channel) },
        ...{ channels: [...settings.channels.values()], lifetimeMs, words: { reason: 'seen in a log' }, limits: {} },
      }),
    unblock: (value, lifetimeMs) =>
      removeByHand(handWork(), {
        observable: { type: typeOf(value), value },
        channels: [...settings.channels.values()],
        allow:
          lifetimeMs === undefined
            ? undefined
            : { channel: channelNamed('firewall-allow'), lifetimeMs, reason: 'a customer', carveOut: false },
      }),
    grant(scopes) {
      server.addClient(scopes === 'all' ? US : { ...US, scopes: NO_BULK });
    },
    forgetRights() {
      kept = rightsOfThisRun();
    },
    async close() {
      opened.close();
      await server.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
