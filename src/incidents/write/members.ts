import { MEMBER_OF } from '../../ctim/incident.ts';
import type { Draft } from './draft.ts';

/** Sightings with a relationship of each to an incident that is there already, by its long id. */
export function membersOf(incident: string, drafts: readonly Draft[]): Draft[] {
  return drafts.flatMap((draft, n) => {
    if (draft.plural !== 'sightings') return [draft];
    const label = draft.label ?? `sighting ${n}`;
    const entity = { relationship_type: MEMBER_OF, source_ref: label, target_ref: incident };
    return [
      { ...draft, label },
      { plural: 'relationships' as const, entity, where: `${draft.where} (in ${incident})` },
    ];
  });
}
