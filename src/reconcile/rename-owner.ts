import type { CtiaClient } from '../ctia/client.ts';
import { isCtiaError } from '../ctia/error.ts';
import type { StoredFeed, StoredIndicator, StoredJudgement, StoredRelationship } from '../ctia/stored.ts';
import { isIncidentPart, movingStateId, ownedId, renamedIds, stateId } from '../ctim/external-id.ts';
import { type FeedDocument, type IndicatorDocument, LINK_TYPE, type LinkDocument } from '../ctim/feed.ts';
import { DISPOSITIONS, type JudgementDocument } from '../ctim/judgement.ts';
import type { Observable } from '../ctim/observable.ts';
import type { Clock } from '../runtime/clock.ts';
import { isOurs } from './actual.ts';
import { makeApplyContext } from './apply.ts';
import { type Fate, judgementsPut, linksPut, type Put, putUntilKnown } from './put-documents.ts';
import { type IncidentPart, readIncidentParts, renameIncidentParts } from './rename-incidents.ts';

/**
 * Everything of one owner becomes another's, in place: whole documents with other external ids and nothing else, so that no
 * value leaves a feed and no URL changes. An entry's h is of no owner, so the new owner's next plan finds all of it as its own.
 *
 *   the state            to neither owner: whichever runs meanwhile is at first contact, and held
 *   feeds, indicators    one by one
 *   of incidents         whole, in bulk; they are in no feed, and no sync reads them
 *   judgements, links    in bulk; what is refused stays the old owner's, lapses by itself, and the next sync makes it anew
 *   the state            to the new owner, once nothing is left of which it is not known what became of it
 *
 * Whatever stops it on the way, the same once more goes on from there: it reads what still bears the old mark.
 */
export interface RenameWork {
  readonly client: CtiaClient;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly from: string;
  readonly to: string;
  /** Runs its argument as the only writer of the old owner. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
}

export interface OwnedByOld {
  readonly judgements: readonly StoredJudgement[];
  readonly links: readonly StoredRelationship[];
  readonly indicators: readonly StoredIndicator[];
  readonly feeds: readonly StoredFeed[];
  readonly of_incidents: readonly IncidentPart[];
}

export interface Renamed {
  readonly judgements: number;
  readonly links: number;
  /** Of incidents: sightings, evidence, relationships and the incidents. */
  readonly ofIncidents: number;
  /** Why bulk PUT is closed to this token: judgements and links stay, and lapse. */
  readonly lacking: string | undefined;
  /** What CTIA refused; the old owner's until it lapses. */
  readonly refused: readonly string[];
  /** Of so many it is not known what became: to be done once more. */
  readonly unknown: number;
}

/** Why it cannot be done, for a person. Nothing was changed. */
export class RenameRefused extends Error {
  override readonly name = 'RenameRefused';
}

export async function readOwnedBy(client: CtiaClient, from: string, to: string): Promise<OwnedByOld> {
  const { organisation } = await client.identity();
  const [old, fresh] = [from, to].map((owner) => ({ owner, organisation }));
  if (old === undefined || fresh === undefined) throw new Error('two owners');
  const mine = <T extends { externalIds: readonly string[]; groups: readonly string[] }>(those: readonly T[]) =>
    those.filter((it) => isOurs(old, it) && !isIncidentPart(from, it.externalIds));
  const mark = ownedId(from);
  const owned: OwnedByOld = {
    indicators: mine(await client.allByExternalId('indicator', mark)),
    feeds: mine(await client.allByExternalId('feed', mark)),
    judgements: mine(await client.allByExternalId('judgement', mark)),
    links: mine(await client.allByExternalId('relationship', mark)).filter((it) => it.relationship_type === LINK_TYPE),
    of_incidents: await readIncidentParts(client, old),
  };
  if (Object.values(owned).every(({ length }) => length === 0))
    throw new RenameRefused(`nothing in this tenant bears the mark of owner ${from}`);
  if ((await client.allByExternalId('indicator', stateId(to))).some((it) => isOurs(fresh, it)))
    throw new RenameRefused(
      `owner ${to} has applied lists to this tenant already: what is ${from}'s cannot become its own. Set the owner in settings.yaml back to ${from}, or choose a name that was never used`,
    );
  return owned;
}

