import { DEFAULT_LISTS, type GuardSettings } from '../lists/guards/guard-settings.ts';
import type { GuardKnowledge } from '../lists/guards/guards.ts';
import type { ConfiguredHost } from '../lists/guards/protected.ts';
import type { Config } from '../runtime/config.ts';
import { configuredHosts, hostOfUrl } from './configured-hosts.ts';
import { shownUrl } from './download.ts';
import { readSettingsAlone } from './feeds-folder.ts';
import { guardCopies, makeGuardListReader } from './guard-data.ts';
import type { LastGood } from './last-good.ts';
import { type KnownUpstreams, readUpstreamLists } from './upstream-lists.ts';

/** `shared`: the copies of guard lists that all workers have, where there is a Redis. */
export type KnowGuards = (shared?: LastGood) => Promise<GuardKnowledge>;

/**
 * What guards go by besides the settings, asked for before each reading of lists. The answer is the same object as long as
 * nothing of it changed, so that what was read with it need not be read again.
 */
export function makeGuardKnowledge(config: Config): KnowGuards {
  const readLists = makeGuardListReader();
  const own = guardCopies(config.dataDir);
  const upstreams: KnownUpstreams = new Map();
  let revealed: Promise<readonly ConfiguredHost[]> | undefined;
  let known: GuardKnowledge | undefined;
  return async (shared) => {
    revealed ??= configuredHosts(config);
    const { guards } = await readSettingsAlone(config.feedsDir);
    const configured = [...(await revealed), ...(await hostsOfLists(config.feedsDir, guards, upstreams))];
    const fetched = await readLists(guards.lists, shared === undefined ? [own] : [shared, own]);
    const isSame = known?.fetched === fetched && JSON.stringify(known.configured) === JSON.stringify(configured);
    if (known === undefined || !isSame) known = { configured, fetched };
    return known;
  };
}

/** Where lists are pulled from, and guard lists of one's own. What these hosts serve to others is not ours. */
async function hostsOfLists(
  feedsDir: string,
  guards: GuardSettings,
  upstreams: KnownUpstreams,
): Promise<ConfiguredHost[]> {
  const { lists } = await readUpstreamLists(feedsDir, { ownEmbedded: false }, upstreams);
  const guardLists = guards.lists === DEFAULT_LISTS ? [] : guards.lists;
  return [
    ...lists.map(({ name, upstream }) => ({ url: upstream.url, what: `host of the upstream of the list ${name}` })),
    ...guardLists.map(({ url }) => ({ url, what: 'host of a guard list' })),
  ].flatMap(({ url, what }) => hostOfUrl(url, what).map((host) => ({ ...host, page: shownUrl(url) })));
}
