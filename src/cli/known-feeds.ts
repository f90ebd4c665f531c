import type { CtiaClient } from '../ctia/client.ts';
import type { Channel } from '../ctim/feed.ts';
import { holdNotice } from '../plan/hold.ts';
import type { Self, State } from '../reconcile/actual.ts';
import { findFeeds } from '../reconcile/feeds.ts';
import type { KnownFeed } from '../why/judgements.ts';

/** The feeds of these channels as the tenant has them, and what was applied last. */
export async function knownFeeds(
  client: CtiaClient,
  self: Self,
  channels: readonly Channel[],
): Promise<{ feeds: KnownFeed[]; state: State | undefined; notices: readonly string[] }> {
  const found = await findFeeds(client, self, channels, client.serverNow());
  const actions = new Map(channels.map(({ name, action }) => [name, action]));
  const feeds = found.feeds.map(({ channel, type, title, indicatorId, feed }): KnownFeed => {
    return { channel, type, title, indicatorId, viewUrl: feed?.feed_view_url, action: actions.get(channel) ?? 'block' };
  });
  return { feeds, state: found.state, notices: [...found.holds.map(holdNotice), ...found.notices] };
}
