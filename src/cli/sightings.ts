import type { StoredSighting } from '../ctia/stored.ts';
import { isIncidentPart, isOwned } from '../ctim/external-id.ts';
import { shortId } from '../ctim/short-id.ts';
import { nameOf, seenIn, timeText } from '../incidents/read/timeline.ts';
import { lookUp } from '../incidents/verdicts/look-up.ts';
import { instantOf } from '../incidents/write/instants.ts';
import { isSame } from '../incidents/write/observables.ts';
import { type Removable, remove } from '../incidents/write/removal.ts';
import { shown } from '../plan/shown.ts';
import { confirmed } from './confirm.ts';
import { CommandRefused, EXIT, type Exit } from './exit.ts';
import { cell, relationText } from './incident-table.ts';
import { idOf, openToRead, openToWrite } from './intelligence.ts';
import { observableOrRefuse } from './judgement-filters.ts';
import { opinionLines } from './opinions.ts';
import type { Session } from './session.ts';
import { renderTable } from './table.ts';

interface Filters {
  readonly observable?: string;
  readonly source?: string;
  readonly sensor?: string;
  readonly since?: string;
  readonly until?: string;
  readonly all: boolean;
  readonly json: boolean;
}

const ROWS_MAX = 100;

/** `sighting list`, the newest first. */
export async function listSightings(session: Session, filters: Filters): Promise<Exit> {
  const { source, sensor, all, json } = filters;
  const observable = filters.observable === undefined ? undefined : observableOrRefuse(filters.observable);
  const [since, until] = [timeOrRefuse('--since', filters.since), timeOrRefuse('--until', filters.until)];
  const { client, organisation } = await openToRead(session);
  const narrowed = {
    ...(source !== undefined && { source }),
    ...(sensor !== undefined && { sensor }),
    ...(observable && { 'observables.type': observable.type, 'observables.value': observable.value }),
  };
  const found: StoredSighting[] = [];
  for await (const page of client.searchPages('sighting', narrowed)) {
    for (const it of page) {
      const { start_time: start, end_time: end = start } = it.observed_time;
      const isMeant =
        (all || it.groups.includes(organisation)) &&
        (source === undefined || it.source === source) &&
        (observable === undefined || (it.observables ?? []).some((one) => isSame(one, observable))) &&
        (since === undefined || end >= since) &&
        (until === undefined || start < until);
      if (isMeant) found.push(it);
    }
  }
  found.sort((a, b) => (a.observed_time.start_time < b.observed_time.start_time ? 1 : -1));
  if (json) {
    session.print(JSON.stringify({ sightings: found }, null, 2));
    return EXIT.done;
  }
  const rows = found
    .slice(0, ROWS_MAX)
    .map((it) => [
      timeText(it.observed_time),
      String(it.count ?? 1),
      shown(it.title ?? it.sensor ?? '', 60),
      cell((it.observables ?? []).map(nameOf)),
      shown(it.source ?? '', 30),
      shortId(it.id),
    ]);
  const headings = ['seen', 'count', 'what', 'observables', 'source', 'id'];
  session.print(rows.length === 0 ? 'no such sighting' : renderTable(headings, rows));
  if (found.length > ROWS_MAX) session.print(`and ${found.length - ROWS_MAX} older: --json tells all`);
  return EXIT.done;
}

function timeOrRefuse(flag: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const said = instantOf(text);
  if ('value' in said) return said.value;
  throw new CommandRefused(EXIT.usage, `${flag}: ${said.wrong}`);
}

/** `sighting show`: all that it says, what it belongs to, and the verdicts on what was seen. */
export async function showSighting(session: Session, id: string, { json }: { json: boolean }): Promise<Exit> {
  const asked = idOf(id, ['sighting']);
  const { client } = await openToRead(session);
  const sighting = await client.sightingById(asked);
  const relationships = await client.allRelationshipsFrom([sighting.id]);
  if (json) {
    session.print(JSON.stringify({ sighting, relationships }, null, 2));
    return EXIT.done;
  }
  const { sensor_coordinates: coordinates } = sighting;
  const facts: [string, string | undefined][] = [
    ['sighting', sighting.title],
    ['id', sighting.id],
    ['seen', timeText(sighting.observed_time)],
    ['count', String(sighting.count ?? 1)],
    ['severity', sighting.severity],
    ['confidence', sighting.confidence],
    ['sensor', sighting.sensor],
    ['sensor at', coordinates && `${coordinates.type}: ${coordinates.observables.map(nameOf).join(', ')}`],
    ['source', sighting.source],
    ['resolution', sighting.resolution],
    ['description', sighting.description],
    ...(sighting.targets ?? []).map((it): [string, string] => [
      'target',
      `${it.type}: ${it.observables.map(nameOf).join(', ')}${it.os === undefined ? '' : ` (${it.os})`}`,
    ]),
    ...(sighting.relations ?? []).map((it): [string, string] => ['relation', relationText(it)]),
    ...relationships.map((it): [string, string] => [String(it.relationship_type), String(it.target_ref)]),
  ];
  for (const [name, value] of facts) if (value !== undefined) session.print(`${name.padEnd(12)} ${shown(value, 1000)}`);
  for (const opinion of (await lookUp(client, seenIn(sighting))).values())
    for (const line of opinionLines(opinion, client.serverNow())) session.print(line);
  return EXIT.done;
}

/** `sighting delete`: with the relationships that begin at them, after showing which. */
export async function deleteSightings(
  session: Session,
  ids: readonly string[],
  { yes, force, json }: { yes: boolean; force: boolean; json: boolean },
): Promise<Exit> {
  const asked = ids.map((id) => idOf(id, ['sighting']));
  const { client, owner, organisation, exclusively } = await openToWrite(session);
  const say = json ? console.error : session.print;
  const removes: Removable[] = [];
  let stay = 0;
  for (const id of asked) {
    const it = await client.sightingById(id);
    const ours = isIncidentPart(owner, it.external_ids) && isOwned(owner, it.external_ids);
    if (!force && !(ours && it.groups.includes(organisation))) {
      say(`stays: ${it.id}: it is not ours (made by ${it.owner ?? 'somebody else'}); or --force`);
      stay += 1;
      continue;
    }
    const relationships = (await client.allRelationshipsFrom([it.id])).filter(
      (relation) => force || isOwned(owner, relation.external_ids),
    );
    const belongs = relationships.map(({ target_ref: target }) => shortId(String(target)));
    say(
      `delete: ${shown(it.title ?? it.id, 100)}, seen ${timeText(it.observed_time)}${belongs.length > 0 ? `, of ${belongs.join(', ')}` : ''}`,
    );
    removes.push({
      plural: 'sightings' as const,
      id: it.id,
      relationships: relationships.map((relation) => relation.id),
    });
  }
  if (removes.length === 0) return EXIT.problems;
  if (!(await confirmed(session, `delete ${removes.length} with their relationships?`, yes))) return EXIT.held;
  const { deleted, failures } = await remove({ client, exclusively }, removes);
  if (json) session.print(JSON.stringify({ deleted, failures }, null, 2));
  else session.print(`${deleted} deleted, relationships included`);
  for (const { id, why } of failures) say(`not deleted: ${id}: ${why}`);
  return failures.length > 0 ? EXIT.failed : stay > 0 ? EXIT.problems : EXIT.done;
}
