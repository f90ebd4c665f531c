import { longId, shortIdOf } from './ids.ts';
import { queryRefusal } from './refusal.ts';

/**
 * The part of Lucene's `query_string` syntax that is read here: words, "phrases", field:value, field:(a OR b), AND, OR,
 * NOT and their signs, parentheses, wildcards, ranges. Anything else, above all a reserved sign that is not escaped (a raw
 * URL, an IPv6 address), is refused as Elasticsearch refuses what it cannot parse. Left out: fuzziness, boosts, regular
 * expressions.
 *
 * AND and OR have no precedence: as in Lucene's own parser they say of the clauses beside them whether these must or
 * should be there. Without either a clause must be there. So with several of them in one group only parentheses help:
 *   a OR b           one of them
 *   a OR b c         c must be there; a and b make no difference
 *   a AND b OR c     a must be there; b and c make no difference
 *   a OR b AND c     b and c must be there
 */
export type Query =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Query[] }
  | { readonly kind: 'not'; readonly of: Query }
  | {
      readonly kind: 'term';
      readonly field: string | undefined;
      readonly text: string;
      readonly form: 'word' | 'phrase' | 'pattern';
      /** Of a word: letters that may differ; of a phrase: words that may stand between. Only `simple_query` says it. */
      readonly distance?: number;
    }
  | { readonly kind: 'range'; readonly field: string | undefined; readonly from: Bound; readonly to: Bound };

/** `undefined` is unbounded (`*`). */
export interface Bound {
  readonly text: string | undefined;
  readonly inclusive: boolean;
}

/**
 * CTIA's rewriting: `source_ref:*judgement-<uuid>` asks for the exact long id of this server, so that an index can answer
 * what looks like a leading wildcard.
 */
export function withLongIds(query: Query, url: string): Query {
  if (query.kind === 'and' || query.kind === 'or')
    return { ...query, of: query.of.map((part) => withLongIds(part, url)) };
  if (query.kind === 'not') return { ...query, of: withLongIds(query.of, url) };
  if (query.kind !== 'term' || query.form !== 'pattern' || query.field === undefined) return query;
  const id = query.text.startsWith('*') ? shortIdOf(query.text.slice(1)) : undefined;
  return id === undefined ? query : { ...query, text: longId(url, id), form: 'phrase' };
}

interface Token {
  readonly kind: '(' | ')' | 'and' | 'or' | 'not' | 'field' | 'word' | 'phrase' | 'pattern' | 'range';
  readonly text: string;
  readonly range?: { from: Bound; to: Bound };
}

export function parseLucene(text: string): Query {
  const tokens = tokenized(text);
  let next = 0;
  let nesting = 0;

  function group(field: string | undefined): Query {
    const clauses: Clause[] = [];
    let conjunction: 'and' | 'or' | undefined;
    for (;;) {
      const prohibited = tokens[next]?.kind === 'not';
      if (prohibited) next += 1;
      const of = clause(field);
      const before = clauses.at(-1);
      if (before !== undefined && before.occurs !== 'not') {
        if (conjunction === 'and') before.occurs = 'must';
        if (conjunction === 'or') before.occurs = 'should';
      }
      clauses.push({ of, occurs: prohibited ? 'not' : conjunction === 'or' ? 'should' : 'must' });
      const kind = tokens[next]?.kind;
      if (kind === undefined || kind === ')') return combined(clauses);
      conjunction = kind === 'and' || kind === 'or' ? kind : undefined;
      if (conjunction !== undefined) next += 1;
    }
  }

  function clause(field: string | undefined): Query {
    const token = tokens[next];
    next += 1;
    switch (token?.kind) {
      case 'field':
        // What a field is followed by is no other field: `abcd:ef01:…` is an address.
        if (tokens[next]?.kind === 'field') throw failure(text);
        return clause(token.text);
      case '(': {
        nesting += 1;
        if (nesting > NESTING_MAX) throw failure(text);
        const inner = group(field);
        if (tokens[next]?.kind !== ')') throw failure(text);
        nesting -= 1;
        next += 1;
        return inner;
      }
      case 'word':
      case 'phrase':
      case 'pattern':
        return { kind: 'term', field, text: token.text, form: token.kind };
      case 'range':
        if (token.range === undefined) throw failure(text);
        return { kind: 'range', field, ...token.range };
      default:
        throw failure(text);
    }
  }

  if (tokens.length === 0) throw failure(text);
  const query = group(undefined);
  if (next < tokens.length) throw failure(text);
  return query;
}

