import type { CtiaClient } from '../ctia/client.ts';
import type { StoredFeed } from '../ctia/stored.ts';
import { feedId } from '../ctim/external-id.ts';
import type { Channel } from '../ctim/feed.ts';
import type { ObservableType } from '../ctim/observable.ts';
import { feedDocument, type Moment } from '../plan/documents.ts';
import type { HandWork } from './by-hand.ts';
import { HandRefused, look, only } from './by-hand.ts';
import { generationOfFeed, type TypedFeed } from './feeds.ts';

export interface Rotated {
  readonly channel: string;
  readonly type: ObservableType;
  /** With its secret: for the person who asked, and nobody else. */
  readonly feed: StoredFeed;
  /** Ours that answer until then and are deleted by a run that comes after; what had ended before is not named. */
  readonly former: readonly { readonly id: string; readonly until: string }[];
  /** Of somebody else, who alone can end it. */
  readonly foreign: { readonly id: string; readonly owner: string } | undefined;
}

/**
 * A URL of a feed that leaked has no other cure than another feed: its secret never changes. The new one shows the same
 * indicator, so it holds the same values from its first moment. The end of those before it is written into them: they go out
 * by themselves then, whatever becomes of us and of Redis. Said again after it was stopped midway, it ends what was left.
 */
export async function rotate(
  work: HandWork,
  { channel, type, graceMs }: { channel: Channel; type: ObservableType | undefined; graceMs: number },
): Promise<Rotated[]> {
  const { client, owner } = work;
  const channels = type === undefined ? [channel] : only(type, [channel]);
  return work.exclusively(async () => {
    const { found, revision } = await look(work, channels);
    const there = found.feeds.filter(({ feed }) => feed !== undefined);
    if (there.length === 0)
      throw new HandRefused(
        `channel ${channel.name} has no feed${type === undefined ? '' : ` of type ${type}`}: there is no URL to replace`,
      );
    const rotated: Rotated[] = [];
    for (const typed of there) {
      const moment = { now: client.serverNow(), owner, revision };
      const before = found.former.filter((feed) => generationOfFeed(owner, feed, typed) >= 0);
      rotated.push(await replaced(client, moment, channel, { typed, before, graceMs }));
    }
    return rotated;
  });
}

async function replaced(
  client: CtiaClient,
  moment: Moment,
  channel: Channel,
  { typed, before, graceMs }: { typed: TypedFeed; before: readonly StoredFeed[]; graceMs: number },
): Promise<Rotated> {
  const { type, feed: stored } = typed;
  if (stored?.indicator_id === undefined) throw new Error(`the feed of ${channel.name}/${type} shows no indicator`);
  const g = typed.ours ? generationOfFeed(moment.owner, stored, typed) + 1 : 0;
  const feed = await makeOnce(client, moment, channel, type, { g, indicatorId: stored.indicator_id });
  const former: { id: string; until: string }[] = [];
  for (const old of typed.ours ? [stored, ...before] : before) {
    const until = await endAfter(client, moment, channel, type, { old, graceMs });
    if (until !== undefined) former.push({ id: old.id, until });
  }
  const foreign = typed.ours ? undefined : { id: stored.id, owner: stored.owner };
  return { channel: channel.name, type, feed, former, foreign };
}

/** A plain POST whose answer was lost made it all the same: it is looked up first. */
async function makeOnce(
  client: CtiaClient,
  moment: Moment,
  channel: Channel,
  type: ObservableType,
  target: { g: number; indicatorId: string },
): Promise<StoredFeed> {
  const id = feedId(moment.owner, channel.name, type, target.g);
  const [made] = (await client.allByExternalId('feed', id)).filter(({ externalIds }) => externalIds.includes(id));
  return made ?? client.createFeed(feedDocument(moment, channel, type, target));
}

async function endAfter(
  client: CtiaClient,
  moment: Moment,
  channel: Channel,
  type: ObservableType,
  { old, graceMs }: { old: StoredFeed; graceMs: number },
): Promise<string | undefined> {
  const until = moment.now + graceMs;
  const ends = old.lifetime?.end_time;
  if (ends !== undefined && Date.parse(ends) <= until) return Date.parse(ends) < moment.now ? undefined : ends;
  const g = generationOfFeed(moment.owner, old, { channel: channel.name, type });
  const start = old.lifetime?.start_time;
  const document = feedDocument(moment, channel, type, {
    g,
    indicatorId: old.indicator_id ?? '',
    ...(start !== undefined && { start }),
  });
  const end_time = new Date(until).toISOString();
  await client.replaceFeed(old.id, { ...document, lifetime: { ...document.lifetime, end_time } });
  return end_time;
}
