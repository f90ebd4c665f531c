import { setImmediate } from 'node:timers/promises';
import type { CtiaClient } from '../ctia/client.ts';
import { isCtiaError } from '../ctia/error.ts';
import { withoutQuery } from '../ctia/http.ts';
import type { StoredJudgement } from '../ctia/stored.ts';
import { feedKey } from '../ctim/feed.ts';
import { isLive, timesOf } from '../plan/actual.ts';
import { type Clock, SECOND } from '../runtime/clock.ts';
import { isOurs, type Self } from './actual.ts';
import type { TypedFeed } from './feeds.ts';

/**
 * A feed is *verified* when every desired value is in its view, and whatever else is there is held by a live foreign
 * link, counted and named. The view is what a firewall pulls, so nothing else counts as proof.
 */
export interface FeedVerdict {
  readonly channel: string;
  readonly type: string;
  readonly title: string;
  /** Without its secret: a verdict travels in reports and jobs. */
  readonly url: string;
  readonly entries: number;
  readonly verified: boolean;
  /** ISO time of the read that decided. */
  readonly at: string;
  readonly missing: Named;
  readonly extra: Named;
  readonly foreign: Named;
  /** Why the view could not be read, or why two reads of it differ. */
  readonly trouble?: string;
}

/** How many there are, and the first of them. */
export interface Named {
  readonly count: number;
  readonly some: readonly string[];
}

const NAMED_MAX = 20;
const VERIFY_MS_MAX = 10 * SECOND;
/** Nothing was written just now: what two reads of a view agree on within this is so. */
export const AUDIT_MS_MAX = 2 * SECOND;
const READ_EVERY_MS = 500;

/** Lines of a view, of which other jobs need not wait for a million. */
const SLICE = 20_000;

interface Look {
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  readonly foreign: readonly string[];
}

export async function verifyFeed(
  {
    client,
    clock,
    self,
    signal,
    patienceMs = VERIFY_MS_MAX,
  }: { client: CtiaClient; clock: Clock; self: Self; signal?: AbortSignal | undefined; patienceMs?: number },
  feed: TypedFeed,
  wanted: ReadonlySet<string> | { readonly unknown: string },
): Promise<FeedVerdict> {
  const { feed: stored } = feed;
  const values = wanted instanceof Set ? wanted : new Set<string>();
  const base = {
    channel: feed.channel,
    type: feed.type,
    title: feed.title,
    url: stored ? withoutQuery(stored.feed_view_url) : '',
    entries: values.size,
  };
  const verdict = (look: Look, trouble?: string): FeedVerdict => ({
    ...base,
    verified: trouble === undefined && look.missing.length === 0 && look.extra.length === 0,
    at: new Date(clock.now()).toISOString(),
    missing: named(look.missing),
    extra: named(look.extra),
    foreign: named(look.foreign),
    ...(trouble !== undefined && { trouble }),
  });
  const nothing: Look = { missing: [], extra: [], foreign: [] };
  if ('unknown' in wanted) return verdict(nothing, wanted.unknown);
  if (stored === undefined) return verdict(nothing, 'there is no feed yet');

  const until = clock.now() + patienceMs;
  let before: Look | undefined;
  for (;;) {
    let look: Look;
    try {
      look = await lookAt(client, self, feed, stored.feed_view_url, values);
    } catch (error) {
      if (!isCtiaError(error, 'not-found', 'token', 'forbidden', 'unknown', 'unreachable')) throw error;
      return verdict(nothing, viewTrouble(error.kind, feed, error.message));
    }
    if (look.missing.length === 0 && look.extra.length === 0) return verdict(look);
    if (clock.now() >= until) {
      const agree = before !== undefined && JSON.stringify(before) === JSON.stringify(look);
      return verdict(look, agree ? undefined : 'two reads of the view differ');
    }
    before = look;
    await clock.sleep(READ_EVERY_MS, signal);
  }
}

async function lookAt(
  client: CtiaClient,
  self: Self,
  feed: TypedFeed,
  url: string,
  wanted: ReadonlySet<string>,
): Promise<Look> {
  const left = new Set(wanted);
  const others = new Set<string>();
  for (const [n, value] of (await client.view(url)).entries()) {
    if (!left.delete(value) && !wanted.has(value)) others.add(value);
    if (n % SLICE === SLICE - 1) await setImmediate();
  }
  const missing = [...left];
  if (others.size === 0) return { missing, extra: [], foreign: [] };
  const foreign = new Set((await readForeign(client, self, feed)).map(({ observable }) => observable.value));
  return {
    missing,
    extra: [...others].filter((value) => !foreign.has(value)),
    foreign: [...others].filter((value) => foreign.has(value)),
  };
}

/** What somebody else's live link keeps in this feed. Read only where the view holds what we did not ask for. */
export async function readForeign(
  client: CtiaClient,
  self: Self,
  { indicatorId }: TypedFeed,
): Promise<readonly StoredJudgement[]> {
  if (indicatorId === undefined) return [];
  const links = (await client.allLinksTo(indicatorId)).filter((link) => !isOurs(self, link));
  const judgements = await client.judgementsById([...new Set(links.map((link) => link.source_ref))]);
  const now = client.serverNow();
  return judgements.filter((judgement) => isLive(timesOf(judgement), now));
}

export function viewTrouble(kind: string, feed: TypedFeed, message: string): string {
  switch (kind) {
    case 'not-found':
      return `the feed ${feedKey(feed)} is gone or its lifetime ended: firewalls get 404`;
    case 'token':
      return `the secret of feed ${feedKey(feed)} is wrong: firewalls get 401`;
    case 'forbidden':
      return `a link of indicator ${feed.indicatorId} points at a judgement that the feed's owner may not read: firewalls get 403`;
    default:
      return message;
  }
}

function named(values: readonly string[]): Named {
  return { count: values.length, some: values.slice(0, NAMED_MAX) };
}
