import type { CtiaConnection } from '../ctia/client.ts';
import type { Observable } from '../ctim/observable.ts';
import { type Journal, type JournalRecord, newestFirst, type Range } from '../jobs/journal.ts';
import { fileJournal } from '../jobs/journal-files.ts';
import { shareWithWorkers } from '../jobs/share.ts';
import { tenantOf } from '../jobs/workplace.ts';
import { durationMs } from '../lists/lifetime.ts';
import { normalise } from '../lists/normalise.ts';
import { COLLECT_AFTER_MS } from '../plan/collect.ts';
import { readFeeds, readSettingsAlone } from '../sources/feeds-folder.ts';
import { collected, inFeedAt } from '../why/at.ts';
import { type HistoryFilter, type HistoryRow, historyOf } from '../why/history.ts';
import { judgementsOn } from '../why/judgements.ts';
import { HISTORY_HEADINGS, historyCells, renderAt } from '../why/render.ts';
import { CommandRefused, EXIT, type Exit } from './exit.ts';
import { knownFeeds } from './known-feeds.ts';
import { openTenant, type Session, type Tenant } from './session.ts';
import { renderTable } from './table.ts';
import { askingClient } from './tenant-client.ts';

interface Options {
  readonly json: boolean;
  readonly since?: string;
  readonly until?: string;
  readonly run?: string;
  readonly list?: string;
  readonly feed?: string;
}

/** A table is for reading; all of it is what `--json` and `export` are for. */
const ROWS_MAX = 100;

/** `history`: what was changed, newest first. */
export async function history(session: Session, value: string | undefined, options: Options): Promise<Exit> {
  const observable = value === undefined ? undefined : observableOf(value);
  const { rows, journals } = await openHistory(session, { ...options, observable }, rangeOf(session, options));
  if (options.json) {
    const all = await collected(rows, Number.POSITIVE_INFINITY);
    session.print(JSON.stringify({ whole_since: isoOrNull(await begins(journals)), changes: all }, null, 2));
    return EXIT.done;
  }
  const shown = await collected(rows, ROWS_MAX + 1);
  if (shown.length > 0) session.print(renderTable(HISTORY_HEADINGS, shown.slice(0, ROWS_MAX).map(historyCells)));
  if (shown.length === 0)
    session.print(`no change${value === undefined ? '' : ` of ${value}`} that the journal tells of`);
  if (shown.length > ROWS_MAX) session.print(`older ones are not shown: --until ${shown[ROWS_MAX]?.at}, or --json`);
  session.print(saysSince(await begins(journals)));
  return EXIT.done;
}

/** `history export`: JSON lines, newest first, for keeping elsewhere: a Redis that is lost loses its journal. */
export async function exportHistory(session: Session, options: Pick<Options, 'since' | 'until'>): Promise<Exit> {
  const { rows } = await openHistory(session, {}, rangeOf(session, options));
  for await (const row of rows) session.print(JSON.stringify(row));
  return EXIT.done;
}

/** `at`: was it in a feed at that moment, and by what. */
export async function at(session: Session, time: string, value: string, { json }: { json: boolean }): Promise<Exit> {
  const observable = observableOf(value);
  const moment = momentOf(session, time);
  const opened = await openHistory(session, { observable }, {});
  const { tenant } = opened;
  const settings = await readSettingsAlone(session.config.feedsDir);
  const client = askingClient(session, tenant);
  const self = { owner: tenant.owner, organisation: (await client.identity()).organisation };
  const { feeds } = await knownFeeds(client, self, [...settings.channels.values()]);
  const found = inFeedAt({
    ...{ at: moment, now: client.serverNow() },
    rows: await collected(opened.rows, Number.POSITIVE_INFINITY),
    journalBegins: await begins(opened.journals),
    judgements: (await judgementsOn(client, self, observable, feeds)).judgements,
    collectAfterMs: settings.collectAfterMs ?? COLLECT_AFTER_MS,
  });
  const at = new Date(moment).toISOString();
  session.print(json ? JSON.stringify({ observable, at, ...found }, null, 2) : renderAt(observable.value, at, found));
  return EXIT.done;
}

export interface OpenedHistory {
  readonly tenant: Tenant;
  readonly journals: readonly Journal[];
  readonly rows: AsyncGenerator<HistoryRow>;
}

async function openHistory(session: Session, filter: HistoryFilter, range: Range): Promise<OpenedHistory> {
  const tenant = await openTenant(session);
  const shared = await shareWithWorkers({ ...session.config, ...session, ...tenant });
  const journals = await journalsOf(session, tenant.ctia, tenant.owner, shared?.journal);
  const { reading } = await readFeeds(session.config.feedsDir, { now: session.clock.now() });
  const channels = new Map(reading.lists.map(({ name, channel }) => [name, channel]));
  return { tenant, journals, rows: historyOf(recordsOf(journals, range), filter, { channels }) };
}

/** What was written by a process without a Redis lies beside what workers wrote. */
export async function journalsOf(
  { config }: Session,
  ctia: CtiaConnection,
  owner: string,
  ofWorkers: Journal | undefined,
): Promise<Journal[]> {
  const files = fileJournal(config.dataDir, await tenantOf(ctia), owner);
  return ofWorkers === undefined ? [files] : [files, ofWorkers];
}

export function recordsOf(journals: readonly Journal[], range: Range): AsyncGenerator<JournalRecord> {
  return newestFirst(journals.map((journal) => journal.records(range)));
}

/** The latest of them: before that, one of them may be missing something. */
export async function begins(journals: readonly Journal[]): Promise<number | undefined> {
  const all = await Promise.all(journals.map((journal) => journal.begins()));
  const known = all.filter((it) => it !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

export function saysSince(since: number | undefined): string {
  return since === undefined
    ? 'the journal is empty: no run of workers or apply has written to it here, or its Redis was lost'
    : `the journal is whole since ${new Date(since).toISOString()}; of what was before, changes may be missing`;
}

function isoOrNull(epochMs: number | undefined): string | null {
  return epochMs === undefined ? null : new Date(epochMs).toISOString();
}

export function observableOf(value: string): Observable {
  const said = normalise(value, { refang: true });
  if ('refused' in said) throw new CommandRefused(EXIT.usage, said.refused.message);
  return said.observable;
}

function rangeOf(session: Session, { since, until }: Pick<Options, 'since' | 'until'>): Range {
  return {
    ...(since !== undefined && { since: momentOf(session, since) }),
    ...(until !== undefined && { until: momentOf(session, until) }),
  };
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const WITH_ZONE = /^\d{4}-\d{2}-\d{2}T.+(?:Z|[+-]\d{2}:?\d{2})$/;

/** A day, a time with its zone, or how long ago. */
function momentOf({ clock }: Session, text: string): number {
  const ago = durationMs(text);
  if (ago !== undefined) return clock.now() - ago;
  const moment = DATE.test(text) || WITH_ZONE.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(moment)) return moment;
  throw new CommandRefused(
    EXIT.usage,
    `${JSON.stringify(text.slice(0, 40))} is no time; write 2026-11-01 (UTC), 2026-11-01T14:00Z, or 24h for so long ago`,
  );
}
