/**
 * A source, item by item. Each line of it (each value, of a JSON document) is at least one item, so that whoever counts
 * the items has accounted for the whole text:
 *
 *   value      what stands there for an observable, as written; whether it is one is for others to say
 *   comment    said to people, or the head of a table
 *   blank
 *   left out   understood, and nothing to publish: an exception, a rule that holds on some pages only, a redirection
 *   invalid    not of this format
 */
export type SourceItem =
  | { readonly is: 'value'; readonly line: number; readonly column: number; readonly value: string }
  | { readonly is: 'comment' | 'blank' | 'left out'; readonly line: number }
  | { readonly is: 'invalid'; readonly line: number; readonly column: number; readonly message: string };

export interface SourceLine {
  readonly line: number;
  /** Without its end. */
  readonly raw: string;
  /** How far the raw text lies behind the beginning of the line: a byte order mark. */
  readonly shift: number;
}

/** A text that ends with a newline has no line after it. */
export function* sourceLines(text: string): Generator<SourceLine> {
  let start = text.startsWith('\ufeff') ? 1 : 0;
  for (let line = 1; start < text.length; line++) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const raw = text.slice(start, text[end - 1] === '\r' && end > start ? end - 1 : end);
    yield { line, raw, shift: line === 1 && text.startsWith('\ufeff') ? 1 : 0 };
    start = end + 1;
  }
}

export function valueAt({ line, raw, shift }: SourceLine, value: string, from = 0): SourceItem {
  return { is: 'value', line, column: Math.max(raw.indexOf(value, from), 0) + 1 + shift, value };
}
