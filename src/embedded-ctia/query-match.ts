import { analysed, words } from './analysis.ts';
import { shortIdOf } from './ids.ts';
import { parseInstant } from './instants.ts';
import type { Stored } from './kinds.ts';
import type { Bound, Query } from './query-language.ts';

export interface Matching {
  /** Where a term without a field looks; everywhere, if it is not said. */
  readonly fields: readonly string[] | undefined;
  readonly now: number;
}

/**
 * Whether a document matches a query. Text fields are analysed (analysis.ts), so that `title:"my feed"` also finds
 * `My feeds, old`, and a client has to compare exactly what it gets. Everything else is a lower-cased whole.
 */
export function matches(query: Query, document: Stored, matching: Matching): boolean {
  return verdictOn(query, document, matching) === true;
}

/**
 * `undefined`: nothing to say, a clause that holds stop words only. Among others it is left out, alone it finds nothing.
 */
function verdictOn(query: Query, document: Stored, matching: Matching): boolean | undefined {
  switch (query.kind) {
    case 'and':
    case 'or': {
      let said: boolean | undefined;
      for (const part of query.of) {
        const one = verdictOn(part, document, matching);
        if (one === (query.kind === 'or')) return one;
        said = one ?? said;
      }
      return said;
    }
    case 'not': {
      const inner = verdictOn(query.of, document, matching);
      return inner === undefined ? undefined : !inner;
    }
    case 'term': {
      const { field, text, form, distance = 0 } = query;
      if (form === 'pattern' && text === '*' && (field === undefined || field === '*')) return true;
      if (field === '_exists_') return valuesAt(document, text).length > 0;
      const found = values(document, field === '*' ? undefined : field, matching.fields).some(([name, value]) =>
        termMatches(name, value, text, form, distance),
      );
      if (found || form === 'pattern') return found;
      const nothingSaid = (field === undefined || TEXT_FIELDS.has(field)) && analysed(text).length === 0;
      return nothingSaid && words(text).length > 0 ? undefined : false;
    }
    case 'range':
      return values(document, query.field, matching.fields).some(
        ([, value]) => within(value, query.from, 'from', matching.now) && within(value, query.to, 'to', matching.now),
      );
  }
}

const TEXT_FIELDS: ReadonlySet<string> = new Set([
  'title',
  'description',
  'short_description',
  'reason',
  'likely_impact',
]);

function termMatches(
  name: string,
  value: unknown,
  text: string,
  form: 'word' | 'phrase' | 'pattern',
  distance: number,
): boolean {
  if (!TEXT_FIELDS.has(name))
    return wholeMatches(name, String(value).toLowerCase(), text.toLowerCase(), form, distance);
  if (form === 'pattern') {
    const pattern = text.toLowerCase();
    return [...words(String(value)), ...analysed(String(value))].some((word) => fits(pattern, word));
  }
  const wanted = analysed(text);
  if (wanted.length === 0) return false;
  const found = analysed(String(value));
  if (form === 'word') {
    return wanted.every((word) => found.some((other) => withinEdits(word, other, distance)));
  }
  return found.some((_, start) => phraseAt(found, start, wanted, distance));
}

function wholeMatches(
  name: string,
  whole: string,
  text: string,
  form: 'word' | 'phrase' | 'pattern',
  distance: number,
): boolean {
  // The index holds the short id, the document the long one.
  if (name === 'id') {
    const short = shortIdOf(whole) ?? whole;
    if (form === 'pattern') return fits(text, short) || fits(text, whole);
    return short === (shortIdOf(text) ?? text);
  }
  if (form === 'pattern') return fits(text, whole);
  return form === 'word' ? withinEdits(text, whole, distance) : whole === text;
}

/** In order; up to `between` other words may stand in it altogether. */
function phraseAt(found: readonly string[], start: number, wanted: readonly string[], between: number): boolean {
  let at = start;
  for (const [i, word] of wanted.entries()) {
    const next = found.indexOf(word, at);
    if (next === -1 || next - start > i + between) return false;
    if (i === 0 && next !== start) return false;
    at = next + 1;
  }
  return true;
}

/** Levenshtein's distance, for the two edits that are allowed at most. */
function withinEdits(a: string, b: string, edits: number): boolean {
  if (a === b) return true;
  if (edits === 0 || Math.abs(a.length - b.length) > edits) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  const restA = a.slice(start);
  const restB = b.slice(start);
  return [
    [restA.slice(1), restB.slice(1)],
    [restA.slice(1), restB],
    [restA, restB.slice(1)],
  ].some(([x = '', y = '']) => withinEdits(x, y, edits - 1));
}

