import { oneLine } from '../ctim/one-line.ts';
import { shortId } from '../ctim/short-id.ts';
import type { At } from './at.ts';
import { type HistoryRow, shortRevision } from './history.ts';
import type { Listed, Why } from './known.ts';

/** For a person in the middle of the night: the answer first, then a line for each fact, the nearest ones first. */
export function renderWhy(why: Why): string {
  const { in_feeds, listed, wider, allowed_by, because, others, verdict, guard, history, notices } = why;
  const rows: [string, string][] = [];
  for (const it of listed) rows.push(['listed', listedLine(it)]);
  for (const { origin, file, line } of listed)
    if (origin) rows.push(['commit', `${file}:${line} ${originLine(origin)}`]);
  for (const it of in_feeds) {
    const reason = it.reason === null ? '' : `: ${it.reason}`;
    rows.push(['feed', `${it.feed}, ${it.title}, ${it.url ?? 'no feed yet'}`]);
    rows.push([
      '',
      `by list ${it.list ?? 'of others'}, since ${it.since} until ${it.until}, renewed ${it.renewed}${reason}`,
    ]);
    if (it.source_uri !== null) rows.push(['', `known from ${it.source_uri}`]);
    if (it.origin) rows.push(['', `then listed in ${it.place}, ${originLine(it.origin)}`]);
    if (it.renewed_at !== null) rows.push(['', `renewed at ${it.renewed_at}`]);
    rows.push([
      '',
      `judgement ${shortId(it.judgement)}, link ${shortId(it.link)}, made for ${shortRevision(it.revision ?? 'an unknown commit')}`,
    ]);
  }
  for (const { value, feed, list } of wider.slice(0, SHOWN_MAX))
    rows.push(['wider', feed === undefined ? `${value} of list ${list}` : `${value} in ${feed}`]);
  if (wider.length > SHOWN_MAX) rows.push(['', `and ${wider.length - SHOWN_MAX} more`]);
  for (const { value, by, until } of allowed_by)
    rows.push(['allowed', `${value} by ${by}${until ? ` until ${until}` : ''}`]);
  for (const reason of because) if (!why.says.endsWith(reason)) rows.push(['because', reason]);
  if (guard !== null) rows.push(['guard', guard]);
  for (const { source, disposition, priority, until, endless, feeds, judgement } of others) {
    const where = feeds.length > 0 ? `, in ${feeds.join(', ')}` : '';
    rows.push([
      'others',
      `${source} says ${disposition}, priority ${priority}, ${endless ? 'for ever' : `until ${until}`}${where} (${shortId(judgement)})`,
    ]);
  }
  if (why.not_asked === null)
    rows.push(['verdict', verdict === null ? 'none now' : `${verdict.disposition}, by ${verdict.by}`]);
  else rows.push(['not asked', `CTIA: ${why.not_asked}`]);
  for (const row of history.slice(0, SHOWN_MAX)) rows.push(['history', historyLine(row)]);
  for (const notice of notices) rows.push(['notice', notice]);
  return [oneLine(why.says), ...rows.map(([what, text]) => `  ${what.padEnd(9)} ${oneLine(text)}`)].join('\n');
}

const SHOWN_MAX = 5;

function listedLine({ action, list, file, line, state, reason, lifetime, in_force }: Listed): string {
  const words = [reason, lifetime === null ? null : `lifetime ${lifetime}`].filter((it) => it !== null).join(', ');
  return `${file}:${line} in ${action} list ${list}${words && ` (${words})`}${in_force ? '' : `, not in force: ${state}`}`;
}

function originLine({ commit, author, at, subject, pullRequest }: NonNullable<Listed['origin']>): string {
  return `${shortRevision(commit)} by ${author} at ${at}: ${subject}${pullRequest && !subject.includes(pullRequest) ? ` (${pullRequest})` : ''}`;
}

/** `2026-11-25T10:00:00.000Z sync create firewall-block/ip 203.0.113.7 tor → 2026-12-02T… by 500463b7aa20`. */
function historyLine(row: HistoryRow): string {
  const [at, who, kind, , feed, list, change, revision] = historyCells(row);
  return `${at} ${kind} in ${feed}, list ${list}, ${change}; ${who} of ${revision}`;
}

export const HISTORY_HEADINGS = ['at', 'by', 'change', 'observable', 'feed', 'list', 'what changed', 'commit', 'run'];

export function historyCells(row: HistoryRow): string[] {
  const { at, who, kind, value, h, feed, list, revision, run, unknown, found } = row;
  const name = value ?? `entry ${h?.slice(0, 12)}`;
  const change = unknown
    ? 'nobody knows what became of it'
    : `${whatChanged(row)}${found ? ', found after its run died' : ''}`;
  return [at, who, kind, name, feed ?? '?', list ?? '?', change, shortRevision(revision), run].map(oneLine);
}

function whatChanged({ kind, end, end_before, words, words_before: wordsBefore }: HistoryRow): string {
  const until = end_before === undefined ? `until ${end ?? 'unknown'}` : `until ${end_before} → ${end ?? 'unknown'}`;
  const parts = kind === 'unlink' || kind === 'collect' ? [] : [until];
  for (const [name, after] of Object.entries(words ?? {})) {
    if (wordsBefore)
      parts.push(`${name} ${wordsBefore[name as keyof typeof wordsBefore] ?? 'none'} → ${after ?? 'none'}`);
    else if (name === 'reason') parts.push(String(after));
  }
  return parts.join(', ');
}

export function renderAt(value: string, time: string, { answer, by, why }: At): string {
  if (answer !== 'yes') return `${value} at ${time}: ${answer === 'no' ? 'not in a feed' : 'cannot be known'}: ${why}`;
  const lines = by.map(({ feed, list, place, revision, from }) => {
    const made = list === undefined ? 'a judgement that others made' : `list ${list}${place ? ` (${place})` : ''}`;
    return `in ${feed} by ${made}, ${shortRevision(revision ?? 'of an unknown commit')}, as ${from === 'journal' ? 'the journal' : from} tells`;
  });
  return [`${value} at ${time}: in a feed`, ...lines.map((line) => `  ${oneLine(line)}`)].join('\n');
}
