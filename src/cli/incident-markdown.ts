import { DISPOSITIONS } from '../ctim/judgement.ts';
import type { IncidentReading } from '../incidents/read/reading.ts';
import { nameOf, timeText } from '../incidents/read/timeline.ts';
import type { Opinion } from '../incidents/verdicts/look-up.ts';
import { codeBlock, codeSpan, shown } from '../plan/shown.ts';
import { endText, factsOf, judged, relationText, TIMELINE } from './incident-table.ts';

const CELL_MAX = 120;

/** A report for a ticket or a wiki. What attackers and others wrote stands in code: it is no link, no HTML, no mention. */
export function incidentMarkdown(
  reading: IncidentReading,
  opinions: ReadonlyMap<string, Opinion>,
  now: number,
): string {
  const { incident, sightings } = reading;
  const facts = factsOf(reading).map(([name, value]) => [name, codeCell(value)]);
  const verdicts = judged(reading, opinions).map(({ observable, decides, judgements }) => [
    codeCell(nameOf(observable)),
    decides === undefined ? 'none now' : DISPOSITIONS[decides.disposition],
    decides === undefined ? '' : codeCell(decides.source),
    decides === undefined ? '' : endText(decides.valid_time.end_time, now),
    String(judgements.length),
  ]);
  const timeline = sightings.map((sighting) => [
    timeText(sighting.observed_time),
    String(sighting.count ?? 1),
    codeCell(sighting.title ?? sighting.sensor ?? ''),
    cells((sighting.observables ?? []).map(nameOf)),
    cells((sighting.targets ?? []).flatMap(({ observables }) => observables.map(nameOf))),
    cells((sighting.relations ?? []).map(relationText)),
  ]);
  return [
    `# ${codeCell(incident.title ?? incident.id)}`,
    '',
    ...table(['', ''], facts),
    '',
    ...(incident.description === undefined
      ? []
      : [codeBlock(incident.description.split('\n').map((line) => shown(line, 2000))), '']),
    '## Timeline',
    '',
    ...(timeline.length === 0 ? ['No sightings.'] : table(TIMELINE, timeline)),
    '',
    '## Verdicts',
    '',
    ...(verdicts.length === 0
      ? ['Nobody judged any of it.']
      : table(['observable', 'verdict', 'by', 'until', 'judgements'], verdicts)),
  ].join('\n');
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)];
}

function cells(names: readonly string[]): string {
  return names.map(codeCell).join('<br>');
}

/** A bar would end the cell, within code as well. */
function codeCell(text: string): string {
  return text === '' ? '' : codeSpan(text, CELL_MAX).replaceAll('|', '\\|');
}
