import type { CtiaClient } from '../ctia/client.ts';
import type { StoredIndicator, StoredJudgement, StoredRelationship } from '../ctia/stored.ts';
import { generationOf, isOnce, isOwned, ownedId, stateId } from '../ctim/external-id.ts';
import { LINK_TYPE } from '../ctim/feed.ts';
import type { JudgementDocument } from '../ctim/judgement.ts';
import type { ObservableType } from '../ctim/observable.ts';
import { toldLifetime } from '../lists/lifetime.ts';
import { type Actual, type ActualJudgement, type ActualLink, timesOf } from '../plan/actual.ts';
import { lifetimeText, wordsOf } from '../plan/documents.ts';
import { makeJudgementColumns } from '../plan/judgement-columns.ts';
import { type LinkColumns, makeLinkColumns } from '../plan/link-columns.ts';

/** Who reads: what is ours bears the owner's mark and belongs to our organisation. */
export interface Self {
  readonly owner: string;
  readonly organisation: string;
}

/** What was last applied, from where, and when; as the state indicator tells it. */
export interface State {
  readonly id: string;
  readonly revision: string;
  readonly repository: string | undefined;
  readonly writtenAt: string;
}

/**
 * Everything that this owner holds, dead ones included: links first, then judgements, each page by page to the last.
 * A pair made between the two reads shows as a judgement without a link. The plan then links it again under the same
 * external id, which CTIA answers with `exists`: no harm done.
 */
export async function readActual(client: CtiaClient, self: Self): Promise<Actual> {
  const shared = makeInterner();
  const links = makeLinkColumns();
  for await (const page of client.pagesByExternalId('relationship', ownedId(self.owner))) {
    for (const stored of page) noteLink(links, self, stored, shared);
  }
  const judgements = makeJudgementColumns();
  for await (const page of client.pagesByExternalId('judgement', ownedId(self.owner))) {
    for (const stored of page) {
      const bare = actualJudgement(self, stored, [], shared);
      if (bare !== undefined) judgements.add({ ...bare, links: links.take(stored.id).map(({ link }) => link) });
    }
  }
  const dangling = new Map<string, ActualLink[]>();
  for (const { h, link } of links.rest()) dangling.set(h, [...(dangling.get(h) ?? []), link]);
  return { judgements, dangling };
}

export function isOurs(
  { owner, organisation }: Self,
  stored: { externalIds: readonly string[]; groups: readonly string[] },
): boolean {
  return isOwned(owner, stored.externalIds) && stored.groups.includes(organisation);
}

/** All indicators of ours: of channels, the state, holds. One request. */
export async function readOwnIndicators(client: CtiaClient, self: Self): Promise<StoredIndicator[]> {
  return (await client.allByExternalId('indicator', ownedId(self.owner))).filter((it) => isOurs(self, it));
}

export function stateOf(owner: string, indicators: readonly StoredIndicator[]): State | undefined {
  const stored = indicators.find(({ externalIds }) => externalIds.includes(stateId(owner)));
  return (
    stored && {
      id: stored.id,
      revision: stored.short_description ?? 'unknown',
      repository: stored.source_uri,
      writtenAt: stored.modified,
    }
  );
}

function noteLink(links: LinkColumns, self: Self, stored: StoredRelationship, shared: Interner): void {
  const generation = generationOf(self.owner, 'link', stored.externalIds);
  if (!isOurs(self, stored) || generation === undefined || stored.relationship_type !== LINK_TYPE) return;
  const note = {
    h: generation.h,
    link: { id: stored.id, g: generation.g, target: shared(stored.target_ref), tlp: stored.tlp },
  };
  links.add(stored.source_ref, note);
}

export function actualJudgement(
  self: Self,
  stored: StoredJudgement,
  links: readonly { link: ActualLink }[],
  shared: Interner,
): ActualJudgement | undefined {
  if (!isOurs(self, stored)) return undefined;
  const judgement = judgementSaid(
    self.owner,
    stored.id,
    { ...stored, external_ids: stored.externalIds },
    links.map(({ link }) => link),
  );
  return judgement && { ...judgement, words: shared(judgement.words) };
}

type Said = Parameters<typeof wordsOf>[0] &
  Pick<JudgementDocument, 'valid_time' | 'external_references'> & {
    observable: { type: string; value: string };
    external_ids: readonly string[];
  };

/** What a document of ours makes of a judgement, whether CTIA returned it or we sent it and were told that it is written. */
export function judgementSaid(
  owner: string,
  id: string,
  document: Said,
  links: readonly ActualLink[],
): ActualJudgement | undefined {
  const { external_ids: externalIds, external_references: references, observable } = document;
  const generation = generationOf(owner, 'judgement', externalIds);
  if (generation === undefined) return undefined;
  const said = lifetimeText({ references });
  return {
    id,
    ...generation,
    observable: { type: observable.type as ObservableType, value: observable.value },
    words: wordsOf(document),
    ...timesOf(document),
    once: isOnce(owner, generation.h, externalIds),
    lifetimeMs: said === undefined ? undefined : toldLifetime(said),
    references,
    links,
  };
}

/** Of what is equal, one. A hundred thousand judgements of one list say the same words and are linked to one indicator. */
export type Interner = <T>(value: T) => T;

export function makeInterner(): Interner {
  const known = new Map<string, unknown>();
  return <T>(value: T): T => {
    const key = typeof value === 'string' ? value : JSON.stringify(value);
    const found = known.get(key);
    if (found !== undefined) return found as T;
    known.set(key, value);
    return value;
  };
}
