import type { Glance, GlanceKind } from './actual.ts';
import type { HashKeys } from './hash-keys.ts';
import type { Kind, Kinds } from './judgement-kinds.ts';
import { END, KEY, KIND, LENGTH, START, TEXT, TIMES, WORDS } from './judgement-row.ts';
import type { PackedText } from './packed-text.ts';

export function glanceKind({ words, once, lifetimeMs, links, references }: Kind): GlanceKind {
  return { words, once, lifetimeMs, links, references: references.all };
}

/** One for all: it is moved from row to row, and reads where it stands. */
export function makeGlance(
  keys: HashKeys,
  kinds: Kinds,
  texts: PackedText,
): (words: Int32Array, times: Float64Array, row: number, alone: boolean) => Glance {
  let words: Int32Array = new Int32Array();
  let times: Float64Array = new Float64Array();
  let row = 0;
  let at = 0;
  let alone = false;
  let kind = undefined as unknown as ReturnType<Kinds['at']>;
  const glance: Glance = {
    get h() {
      return keys.hex(words[at + KEY] as number);
    },
    get observable() {
      return { type: kind.type, value: texts.at(words[at + TEXT] as number, words[at + LENGTH] as number) };
    },
    isOf: ({ type, value }) =>
      kind.type === type && texts.is(words[at + TEXT] as number, words[at + LENGTH] as number, value),
    get alone() {
      return alone;
    },
    get words() {
      return kind.words;
    },
    get start() {
      return times[row * TIMES + START] as number;
    },
    get end() {
      return times[row * TIMES + END] as number;
    },
    get once() {
      return kind.once;
    },
    get lifetimeMs() {
      return kind.lifetimeMs;
    },
    get links() {
      return kind.links;
    },
    get references() {
      return kind.references.all;
    },
  };
  return (itsWords, itsTimes, its, isAlone) => {
    words = itsWords;
    times = itsTimes;
    row = its;
    at = its * WORDS;
    alone = isAlone;
    kind = kinds.at(words[at + KIND] as number);
    return glance;
  };
}
