import type { CtiaConnection } from '../ctia/client.ts';
import { NO_KNOWLEDGE } from '../lists/guards/guards.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { NotifyTarget } from '../runtime/notify-targets.ts';
import type { Releases } from '../runtime/release.ts';
import { makeDownloader } from '../sources/download.ts';
import { makeFeedsCache } from '../sources/feeds-folder.ts';
import { guardCopies as guardCopiesIn } from '../sources/guard-data.ts';
import type { KnowGuards } from '../sources/guard-knowledge.ts';
import { type FeedsRepository, type Fetched, fetchRepository } from '../sources/repository.ts';
import { connectMessages, connectQueues } from './connect.ts';
import { redisJournal } from './journal-redis.ts';
import { keepRights } from './kept-rights.ts';
import { makeNotifier } from './notifier.ts';
import { queueNames } from './queues.ts';
import type { RedisConnection } from './redis-connection.ts';
import { makeTenantLedger } from './tenant-ledger.ts';
import { sharedCopies, sharedGuardCopies } from './text-keys.ts';
import { keysOf, tenantOf, type Workplace } from './workplace.ts';

export interface WorkplaceParts {
  clock: Clock;
  log: Log;
  releases: Releases;
  connection: RedisConnection;
  ctia: CtiaConnection;
  owner: string;
  feedsDir: string;
  repository?: FeedsRepository & { home: string };
  ownEmbedded: boolean;
  /** Where this machine keeps the lists that guards go by, for commands that ask no Redis. */
  dataDir?: string;
  guardKnowledge?: KnowGuards;
  /** Hosts of upstreams that may lie at addresses that are not public. */
  upstreamPrivateHosts?: readonly string[];
  notifyTargets?: readonly NotifyTarget[];
}

export async function openWorkplace(parts: WorkplaceParts): Promise<Workplace> {
  const { clock, log, releases, connection, ctia, owner, feedsDir, repository, ownEmbedded } = parts;
  const {
    guardKnowledge: know = async () => NO_KNOWLEDGE,
    upstreamPrivateHosts: privateHosts = [],
    notifyTargets = [],
  } = parts;
  const names = queueNames(ctia.ctiaUrl, owner);
  const keys = await keysOf(ctia, owner);
  const ends = await connectQueues(connection, names, releases);
  const tenant = await tenantOf(ctia);
  const ledger = makeTenantLedger(ends.redis, keys, { tenant, owner });
  const journal = redisJournal(ends.redis, keys.journal);
  const fetch = repository && oneAtATime(() => fetchRepository(repository.home, repository));
  const rights = keepRights(ends.redis, keys.bulkRights);
  const lists = makeFeedsCache();
  const upstreams = { download: makeDownloader({ clock, privateHosts }), lastGood: sharedCopies(ends.redis, keys) };
  const guardCopies = {
    shared: sharedGuardCopies(ends.redis),
    home: parts.dataDir === undefined ? undefined : guardCopiesIn(parts.dataDir),
  };
  const guards = { guardCopies, guardKnowledge: () => know(guardCopies.shared) };
  const told = { clock, owner, tenant, targets: notifyTargets, key: keys.conditions };
  const tells = () => ({ ...told, redis: ends.redis, messages: connectMessages(connection, names.messages, releases) });
  const notifier = notifyTargets.length === 0 ? undefined : makeNotifier(tells());
  const place = { clock, log, owner, feedsDir, fetch, ownEmbedded, ctia, keys, names };
  return { ...place, ...ends, ledger, journal, rights, lists, upstreams, notifier, ...guards };
}

/** Who asks while one is under way gets the next: what was pushed meanwhile is in it. */
function oneAtATime(fetch: () => Promise<Fetched>): () => Promise<Fetched> {
  let last: Promise<unknown> = Promise.resolve();
  return () => {
    const next = last.then(fetch);
    last = next.catch(() => undefined);
    return next;
  };
}
