import type { HistoryRow } from './history.ts';
import type { KnownJudgement } from './judgements.ts';

/** Whether a value was in a feed at a moment, and what says so. */
export interface At {
  readonly answer: 'yes' | 'no' | 'unknown';
  readonly by: readonly Holding[];
  /** What the answer stands on, or why there is none. */
  readonly why: string;
}

export interface Holding {
  readonly feed: string;
  /** Absent where others made it. */
  readonly list: string | undefined;
  readonly revision: string | undefined;
  readonly place: string | undefined;
  readonly judgement: string | undefined;
  readonly from: 'journal' | 'CTIA';
}

export interface AtFacts {
  /** Epoch ms. */
  readonly at: number;
  readonly now: number;
  /** Of this value, in any order. */
  readonly rows: readonly HistoryRow[];
  /** Since when the journal tells of everything that we do. */
  readonly journalBegins: number | undefined;
  readonly judgements: readonly KnownJudgement[];
  /** How long CTIA keeps what is dead: after that nothing there tells of it. */
  readonly collectAfterMs: number;
}

/**
 *   the journal's last change before that moment, of one list in one feed   in, until the end that it gave it, or out
 *   it has none before it, reaches back so far, and has one after it        what that one found
 *   a judgement in CTIA was valid then, and linked                          in. Replaced in place, it keeps its start; revived, it does not
 *   none of them, and the journal reaches back so far                       not by us
 *   none of them, and what is dead is deleted by now, or was revived since  nobody knows
 */
export function inFeedAt(facts: AtFacts): At {
  const { at, rows, journalBegins, judgements } = facts;
  const told = new Map<string, { holding: Holding; isIn: boolean }>();
  for (const [key, { feed, those }] of byEntry(rows)) {
    const isIn = saidAt(those, at, journalBegins !== undefined && journalBegins <= at);
    const [row] = [...those.filter((it) => Date.parse(it.at) <= at).slice(-1), ...those];
    if (isIn !== undefined && row !== undefined) {
      const { list, revision, place, judgement } = row;
      told.set(key, { isIn, holding: { feed, list, revision, place, judgement, from: 'journal' } });
    }
  }
  const by = [...told.values()].filter(({ isIn }) => isIn).map(({ holding }) => holding);
  for (const judgement of judgements) {
    const { start, end, created, list, revision, place, id, ours, links } = judgement;
    if (at < Math.max(start, ours ? created : start) || at > end) continue;
    for (const { feed } of links)
      if (!told.has(keyOf(feed, list)))
        by.push({ feed, list: ours ? list : undefined, revision, place, judgement: id, from: 'CTIA' });
  }
  if (by.length > 0) return { answer: 'yes', by, why: 'a judgement was valid then' };
  const gap = cannotKnow(facts) ?? unsure(rows, at);
  if (gap === undefined)
    return { answer: 'no', by: [], why: told.size > 0 ? 'the journal says so' : saysNothing(journalBegins, at) };
  return { answer: 'unknown', by: [], why: gap };
}

function cannotKnow({ at, now, journalBegins, judgements, collectAfterMs }: AtFacts): string | undefined {
  if (at > now) return 'that moment is still to come';
  if (journalBegins !== undefined && journalBegins <= at) return undefined;
  const begins =
    journalBegins === undefined ? 'the journal is empty' : `the journal is whole only since ${iso(journalBegins)}`;
  const revived = judgements.find(({ ours, created, start }) => ours && created <= at && start > at);
  if (revived !== undefined)
    return `${begins}, and the judgement that was there was made valid anew at ${iso(revived.start)}`;
  if (at < now - collectAfterMs) return `${begins}, and what ended so long ago is deleted from CTIA`;
  return undefined;
}

/** The last thing that was tried before that moment, where CTIA did not say what became of it. */
function unsure(rows: readonly HistoryRow[], at: number): string | undefined {
  const before = rows.filter((row) => Date.parse(row.at) <= at);
  const [last] = before.sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  return last?.unknown && `CTIA did not say what became of the ${last.kind} at ${last.at}`;
}

function saysNothing(begins: number | undefined, at: number): string {
  return begins !== undefined && begins <= at
    ? `the journal is whole since ${iso(begins)} and names no change that put it there, and no judgement in CTIA was valid then`
    : 'no judgement in CTIA was valid then, and what ended since is still kept there';
}

/** By list and feed, each in the order of time. A row that names no feed is of that which others name for its judgement, or its list. */
function byEntry(rows: readonly HistoryRow[]): Map<string, { feed: string; those: HistoryRow[] }> {
  const entries = new Map<string, { feed: string; those: HistoryRow[] }>();
  const feeds = new Map<string | undefined, string>();
  for (const { feed, judgement, list } of rows) {
    if (feed === undefined) continue;
    if (judgement !== undefined) feeds.set(judgement, feed);
    if (list !== undefined) feeds.set(list, feed);
  }
  for (const row of [...rows].sort((a, b) => Date.parse(a.at) - Date.parse(b.at))) {
    const feed = row.feed ?? feeds.get(row.judgement) ?? feeds.get(row.list);
    if (feed === undefined) continue;
    const key = keyOf(feed, row.list);
    const entry = entries.get(key);
    if (entry) entry.those.push(row);
    else entries.set(key, { feed, those: [row] });
  }
  return entries;
}

function keyOf(feed: string, list: string | undefined): string {
  return `${feed} ${list ?? ''}`;
}

/** Undefined where these changes do not tell. */
function saidAt(rows: readonly HistoryRow[], at: number, reachesBack: boolean): boolean | undefined {
  const certain = rows.filter(({ unknown }) => unknown !== true);
  const last = certain.findLast((row) => Date.parse(row.at) <= at && row.kind !== 'unlink' && row.kind !== 'collect');
  if (last !== undefined) return last.kind !== 'withdraw' && (last.end === undefined || Date.parse(last.end) >= at);
  const next = certain.find((row) => Date.parse(row.at) > at);
  return reachesBack && next !== undefined ? foundAt(next, at) : undefined;
}

/** What a change found had been so since the journal begins: nothing of it was changed meanwhile. */
function foundAt({ kind, end_before }: HistoryRow, at: number): boolean | undefined {
  if (kind === 'create' || kind === 'link' || kind === 'adopt') return false;
  return kind === 'renew' || (end_before !== undefined && Date.parse(end_before) >= at);
}

export async function collected<T>(rows: AsyncIterable<T>, max: number): Promise<T[]> {
  const all: T[] = [];
  for await (const row of rows) {
    all.push(row);
    if (all.length === max) break;
  }
  return all;
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
