import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Answer } from '../../src/ctia/answer.ts';
import { type CtiaClient, type CtiaConnection, makeCtiaClient, openCtia } from '../../src/ctia/client.ts';
import type { HttpRequest } from '../../src/ctia/http.ts';
import type { Channel } from '../../src/ctim/feed.ts';
import { type Observable, sameObservable } from '../../src/ctim/observable.ts';
import type { NewClient } from '../../src/embedded-ctia/clients.ts';
import { type EmbeddedCtia, type EmbeddedOptions, startEmbeddedCtia } from '../../src/embedded-ctia/server.ts';
import type { Approval } from '../../src/plan/safety.ts';
import { type BulkRights, rightsOfThisRun } from '../../src/reconcile/bulk-rights.ts';
import type { Desired } from '../../src/reconcile/prepare.ts';
import type { Report } from '../../src/reconcile/report.ts';
import { audit, type RunInput, run } from '../../src/reconcile/run.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { type FakeTime, fakeTime } from '../ctia/fake-time.ts';
import { call, SIGNING_KEY, tokenFor } from '../embedded-ctia/fixture.ts';
import { entryOf, linesOf } from '../plan/situation.ts';

export const OWNER = 'acme';
export const ORG = 'acme-org';
export const REPOSITORY = 'https://git.acme.test/blocklists';

export const BLOCK: Channel = {
  name: 'firewall-block',
  action: 'block',
  titles: new Map([
    ['ip', { indicator: 'Secure_Firewall_SecureX_Indicator_IPv4', feed: 'SecureX_Firewall_Private_Feed_IPv4' }],
    ['domain', { indicator: 'Secure_Firewall_SecureX_Indicator_Domain', feed: 'SecureX_Firewall_Private_Feed_Domain' }],
  ]),
};
export const MAIL: Channel = {
  name: 'mail',
  action: 'block',
  titles: new Map([['ip', { indicator: 'CTIM_Feeds_mail_Indicator_ip', feed: 'CTIM_Feeds_mail_Feed_ip' }]]),
};

/** What a test says of a run; all else is as usual: approved, from the same repository. */
export interface Wish
  extends Partial<Omit<Desired, 'entries'>>,
    Partial<Pick<RunInput, 'origin' | 'readDesired' | 'progress'>> {
  readonly approval?: Approval;
  readonly ownEmbedded?: boolean;
  readonly owner?: string;
  /** What is known of the token; by default each run learns for itself. */
  readonly rights?: BulkRights;
  /** What the lists say from their second reading on. */
  readonly editedMeanwhile?: Partial<Desired>;
}

type Send = (request: HttpRequest) => Promise<Answer>;

/** Documents as the server gives them. */
export type Json = Record<string, unknown> & { id: string };

export interface Tenant {
  readonly server: EmbeddedCtia;
  readonly time: FakeTime;
  readonly connection: CtiaConnection;
  /** As workers keep them from run to run. */
  readonly rights: BulkRights;
  /** Between the client and the network: a test looks on, or changes what is answered. */
  intercept: ((request: HttpRequest, send: Send) => Promise<Answer>) | undefined;
  client(patienceMs?: number): CtiaClient;
  /** One run with these lists (see plan/situation.ts). */
  sync(lists: string, wish?: Wish): Promise<Report>;
  audit(lists: string, wish?: Wish): Promise<Report>;
  /** Lists of what is live in a feed, one line a value: what a firewall pulls. */
  view(title?: string): Promise<string>;
  /** Speaks to the server as a colleague of our organisation, past our client. */
  call(method: string, path: string, body?: unknown): Promise<{ status: number; json: Json }>;
  /** As somebody else. */
  as(
    client: NewClient,
  ): Promise<(method: string, path: string, body?: unknown) => Promise<{ status: number; json: Json }>>;
  all(kind: 'judgement' | 'relationship' | 'indicator' | 'feed'): Promise<Json[]>;
}

