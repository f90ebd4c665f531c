import type { CtiaClient } from '../ctia/client.ts';
import type { StoredJudgement } from '../ctia/stored.ts';
import { isOwned } from '../ctim/external-id.ts';
import { type FeedName, feedKey, LINK_TYPE } from '../ctim/feed.ts';
import { DISPOSITIONS, type DispositionName } from '../ctim/judgement.ts';
import { type Observable, sameObservable } from '../ctim/observable.ts';
import { toldLifetime } from '../lists/lifetime.ts';
import { isLive, listOf, timesOf } from '../plan/actual.ts';
import { lifetimeText } from '../plan/documents.ts';

/** A feed of the tenant, as far as one value is concerned. */
export interface KnownFeed extends FeedName {
  readonly action: 'block' | 'allow';
  readonly title: string;
  readonly indicatorId: string | undefined;
  /** With its secret. */
  readonly viewUrl: string | undefined;
}

/** One judgement on the observable, whoever made it. */
export interface KnownJudgement {
  readonly id: string;
  readonly ours: boolean;
  readonly live: boolean;
  /** Epoch ms. */
  readonly created: number;
  readonly start: number;
  readonly end: number;
  readonly disposition: DispositionName;
  readonly priority: number;
  readonly source: string;
  readonly reason: string | undefined;
  /** Where it is known from, as the judgement tells: of an attacker its incident. */
  readonly uri: string | undefined;
  readonly once: boolean;
  /** As it tells itself. */
  readonly lifetimeMs: number | undefined;
  /** What its reference tells, of ours: its list, and the commit and line that it was written for. */
  readonly list: string | undefined;
  readonly revision: string | undefined;
  readonly place: string | undefined;
  readonly links: readonly { readonly id: string; readonly feed: string }[];
}

/** Others' judgements on one address may be hundreds; each costs a request for its links. */
const FOREIGN_MAX = 20;

/** All on this observable that we may read, dead ones included, the live ones first. */
export async function judgementsOn(
  client: CtiaClient,
  self: { readonly owner: string; readonly organisation: string },
  observable: Observable,
  feeds: readonly KnownFeed[],
): Promise<{ judgements: KnownJudgement[]; foreignLeftOut: number }> {
  const now = client.serverNow();
  const feedOf = new Map(feeds.map((feed) => [feed.indicatorId, feedKey(feed)]));
  // CTIA folds case.
  const found = (await client.judgementsOn(observable))
    .filter((stored) => sameObservable(stored.observable as Observable, observable))
    .map((stored) => known(self, stored, now));
  const latestFirst = found.sort((a, b) => Number(b.live) - Number(a.live) || b.start - a.start);
  const foreign = latestFirst.filter(({ ours }) => !ours);
  const shown = [...latestFirst.filter(({ ours }) => ours), ...foreign.slice(0, FOREIGN_MAX)];
  const judgements: KnownJudgement[] = [];
  for (const judgement of shown) {
    const links = (await client.allLinksFrom(judgement.id)).flatMap(({ id, relationship_type, target_ref }) => {
      const feed = relationship_type === LINK_TYPE ? feedOf.get(target_ref) : undefined;
      return feed === undefined ? [] : [{ id, feed }];
    });
    judgements.push({ ...judgement, links });
  }
  return { judgements, foreignLeftOut: found.length - shown.length };
}

function known(
  { owner, organisation }: { readonly owner: string; readonly organisation: string },
  stored: StoredJudgement,
  now: number,
): KnownJudgement {
  const { id, disposition, priority, source, reason, source_uri: uri, external_references: references } = stored;
  const ours = isOwned(owner, stored.externalIds) && stored.groups.includes(organisation);
  const { start, end } = timesOf(stored);
  const lifetime = ours ? lifetimeText({ references }) : undefined;
  const said = ours ? (references[0]?.external_id ?? '') : '';
  const [revision, place] = /^([^:]+):(.+)$/.exec(said)?.slice(1) ?? [];
  return {
    ...{ id, ours, created: Date.parse(stored.created), start, end, priority, source, reason, uri, revision, place },
    live: isLive({ start, end }, now),
    disposition: DISPOSITIONS[disposition],
    lifetimeMs: lifetime === undefined ? undefined : toldLifetime(lifetime),
    once: stored.externalIds.some((it) => it.startsWith(`${owner}-once-`)),
    list: ours ? listOf({ references }) : undefined,
    links: [],
  };
}
