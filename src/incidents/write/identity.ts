import { hash } from 'node:crypto';
import { BUNDLE_KINDS, type Entity, type Plural } from '../../ctim/bundle.ts';
import { incidentPartId, ownedId } from '../../ctim/external-id.ts';

/** Of whatever owner: what is copied keeps what makes it the same thing. */
const PART_ID = /^[a-z][a-z0-9]{2,31}-(?:incident|sighting|member|evidence)-([0-9a-f]{64})$/;

/** The mark of an owner: it is on all that he made. */
const OWNED = /^[a-z][a-z0-9]{2,31}-owned$/;

/**
 * **h** of an entity of an incident, the SHA-256 of what makes it the same thing:
 *
 *   it bears an id of ours        the h of that: it was read from somewhere, or moved
 *   it bears another id           its kind and that id: its author knows what is the same
 *   an incident with a title      source, title, and when it was opened
 *   anything else                 all that it says, and the incident that it is of
 *
 * A sighting in which anything was changed is another sighting therefore, unless its author gave it an id.
 */
export function partHash(plural: Plural, entity: Entity, incident: string | undefined): string {
  const ids = entity.external_ids ?? [];
  for (const id of ids) {
    const h = PART_ID.exec(id)?.[1];
    if (h !== undefined) return h;
  }
  const kind = BUNDLE_KINDS[plural];
  const [own] = withoutMarks(ids);
  if (own !== undefined) return sha256([kind, own]);
  if (plural === 'incidents' && entity.title !== undefined) {
    const opened = (entity.incident_time as { opened?: string } | undefined)?.opened;
    return sha256([kind, entity.source ?? null, entity.title, opened ?? null]);
  }
  return sha256([kind, incident ?? null, sorted(entity)]);
}

/** Of a relationship: what it says of which two. */
export function memberHash(type: string, source: string, target: string): string {
  return sha256(['relationship', type, source, target]);
}

/** All external ids that it is to bear: ours, the mark, and what its author gave it. */
export function partIds(owner: string, plural: Plural, h: string, own: readonly string[] = []): string[] {
  return [incidentPartId(owner, plural, h), ownedId(owner), ...withoutMarks(own)];
}

/** What the product marks entries of lists by: borne by an incident's thing, a sync would take it for its own. */
const OF_SYNC = /^[a-z][a-z0-9]{2,31}-(?:judgement|entry|once|link)-[0-9a-f]{64}/;

/** The ids that an author gave, without those that say whose a thing is. */
export function withoutMarks(ids: readonly string[]): string[] {
  return ids.filter((id) => ![PART_ID, OWNED, OF_SYNC].some((pattern) => pattern.test(id)));
}

/** An id that begins like ours and is none of an incident's would make a thing something else: the state, a hold, a feed. */
export function forgedId(owner: string, ids: readonly string[] = []): string | undefined {
  return withoutMarks(ids).find((id) => id.startsWith(`${owner}-`));
}

function sha256(what: unknown): string {
  return hash('sha256', JSON.stringify(what));
}

/** Keys in one order, whatever order a file has them in. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, sorted(item)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
