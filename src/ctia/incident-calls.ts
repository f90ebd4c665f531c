import type { Bundle, Entity, Plural } from '../ctim/bundle.ts';
import { type Answer, jsonOf } from './answer.ts';
import { anyOf, perSearch } from './any-of.ts';
import { pathOf, type ReadById } from './by-id.ts';
import { isCtiaError } from './error.ts';
import type { Stored } from './pages.ts';
import { type BulkResult, bulkResult, type ImportResults, importResults } from './results.ts';
import {
  type StoredEntity,
  type StoredIncident,
  type StoredJudgement,
  type StoredSighting,
  storedEntity,
  storedIncident,
  storedJudgement,
  storedSighting,
} from './stored.ts';

/**
 * Where bundles and incidents are written: in CTIA itself, or by Cisco's newer path on the visibility host, which has
 * imports, incidents one by one and bulk DELETE. All else is asked of CTIA in both cases.
 */
export type IncidentBase = 'ctia' | 'private-intel';

export const PRIVATE_INTEL = '/iroh/private-intel';

interface Requests {
  readonly base: IncidentBase;
  read(path: string): Promise<Answer>;
  write(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, document: unknown): Promise<unknown>;
  create(path: string, document: unknown): Promise<unknown>;
  pages<K extends keyof Stored>(kind: K, route: string): AsyncGenerator<Stored[K][]>;
  byId(kind: Plural, ids: readonly string[]): Promise<ReadById>;
}

/** What is said of sightings, incidents and whatever hangs on them. */
export function makeIncidentCalls({ base, read, write, create, pages, byId }: Requests) {
  const at = (path: string) => (base === 'ctia' ? path : path.replace(/^\/ctia/, PRIVATE_INTEL));

  async function all<K extends keyof Stored>(kind: K, route: string): Promise<Stored[K][]> {
    const records: Stored[K][] = [];
    for await (const page of pages(kind, route)) records.push(...page);
    return records;
  }

  return {
    /** As `importBundle`, where incidents are written. */
    async importIncident(bundle: Bundle, externalKeyPrefixes: string): Promise<ImportResults> {
      const query = `external-key-prefixes=${encodeURIComponent(externalKeyPrefixes)}`;
      return importResults(await write('POST', `${at('/ctia/bundle/import')}?${query}`, bundle));
    },

    async incidentById(id: string): Promise<StoredIncident> {
      const path = at(pathOf(id));
      return storedIncident(jsonOf(`GET ${path}`, await read(path)));
    },

    /** CTIA sets the times that follow from it. The newer path has no route for it, and the same happens there by PATCH. */
    async setIncidentStatus(id: string, status: string): Promise<StoredIncident> {
      const path = pathOf(id);
      const answer =
        base === 'ctia'
          ? await write('POST', `${path}/status`, { status })
          : await write('PATCH', `${at(path)}?wait_for=true`, { status });
      return storedIncident(answer);
    },

    /** Relates a casebook or an investigation to an incident. Each call makes another relationship. */
    async linkCase(incidentId: string, body: { casebook_id: string } | { investigation_id: string }): Promise<void> {
      await create(`${pathOf(incidentId)}/link`, body);
    },

    /** Every entity of one kind that the filters let through, whole, with what others made. */
    searchPages: <K extends 'incident' | 'sighting' | 'judgement'>(
      kind: K,
      filters: Readonly<Record<string, string>>,
    ) => pages(kind, `/ctia/${kind}/search?${new URLSearchParams(filters)}`),

    /** Every relationship that ends at this entity. */
    allRelationshipsTo: (id: string) => all('entity', `/ctia/relationship/search?target_ref=${encodeURIComponent(id)}`),

    /** Every relationship that begins at any of these. */
    async allRelationshipsFrom(ids: readonly string[]): Promise<StoredEntity[]> {
      const found: StoredEntity[] = [];
      for (const some of perSearch(ids)) {
        const query = encodeURIComponent(`source_ref:${anyOf(some)}`);
        found.push(...(await all('entity', `/ctia/relationship/search?query=${query}`)));
      }
      return found;
    },

    /** Everything of a kind that bears this external id, whole. CTIA folds case here, so the caller compares again. */
    entitiesByExternalId: (kind: string, externalId: string) =>
      all('entity', `/ctia/${kind}/external_id/${encodeURIComponent(externalId)}`),

    /** Those of these ids that we may read, whole; what is missing is gone, or counted as not ours to read. */
    async entitiesById(kind: Plural, ids: readonly string[]): Promise<{ found: StoredEntity[]; unreadable: number }> {
      const { found, unreadable } = await byId(kind, ids);
      return { found: found.map(storedEntity), unreadable };
    },

    /** Whether the base answers at all: asked for an incident that nobody has. */
    async hasIncidents(): Promise<boolean> {
      try {
        await read(at('/ctia/incident/incident-00000000-0000-4000-8000-000000000000'));
      } catch (error) {
        if (isCtiaError(error, 'wrong-host')) return false;
        if (!isCtiaError(error, 'not-found')) throw error;
      }
      return true;
    },

    async sightingById(id: string): Promise<StoredSighting> {
      return storedSighting(jsonOf(`GET ${pathOf(id)}`, await read(pathOf(id))));
    },

    async judgementById(id: string): Promise<StoredJudgement> {
      return storedJudgement(jsonOf(`GET ${pathOf(id)}`, await read(pathOf(id))));
    },

    async entityById(id: string): Promise<StoredEntity> {
      return storedEntity(jsonOf(`GET ${pathOf(id)}`, await read(pathOf(id))));
    },

    /** Replaces whole documents in place. One bad document is a 400 for all of them. */
    async replaceEntities(kind: Plural, entities: readonly Entity[]): Promise<BulkResult> {
      return bulkResult(await write('PUT', '/ctia/bulk?wait_for=true', { [kind]: entities }), kind, 'updated');
    },

    /** Deletes by id, several kinds at once; never by a search, which reaches other owners' records. */
    async removeEntities(ids: Partial<Record<Plural, readonly string[]>>): Promise<BulkResult> {
      const body = await write('DELETE', `${at('/ctia/bulk')}?wait_for=true`, ids);
      return mergedResults((Object.keys(ids) as Plural[]).map((plural) => bulkResult(body, plural, 'deleted')));
    },
  };
}

export function mergedResults(results: readonly BulkResult[]): BulkResult {
  const merged = (part: keyof BulkResult) => new Set(results.flatMap((result) => [...result[part]]));
  return {
    done: merged('done'),
    notFound: merged('notFound'),
    forbidden: merged('forbidden'),
    failed: merged('failed'),
  };
}
