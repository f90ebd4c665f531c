import { build } from '../incidents/write/build.ts';
import { draftsOf, readJudgementFile } from '../incidents/write/draft.ts';
import { importBuilt } from '../incidents/write/import.ts';
import { CommandRefused, EXIT, type Exit } from './exit.ts';
import { printImport } from './import-report.ts';
import { openToWrite, problemsRefused, readInput, soundDrafts } from './intelligence.ts';
import { spanOf } from './judgement-filters.ts';
import type { Session } from './session.ts';

export interface JudgementSaid {
  readonly file?: string;
  readonly disposition?: string;
  readonly reason?: string;
  readonly source?: string;
  readonly priority?: string;
  readonly severity?: string;
  readonly confidence?: string;
  readonly tlp?: string;
  readonly for: string;
  readonly externalId?: string;
  readonly json: boolean;
}

/** CTIM's guide: 100 for a human's word. */
const PRIORITY = 100;

/** `judgements create`: an opinion for the verdict alone. No sync holds it, and no feed. */
export async function createJudgements(
  session: Session,
  values: readonly string[],
  { file, json, ...said }: JudgementSaid,
): Promise<Exit> {
  if ((file === undefined) === (values.length === 0))
    throw new CommandRefused(EXIT.usage, 'say either values, with --disposition and --reason, or -f FILE');
  if (file === undefined && (said.disposition === undefined || said.reason === undefined))
    throw new CommandRefused(EXIT.usage, 'a judgement needs --disposition (Malicious, Clean, …) and --reason');
  const fromFile = file === undefined ? undefined : readJudgementFile(await readInput(file), file);
  const lastsMs = spanOf('--for', said.for);
  const { client, owner, exclusively } = await openToWrite(session);
  const now = client.serverNow();
  const drafts = soundDrafts(
    fromFile ??
      draftsOf(
        'judgements',
        values.map((value) => judgementOf(value, said, now + lastsMs)),
        'value',
      ),
  );
  const built = build(drafts, { owner, source: owner, tlp: 'amber', now });
  if ('problems' in built) throw problemsRefused(built.problems);
  const { clock, signal } = session;
  return printImport(session, await importBuilt({ client, clock, signal, owner, exclusively }, built, owner), json);
}

function judgementOf(observable: string, said: Omit<JudgementSaid, 'file' | 'json'>, end: number): object {
  const { disposition, reason, source, priority, severity, confidence, tlp, externalId } = said;
  return {
    ...{
      observable,
      disposition_name: disposition,
      reason,
      priority: priority === undefined ? PRIORITY : Number(priority),
    },
    ...(source !== undefined && { source }),
    ...(severity !== undefined && { severity }),
    ...(confidence !== undefined && { confidence }),
    ...(tlp !== undefined && { tlp }),
    ...(externalId !== undefined && { external_ids: [externalId] }),
    valid_time: { end_time: new Date(end).toISOString() },
  };
}
