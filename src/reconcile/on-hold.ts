import type { AllowedByHand } from '../ctim/entry.ts';
import type { FeedName } from '../ctim/feed.ts';
import { EMPTY, type Hold } from '../plan/hold.ts';
import type { Desired, ListsAt } from './prepare.ts';

/** The values that a feed is to hold; or why they are not known, so that nothing is proved about it. */
export type Wanted = ReadonlySet<string> | { readonly unknown: string };

/** What the feeds of channels on hold are to hold; of another feed nothing is said. */
export async function wantedOnHold(
  holds: readonly Hold[],
  { listsAt }: Pick<Desired, 'listsAt'>,
  allowedByHand: readonly AllowedByHand[],
): Promise<(feed: FeedName) => Wanted | undefined> {
  const lists = new Map<string, ListsAt>();
  for (const { channel, to } of holds) {
    if (to === EMPTY) continue;
    lists.set(channel, (await listsAt?.(to, allowedByHand)) ?? { unreadable: 'there is no repository here' });
  }
  return ({ channel, type }) => {
    const hold = holds.find((it) => it.channel === channel);
    if (hold === undefined) return undefined;
    const at = lists.get(channel);
    if (at === undefined) return new Set();
    if ('unreadable' in at)
      return { unknown: `${channel} is on hold at ${hold.to}, which cannot be read here: ${at.unreadable}` };
    return new Set(
      at.entries
        .filter((entry) => entry.channel === channel && entry.observable.type === type)
        .map(({ observable }) => observable.value),
    );
  };
}
