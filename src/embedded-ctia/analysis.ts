import { stemmer } from 'stemmer';

/**
 * Text fields as Elasticsearch's `english` analyzer indexes them: the standard tokenizer near enough (letters, digits and
 * underscores, joined by a dot or an apostrophe), lower case, no possessive `'s`, no stop words, Porter stems. A query's text
 * goes the same way, so that `blocked addresses` finds `block the address`.
 */
export function analysed(text: string): string[] {
  return words(text).flatMap((word) => (STOP_WORDS.has(word) ? [] : [stem(word)]));
}

/** Not stemmed: what a wildcard is compared with. */
export function words(text: string): string[] {
  const found = text.toLowerCase().match(/[\p{L}\p{N}_]+(?:['.’][\p{L}\p{N}_]+)*/gu) ?? [];
  return found.map((word) => word.replace(/['’]s$/u, ''));
}

/** Stems are asked for again and again while documents are read; a map is ten times as fast as the stemmer. */
function stem(word: string): string {
  let stemmed = stems.get(word);
  if (stemmed === undefined) {
    // Porter knows English letters only: anything else is a whole.
    stemmed = /^[a-z]+$/.test(word) ? stemmer(word) : word;
    if (stems.size === STEMS_KEPT) stems.clear();
    stems.set(word, stemmed);
  }
  return stemmed;
}
const stems = new Map<string, string>();
const STEMS_KEPT = 8192;

/** Lucene's English stop words. */
const STOP_WORDS: ReadonlySet<string> = new Set(
  'a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was will with'.split(
    ' ',
  ),
);
