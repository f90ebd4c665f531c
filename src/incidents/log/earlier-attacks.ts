import { anyOf, perSearch } from '../../ctia/any-of.ts';
import type { CtiaClient } from '../../ctia/client.ts';
import { isIncidentPart, isOwned } from '../../ctim/external-id.ts';
import { type Observable, observableKey } from '../../ctim/observable.ts';
import { isGrave } from './block-proposals.ts';

/**
 * On how many days before this moment (epoch ms) each of these was seen attacking, by the sightings of ours that tell of it:
 * they are there however often Redis is lost, and on every machine. What blocks nobody counts for nothing: it is no repetition.
 */
export async function earlierAttacks(
  client: CtiaClient,
  owner: string,
  attackers: readonly Observable[],
  before: number,
): Promise<(attacker: Observable) => number> {
  const days = new Map(attackers.map((attacker) => [observableKey(attacker), new Set<string>()]));
  for (const values of perSearch(attackers.map(({ value }) => value))) {
    const query = `observables.value:${anyOf(values)}`;
    for await (const page of client.searchPages('sighting', { query })) {
      for (const { observables = [], external_ids: ids, severity, observed_time: seen } of page) {
        if (!isOwned(owner, ids) || !isIncidentPart(owner, ids) || !isGrave(severity ?? 'Unknown')) continue;
        if (Date.parse(seen.start_time) >= before) continue;
        for (const { type, value } of observables)
          days.get(observableKey({ type: type as Observable['type'], value }))?.add(seen.start_time.slice(0, 10));
      }
    }
  }
  return (attacker) => days.get(observableKey(attacker))?.size ?? 0;
}