/** Groups in groups; Elasticsearch has a limit too. */
export const NESTING_MAX = 100;

interface Clause {
  readonly of: Query;
  occurs: 'must' | 'should' | 'not';
}

/** What must be decides; only where nothing must, one of what should be has to. */
function combined(clauses: readonly Clause[]): Query {
  const those = (occurs: Clause['occurs']) => clauses.filter((clause) => clause.occurs === occurs).map(({ of }) => of);
  const [musts, shoulds] = [those('must'), those('should')];
  const of: Query[] = [...musts, ...those('not').map((not): Query => ({ kind: 'not', of: not }))];
  if (musts.length === 0 && shoulds.length > 0) of.push({ kind: 'or', of: shoulds });
  return of.length === 1 && of[0] !== undefined ? of[0] : { kind: 'and', of };
}

const BLANK = /\s+/y;
const PHRASE = /"((?:[^"\\]|\\.)*)"/y;
const FIELD = /((?:[A-Za-z_][A-Za-z0-9_.-]*)|\*):/y;
const RANGE = /([[{])\s*("[^"]*"|[^\s"\]}]+)\s+TO\s+("[^"]*"|[^\s"\]}]+)\s*([\]}])/y;
const COMPARISON = /(>=|<=|>|<)("[^"]*"|[^\s()"]+)/y;
const OPERATOR = /(AND|&&|OR|\|\||NOT|!)(?=[\s()"]|$)|(!|-|\+)(?=\S)/y;
/** A minus or an ampersand inside a word stands for itself; every other reserved sign has to be escaped. */
const WORD = /(?:[^\s()[\]{}^"~:\\/!+\-><=&|]|\\.)(?:[^\s()[\]{}^"~:\\/!><=]|\\.)*/y;

function tokenized(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  function take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) at += match[0].length;
    return match;
  }
  while (at < text.length) {
    if (take(BLANK) !== null) continue;
    const sign = text[at];
    if (sign === '(' || sign === ')') {
      tokens.push({ kind: sign, text: sign });
      at += 1;
      continue;
    }
    const operator = take(OPERATOR);
    if (operator !== null) {
      const word = operator[1] ?? operator[2];
      // A plus says "must", which with AND between clauses every clause is.
      if (word === '+') continue;
      const kind = word === 'AND' || word === '&&' ? 'and' : word === 'OR' || word === '||' ? 'or' : 'not';
      tokens.push({ kind, text: word ?? '' });
      continue;
    }
    const phrase = take(PHRASE);
    if (phrase !== null) {
      tokens.push({ kind: 'phrase', text: unescaped(phrase[1] ?? '') });
      continue;
    }
    const field = take(FIELD);
    if (field !== null) {
      tokens.push({ kind: 'field', text: field[1] ?? '' });
      continue;
    }
    const range = take(RANGE);
    if (range !== null) {
      const [, open, from = '', to = '', close] = range;
      const bounds = { from: bound(from, open === '['), to: bound(to, close === ']') };
      tokens.push({ kind: 'range', text: range[0], range: bounds });
      continue;
    }
    const comparison = take(COMPARISON);
    if (comparison !== null) {
      const [whole, sign = '', value = ''] = comparison;
      const limit = bound(value, sign.endsWith('='));
      const open: Bound = { text: undefined, inclusive: true };
      const bounds = sign.startsWith('>') ? { from: limit, to: open } : { from: open, to: limit };
      tokens.push({ kind: 'range', text: whole, range: bounds });
      continue;
    }
    const word = take(WORD);
    if (word === null) throw failure(text);
    const pattern = /(?:^|[^\\])[*?]/.test(word[0]);
    tokens.push({ kind: pattern ? 'pattern' : 'word', text: pattern ? word[0] : unescaped(word[0]) });
  }
  return tokens;
}

function bound(text: string, inclusive: boolean): Bound {
  return { text: text === '*' ? undefined : text.replace(/^"(.*)"$/, '$1'), inclusive };
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, '$1');
}

function failure(text: string) {
  return queryRefusal(`Failed to parse query [${text}]`);
}
