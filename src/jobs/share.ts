import type { CtiaClient, CtiaConnection } from '../ctia/client.ts';
import { REQUESTS_PER_HOUR } from '../ctia/one-by-one-share.ts';
import type { AskMeanwhile } from '../reconcile/meanwhile.ts';
import type { Report } from '../reconcile/report.ts';
import type { Releases } from '../runtime/release.ts';
import type { LastGood } from '../sources/last-good.ts';
import { countByHand, meanwhileSince } from './hand-notes.ts';
import { latestRenewal, latestReports, noteReport } from './history.ts';
import type { Journal, LedgerRecorder } from './journal.ts';
import { redisJournal } from './journal-redis.ts';
import { type KeptRights, keepRights } from './kept-rights.ts';
import { makeLedgerStore } from './ledger.ts';
import { makeWriterLock, type WriterLock } from './lock.ts';
import { hasManagedRedis, type ManagedRedisSettings } from './managed-redis.ts';
import { type Standing, standingConditions } from './notifier.ts';
import { queueNames } from './queues.ts';
import { makeRateBudget } from './rate-budget.ts';
import { openRedis } from './redis.ts';
import { connectRedis } from './redis-connection.ts';
import type { RenewalReport } from './renew.ts';
import { sharedCopies, sharedGuardCopies } from './text-keys.ts';
import { keysOf, tenantOf } from './workplace.ts';

export interface ShareInput extends ManagedRedisSettings {
  redisUrl?: string;
  releases: Releases;
  signal: AbortSignal;
  ctia: CtiaConnection;
  owner: string;
}

/** What a command without workers has in common with them. */
export interface Shared {
  readonly lock: WriterLock;
  /** Their ledger hears of what this process writes. */
  readonly record: LedgerRecorder;
  readonly journal: Journal;
  readonly rights: KeptRights;
  readonly lastGood: LastGood;
  readonly guardCopies: LastGood;
  /** What people do by hand from now on. */
  meanwhile(client: CtiaClient): Promise<AskMeanwhile>;
  /** Feeds were made or ended past the ledger: it is to read them again. */
  forgetFeeds(): Promise<void>;
  noteReport(report: Report): Promise<void>;
  latestReports(count: number): Promise<Report[]>;
  latestRenewal(): Promise<RenewalReport | undefined>;
  /** What people were told of and is not over. */
  conditions(): Promise<Standing[]>;
  /** Of the budget that all workers share: how many may still go within this hour. */
  requestsLeft(): Promise<number>;
  /** How many processes work for this owner now. */
  runningWorkers(): Promise<number>;
}

/** The lock and the history of the workers, where a Redis is configured or they ever had one here. Without workers there is none to take part in. */
export async function shareWithWorkers(input: ShareInput): Promise<Shared | undefined> {
  const { redisUrl, dataDir, clock, releases, signal, ctia, owner } = input;
  if (redisUrl === undefined && !hasManagedRedis(dataDir)) return undefined;
  const open = await openRedis(input);
  releases.add('Redis', () => open.close());
  const redis = connectRedis(open.connection, releases);
  const keys = await keysOf(ctia, owner);
  const lock = makeWriterLock(redis, keys.lock, clock, signal);
  const store = makeLedgerStore(redis, keys, { tenant: await tenantOf(ctia), owner });
  return {
    lock,
    record: store.recorder(lock),
    journal: redisJournal(redis, keys.journal),
    async forgetFeeds() {
      const facts = await store.facts();
      if ('id' in facts) await store.noteEntities(facts.id, undefined);
    },
    rights: keepRights(redis, keys.bulkRights),
    lastGood: sharedCopies(redis, keys),
    guardCopies: sharedGuardCopies(redis),
    async meanwhile(client) {
      const self = { owner, organisation: (await client.identity()).organisation };
      return meanwhileSince({ redis, keys, client, self }, await countByHand({ redis, keys }));
    },
    noteReport: (report) => noteReport(redis, keys.history, report),
    latestReports: (count) => latestReports(redis, keys.history, count),
    latestRenewal: () => latestRenewal(redis, keys.renewal),
    conditions: () => standingConditions(redis, keys.conditions),
    requestsLeft: () => makeRateBudget(redis, keys, clock, REQUESTS_PER_HOUR).left(),
    async runningWorkers() {
      // BullMQ takes a while to load, and this alone needs it.
      const { countWorkers } = await import('./connect.ts');
      return countWorkers(open.connection, queueNames(ctia.ctiaUrl, owner).requests);
    },
  };
}
