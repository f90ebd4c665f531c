import type { Redis } from 'ioredis';
import type { CtiaClient } from '../ctia/client.ts';
import { isCtiaError } from '../ctia/error.ts';
import type { FeedEntities, TypedFeed } from '../reconcile/feeds.ts';
import type { RedisKeys } from './keys.ts';
import { type LedgerStore, makeLedgerStore } from './ledger.ts';
import { type LedgerMirror, makeLedgerMirror } from './ledger-mirror.ts';

/** The ledger of one tenant and owner as a process has it: what lies in Redis, its copy in memory, and the URLs of views. */
export interface TenantLedger {
  readonly store: LedgerStore;
  readonly mirror: LedgerMirror;
  /** URLs of views hold a secret, so they are kept in memory and never in Redis. */
  keepViewUrls(entities: FeedEntities): void;
  /** The same feeds, with URLs that can be read; one request for each whose URL this process does not know yet. */
  withViewUrls(client: CtiaClient, feeds: readonly TypedFeed[]): Promise<TypedFeed[]>;
}

export function makeTenantLedger(
  redis: Redis,
  keys: RedisKeys,
  whose: { tenant: string; owner: string },
): TenantLedger {
  const store = makeLedgerStore(redis, keys, whose);
  const urls = new Map<string, string>();
  return {
    store,
    mirror: makeLedgerMirror(store),
    keepViewUrls({ ownFeeds, feeds }) {
      urls.clear();
      for (const { id, feed_view_url: url } of [...ownFeeds, ...feeds]) urls.set(id, url);
    },
    async withViewUrls(client, feeds) {
      const complete: TypedFeed[] = [];
      for (const typed of feeds) {
        const { feed } = typed;
        const url = feed && (urls.get(feed.id) ?? (await readUrl(client, feed.id)));
        if (feed && url) urls.set(feed.id, url);
        complete.push(feed && url ? { ...typed, feed: { ...feed, feed_view_url: url } } : typed);
      }
      return complete;
    },
  };
}

/** Of a feed that somebody deleted there is none: its view says so. */
async function readUrl(client: CtiaClient, id: string): Promise<string | undefined> {
  try {
    return (await client.feedById(id)).feed_view_url;
  } catch (error) {
    if (isCtiaError(error, 'not-found')) return undefined;
    throw error;
  }
}
