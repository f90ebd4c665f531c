import { isCtiaError } from '../../ctia/error.ts';
import type { ImportResult } from '../../ctia/results.ts';
import type { StoredEntity } from '../../ctia/stored.ts';
import type { Entity } from '../../ctim/bundle.ts';
import { isOwned } from '../../ctim/external-id.ts';
import type { ObservedTime } from '../../ctim/sighting.ts';
import type { Part } from './build.ts';
import type { ImportWork } from './import.ts';

const DOCUMENTS_MAX = 1000;

/**
 * An import changes nothing, and a log that is still written to says more each time. Sightings of ours that were there and of
 * which more is known now (a higher count) are replaced in place; what somebody else counted higher stays. Returns the
 * transient ids of those that are as sent now. A token that may not replace in bulk leaves them as they are.
 */
export async function grow(
  { client, exclusively, owner }: Pick<ImportWork, 'client' | 'exclusively' | 'owner'>,
  parts: readonly Part[],
  results: ReadonlyMap<string, ImportResult>,
): Promise<ReadonlySet<string>> {
  const there = new Map<string, Part>();
  for (const part of parts) {
    const answer = results.get(part.entity.id);
    if (part.grows && answer?.result === 'exists') there.set(answer.id, part);
  }
  const { found } = await client.entitiesById('sightings', [...there.keys()]);
  const documents = found.flatMap((stored) => {
    const part = there.get(stored.id);
    if (part === undefined || !isOwned(owner, stored.external_ids) || countOf(part.entity) <= countOf(stored))
      return [];
    return [{ ...part.entity, id: stored.id, observed_time: earliest(stored, part) }];
  });
  const grown = new Set<string>();
  for (let at = 0; at < documents.length; at += DOCUMENTS_MAX) {
    const some = documents.slice(at, at + DOCUMENTS_MAX);
    try {
      const { done } = await exclusively(() => client.replaceEntities('sightings', some));
      for (const id of done) grown.add(there.get(id)?.entity.id ?? '');
    } catch (error) {
      if (isCtiaError(error, 'capability')) return grown;
      throw error;
    }
  }
  return grown;
}

/** The file that began it may be rotated away: what was seen first stays the first. */
function earliest(stored: StoredEntity, { entity }: Part): ObservedTime {
  const [was, is] = [stored.observed_time as ObservedTime, entity.observed_time as ObservedTime];
  return was.start_time < is.start_time ? { ...is, start_time: was.start_time } : is;
}

function countOf({ count }: Entity): number {
  return typeof count === 'number' ? count : 1;
}
