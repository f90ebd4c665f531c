import { setImmediate as otherRequests } from 'node:timers/promises';
import type { Ctia } from './ctia.ts';
import { text } from './documents.ts';
import { linkedAfter, linkedSlices, type Span, standingsOf, VALID, valuesOfJudgements } from './feed-links.ts';
import type { Stored } from './kinds.ts';
import type { Before, Rendered } from './view-cache.ts';
import { dueBy, NOT_IN_VIEW, nextChange, type ValueStanding, viewLines, withStandings } from './view-lines.ts';

/** Values line by line, distinct by type and value, so that equal values of two types appear twice. */
export async function wholeView(ctia: Ctia, feed: Stored, span: Span, now: number): Promise<Rendered> {
  const changesAtByType = new Map<string, Map<string, number>>();
  const values: string[] = [];
  const coming = new Map<string, number>();
  let lastLink = 0;
  const said = {
    columns: `json_group_array(j.observable_type) FILTER (WHERE ${VALID}) AS types,
      json_group_array(j.observable_value) FILTER (WHERE ${VALID}) AS "values",
      json_group_array(j.end) FILTER (WHERE ${VALID}) AS ends,
      json_group_array(json_array(j.observable_value, j.start)) FILTER (WHERE j.start > ?) AS coming`,
    params: [now, now, now, now, now, now, now],
  };
  for await (const slice of linkedSlices(ctia, feed, span, said)) {
    lastLink = Number(slice.last);
    const types = JSON.parse(text(slice, 'types')) as string[];
    const ends = JSON.parse(text(slice, 'ends')) as number[];
    const fresh: string[] = [];
    for (const [n, value] of (JSON.parse(text(slice, 'values')) as string[]).entries()) {
      const ofType = mapOf(changesAtByType, types[n] ?? '');
      if (!ofType.has(value)) fresh.push(value);
      noteEarlier(ofType, value, (ends[n] ?? 0) + 1);
    }
    // Sorted runs make the sort of all of them short: nothing else is answered during it.
    for (const value of fresh.sort()) values.push(value);
    for (const [value, start] of JSON.parse(text(slice, 'coming')) as [string, number][])
      noteEarlier(coming, value, start);
  }
  let joined = values.sort().join('\n');
  // Code-point order: JavaScript sorts by UTF-16 units, which is the same unless there are surrogates.
  if (SURROGATE.test(joined)) joined = values.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))).join('\n');
  const ofTypes = [...changesAtByType.values()];
  const changesAtOf = (value: string) => {
    let next = coming.get(value) ?? Number.POSITIVE_INFINITY;
    for (const ofType of ofTypes) next = Math.min(next, ofType.get(value) ?? next);
    return next;
  };
  const lines = viewLines(joined, values, changesAtOf, coming);
  if (lines !== undefined) return { body: lines.body, changesAt: nextChange(lines), followed: { lines, lastLink } };
  const changes = [...values.map(changesAtOf), ...coming.values()];
  return { body: Buffer.from(joined), changesAt: changes.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY) };
}

const SURROGATE = /[\ud800-\udfff]/;

/** So many values are looked at anew at a time: other requests are answered in between. */
const SLICE = 1000;
/** Where more of a view is touched than this share of it, making it anew is as cheap; a small one always is cheap. */
const SHARE_MAX = 0.25;
const TOUCHED_LEAST = 200;
/** It would count as two lines, or end a text of the database. */
const BREAKS_LINES = /[\n\0]/;

/**
 * A view that is kept, with all that happened since. How a value stands is asked anew where
 *
 *   a judgement of it was replaced or deleted      `touchedSince` tells its value before and after
 *   a link to one was replaced or deleted          the same tells the judgements that it pointed at and points at
 *   a link was made                                it comes after the last one that is in the view
 *   time passed over a beginning or an end         the view knows them
 *
 * What happened elsewhere, or changes nothing, costs a question and no more. Undefined where it is not known any more what
 * happened, or where it was so much that the view is better made anew.
 */
export async function followedView(
  ctia: Ctia,
  feed: Stored,
  now: number,
  { state, followed: { lines, lastLink } }: Before,
): Promise<Rendered | undefined> {
  const most = Math.max(TOUCHED_LEAST, Math.floor(lines.changesAt.length * SHARE_MAX));
  const touched = ctia.changes.touchedSince(state);
  const linked = linkedAfter(ctia, feed, lastLink, most);
  if (touched === undefined || linked === undefined) return undefined;
  const behindLinks = valuesOfJudgements(ctia, [...touched.judgements]);
  const values = [...new Set([...touched.values, ...behindLinks, ...linked.values, ...dueBy(lines, now)])];
  if (values.length > most || values.some((value) => BREAKS_LINES.test(value))) return undefined;
  const standings = new Map<string, ValueStanding>();
  for (let at = 0; at < values.length; at += SLICE) {
    if (at > 0) await otherRequests();
    const some = values.slice(at, at + SLICE);
    const found = standingsOf(ctia, feed, some, now);
    for (const value of some) standings.set(value, found.get(value) ?? NOT_IN_VIEW);
  }
  const next = withStandings(lines, standings);
  return { body: next.body, changesAt: nextChange(next), followed: { lines: next, lastLink: linked.last } };
}

function mapOf(maps: Map<string, Map<string, number>>, key: string): Map<string, number> {
  const known = maps.get(key);
  if (known !== undefined) return known;
  const made = new Map<string, number>();
  maps.set(key, made);
  return made;
}

function noteEarlier(instants: Map<string, number>, value: string, at: number): void {
  const known = instants.get(value);
  if (known === undefined || at < known) instants.set(value, at);
}
