import { type FeedName, feedKey } from '../ctim/feed.ts';
import { glances, isDead, isLive } from './actual.ts';
import { feedKeyOf, feedOf, type Situation } from './changes.ts';
import { endedEarly, lastToEnd } from './documents.ts';

/** Values that a feed should hold and does not, since nobody renewed their judgements in time. */
export interface Shortage {
  readonly feed: FeedName;
  readonly values: number;
  /** When the first of them left, epoch ms. */
  readonly since: number;
}

/**
 * After an outage that was longer than the margin. Of what is dead and desired
 *
 *   withdrawn by us        it was not desired until now: no shortage
 *   once                   it ran out as its list said
 *   another one is live    the value never left
 *   otherwise              the feed is short of it since its end
 */
export function findShortages({ desired, actual, indicators, now }: Situation): Shortage[] {
  const lapsed: { feed: FeedName; value: string; end: number }[] = [];
  const dying = new Set<string>();
  for (const held of glances(actual.judgements, () => now)) dying.add(held.h);
  for (const h of dying) {
    const those = actual.judgements.get(h) ?? [];
    if (!those.every((judgement) => isDead(judgement, now)) || !desired.has(h)) continue;
    const last = endedEarly(those) ? lastToEnd(those) : undefined;
    const feed = last && feedOf(last, indicators);
    if (last && feed) lapsed.push({ feed, value: last.observable.value, end: last.end });
  }
  if (lapsed.length === 0) return [];
  const live = new Set<string>();
  for (const judgement of glances(actual.judgements)) {
    const key = isLive(judgement, now) ? feedKeyOf(judgement, indicators) : undefined;
    if (key !== undefined) live.add(`${key} ${judgement.observable.value}`);
  }
  const shortages = new Map<string, Shortage>();
  // Of two lists that held a value the later end counts: until then it was there.
  const last = new Map(lapsed.sort((a, b) => a.end - b.end).map((it) => [`${feedKey(it.feed)} ${it.value}`, it]));
  for (const [key, { feed, end }] of last) {
    if (live.has(key)) continue;
    const known = shortages.get(feedKey(feed));
    const values = (known?.values ?? 0) + 1;
    shortages.set(feedKey(feed), { feed, values, since: Math.min(end, known?.since ?? end) });
  }
  return [...shortages.values()];
}

const MINUTE_MS = 60_000;

export function shortageNotice({ feed, values, since }: Shortage, now: number): string {
  const minutes = Math.ceil((now - since) / MINUTE_MS);
  const long = minutes < 120 ? counted(minutes, 'minute') : counted(Math.floor(minutes / 60), 'hour');
  return `${feedKey(feed)} was short of ${counted(values, 'value')} for ${long} (since ${new Date(since).toISOString()}): the judgements had lapsed, or somebody had ended them, before a run renewed them`;
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
