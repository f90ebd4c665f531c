import type { CtiaClient } from '../../ctia/client.ts';
import { isIncidentPart, isOwned } from '../../ctim/external-id.ts';
import { type Observable, observableKey } from '../../ctim/observable.ts';
import { isGrave } from './block-proposals.ts';

const VALUES_PER_SEARCH = 40;

/**
 * For what blocks nobody nobody was blocked before: it is no repetition. On how many days before this moment (epoch ms) each of these was seen attacking, by the sightings of ours that tell of it: they
 * are there however often Redis is lost, and on every machine.
 */
export async function earlierAttacks(
  client: CtiaClient,
  owner: string,
  attackers: readonly Observable[],
  before: number,
): Promise<(attacker: Observable) => number> {
  const days = new Map(attackers.map((attacker) => [observableKey(attacker), new Set<string>()]));
  for (let at = 0; at < attackers.length; at += VALUES_PER_SEARCH) {
    const values = attackers.slice(at, at + VALUES_PER_SEARCH).map(({ value }) => JSON.stringify(value));
    const query = `observables.value:(${values.join(' OR ')})`;
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
