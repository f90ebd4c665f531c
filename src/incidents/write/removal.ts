import { CtiaError, isCtiaError } from '../../ctia/error.ts';
import type { StoredEntity } from '../../ctia/stored.ts';
import { type Plural, pluralOf } from '../../ctim/bundle.ts';
import { isIncidentPart, isOwned } from '../../ctim/external-id.ts';
import { MINUTE } from '../../runtime/clock.ts';
import { type IncidentReading, partsOf } from '../read/reading.ts';
import type { ImportWork } from './import.ts';

export interface Owning {
  readonly owner: string;
  readonly organisation: string;
  /** A person said that what others made may go as well. */
  readonly force: boolean;
}

/** One thing with the relationships that begin at it: they go in one request, so that none is left that leads to nothing. */
export interface Removable {
  readonly plural: Plural;
  readonly id: string;
  readonly relationships: readonly string[];
}

export interface RemovalPlan {
  /** The incident last: while it is there, what is left of it is found again. */
  readonly removes: readonly Removable[];
  readonly keeps: readonly { readonly id: string; readonly why: string }[];
}

/**
 * What goes with an incident:
 *
 *   a thing made for incidents by us, that no other incident is related to   goes, with its relationships
 *   one that another incident is related to                                  stays, without the relationship to this one
 *   what is under sync, a feed's indicator, casebooks                        stays, without that relationship
 *   what others made                                                         stays as it is, unless forced
 */
export function planRemoval(
  reading: IncidentReading,
  relations: readonly StoredEntity[],
  owning: Owning,
): RemovalPlan | { readonly refused: string } {
  const { incident, relationships } = reading;
  if (!mayGo(incident, owning))
    return {
      refused: `${incident.id} is not ours (made by ${incident.owner ?? 'somebody else'}): delete it where it was made, or say --force`,
    };
  const from = new Map<string, StoredEntity[]>();
  for (const relation of [...relationships, ...relations]) {
    const source = String(relation.source_ref);
    from.set(source, [...(from.get(source) ?? []), relation]);
  }
  const keeps: { id: string; why: string }[] = [];
  const removable = (those: readonly StoredEntity[]) =>
    those.flatMap((relation) => {
      if (mayGo(relation, owning)) return [relation.id];
      keeps.push({ id: relation.id, why: 'this relationship is not ours' });
      return [];
    });
  const removes: Removable[] = [];
  for (const part of partsOf(reading)) {
    const its = from.get(part.id) ?? [];
    const why = whyItStays(part, its, incident.id, owning);
    const plural = pluralOf(part.id);
    if (why === undefined && plural !== undefined) {
      removes.push({ plural, id: part.id, relationships: removable(its) });
      continue;
    }
    keeps.push({ id: part.id, why: why ?? 'no bundle has such a thing' });
    for (const id of removable(its.filter(({ target_ref }) => target_ref === incident.id)))
      removes.push({ plural: 'relationships', id, relationships: [] });
  }
  const parted = new Set(removes.flatMap(({ id, relationships: its }) => [id, ...its]));
  const kept = new Set(keeps.map(({ id }) => id));
  // Of what is gone, of casebooks, and those that begin at the incident.
  const left = [...relationships, ...(from.get(incident.id) ?? [])].filter(
    ({ id }) => !parted.has(id) && !kept.has(id),
  );
  const last = { plural: 'incidents' as const, id: incident.id, relationships: [...new Set(removable(left))] };
  return { removes: [...removes, last], keeps };
}

function mayGo(entity: { external_ids: string[]; groups: string[] }, { owner, organisation, force }: Owning): boolean {
  if (!isOwned(owner, entity.external_ids)) return force;
  return entity.groups.includes(organisation) && isIncidentPart(owner, entity.external_ids);
}

