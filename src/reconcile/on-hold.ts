import type { AllowedByHand } from '../ctim/entry.ts';
import type { FeedName } from '../ctim/feed.ts';
import type { Actual } from '../plan/actual.ts';
import { EMPTY, type Hold } from '../plan/hold.ts';
import type { Desired, ListsAt } from './prepare.ts';
import { type Kept, keptOfPulled, NOTHING_KEPT, valuesOf, withoutKept } from './pulled-lists.ts';

/** The values that a feed is to hold; or why they are not known, so that nothing is proved about it. */
export type Wanted = ReadonlySet<string> | { readonly unknown: string };

/** What the feeds of channels on hold are to hold; of another feed nothing is said. */
export async function wantedOnHold(
  holds: readonly Hold[],
  { listsAt }: Pick<Desired, 'listsAt'>,
  allowedByHand: readonly AllowedByHand[],
  { actual, now }: { actual: () => Promise<Actual>; now: number },
): Promise<(feed: FeedName) => Wanted | undefined> {
  const lists = new Map<string, ListsAt>();
  const keptIn = new Map<string, Kept>();
  for (const { channel, to } of holds) {
    if (to === EMPTY) continue;
    const at = (await listsAt?.(to, allowedByHand)) ?? { unreadable: 'there is no repository here' };
    lists.set(channel, at);
    if ('pulled' in at && [...at.pulled.values()].some((list) => list.channel === channel))
      keptIn.set(channel, keptOfPulled(await actual(), channel, at.pulled, now));
  }
  return ({ channel, type }) => {
    const hold = holds.find((it) => it.channel === channel);
    if (hold === undefined) return undefined;
    const at = lists.get(channel);
    if (at === undefined) return new Set();
    if ('unreadable' in at)
      return { unknown: `${channel} is on hold at ${hold.to}, which cannot be read here: ${at.unreadable}` };
    const entries = at.entries.filter((entry) => entry.channel === channel);
    const kept = keptIn.get(channel) ?? NOTHING_KEPT;
    return valuesOf({ type }, withoutKept(entries, kept), kept);
  };
}
