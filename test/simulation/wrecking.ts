import type { Chance } from './chance.ts';
import { FEEDS } from './lists.ts';
import { oursOf, pathOf } from './meddling.ts';
import type { Scene } from './scene.ts';

const DAY = 24 * 3_600_000;

/**
 * Somebody tidies up in the console, and what is wrecked is not one entry but what all of them stand on.
 *
 *   a feed                 its URL answers 404 until a run makes another one: whatever it held is excused
 *   its time               over: the same, until a run prolongs it; or soon over, and nobody notices
 *   an indicator           a feed does not look at it, so nothing is excused: no firewall notices
 *   both of one feed       the links of others lead nowhere from then on
 *   all relationships      of all owners: every feed is empty, and what the links of others kept is gone for good
 */
export async function wreck({ world: { colleague, step, now }, auditor, say }: Scene, chance: Chance): Promise<void> {
  const feeds = (await oursOf(colleague, 'feed', false)).map((it) => ({ ...it, feed: nameIn(it, 'acme-feed-') }));
  const indicators = (await oursOf(colleague, 'indicator'))
    .map((it) => ({ ...it, feed: nameIn(it, 'acme-indicator-') }))
    .filter(({ feed }) => feed !== '');
  const judgements = (await colleague('GET', '/ctia/judgement/search?limit=10000&sort_by=id')).json;
  const values: string[] = judgements.map((it: { observable: { value: string } }) => it.observable.value);
  const remove = async ({ id }: { id: string }) => {
    const { status, text } = await colleague('DELETE', `${pathOf({ id })}?wait_for=true`);
    if (status >= 300) throw new Error(`somebody deletes ${id}: ${status} ${text}`);
  };
  const [what] = chance.pick([
    ['a feed'],
    ['an indicator'],
    ['an indicator'],
    ['a feed and its indicator'],
    ['links'],
    ['the time of a feed'],
  ] as const);
  if (what === 'links') {
    const { json } = await colleague('GET', '/ctia/relationship/search?limit=10000&sort_by=id');
    auditor.excuse(values);
    for (const link of json) if (!link.groups.includes('another-org')) await remove(link);
    auditor.forget(new Set(json.map(pathOf)), Object.keys(FEEDS));
    say(`somebody wipes all ${json.length} relationships`);
  } else if (what === 'the time of a feed') {
    if (feeds.length === 0) return;
    const doomed = chance.pick(feeds);
    const isOver = chance.happens(0.5);
    if (isOver) auditor.excuse(values);
    const { feed, ...document } = doomed;
    const end_time = new Date(now() + (isOver ? -DAY : 20 * DAY)).toISOString();
    const lifetime = { start_time: '2026-01-01T00:00:00.000Z', end_time };
    const { status, text } = await colleague('PUT', `${pathOf(doomed)}?wait_for=true`, { ...document, lifetime });
    if (status >= 300) throw new Error(`somebody edits ${doomed.id}: ${status} ${text}`);
    say(`somebody ends the feed of ${feed} ${isOver ? 'a day ago' : 'in 20 days'}`);
  } else {
    const { feed } = chance.pick(feeds.length > 0 ? feeds : indicators);
    if (what !== 'an indicator') auditor.excuse(values);
    const doomedFeeds = what === 'an indicator' ? [] : feeds.filter((it) => it.feed === feed);
    const doomedIndicators = what === 'a feed' ? [] : indicators.filter((it) => it.feed === feed);
    for (const it of [...doomedFeeds, ...doomedIndicators]) await remove(it);
    const left = (those: readonly { feed: string }[], doomed: readonly { feed: string }[]) =>
      those.some((it) => it.feed === feed && !doomed.includes(it));
    // A new feed on a new indicator: the links of others stay with the old one.
    if (!left(feeds, doomedFeeds) && !left(indicators, doomedIndicators)) {
      auditor.forget(new Set(), [feed]);
    }
    say(`somebody deletes ${what} of ${feed}`);
  }
  step(1000);
}

/** `firewall-block/ip`; empty where it is none of ours. */
function nameIn({ external_ids: ids }: { external_ids: string[] }, prefix: string): string {
  const [, channel, type] =
    ids.map((id) => new RegExp(`^${prefix}(.+)-(ip|domain)(?:-\\d+)?$`).exec(id)).find(Boolean) ?? [];
  return channel === undefined ? '' : `${channel}/${type}`;
}
