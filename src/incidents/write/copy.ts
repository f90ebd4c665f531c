import type { CtiaClient } from '../../ctia/client.ts';
import type { StoredEntity } from '../../ctia/stored.ts';
import { asWritten, type Bundle, type Entity, type Plural, pluralOf } from '../../ctim/bundle.ts';
import { LINK_TYPE } from '../../ctim/feed.ts';
import { type IncidentReading, partsOf } from '../read/reading.ts';
import type { Draft } from './draft.ts';

export interface Copy {
  readonly drafts: readonly Draft[];
  readonly leftOut: readonly { readonly id: string; readonly why: string }[];
}

/**
 * An incident as drafts, to be built and imported elsewhere: it, what is related to it, what that leads to (the indicators of
 * its sightings), and all relationships between these. Ids of ours keep their h, so that a second copy makes nothing new.
 */
export async function copyOf(
  client: CtiaClient,
  reading: IncidentReading,
  relations: readonly StoredEntity[],
): Promise<Copy> {
  const root = reading.incident as unknown as StoredEntity;
  const entities = new Map<string, StoredEntity>([root, ...partsOf(reading)].map((it) => [it.id, it]));
  const leftOut: { id: string; why: string }[] = reading.gone.map((id) => ({ id, why: 'it is gone' }));
  for (const id of reading.cases) leftOut.push({ id, why: 'casebooks and investigations are in no bundle' });
  // A feed's indicator is of its tenant: what is `element-of` it is published there, by a sync of that tenant alone.
  const wanted = relations.filter(({ relationship_type: type }) => type !== LINK_TYPE);
  for (const { id, found } of await further(client, wanted, entities)) {
    if (found === undefined) leftOut.push({ id, why: 'it is no part of this incident, or cannot be read' });
    else entities.set(id, found);
  }
  const drafts: Draft[] = [...entities.values()].map((entity) => draftOf(entity));
  for (const relation of [...reading.relationships, ...wanted]) {
    const isWhole = [relation.source_ref, relation.target_ref].every((end) => entities.has(String(end)));
    if (isWhole) drafts.push(draftOf(relation));
  }
  return { drafts, leftOut };
}

/** What relationships lead to besides what is known: other incidents are none of this one. */
async function further(
  client: CtiaClient,
  relations: readonly StoredEntity[],
  known: ReadonlyMap<string, StoredEntity>,
): Promise<{ id: string; found: StoredEntity | undefined }[]> {
  const ids = new Map<Plural, Set<string>>();
  const outside: string[] = [];
  for (const { target_ref: target } of relations) {
    const id = String(target);
    const plural = pluralOf(id);
    if (known.has(id)) continue;
    if (plural === undefined || plural === 'incidents') outside.push(id);
    else ids.set(plural, (ids.get(plural) ?? new Set()).add(id));
  }
  const all: { id: string; found: StoredEntity | undefined }[] = outside.map((id) => ({ id, found: undefined }));
  for (const [plural, some] of ids) {
    const { found } = await client.entitiesById(plural, [...some]);
    for (const id of some) all.push({ id, found: found.find((entity) => entity.id === id) });
  }
  return all;
}

/** What marks the feeds, holds and state of a tenant is true there alone. */
const OF_A_TENANT = /^[a-z][a-z0-9]{2,31}-(?:indicator|feed|hold|state)(?:-|$)/;

function draftOf(stored: StoredEntity): Draft {
  const { type: _, ...entity } = asWritten(stored);
  // Without an id of its own, the one it has there makes it the same thing.
  const ids = (entity.external_ids ?? []).filter((id) => !OF_A_TENANT.test(id));
  const external_ids = ids.length > 0 ? ids : [stored.id];
  return {
    plural: pluralOf(stored.id) ?? 'relationships',
    entity: { ...entity, external_ids } as Entity,
    label: stored.id,
    where: stored.id,
  };
}

/** The same as a file that `incident create` takes: relationships name what they relate by its id where it was read. */
export function bundleOfCopy({ drafts }: Copy): Bundle {
  const collections: Partial<Record<Plural, Entity[]>> = {};
  for (const { plural, entity, label } of drafts) {
    const list = collections[plural] ?? [];
    collections[plural] = list;
    list.push({ ...(label !== undefined && { id: label }), ...entity });
  }
  return { type: 'bundle', source: 'ctim-feeds', ...collections };
}
