/** One line of a plain text list that is neither blank nor a comment. Line and column count from 1 and point at the value. */
export interface TextLine {
  readonly line: number;
  readonly column: number;
  readonly value: string;
}

export const WHOLE_LINE_COMMENT = /^(?:[#;!]|\/\/)/;
const TRAILING_COMMENT = /[ \t][#;]/;
/** Nearly every line of nearly every list: a value and nothing else. */
const VALUE_ALONE = /^[0-9A-Za-z]\S*$/;

/**
 * The lines of a plain text list: one observable a line, of a TAB table the first column. A line that begins with `#`,
 * `;`, `!` or `//` is a comment, and so is what follows a blank and `#` or `;`. A generator, so that who reads a million
 * lines can let others run in between. `firstLine`: of a part of a text, which begins there.
 */
export function* textLines(text: string, firstLine: number = 1): Generator<TextLine> {
  let start = firstLine === 1 && text.startsWith('\ufeff') ? 1 : 0;
  const bom = start;
  for (let line = firstLine; start < text.length; line++) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const raw = text.slice(start, end);
    start = end + 1;
    const before = line === 1 ? bom : 0;
    if (VALUE_ALONE.test(raw)) {
      yield { line, column: 1 + before, value: raw };
      continue;
    }
    const value = raw.trim();
    if (value === '' || WHOLE_LINE_COMMENT.test(value)) continue;
    yield { line, column: raw.indexOf(value) + 1 + before, value: firstColumn(value) };
  }
}

export function firstColumn(value: string): string {
  const comment = value.search(TRAILING_COMMENT);
  const kept = comment < 0 ? value : value.slice(0, comment);
  const tab = kept.indexOf('\t');
  return (tab < 0 ? kept : kept.slice(0, tab)).trimEnd();
}