export async function tenant(
  t: TestContext,
  { serverAheadMs = 0, ...options }: Partial<EmbeddedOptions> & { serverAheadMs?: number } = {},
): Promise<Tenant> {
  const time = fakeTime({ serverAheadMs });
  const us = { id: 'client-7', password: 'correct-horse-battery-staple', login: 'ctim-feeds', org: ORG };
  const dataDir = mkdtempSync(join(tmpdir(), 'tenant-'));
  const base = {
    dataDir,
    host: '127.0.0.1',
    port: 0,
    clock: time.serverClock,
    log: silentLog,
    signingKey: SIGNING_KEY,
  };
  const server = await startEmbeddedCtia({ ...base, ...options });
  server.addClient(us);
  const opened = openCtia({
    clock: time.clock,
    ctiaUrl: server.url,
    tokenUrl: server.url,
    clientId: us.id,
    clientPassword: us.password,
  });
  // One hook, since the folder must go last.
  t.after(async () => {
    opened.close();
    await server.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function as(client: NewClient) {
    const { id, password } = server.addClient(client);
    let token = '';
    let endsAt = 0;
    return async (method: string, path: string, body?: unknown) => {
      if (endsAt <= time.clock.now()) {
        token = await tokenFor(server.url, id, password);
        endsAt = time.clock.now() + 5 * 60_000;
      }
      const { status, json } = await call({ url: server.url, token }, method, path, body);
      return { status, json };
    };
  }
  const colleague = await as({ login: 'colleague', org: ORG });

  const { http } = opened;
  const views = new Map<string, string>();
  const world: Tenant = {
    server,
    time,
    connection: Object.assign(opened, {
      http: {
        ...http,
        send: (request: HttpRequest) => (world.intercept ? world.intercept(request, http.send) : http.send(request)),
      },
    }),
    rights: rightsOfThisRun(),
    intercept: undefined,
    client: (patienceMs = 60_000) => makeCtiaClient({ connection: opened, clock: time.clock, patienceMs }),
    sync: (lists, wish) =>
      run({ ...inputOf(world, lists, wish), run: 'run-1', clock: time.clock, exclusively: (work) => work() }),
    audit: (lists, wish) => audit({ ...inputOf(world, lists, wish), run: 'audit-1', clock: time.clock }),
    async view(title = 'SecureX_Firewall_Private_Feed_IPv4') {
      const url = views.get(title) ?? String((await world.all('feed')).find((it) => it.title === title)?.feed_view_url);
      views.set(title, url);
      const response = await fetch(url);
      assert.equal(response.status, 200);
      return response.text();
    },
    call: colleague,
    as,
    async all(kind) {
      const { json } = await colleague(
        'GET',
        `/ctia/${kind}/search?limit=10000${kind === 'feed' ? '' : '&sort_by=id'}`,
      );
      assert.ok(Array.isArray(json));
      return json as unknown as Json[];
    },
  };
  return world;
}

function inputOf(world: Tenant, lists: string, wish: Wish = {}) {
  const {
    approval = { yes: true, force: false, digest: undefined },
    ownEmbedded = false,
    owner = OWNER,
    editedMeanwhile,
    origin,
    readDesired: readOther,
    progress,
    rights,
    ...more
  } = wish;
  const entries = linesOf(lists).map(entryOf);
  const desired: Desired = {
    entries,
    problems: 0,
    lists: new Set(['tor', 'manual', ...entries.map(({ list }) => list)]),
    channels: entries.some(({ channel }) => channel === 'mail') ? [BLOCK, MAIL] : [BLOCK],
    revision: '4f2a9c1',
    repository: REPOSITORY,
    ...more,
  };
  let reads = 0;
  const readDesired = async (allowedByHand: readonly Observable[]): Promise<Desired> => ({
    ...desired,
    ...(reads++ > 0 ? editedMeanwhile : {}),
    entries: entries.filter(({ observable }) => !allowedByHand.some((allowed) => sameObservable(allowed, observable))),
  });
  return {
    ...{ client: world.client(), owner, approval, ownEmbedded, rights },
    readDesired: readOther ?? readDesired,
    origin: origin ?? (async () => desired.repository),
    ...(progress && { progress }),
  };
}

/** `verified`, or everything that says why not. */
export function resultOf(report: Report): string {
  if (report.result === 'verified') return 'verified';
  const { result, held, failures, feeds } = report;
  return JSON.stringify({ result, held, failures, feeds: feeds.filter(({ verified }) => !verified) }, null, 1);
}

export function assertVerified(report: Report): void {
  assert.equal(resultOf(report), 'verified');
}

/** Nothing is left to do: the plan is empty, nothing is written, and no entry has two live judgements. */
export async function assertSettled(world: Tenant, lists: string, wish?: Wish): Promise<void> {
  const report = await world.sync(lists, wish);
  assertVerified(report);
  assert.deepEqual(
    Object.entries(report.counts).filter(([, count]) => count > 0),
    [],
  );
  assert.equal(report.requests.mutating, 0);
  // By succession the one before lapses by itself.
  if ((await wish?.rights?.lacking()) !== undefined) return;
  const now = world.time.serverClock.now();
  const live = (await world.all('judgement')).filter((it) => isOurs(it) && isLive(it, now));
  const entries = live.map((it) => externalIds(it).find((id) => id.startsWith(`${OWNER}-entry-`)));
  assert.equal(new Set(entries).size, entries.length, 'two live judgements of one entry');
}

export function externalIds(document: Json): string[] {
  return (document.external_ids as string[] | undefined) ?? [];
}

export function isOurs(document: Json): boolean {
  return externalIds(document).includes(`${OWNER}-owned`);
}

export function isLive(document: Json, now: number): boolean {
  const { start_time: start, end_time: end } = document.valid_time as { start_time: string; end_time: string };
  return Date.parse(start) <= now && now <= Date.parse(end);
}

/** Our judgement of this value in this tenant. */
export async function judgementOn(world: Tenant, value: string): Promise<Json> {
  const found = (await world.all('judgement')).find((it) => (it.observable as { value: string }).value === value);
  assert.ok(found, `no judgement on ${value}`);
  return found;
}

/** Requests of a kind that reached the server, as `POST /ctia/bundle/import`. */
export function asked(world: Tenant, route: string): number {
  return world.server.requests.byRoute.get(route) ?? 0;
}

export function pathOf(id: string): string {
  return new URL(id).pathname;
}
