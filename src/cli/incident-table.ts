import { INCIDENT_TIMES } from '../ctim/incident.ts';
import { DISPOSITIONS } from '../ctim/judgement.ts';
import type { SightingDocument } from '../ctim/sighting.ts';
import type { IncidentReading } from '../incidents/read/reading.ts';
import { nameOf, seenIn, timeText } from '../incidents/read/timeline.ts';
import type { Opinion } from '../incidents/verdicts/look-up.ts';
import { keyOfAny } from '../incidents/write/observables.ts';
import { shown } from '../plan/shown.ts';
import { renderTable } from './table.ts';

const CELL_MAX = 60;
/** Of one cell; the rest is counted. */
const NAMES_MAX = 3;
const ROWS_MAX = 200;

/** An incident on a terminal: what it is, its timeline, and what is known of each thing that was seen. */
export function incidentTable(reading: IncidentReading, opinions: ReadonlyMap<string, Opinion>, now: number): string {
  const { sightings } = reading;
  const rows = sightings
    .slice(0, ROWS_MAX)
    .map((sighting) => [
      timeText(sighting.observed_time),
      String(sighting.count ?? 1),
      shown(sighting.title ?? sighting.sensor ?? '', CELL_MAX),
      cell((sighting.observables ?? []).map(nameOf)),
      cell((sighting.targets ?? []).flatMap(({ observables }) => observables.map(nameOf))),
      cell((sighting.relations ?? []).map(relationText)),
    ]);
  return [
    ...factsOf(reading).map(([name, value]) => `${name.padEnd(12)} ${shown(value, 400)}`),
    '',
    ...(rows.length === 0 ? ['no sightings'] : [renderTable(TIMELINE, rows)]),
    ...(sightings.length > ROWS_MAX
      ? [`and ${sightings.length - ROWS_MAX} later ones: --format markdown or json tells all`]
      : []),
    '',
    ...verdictLines(reading, opinions, now),
  ].join('\n');
}

export const TIMELINE = ['seen', 'count', 'what', 'observables', 'targets', 'relations'];

export function relationText({
  source,
  relation,
  related,
}: NonNullable<SightingDocument['relations']>[number]): string {
  return `${source.value} ${relation} ${related.value}`;
}

export function cell(names: readonly string[]): string {
  const some = names.slice(0, NAMES_MAX).map((name) => shown(name, CELL_MAX));
  return names.length > NAMES_MAX ? `${some.join(', ')} and ${names.length - NAMES_MAX} more` : some.join(', ');
}

/** What stands above the timeline, in every form. */
export function factsOf(reading: IncidentReading): [string, string][] {
  const { incident, sightings, others, cases, gone, unreadable } = reading;
  const {
    title,
    status,
    severity,
    confidence,
    source,
    assignees,
    tactics,
    techniques,
    incident_time: times,
  } = incident;
  const facts: [string, string | undefined][] = [
    ['incident', title],
    ['id', incident.id],
    ['status', status],
    ['severity', severity],
    ['confidence', confidence],
    ['source', source],
    ...INCIDENT_TIMES.map((name): [string, string | undefined] => [name, times[name]]),
    ['assignees', assignees?.join(', ')],
    ['tactics', tactics?.join(', ')],
    ['techniques', techniques?.join(', ')],
    ['sightings', String(sightings.length)],
    ...[...others].map(([plural, list]): [string, string] => [plural, String(list.length)]),
    ['cases', cases.length > 0 ? cases.join(', ') : undefined],
    ['gone', gone.length > 0 ? `${gone.length} things that were related to it are deleted` : undefined],
    ['not shown', unreadable > 0 ? `${unreadable} things that we may not read` : undefined],
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== undefined && fact[1] !== '');
}

/** One line for each observable that somebody judged, and how many nobody did. */
function verdictLines(reading: IncidentReading, opinions: ReadonlyMap<string, Opinion>, now: number): string[] {
  const rows = judged(reading, opinions).map(({ observable, decides, judgements }) => [
    shown(nameOf(observable), CELL_MAX),
    decides === undefined ? 'none now' : DISPOSITIONS[decides.disposition],
    decides === undefined
      ? ''
      : `${shown(decides.source, CELL_MAX)}, until ${endText(decides.valid_time.end_time, now)}`,
    String(judgements.length),
  ]);
  const silent = opinions.size - rows.length;
  return [
    ...(rows.length === 0 ? [] : [renderTable(['observable', 'verdict', 'by', 'judgements'], rows)]),
    `${silent} of ${opinions.size} observables have no judgement`,
  ];
}

/** In the order in which they were seen. */
export function judged({ sightings }: IncidentReading, opinions: ReadonlyMap<string, Opinion>): Opinion[] {
  const keys = new Set(sightings.flatMap(seenIn).map(keyOfAny));
  return [...keys].flatMap((key) => opinions.get(key) ?? []).filter(({ judgements }) => judgements.length > 0);
}

const CENTURY_MS = 100 * 365 * 24 * 60 * 60 * 1000;

export function endText(end: string, now: number): string {
  return Date.parse(end) - now > CENTURY_MS ? 'for ever' : end.slice(0, 16).replace('T', ' ');
}
