import type { FlowProducer, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { type CtiaClient, type CtiaConnection, makeCtiaClient } from '../ctia/client.ts';
import type { AllowedByHand } from '../ctim/entry.ts';
import type { GuardKnowledge } from '../lists/guards/guards.ts';
import type { Recorder } from '../reconcile/apply.ts';
import type { Desired } from '../reconcile/prepare.ts';
import { type Clock, SECOND } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Downloader } from '../sources/download.ts';
import type { FeedsCache } from '../sources/feeds-folder.ts';
import type { LastGood } from '../sources/last-good.ts';
import type { Fetched } from '../sources/repository.ts';
import { readWill } from './desired.ts';
import { type Journal, journalled } from './journal.ts';
import type { KeptRights } from './kept-rights.ts';
import { type RedisKeys, redisKeys } from './keys.ts';
import { makeWriterLock, type WriterLock } from './lock.ts';
import type { Notifier } from './notifier.ts';
import type { QueueNames } from './queues.ts';
import { type Errand, makeRateBudget, type RateBudget, requestsFor } from './rate-budget.ts';
import type { TenantLedger } from './tenant-ledger.ts';

/** What every job of one tenant and owner works with. */
export interface Workplace {
  readonly clock: Clock;
  readonly log: Log;
  readonly owner: string;
  readonly feedsDir: string;
  /** Brings the tree that `feedsDir` is in to the tip of its branch; absent where somebody else does. */
  readonly fetch: (() => Promise<Fetched>) | undefined;
  readonly ownEmbedded: boolean;
  readonly ctia: CtiaConnection;
  readonly redis: Redis;
  readonly keys: RedisKeys;
  readonly names: QueueNames;
  readonly requests: Queue;
  readonly renewals: Queue;
  readonly batches: Queue;
  readonly flows: FlowProducer;
  readonly ledger: TenantLedger;
  readonly journal: Journal;
  readonly rights: KeptRights;
  /** How remote lists are asked for, and the copies that all workers share. */
  readonly upstreams: { readonly download: Downloader; readonly lastGood: LastGood };
  /** The lists as this process read them last. */
  readonly lists: FeedsCache;
  /** How people are told what they must hear of; absent where there is nobody to tell. */
  readonly notifier: Notifier | undefined;
  /** Copies of the lists that guards go by: those that all workers share, and this machine's own. */
  readonly guardCopies: { readonly shared: LastGood; readonly home: LastGood | undefined };
  /** What guards go by besides the settings. */
  readonly guardKnowledge: () => Promise<GuardKnowledge>;
}

/** A job waits out short 429s itself; for a longer one it gives its worker free. */
const PATIENCE_MS = 5 * SECOND;

/** What one job writes with: a client that counts this job's requests and asks lock and budget before each. */
export interface Desk {
  readonly client: CtiaClient;
  readonly lock: WriterLock;
  readonly exclusively: WriterLock['exclusively'];
  readonly budget: RateBudget;
  /** Keeps the ledger right around each batch, and tells the journal of it. */
  readonly record: Recorder;
  readonly signal: AbortSignal | undefined;
}

/** `run`: the id under which the journal tells of what is written here. */
export function deskFor(work: Workplace, log: Log, errand: Errand, run: string, signal?: AbortSignal): Desk {
  const { clock, redis, keys, ctia, ledger, journal } = work;
  const lock = makeWriterLock(redis, keys.lock, clock, signal, errand);
  const budget = makeRateBudget(redis, keys, clock, requestsFor(errand), signal);
  const client = makeCtiaClient({
    connection: ctia,
    clock,
    patienceMs: PATIENCE_MS,
    takeFromBudget: budget.take,
    takeOneByOne: budget.takeOneByOne,
    assertMayWrite: lock.assertHeld,
    signal,
    onWait: (error, waitMs) => log.warn({ kind: error.kind, waitMs }, error.message),
  });
  const record = journalled(ledger.store.recorder(lock), journal, errand, run);
  return { client, lock, exclusively: lock.exclusively, budget, record, signal };
}

/** What the lists of this worker say now. */
export async function readDesiredHere(
  { feedsDir, ownEmbedded, lists, upstreams: { lastGood }, guardKnowledge }: Workplace,
  client: CtiaClient,
  adhocAllow: readonly AllowedByHand[],
): Promise<Desired> {
  const knowledge = await guardKnowledge();
  const now = client.serverNow();
  return (await readWill({ feedsDir, ownEmbedded, adhocAllow, now, cache: lists, knowledge, lastGood })).desired;
}

/** The organisation is in the token, so the keys are known only once one was had. */
export async function keysOf(ctia: CtiaConnection, owner: string): Promise<RedisKeys> {
  return redisKeys(await tenantOf(ctia), owner);
}

export async function tenantOf(ctia: CtiaConnection): Promise<string> {
  const { organisation } = await ctia.tokens.get();
  return `${ctia.ctiaUrl} ${organisation}`;
}
