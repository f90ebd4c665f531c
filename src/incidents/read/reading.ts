import type { CtiaClient } from '../../ctia/client.ts';
import type { StoredEntity, StoredIncident, StoredSighting } from '../../ctia/stored.ts';
import { storedSighting } from '../../ctia/stored.ts';
import { type Plural, pluralOf } from '../../ctim/bundle.ts';

/** An incident with all that is related to it, as the tenant has it. */
export interface IncidentReading {
  readonly incident: StoredIncident;
  /** Every relationship that ends at the incident. */
  readonly relationships: readonly StoredEntity[];
  /** What they begin at, by kind. Sightings in the order in which they were seen. */
  readonly sightings: readonly StoredSighting[];
  readonly others: ReadonlyMap<Plural, readonly StoredEntity[]>;
  /** Long ids of casebooks and investigations: they are no part of it, and no bundle carries them. */
  readonly cases: readonly string[];
  /** What relationships begin at and is gone. */
  readonly gone: readonly string[];
  /** So many more are there, and are not ours to read. */
  readonly unreadable: number;
}

/** From its id: the relationships that end at it, page by page to the last, then everything that they begin at. */
export async function readIncident(client: CtiaClient, id: string): Promise<IncidentReading> {
  const incident = await client.incidentById(id);
  const relationships = await client.allRelationshipsTo(incident.id);
  const sources = new Map<Plural | undefined, Set<string>>();
  for (const { source_ref: source } of relationships) {
    const plural = pluralOf(String(source));
    sources.set(plural, (sources.get(plural) ?? new Set()).add(String(source)));
  }
  const found = new Map<Plural, StoredEntity[]>();
  const gone: string[] = [];
  let unreadable = 0;
  for (const [plural, ids] of sources) {
    if (plural === undefined) continue;
    const read = await client.entitiesById(plural, [...ids]);
    found.set(plural, read.found);
    const there = new Set(read.found.map((entity) => entity.id));
    const missing = [...ids].filter((one) => !there.has(one));
    unreadable += read.unreadable;
    // A bulk read does not say which of the missing ones are there and closed to us.
    if (read.unreadable === 0) gone.push(...missing);
  }
  const { sightings = [], ...rest } = Object.fromEntries(found) as Partial<Record<Plural, StoredEntity[]>>;
  return {
    ...{ incident, relationships, gone, unreadable },
    sightings: sightings.map(storedSighting).sort(bySeen),
    others: new Map(Object.entries(rest) as [Plural, StoredEntity[]][]),
    cases: [...(sources.get(undefined) ?? [])],
  };
}

/** The parts of it that no relationship to the incident tells of: what its sightings and judgements lead to, and where it leads itself. */
export async function readRelations(client: CtiaClient, reading: IncidentReading): Promise<StoredEntity[]> {
  const known = new Set(reading.relationships.map(({ id }) => id));
  const from = await client.allRelationshipsFrom([reading.incident.id, ...partsOf(reading).map(({ id }) => id)]);
  return from.filter(({ id }) => !known.has(id));
}

/** Everything that is related to it, whatever its kind. */
export function partsOf({ sightings, others }: IncidentReading): StoredEntity[] {
  return [...(sightings as readonly unknown[] as readonly StoredEntity[]), ...[...others.values()].flat()];
}

function bySeen(a: StoredSighting, b: StoredSighting): number {
  const [x, y] = [a.observed_time.start_time, b.observed_time.start_time];
  return x < y || (x === y && a.id < b.id) ? -1 : 1;
}
