import type { CtiaClient } from '../ctia/client.ts';
import type { StoredJudgement } from '../ctia/stored.ts';
import { type FeedName, feedKey } from '../ctim/feed.ts';
import { isLive, timesOf } from '../plan/actual.ts';
import { isOurs, type Self } from './actual.ts';
import type { TypedFeed } from './feeds.ts';
import { readTwice } from './prepare.ts';

/** A judgement that somebody else of our organisation made and that is in feeds of ours now. */
export interface ForeignInFeeds {
  readonly judgement: StoredJudgement;
  readonly feeds: readonly FeedName[];
}

export interface FoundForeign {
  readonly those: readonly ForeignInFeeds[];
  /** Foreign links that hold no value in a feed: their judgement is gone, has ended, or has not begun. */
  readonly idle: number;
  /** Made by another organisation: not ours to write. */
  readonly ofOthers: number;
}

/**
 * What others keep in the feeds of these channels, found from their indicators: every link to the last page, then the
 * judgements that they begin at. Changes nothing.
 */
export async function findForeign(client: CtiaClient, self: Self, feeds: readonly TypedFeed[]): Promise<FoundForeign> {
  const feedsOf = new Map<string, Map<string, FeedName>>();
  for (const { channel, type, indicatorId } of feeds) {
    if (indicatorId === undefined) continue;
    for (const link of await readTwice(() => client.allLinksTo(indicatorId))) {
      if (isOurs(self, link)) continue;
      const those = feedsOf.get(link.source_ref) ?? new Map();
      feedsOf.set(link.source_ref, those.set(feedKey({ channel, type }), { channel, type }));
    }
  }
  const now = client.serverNow();
  const those: ForeignInFeeds[] = [];
  let ofOthers = 0;
  let ours = 0;
  for (const judgement of await client.judgementsById([...feedsOf.keys()])) {
    if (isOurs(self, judgement)) ours += 1;
    else if (!isLive(timesOf(judgement), now)) continue;
    else if (!judgement.groups.includes(self.organisation)) ofOthers += 1;
    else those.push({ judgement, feeds: [...(feedsOf.get(judgement.id)?.values() ?? [])] });
  }
  those.sort((a, b) => (a.judgement.id < b.judgement.id ? -1 : 1));
  return { those, ofOthers, idle: feedsOf.size - those.length - ofOthers - ours };
}
