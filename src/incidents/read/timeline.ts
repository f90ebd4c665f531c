import type { AnyObservable } from '../../ctim/bundle.ts';
import type { SightingDocument } from '../../ctim/sighting.ts';
import { keyOfAny } from '../write/observables.ts';

/** Every observable of a sighting, those of its targets and relations included, each once. */
export function seenIn({ observables = [], targets = [], relations = [] }: SightingDocument): AnyObservable[] {
  const all = [
    ...observables,
    ...targets.flatMap((target) => target.observables),
    ...relations.flatMap(({ source, related }) => [source, related]),
  ];
  return [...new Map(all.map((observable) => [keyOfAny(observable), observable])).values()];
}

/** `2026-11-25 08:00:00`, or a span. Seconds are enough for a person. */
export function timeText({ start_time: start, end_time: end }: { start_time: string; end_time?: string }): string {
  const from = start.slice(0, 19).replace('T', ' ');
  if (end === undefined || end === start) return from;
  const to = end.slice(0, 19).replace('T', ' ');
  return to.slice(0, 10) === from.slice(0, 10) ? `${from} – ${to.slice(11)}` : `${from} – ${to}`;
}

/** `type value`, as a person tells one observable from another. */
export function nameOf({ type, value }: AnyObservable): string {
  return `${type} ${value}`;
}