export async function renameOwner(work: RenameWork, owned: OwnedByOld): Promise<Renamed> {
  const { client, clock, from, to, signal, exclusively } = work;
  const { organisation } = await client.identity();
  const context = makeApplyContext({
    client,
    clock,
    signal,
    self: { owner: to, organisation },
    revision: '',
    indicators: new Map(),
  });
  const isState = ({ externalIds }: StoredIndicator) =>
    externalIds.includes(stateId(from)) || externalIds.includes(movingStateId(from, to));
  const state = owned.indicators.find(isState);
  if (state)
    await exclusively(() =>
      client.replaceIndicator(state.id, indicatorOf(state, [movingStateId(from, to), ownedId(from)], to)),
    );
  for (const it of owned.indicators)
    if (it !== state)
      await exclusively(() =>
        client.replaceIndicator(it.id, indicatorOf(it, renamedIds(it.externalIds, from, to), to)),
      );
  for (const feed of owned.feeds)
    await exclusively(() => client.replaceFeed(feed.id, feedOf(feed, renamedIds(feed.externalIds, from, to))));

  const judgements = owned.judgements.map((it) => judgementOf(it, renamedIds(it.externalIds, from, to)));
  const links = owned.links.map((it) => linkOf(it, renamedIds(it.externalIds, from, to), to));
  const locked = <D>(put: Put<D>): Put<D> => ({
    ...put,
    send: (documents) => exclusively(() => put.send(documents)),
  });
  let fates: ReadonlyMap<string, Fate> = new Map();
  let lacking: string | undefined;
  let ofIncidents = 0;
  try {
    const put = [
      await putUntilKnown(context, locked(judgementsPut(context)), judgements),
      await putUntilKnown(context, locked(linksPut(context)), links),
    ];
    fates = new Map(put.flatMap((it) => [...it]));
    ofIncidents = await renameIncidentParts(work, owned.of_incidents, from, to);
  } catch (error) {
    if (!isCtiaError(error, 'capability')) throw error;
    lacking = error.message;
  }
  const unknown = [...fates.values()].filter((fate) => fate === 'unknown').length;
  if (state && unknown === 0)
    await exclusively(() => client.replaceIndicator(state.id, indicatorOf(state, [stateId(to), ownedId(to)], to)));
  return {
    judgements: judgements.filter(({ id }) => fates.get(id) === 'done').length,
    links: links.filter(({ id }) => fates.get(id) === 'done').length,
    ofIncidents,
    lacking,
    refused: judgements.flatMap((it) => {
      const fate = fates.get(it.id);
      if (fate !== 'forbidden' && typeof fate !== 'object') return [];
      const why = typeof fate === 'object' ? fate.refused : 'not ours to write';
      return [`${it.observable.value}: ${why}; it lapses ${it.valid_time.end_time}`];
    }),
    unknown,
  };
}

function judgementOf(stored: StoredJudgement, external_ids: string[]): JudgementDocument & { id: string } {
  const { id, source_uri, reason, disposition } = stored;
  return {
    id,
    external_ids,
    observable: stored.observable as Observable,
    disposition,
    disposition_name: DISPOSITIONS[disposition],
    source: stored.source,
    ...(source_uri !== undefined && { source_uri }),
    ...(reason !== undefined && { reason }),
    priority: stored.priority,
    severity: stored.severity,
    confidence: stored.confidence,
    tlp: stored.tlp,
    valid_time: stored.valid_time,
    external_references: stored.external_references,
  };
}

function linkOf(stored: StoredRelationship, external_ids: string[], to: string): LinkDocument & { id: string } {
  const { id, source_ref, target_ref, tlp } = stored;
  return { id, external_ids, relationship_type: LINK_TYPE, source_ref, target_ref, source: to, tlp };
}

function indicatorOf(stored: StoredIndicator, external_ids: string[], to: string): IndicatorDocument {
  const { producer, title = '', short_description, description, source, source_uri, tlp } = stored;
  return {
    external_ids,
    producer,
    title,
    ...(short_description !== undefined && { short_description }),
    ...(description !== undefined && { description }),
    ...(source_uri !== undefined && { source_uri }),
    ...(source !== undefined && { source: to }),
    tlp,
  };
}

function feedOf({ title = '', indicator_id = '', lifetime, tlp }: StoredFeed, external_ids: string[]): FeedDocument {
  const { start_time = '', end_time = '' } = lifetime ?? {};
  return {
    external_ids,
    feed_type: 'indicator',
    output: 'observables',
    title,
    indicator_id,
    lifetime: { start_time, end_time },
    tlp,
  };
}
