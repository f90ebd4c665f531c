import type { Bundle, Entity, Plural } from '../../ctim/bundle.ts';
import type { Part } from './build.ts';

/** By transient id, the id that an entity has since it was written or found. */
export type Written = ReadonlyMap<string, string>;

/**
 * Parts of at most `max` entities each, to be sent one after the other. A relationship goes with the later of its two
 * ends, or after both: what it points at is in its own request, or was in one before and has a real id by then. An end
 * that is not among the parts has one already.
 */
export function split(parts: readonly Part[], max: number): Part[][] {
  const relationships = parts.filter(isRelationship);
  const things = parts.filter((part) => !isRelationship(part));
  const here = new Set(things.map(({ entity }) => entity.id));
  const endsOf = ({ entity: { source_ref: from, target_ref: to } }: Part) =>
    [...new Set([String(from), String(to)])].filter((end) => here.has(end));
  const placed = new Set<string>();
  // Of each relationship how many of its ends are still to be placed, by end.
  const waiting = new Map<string, Part[]>();
  for (const part of relationships) {
    for (const end of endsOf(part)) {
      const those = waiting.get(end);
      if (those === undefined) waiting.set(end, [part]);
      else those.push(part);
    }
  }
  const requests: Part[][] = [[]];
  const put = (part: Part) => {
    const last = requests.at(-1);
    if (last !== undefined && last.length < max) last.push(part);
    else requests.push([part]);
  };
  for (const thing of things) {
    placed.add(thing.entity.id);
    const ready = (waiting.get(thing.entity.id) ?? []).filter((part) => endsOf(part).every((end) => placed.has(end)));
    const last = requests.at(-1) ?? [];
    // What belongs together stays together where it fits: no request is needed to know its id.
    if (last.length > 0 && last.length + 1 + ready.length > max && 1 + ready.length <= max) requests.push([]);
    for (const part of [thing, ...ready]) put(part);
  }
  for (const part of relationships) if (endsOf(part).length === 0) put(part);
  return requests.filter((request) => request.length > 0);
}

function isRelationship({ plural }: Part): boolean {
  return plural === 'relationships';
}

/** As one import takes it: ends that were written before are named by their real ids. */
export function bundleOf(parts: readonly Part[], source: string, written: Written): Bundle {
  const collections: Partial<Record<Plural, Entity[]>> = {};
  const here = new Set(parts.map(({ entity }) => entity.id));
  const ref = (text: unknown) => (here.has(String(text)) ? text : (written.get(String(text)) ?? text));
  for (const { plural, entity } of parts) {
    const whole =
      plural === 'relationships'
        ? { ...entity, source_ref: ref(entity.source_ref), target_ref: ref(entity.target_ref) }
        : entity;
    const list = collections[plural] ?? [];
    collections[plural] = list;
    list.push(whole);
  }
  return { type: 'bundle', source, ...collections };
}