/** Star and question mark, without a regular expression: `*a*a*a*b` would keep one busy for minutes. */
function fits(pattern: string, text: string): boolean {
  const signs = pattern.match(/\\.|./gsu) ?? [];
  const letters = Array.from(text);
  let sign = 0;
  let retrySign = -1;
  let retryLetter = 0;
  for (let letter = 0; letter < letters.length; ) {
    const wanted = signs[sign];
    if (wanted === '*') {
      sign += 1;
      retrySign = sign;
      retryLetter = letter;
    } else if (wanted === '?' || (wanted !== undefined && wanted.replace(/^\\(?=.)/su, '') === letters[letter])) {
      sign += 1;
      letter += 1;
    } else if (retrySign >= 0) {
      // The last star takes one letter more.
      sign = retrySign;
      retryLetter += 1;
      letter = retryLetter;
    } else return false;
  }
  return signs.slice(sign).every((rest) => rest === '*');
}

function within(value: unknown, { text, inclusive }: Bound, side: 'from' | 'to', now: number): boolean {
  if (text === undefined) return true;
  const [a, b] = comparable(value, text, inclusive === (side === 'to'), now);
  if (a === undefined || b === undefined) return false;
  if (a === b) return inclusive;
  return side === 'from' ? a > b : a < b;
}

function comparable(
  value: unknown,
  text: string,
  toTheEnd: boolean,
  now: number,
): [number, number] | [string, string] | [undefined, undefined] {
  if (typeof value === 'number') return [value, Number(text)];
  if (typeof value !== 'string') return [undefined, undefined];
  const instant = parseInstant(value);
  const limit = instant === undefined ? undefined : (relativeToNow(text, now) ?? boundInstant(text, toTheEnd));
  if (instant !== undefined && limit !== undefined) return [instant, limit];
  return [value.toLowerCase(), text.toLowerCase()];
}

/**
 * As in Elasticsearch, a time of day that a bound leaves out is the last one where the day itself is to be within (`<=`) or
 * to be left behind (`>`), else the first.
 */
function boundInstant(text: string, toTheEnd: boolean): number | undefined {
  const start = parseInstant(text);
  return start !== undefined && toTheEnd && !text.includes('T') ? start + UNIT_MS.d - 1 : start;
}

/** `now`, `now-7d`, `now+1h`. */
function relativeToNow(text: string, now: number): number | undefined {
  const [whole, amount = '0', unit = 'd'] = /^now(?:([+-]\d{1,6})([smhHdw]))?$/.exec(text) ?? [];
  return whole === undefined ? undefined : now + Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
}
const SECOND = 1000;
const HOUR = 3600 * SECOND;
const UNIT_MS = {
  s: SECOND,
  m: 60 * SECOND,
  h: HOUR,
  H: HOUR,
  d: 24 * HOUR,
  w: 7 * 24 * HOUR,
} satisfies Readonly<Record<string, number>>;

/** The values behind a field, each with the name of its field; without a field, of all or the given ones. */
function values(
  document: Stored,
  field: string | undefined,
  fields: readonly string[] | undefined,
): [name: string, value: unknown][] {
  if (field !== undefined) return valuesAt(document, field).map((value) => [field, value]);
  if (fields !== undefined) return fields.flatMap((name) => values(document, name, undefined));
  const found: [string, unknown][] = [];
  function collect(value: unknown, name: string): void {
    if (Array.isArray(value)) for (const item of value) collect(item, name);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) collect(item, name === '' ? key : `${name}.${key}`);
    } else if (!NOT_SEARCHABLE.has(name)) found.push([name, value]);
  }
  collect(document, '');
  return found;
}

/** Neither secret nor view URL of a feed is searchable: CTIA stores them encrypted. */
const NOT_SEARCHABLE: ReadonlySet<string> = new Set(['secret', 'feed_view_url']);

/** What stands exactly at a dotted path; each element of a list does. */
export function valuesAt(document: object, path: string): unknown[] {
  if (NOT_SEARCHABLE.has(path)) return [];
  let found: unknown[] = [document];
  for (const key of path.split('.')) {
    found = found
      .flatMap((value) => (Array.isArray(value) ? value : [value]))
      .flatMap((value) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, key)
          ? [(value as Readonly<Record<string, unknown>>)[key]]
          : [],
      );
  }
  return found.flat().filter((value) => typeof value !== 'object');
}

/**
 * An exact filter, in any case. A list matches by any of its elements, `kill_chain_phases` and `specification` by any text
 * in them. Of several values one is enough.
 */
export function filterMatches(document: Stored, path: string, wanted: readonly string[]): boolean {
  const lower = wanted.map((value) => value.toLowerCase());
  function holds(value: unknown): boolean {
    if (typeof value === 'object' && value !== null) return Object.values(value).some(holds);
    return lower.includes(String(value).toLowerCase());
  }
  if (path.includes('.')) return valuesAt(document, path).some(holds);
  const value = document[path];
  return value !== undefined && holds(value);
}
