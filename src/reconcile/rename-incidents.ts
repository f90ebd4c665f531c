import type { CtiaClient } from '../ctia/client.ts';
import type { StoredEntity } from '../ctia/stored.ts';
import { asWritten, BUNDLE_KINDS, PLURALS, type Plural } from '../ctim/bundle.ts';
import { isIncidentPart, ownedId, renamedIds } from '../ctim/external-id.ts';
import { isOurs, type Self } from './actual.ts';

/** What belongs to incidents, of whatever kind, whole: of it nothing is known here but its ids. */
export interface IncidentPart {
  readonly plural: Plural;
  readonly entity: StoredEntity;
}

export async function readIncidentParts(client: CtiaClient, self: Self): Promise<IncidentPart[]> {
  const parts: IncidentPart[] = [];
  for (const plural of PLURALS) {
    for (const entity of await client.entitiesByExternalId(BUNDLE_KINDS[plural], ownedId(self.owner))) {
      const { external_ids: externalIds, groups } = entity;
      if (isIncidentPart(self.owner, externalIds) && isOurs(self, { externalIds, groups }))
        parts.push({ plural, entity });
    }
  }
  return parts;
}

const DOCUMENTS_MAX = 1000;

/** In place, with other ids and nothing else. Returns how many are the new owner's now; the same once more does what is left. */
export async function renameIncidentParts(
  { client, exclusively }: { client: CtiaClient; exclusively: <T>(work: () => Promise<T>) => Promise<T> },
  parts: readonly IncidentPart[],
  from: string,
  to: string,
): Promise<number> {
  let renamed = 0;
  for (const plural of PLURALS) {
    const documents = parts
      .filter((part) => part.plural === plural)
      .map(({ entity }) => ({
        ...asWritten(entity),
        id: entity.id,
        external_ids: renamedIds(entity.external_ids, from, to),
      }));
    for (let at = 0; at < documents.length; at += DOCUMENTS_MAX) {
      const some = documents.slice(at, at + DOCUMENTS_MAX);
      renamed += (await exclusively(() => client.replaceEntities(plural, some))).done.size;
    }
  }
  return renamed;
}
