import { firstColumn, WHOLE_LINE_COMMENT } from '../text-list.ts';
import { type SourceItem, sourceLines, valueAt } from './items.ts';

/** One observable a line, by the rules of text files. */
export function* textItems(text: string): Generator<SourceItem> {
  for (const source of sourceLines(text)) {
    const said = source.raw.trim();
    if (said === '') yield { is: 'blank', line: source.line };
    else if (WHOLE_LINE_COMMENT.test(said)) yield { is: 'comment', line: source.line };
    else yield valueAt(source, firstColumn(said));
  }
}
