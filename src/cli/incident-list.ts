import type { StoredIncident } from '../ctia/stored.ts';
import { statusFamily } from '../ctim/incident.ts';
import { SEVERITIES } from '../ctim/judgement.ts';
import { INCIDENT_STATUSES } from '../ctim/vocabulary.ts';
import { shown } from '../plan/shown.ts';
import { CommandRefused, EXIT, type Exit } from './exit.ts';
import { openToRead } from './intelligence.ts';
import type { Session } from './session.ts';
import { renderTable } from './table.ts';

interface Options {
  readonly json: boolean;
  readonly status?: string;
  readonly severity?: string;
  readonly source?: string;
  readonly critical: boolean;
  readonly all: boolean;
}

const ROWS_MAX = 100;

/** `incident list`, those opened last first. Without `--all` those of our own organisation. */
export async function listIncidents(session: Session, options: Options): Promise<Exit> {
  const { json, source, all } = options;
  const severity = options.critical ? 'Critical' : wordOf('--severity', options.severity, SEVERITIES);
  const status = wordOf('--status', options.status, INCIDENT_STATUSES);
  const { client, organisation } = await openToRead(session);
  const filters = { ...(severity && { severity }), ...(source && { source }) };
  const found: StoredIncident[] = [];
  for await (const page of client.searchPages('incident', filters)) {
    // The server's filters fold case, and know no family of statuses.
    found.push(
      ...page.filter(
        (it) =>
          (all || it.groups.includes(organisation)) &&
          (source === undefined || it.source === source) &&
          (status === undefined || it.status === status || statusFamily(it.status) === status),
      ),
    );
  }
  found.sort((a, b) => (a.incident_time.opened < b.incident_time.opened ? 1 : -1));
  if (json) {
    session.print(JSON.stringify({ incidents: found }, null, 2));
    return EXIT.done;
  }
  const rows = found
    .slice(0, ROWS_MAX)
    .map((it) => [
      it.incident_time.opened.slice(0, 16).replace('T', ' '),
      it.status,
      it.severity ?? '',
      shown(it.title ?? '', 60),
      shown(it.source ?? '', 30),
      it.id.slice(it.id.lastIndexOf('/') + 1),
    ]);
  session.print(
    rows.length === 0
      ? 'no such incident'
      : renderTable(['opened', 'status', 'severity', 'title', 'source', 'id'], rows),
  );
  if (found.length > ROWS_MAX) session.print(`and ${found.length - ROWS_MAX} opened before: --json tells all`);
  return EXIT.done;
}

/** A word of a vocabulary, in whatever case it was typed. */
export function wordOf(flag: string, text: string | undefined, words: readonly string[]): string | undefined {
  if (text === undefined) return undefined;
  const word = words.find((known) => known.toLowerCase() === text.toLowerCase());
  if (word !== undefined) return word;
  throw new CommandRefused(EXIT.usage, `${flag} is "${text.slice(0, 80)}"; expected one of ${words.join(', ')}`);
}
