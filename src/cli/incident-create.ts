import { build } from '../incidents/write/build.ts';
import { readIncidentFile } from '../incidents/write/draft.ts';
import { importBuilt } from '../incidents/write/import.ts';
import type { Exit } from './exit.ts';
import { printImport } from './import-report.ts';
import { openToWrite, problemsRefused, readInput, soundDrafts } from './intelligence.ts';
import type { Session } from './session.ts';

/** `incident create -f FILE`: everything of one incident, checked before anything is sent. */
export async function createIncident(session: Session, { file, json }: { file: string; json: boolean }): Promise<Exit> {
  const drafts = soundDrafts(readIncidentFile(await readInput(file), file === '-' ? 'stdin' : file));
  const { client, owner, exclusively } = await openToWrite(session);
  const built = build(drafts, { owner, source: owner, tlp: 'amber', now: client.serverNow() });
  if ('problems' in built) throw problemsRefused(built.problems);
  const { clock, signal } = session;
  const imported = await importBuilt({ client, clock, signal, owner, exclusively }, built, owner);
  return printImport(session, imported, json);
}
