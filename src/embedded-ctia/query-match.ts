import { parseInstant } from './instants.ts';
import type { Stored } from './kinds.ts';
import type { Bound, Query } from './query-language.ts';

/**
 * Whether a document matches a query. Text fields are analysed roughly as CTIA's index does: lower-cased words, so that
 * `title:"my feed"` also finds `My feed, old`, and a client has to compare exactly what it gets. Everything else is a
 * lower-cased whole. English stop words and stemming are not done here.
 */
export function matches(query: Query, document: Stored, now: number): boolean {
  switch (query.kind) {
    case 'and':
      return query.of.every((part) => matches(part, document, now));
    case 'or':
      return query.of.some((part) => matches(part, document, now));
    case 'not':
      return !matches(query.of, document, now);
    case 'term': {
      const { field, text, form } = query;
      if (field === '*' || (field === undefined && text === '*')) return true;
      return values(document, field).some(([name, value]) => termMatches(TEXT_FIELDS.has(name), value, text, form));
    }
    case 'range':
      return values(document, query.field).some(
        ([, value]) => within(value, query.from, 'from', now) && within(value, query.to, 'to', now),
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

function termMatches(analysed: boolean, value: unknown, text: string, form: 'word' | 'phrase' | 'pattern'): boolean {
  if (typeof value === 'object') return false;
  const whole = String(value).toLowerCase();
  if (form === 'pattern') {
    const pattern = wildcard(text.toLowerCase());
    return analysed ? words(whole).some((word) => pattern.test(word)) : pattern.test(whole);
  }
  if (!analysed) return whole === text.toLowerCase();
  const wanted = words(text.toLowerCase());
  const found = words(whole);
  if (wanted.length === 0) return false;
  if (form === 'word') return wanted.every((word) => found.includes(word));
  return found.some((_, start) => wanted.every((word, i) => found[start + i] === word));
}

/** Letters, digits and underscores, joined by a dot or an apostrophe: the standard tokenizer, near enough. */
export function words(text: string): string[] {
  return text.match(/[\p{L}\p{N}_]+(?:['.’][\p{L}\p{N}_]+)*/gu) ?? [];
}

function wildcard(text: string): RegExp {
  const source = text.replace(/\\.|[*?]|[^\\*?]+/g, (part) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    return (part.startsWith('\\') ? part.slice(1) : part).replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  });
  return new RegExp(`^${source}$`, 'su');
}

function within(value: unknown, { text, inclusive }: Bound, side: 'from' | 'to', now: number): boolean {
  if (text === undefined) return true;
  const [a, b] = comparable(value, text, now);
  if (a === undefined || b === undefined) return false;
  if (a === b) return inclusive;
  return side === 'from' ? a > b : a < b;
}

function comparable(
  value: unknown,
  text: string,
  now: number,
): [number, number] | [string, string] | [undefined, undefined] {
  if (typeof value === 'number') return [value, Number(text)];
  if (typeof value !== 'string') return [undefined, undefined];
  const instant = parseInstant(value);
  const limit = text === 'now' ? now : parseInstant(text);
  if (instant !== undefined && limit !== undefined) return [instant, limit];
  return [value.toLowerCase(), text.toLowerCase()];
}

/** The values behind a field, each with the name of its field; of a document without a field named, all of them. */
function values(document: Stored, field: string | undefined): [name: string, value: unknown][] {
  const found: [string, unknown][] = [];
  function collect(value: unknown, name: string): void {
    if (Array.isArray(value)) for (const item of value) collect(item, name);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) collect(item, name === '' ? key : `${name}.${key}`);
    } else if (field === undefined || name === field) found.push([name, value]);
  }
  collect(document, '');
  // Neither secret nor view URL of a feed is searchable: CTIA stores them encrypted.
  return found.filter(([name]) => name !== 'secret' && name !== 'feed_view_url');
}
