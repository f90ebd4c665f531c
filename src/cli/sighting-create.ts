import { build } from '../incidents/write/build.ts';
import { draftsOf, readSightingFile } from '../incidents/write/draft.ts';
import { importBuilt } from '../incidents/write/import.ts';
import { membersOf } from '../incidents/write/members.ts';
import { CommandRefused, EXIT, type Exit } from './exit.ts';
import { printImport } from './import-report.ts';
import { idOf, openToWrite, problemsRefused, readInput, soundDrafts } from './intelligence.ts';
import type { Session } from './session.ts';

/** Every field of a sighting that a person would say in one line; a file says the rest. */
export interface SightingFlags {
  readonly observed?: string;
  readonly until?: string;
  readonly observable?: string[];
  readonly target?: string[];
  readonly relation?: string[];
  readonly sensor?: string;
  readonly sensorObservable?: string[];
  readonly title?: string;
  readonly description?: string;
  readonly severity?: string;
  readonly confidence?: string;
  readonly count?: string;
  readonly resolution?: string;
  readonly internal?: boolean;
  readonly source?: string;
  readonly sourceUri?: string;
  readonly tlp?: string;
  readonly externalId?: string[];
}

interface Options extends SightingFlags {
  readonly file?: string;
  readonly incident?: string;
  readonly json: boolean;
}

/** `sighting create`: from a file of any number, or one by flags; related to an incident where one is named. */
export async function createSightings(session: Session, { file, incident, json, ...flags }: Options): Promise<Exit> {
  const said = Object.values(flags).some((value) => value !== undefined);
  if ((file !== undefined) === said)
    throw new CommandRefused(EXIT.usage, 'say either -f FILE, or one sighting by flags: --observed, --observable, …');
  const drafts = soundDrafts(
    file === undefined
      ? draftsOf('sightings', [sightingOf(flags)], 'flags')
      : readSightingFile(await readInput(file), file === '-' ? 'stdin' : file),
  );
  const asked = incident === undefined ? undefined : idOf(incident, ['incident']);
  const { client, owner, exclusively } = await openToWrite(session);
  const related = asked === undefined ? drafts : membersOf((await client.incidentById(asked)).id, drafts);
  const built = build(related, { owner, source: owner, tlp: 'amber', now: client.serverNow() });
  if ('problems' in built) throw problemsRefused(built.problems);
  const { clock, signal } = session;
  return printImport(session, await importBuilt({ client, clock, signal, owner, exclusively }, built, owner), json);
}

/** As a file would say it, so that the same is checked and told. */
function sightingOf(flags: SightingFlags): Record<string, unknown> {
  const {
    observed,
    until,
    observable,
    target,
    relation,
    sensor,
    sensorObservable,
    count,
    sourceUri,
    externalId,
    ...rest
  } = flags;
  const sighting = {
    ...rest,
    observed_time: until === undefined ? observed : { start_time: observed, end_time: until },
    ...{ observables: observable, targets: target?.map(targetOf), relations: relation, sensor },
    sensor_coordinates: sensorObservable && { type: sensor ?? 'network.sensor', observables: sensorObservable },
    ...{ count: count === undefined ? undefined : Number(count), source_uri: sourceUri, external_ids: externalId },
  };
  return Object.fromEntries(Object.entries(sighting).filter(([, value]) => value !== undefined));
}

/** `endpoint.server=192.0.2.10,hostname:web-1`, or its observables alone. */
function targetOf(text: string): object {
  const [, type, rest] = /^([a-z][a-z.-]*)=(.+)$/.exec(text) ?? [];
  return { ...(type !== undefined && { type }), observables: (rest ?? text).split(',') };
}
