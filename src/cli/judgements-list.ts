import type { StoredJudgement } from '../ctia/stored.ts';
import { DISPOSITIONS } from '../ctim/judgement.ts';
import { shortId } from '../ctim/short-id.ts';
import { listOf, selectJudgements, standingOf, whyNotTouch } from '../incidents/judgements/select.ts';
import { shown } from '../plan/shown.ts';
import { EXIT, type Exit } from './exit.ts';
import { endText } from './incident-table.ts';
import { idOf, openToRead } from './intelligence.ts';
import { filterOf, type JudgementFlags } from './judgement-filters.ts';
import type { Session } from './session.ts';
import { renderTable } from './table.ts';

const ROWS_MAX = 100;
const HEADINGS = ['observable', 'disposition', 'source', 'list', 'priority', 'end', 'judgement'];

/** `judgements list`: those that count now or will, of our organisation, unless more is asked for. */
export async function listJudgements(
  session: Session,
  { json, format, ...flags }: JudgementFlags & { json: boolean; format: 'table' | 'json' | 'csv' | 'values' },
): Promise<Exit> {
  const filter = filterOf(flags);
  const { client, owner, organisation } = await openToRead(session);
  const pages = selectJudgements(client, { owner, organisation }, filter);
  const as = json ? 'json' : format;
  if (as === 'csv') {
    session.print(csvLine(CSV_COLUMNS));
    for await (const page of pages) for (const it of page) session.print(csvLine(csvCells(owner, it)));
    return EXIT.done;
  }
  const found: StoredJudgement[] = [];
  for await (const page of pages) found.push(...page);
  if (as === 'json') session.print(JSON.stringify({ judgements: found }, null, 2));
  else if (as === 'values')
    for (const value of new Set(found.map((it) => it.observable.value).sort())) session.print(value);
  else printTable(session, owner, found, client.serverNow());
  return EXIT.done;
}

function printTable(session: Session, owner: string, found: readonly StoredJudgement[], now: number): void {
  const rows = found
    .slice(0, ROWS_MAX)
    .map((it) => [
      shown(`${it.observable.type} ${it.observable.value}`, 60),
      DISPOSITIONS[it.disposition],
      shown(it.source, 30),
      listOf(owner, it) ?? '',
      String(it.priority),
      endText(it.valid_time.end_time, now),
      shortId(it.id),
    ]);
  session.print(rows.length === 0 ? 'no such judgement' : renderTable(HEADINGS, rows));
  if (found.length > ROWS_MAX)
    session.print(`and ${found.length - ROWS_MAX} more: --format csv, json or values tells all`);
}

const CSV_COLUMNS = [
  ...['type', 'value', 'disposition', 'source', 'list', 'priority', 'severity', 'confidence', 'tlp'],
  ...['start', 'end', 'reason', 'id'],
];

function csvCells(owner: string, it: StoredJudgement): string[] {
  const { observable, disposition, source, priority, severity, confidence, tlp, valid_time: times, reason, id } = it;
  const list = listOf(owner, it) ?? '';
  return [
    ...[observable.type, observable.value, DISPOSITIONS[disposition], source, list, String(priority)],
    ...[severity, confidence, tlp, times.start_time, times.end_time, reason ?? '', id],
  ];
}

/** RFC 4180, but for its line ends: the terminal's are ours. */
function csvLine(cells: readonly string[]): string {
  return cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',');
}

/** `judgements show`: one with all that it says, and what it is related to. */
export async function showJudgement(session: Session, id: string, { json }: { json: boolean }): Promise<Exit> {
  const asked = idOf(id, ['judgement']);
  const { client, owner, organisation } = await openToRead(session);
  const entity = await client.entityById(asked);
  const judgement = await client.judgementById(entity.id);
  const relationships = await client.allRelationshipsFrom([entity.id]);
  if (json) {
    session.print(JSON.stringify({ judgement: entity, relationships }, null, 2));
    return EXIT.done;
  }
  const { observable, disposition, source, priority, severity, confidence, tlp, reason, valid_time: times } = judgement;
  const now = client.serverNow();
  const facts: [string, string | undefined][] = [
    ['observable', `${observable.type} ${observable.value}`],
    ['disposition', DISPOSITIONS[disposition]],
    ['id', entity.id],
    ['source', source],
    ['reason', reason],
    ['priority', `${priority}, severity ${severity}, confidence ${confidence}, tlp ${tlp}`],
    ['valid', `${endText(times.start_time, now)} to ${endText(times.end_time, now)} (${standingOf(judgement, now)})`],
    ['list', listOf(owner, judgement)],
    ['external ids', entity.external_ids.join(', ') || undefined],
    ['kept', whyNotTouch({ owner, organisation }, judgement)],
    ...relationships.map((it): [string, string] => [String(it.relationship_type), String(it.target_ref)]),
  ];
  for (const [name, value] of facts) if (value !== undefined) session.print(`${name.padEnd(12)} ${shown(value, 1000)}`);
  return EXIT.done;
}
