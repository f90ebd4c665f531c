import { NESTING_MAX, type Query } from './query-language.ts';
import { queryRefusal } from './refusal.ts';

/**
 * Elasticsearch's `simple_query_string`, which fails at nothing but too many groups in groups: what cannot be read is left out. Operators have no precedence,
 * they bind from left to right.
 *   a b, a + b   both; CTIA's default operator is AND in the other language, and taken to be here too
 *   a | b        one of them
 *   -a           not
 *   "a b"        phrase; ~2 behind it lets two words stand between
 *   a*           prefix
 *   a~1          one letter off; ~ alone: two
 *   ( )          groups; one without its other half is skipped
 *   \            the next sign stands for itself
 */
export function parseSimple(text: string): Query {
  let at = 0;
  let nesting = 0;

  function group(nested: boolean): Query | undefined {
    let query: Query | undefined;
    let operator: 'and' | 'or' = 'and';
    let negated = false;
    while (at < text.length) {
      const sign = text[at];
      if (sign === ')') {
        at += 1;
        if (nested) return query;
      } else if (sign === '+' || sign === '|') {
        operator = sign === '+' ? 'and' : 'or';
        at += 1;
      } else if (sign === '-') {
        negated = !negated;
        at += 1;
      } else if (/\s/.test(sign ?? '')) {
        negated = false;
        at += 1;
      } else {
        const operand = sign === '(' ? enclosed() : sign === '"' ? phrase() : word();
        if (operand !== undefined) {
          const signed: Query = negated ? { kind: 'not', of: operand } : operand;
          query = query === undefined ? signed : { kind: operator, of: [query, signed] };
        }
        operator = 'and';
        negated = false;
      }
    }
    return query;
  }

  function enclosed(): Query | undefined {
    at += 1;
    nesting += 1;
    if (nesting > NESTING_MAX) throw queryRefusal('Query is nested too deeply');
    const inner = group(true);
    nesting -= 1;
    return inner;
  }

  function phrase(): Query | undefined {
    const match = take(/"((?:[^"\\]|\\.)*)"(?:~(\d+))?/y);
    // A quote that nothing closes.
    if (match === null) {
      at += 1;
      return undefined;
    }
    const [, quoted = '', slop] = match;
    return term(quoted, 'phrase', slop === undefined ? 0 : Number(slop));
  }

  function word(): Query | undefined {
    // A minus or a quote within a word are its own.
    const raw = take(/(?:\\.|[^\\\s+|()])+/sy)?.[0];
    if (raw === undefined) {
      // A backslash at the very end.
      at += 1;
      return undefined;
    }
    if (raw === '*') return term('*', 'pattern', 0);
    if (/(?:^|[^\\])\*$/.test(raw)) return term(`${escapedForPattern(raw.slice(0, -1))}*`, 'pattern', 0);
    const [, bare = '', edits] = /^(.*?)(?:~(\d*))?$/s.exec(raw) ?? [];
    if (edits === undefined) return term(raw, 'word', 0);
    return bare === '' ? undefined : term(bare, 'word', edits === '' ? EDITS_MAX : Math.min(Number(edits), EDITS_MAX));
  }

  function term(raw: string, form: 'word' | 'phrase' | 'pattern', distance: number): Query {
    const read = form === 'pattern' ? raw : raw.replace(/\\(.)/gs, '$1');
    return { kind: 'term', field: undefined, text: read, form, ...(distance > 0 && { distance }) };
  }

  function take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) at += match[0].length;
    return match;
  }

  // Nothing to look for finds nothing.
  return group(false) ?? { kind: 'or', of: [] };
}

/** Elasticsearch allows no more. */
const EDITS_MAX = 2;

/** Of a prefix only the last star is a wildcard. */
function escapedForPattern(raw: string): string {
  return raw.replace(/\\(.)/gs, '$1').replace(/[\\*?]/g, '\\$&');
}