function whyItStays(
  part: StoredEntity,
  relations: readonly StoredEntity[],
  incident: string,
  owning: Owning,
): string | undefined {
  const other = relations.find(
    ({ target_ref: target }) => pluralOf(String(target)) === 'incidents' && target !== incident,
  );
  if (other !== undefined) return `it belongs to ${String(other.target_ref)} too`;
  if (mayGo(part, owning)) return undefined;
  return isOwned(owning.owner, part.external_ids)
    ? 'it is of the lists and feeds, not of an incident'
    : 'it is not ours';
}

export interface Removed {
  readonly deleted: number;
  /** Ids that CTIA did not delete, and why. */
  readonly failures: readonly { readonly id: string; readonly why: string }[];
}

const IDS_MAX = 2000;

/** In as few requests as the limit allows. Said again after whatever went wrong it goes on: what is gone is done. */
export async function remove(
  { client, exclusively }: Pick<ImportWork, 'client' | 'exclusively'>,
  removes: readonly Removable[],
): Promise<Removed> {
  let max = IDS_MAX;
  let deleted = 0;
  const failures: { id: string; why: string }[] = [];
  for (let at = 0; at < removes.length; ) {
    const some = fitting(removes, at, max);
    const ids = idsOf(some);
    try {
      const { done, notFound, forbidden, failed } = await exclusively(() => client.removeEntities(ids));
      const all = Object.values(ids).flat();
      deleted += done.size;
      failures.push(
        ...all.filter((id) => forbidden.has(id)).map((id) => ({ id, why: 'CTIA forbids it' })),
        ...all.filter((id) => failed.has(id)).map((id) => ({ id, why: 'CTIA failed' })),
        ...all
          .filter((id) => ![done, notFound, forbidden, failed].some((those) => those.has(id)))
          .map((id) => ({ id, why: 'CTIA does not say what became of it' })),
      );
    } catch (error) {
      const fewer = isCtiaError(error, 'too-many') ? error.facts.entitiesMax : undefined;
      if (fewer !== undefined && fewer > 0 && fewer < max) {
        max = fewer;
        continue;
      }
      // Bulk DELETE asks for the right to delete every kind.
      if (!isCtiaError(error, 'capability')) throw error;
      deleted += await removeOneByOne({ client, exclusively }, inOrder(some));
    }
    at += some.length;
  }
  return { deleted, failures };
}

/** At least one, although it may alone be over the limit: then CTIA says so. */
function fitting(removes: readonly Removable[], at: number, max: number): Removable[] {
  const some: Removable[] = [];
  let size = 0;
  for (const one of removes.slice(at)) {
    size += 1 + one.relationships.length;
    if (some.length > 0 && size > max) break;
    some.push(one);
  }
  return some;
}

function idsOf(some: readonly Removable[]): Partial<Record<Plural, string[]>> {
  const ids: Partial<Record<Plural, string[]>> = {};
  const add = (plural: Plural, id: string) => {
    ids[plural] ??= [];
    ids[plural].push(id);
  };
  for (const { plural, id, relationships } of some) {
    add(plural, id);
    for (const relationship of relationships) add('relationships', relationship);
  }
  return ids;
}

/** What is cut off between two leaves something that leads to the incident, and the incident that it leads to. */
function inOrder(some: readonly Removable[]): string[] {
  return some.flatMap(({ plural, id, relationships }) =>
    plural === 'incidents' ? [...relationships, id] : [id, ...relationships],
  );
}

async function removeOneByOne(
  { client, exclusively }: Pick<ImportWork, 'client' | 'exclusively'>,
  ids: readonly string[],
): Promise<number> {
  let deleted = 0;
  for (const id of ids) {
    if (!(await client.takeOneByOne())) {
      const message = `this token may not delete in bulk, and what may be deleted one by one within the hour is used up: ${deleted} are deleted; say the same again later`;
      throw new CtiaError('throttled', message, { retryAfterMs: 5 * MINUTE });
    }
    try {
      await exclusively(() => client.removeOne(id));
      deleted += 1;
    } catch (error) {
      if (!isCtiaError(error, 'not-found')) throw error;
    }
  }
  return deleted;
}
