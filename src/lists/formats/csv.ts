import { quoted } from '../../ctim/problem.ts';
import type { SourceItem } from './items.ts';

/** One record: RFC 4180, and what people write beside it (other separators, blanks around, comment lines). */
interface Row {
  readonly line: number;
  readonly lines: number;
  readonly fields: readonly string[];
  /** `comment`: the text after its `#`. */
  readonly is: 'record' | 'comment' | 'blank';
}

const SEPARATORS = [',', ';', '\t', '|'] as const;
const LOOKED_AT = 20;

/**
 * `column` is a number from 1, a name of the head, or a pattern of them for values that stand in several columns, such as
 * `{1}/{3}` or `http://{host}{path}`. The head is the first record, or the comment just above it.
 */
export function* csvItems(text: string, column: string | number = 1): Generator<SourceItem> {
  const separator = separatorOf(text);
  const [, parts] = splitPattern(column);
  const names = parts.filter((part) => !isNumber(part));
  let head: Map<string, number> | undefined;
  let above: Row | undefined;
  for (const row of rows(text, separator)) {
    if (row.is !== 'record') {
      above = row.is === 'comment' ? row : above;
      for (let n = 0; n < row.lines; n++) yield { is: row.is, line: row.line + n };
      continue;
    }
    if (head === undefined) {
      const found = findHead(row, above, separator, parts);
      head = found.head;
      const missing = names.filter((name) => !found.head.has(name.toLowerCase()));
      if (missing.length > 0) {
        const known = row.fields.map((field) => quoted(field)).join(', ');
        const message = `there is no column ${missing.map(quoted).join(', ')}: the first record has ${known}; name one of them, or its number from 1`;
        yield { is: 'invalid', line: row.line, column: 1, message };
        return;
      }
      if (found.isHead) {
        for (let n = 0; n < row.lines; n++) yield { is: 'comment', line: row.line + n };
        continue;
      }
    }
    yield valueIn(row, column, head);
    for (let n = 1; n < row.lines; n++) yield { is: 'comment', line: row.line + n };
  }
}

function valueIn({ line, fields }: Row, column: string | number, head: ReadonlyMap<string, number>): SourceItem {
  let missing = '';
  const field = (part: string) => {
    const index = isNumber(part) ? Number(part) - 1 : (head.get(part.toLowerCase()) ?? -1);
    if (fields[index] === undefined) missing = part;
    return fields[index] ?? '';
  };
  const [pattern] = splitPattern(column);
  const value = pattern.replace(/\{([^{}]*)\}/g, (_, part) => field(part)).trim();
  if (missing !== '') {
    const message = `there is no column ${missing}: this record has ${fields.length}`;
    return { is: 'invalid', line, column: 1, message };
  }
  return value === '' ? { is: 'left out', line } : { is: 'value', line, column: 1, value };
}

/** A plain column is a pattern of one part. */
function splitPattern(column: string | number): [pattern: string, parts: string[]] {
  const text = String(column);
  const pattern = text.includes('{') ? text : `{${text}}`;
  return [pattern, [...pattern.matchAll(/\{([^{}]*)\}/g)].map(([, part = '']) => part)];
}

function isNumber(part: string): boolean {
  return /^[1-9][0-9]*$/.test(part);
}

/** With a name the first record is the head, unless the comment above it is. With numbers alone it is one if it reads like words. */
function findHead(first: Row, above: Row | undefined, separator: string, parts: readonly string[]) {
  const indexOf = (fields: readonly string[]) => new Map(fields.map((field, n) => [field.trim().toLowerCase(), n]));
  const own = indexOf(first.fields);
  const names = parts.filter((part) => !isNumber(part)).map((name) => name.toLowerCase());
  if (names.length === 0) {
    const said = parts.map((part) => first.fields[Number(part) - 1] ?? '');
    return {
      head: own,
      isHead: said.every((field) => /^\p{L}[\p{L}\p{N}_ -]*$/u.test(field) && !/^[0-9a-f]{32,}$/i.test(field)),
    };
  }
  const [comment] = above ? [...rows(above.fields[0] ?? '', separator)] : [];
  const inComment = indexOf(comment?.fields ?? []);
  if (!names.every((name) => own.has(name)) && names.every((name) => inComment.has(name)))
    return { head: inComment, isHead: false };
  return { head: own, isHead: true };
}

/** The one that most of the first records have; of equals the one that comes first. */
function separatorOf(text: string): string {
  const score = (separator: string) => {
    let having = 0;
    let place = Number.POSITIVE_INFINITY;
    let looked = 0;
    for (const { is, fields } of rows(text, separator)) {
      if (is !== 'record') continue;
      if (looked === 0 && fields.length > 1) place = fields[0]?.length ?? 0;
      if (fields.length > 1) having++;
      if (++looked === LOOKED_AT) break;
    }
    return { separator, having, place };
  };
  const [best] = SEPARATORS.map(score).sort((a, b) => b.having - a.having || a.place - b.place);
  return best?.separator ?? ',';
}

function* rows(text: string, separator: string): Generator<Row> {
  let at = text.startsWith('\ufeff') ? 1 : 0;
  for (let line = 1; at < text.length; ) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    const raw = text.slice(at, end).trim();
    if (raw === '' || raw.startsWith('#')) {
      const fields = [raw.replace(/^#+\s*/, '')];
      yield { line, lines: 1, fields, is: raw === '' ? 'blank' : 'comment' };
      at = end + 1;
      line++;
      continue;
    }
    const record = readRecord(text, at, separator);
    yield { line, lines: record.lines, fields: record.fields, is: 'record' };
    at = record.end;
    line += record.lines;
  }
}

/** A quote counts at the beginning of a field; two of them within quotes are one. A quote that never ends is taken as it stands. */
function readRecord(text: string, start: number, separator: string): { fields: string[]; end: number; lines: number } {
  const fields: string[] = [];
  let lines = 1;
  let at = start;
  for (;;) {
    while (text[at] === ' ') at++;
    const closing = text[at] === '"' ? closingQuote(text, at + 1) : undefined;
    let field = '';
    if (closing !== undefined) {
      field = text.slice(at + 1, closing).replaceAll('""', '"');
      lines += field.split('\n').length - 1;
      at = closing + 1;
    }
    const from = at;
    while (at < text.length && text[at] !== separator && text[at] !== '\n') at++;
    fields.push((field + text.slice(from, at)).trim());
    if (text[at] !== separator) return { fields, end: at + 1, lines };
    at++;
  }
}

const QUOTED_MAX = 64 * 1024;

function closingQuote(text: string, from: number): number | undefined {
  for (let at = text.indexOf('"', from); at >= 0 && at - from < QUOTED_MAX; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at;
  }
  return undefined;
}
