import type { ActualJudgement, EndingBefore, Glance, HeldJudgements, Judgements, Meeting } from './actual.ts';
import { glanceKind, makeGlance } from './glance.ts';
import { H_DESK, type HashKeys, layHex, makeHashKeys } from './hash-keys.ts';
import { type Kinds, makeKinds, splitLine, withLine } from './judgement-kinds.ts';
import {
  BYTES_OF_WORD,
  copyOf,
  END,
  G,
  ID,
  KEY,
  KIND,
  LENGTH,
  LINE,
  LINK_G,
  LINK_ID,
  makePiece,
  NEXT,
  PIECE,
  type Piece,
  START,
  TEXT,
  TIMES,
  WORDS,
} from './judgement-row.ts';
import { packUuid, unpackUuid } from './packed-hex.ts';
import { makePackedText, type PackedText } from './packed-text.ts';

/**
 * Everything that is held, by h, in columns: some 150 bytes of a judgement outside of the heap, where its objects and texts
 * are 1 KB of it. Who asks for one gets objects made for him, so changing them changes nothing here; who asks all of them
 * the same gets a glance of each (glance.ts).
 *
 *   the h                      32 bytes, with a number (hash-keys.ts)
 *   what others say too        a number (judgement-kinds.ts)
 *   ids                        16 bytes each, after a prefix that others have too
 *   line, times, generations   numbers
 *   the value                  bytes (packed-text.ts)
 *   several of one h           a row each, chained
 *   what does not fit          of its h all judgements are kept as they are: several links or none, an id without a uuid, a
 *                              value that is not Latin
 */
export interface JudgementColumns extends HeldJudgements {
  readonly glances: (endingBefore?: EndingBefore) => Iterable<Glance>;
  readonly meeting: () => Meeting;
  /** Behind the others of its h. */
  add(judgement: ActualJudgement): void;
  /** From now on each goes its own way. */
  readonly copy: () => JudgementColumns;
}

export function isColumns(judgements: Judgements): judgements is JudgementColumns {
  return 'meeting' in judgements;
}

/** Of an h: its first row, nothing, or what does not fit. Of a row's h: it is free. */
const NONE = -1;
const ODD = -2;

interface Taken {
  readonly keys: HashKeys;
  readonly kinds: Kinds;
  readonly texts: PackedText;
  readonly pieces: Piece[];
  readonly heads: Int32Array;
  readonly rows: number;
  readonly size: number;
  /** Rows that hold nothing any more. */
  readonly spare: readonly number[];
  readonly odd: Map<string, readonly ActualJudgement[]>;
}

const HEADS_MIN = 64;

export function makeJudgementColumns(taken?: Taken): JudgementColumns {
  const keys = taken?.keys ?? makeHashKeys(H_DESK);
  const kinds = taken?.kinds ?? makeKinds();
  const texts = taken?.texts ?? makePackedText();
  const pieces = taken?.pieces ?? [];
  const odd = taken?.odd ?? new Map<string, readonly ActualJudgement[]>();
  let heads = taken?.heads ?? new Int32Array(HEADS_MIN);
  let rows = taken?.rows ?? 0;
  let size = taken?.size ?? 0;
  const spare = [...(taken?.spare ?? [])];
  const draft = makePiece(1);

  const pieceOf = (row: number) => pieces[Math.floor(row / PIECE)] as Piece;

  /** The number of an h, known from now on. */
  function numberOf(): number {
    const before = keys.size;
    const n = keys.add();
    if (n < before) return n;
    if (n === heads.length) {
      const more = new Int32Array(heads.length * 2);
      more.set(heads);
      heads = more;
    }
    heads[n] = NONE;
    return n;
  }

  /** Writes it into the draft of a row; false where it does not fit. `before`: a row of the same h, whose value it mostly has. */
  function drafted(n: number, judgement: ActualJudgement, before: number): boolean {
    const { id, g, links, references, observable, start, end } = judgement;
    const [link] = links;
    if (link === undefined || links.length > 1 || judgement.h !== keys.hex(n)) return false;
    const { words, bytes, times } = draft;
    const prefix = packUuid(id, bytes, ID * BYTES_OF_WORD);
    const linkPrefix = packUuid(link.id, bytes, LINK_ID * BYTES_OF_WORD);
    if (prefix === undefined || linkPrefix === undefined) return false;
    const { untilLine, line } = splitLine(references);
    const text = before < 0 || textOf(before) !== observable.value ? texts.add(observable.value) : wordOf(before, TEXT);
    if (text === undefined) return false;
    words[KEY] = n;
    words[NEXT] = NONE;
    words[KIND] = kinds.add(judgement, link, { id: prefix, linkId: linkPrefix }, untilLine);
    words[G] = g;
    words[LINK_G] = link.g;
    words[LINE] = line;
    words[TEXT] = text;
    words[LENGTH] = observable.value.length;
    times[START] = start;
    times[END] = end;
    return true;
  }

  function wordOf(row: number, which: number): number {
    return pieceOf(row).words[(row % PIECE) * WORDS + which] as number;
  }

  function textOf(row: number): string {
    return texts.at(wordOf(row, TEXT), wordOf(row, LENGTH));
  }

  /** Puts the draft into a row. */
  function place(row: number): void {
    if (row === rows && rows++ % PIECE === 0) pieces.push(makePiece(PIECE));
    const { words, times } = pieceOf(row);
    words.set(draft.words, (row % PIECE) * WORDS);
    times.set(draft.times, (row % PIECE) * TIMES);
  }

  function rowsOf(n: number): number[] {
    const found: number[] = [];
    for (let row = heads[n] as number; row >= 0; row = wordOf(row, NEXT)) found.push(row);
    return found;
  }

  function free(row: number): void {
    pieceOf(row).words[(row % PIECE) * WORDS + KEY] = NONE;
    spare.push(row);
  }

  /** In the rows that its h had, so that who is on his way through all of them meets it, before or after. */
  function write(n: number, judgements: readonly ActualJudgement[]): void {
    const own = rowsOf(n);
    const placed: number[] = [];
    if (heads[n] === ODD) odd.delete(keys.hex(n));
    for (const judgement of judgements) {
      const before = own.shift();
      if (!drafted(n, judgement, before ?? NONE)) {
        if (before !== undefined) own.push(before);
        break;
      }
      const row = before ?? spare.pop() ?? rows;
      place(row);
      const last = placed.at(-1);
      if (last === undefined) heads[n] = row;
      else pieceOf(last).words[(last % PIECE) * WORDS + NEXT] = row;
      placed.push(row);
    }
    const fits = judgements.length > 0 && placed.length === judgements.length;
    for (const row of fits ? own : [...own, ...placed]) free(row);
    if (fits) return;
    odd.set(keys.hex(n), judgements);
    heads[n] = ODD;
  }

  function made(row: number): ActualJudgement {
    const { words, bytes, times } = pieceOf(row);
    const at = (row % PIECE) * WORDS;
    const kind = kinds.at(words[at + KIND] as number);
    const [link] = kind.links;
    return {
      id: kind.id + unpackUuid(bytes, (at + ID) * BYTES_OF_WORD),
      h: keys.hex(words[at + KEY] as number),
      g: words[at + G] as number,
      observable: { type: kind.type, value: texts.at(words[at + TEXT] as number, words[at + LENGTH] as number) },
      words: kind.words,
      start: times[(row % PIECE) * TIMES + START] as number,
      end: times[(row % PIECE) * TIMES + END] as number,
      once: kind.once,
      lifetimeMs: kind.lifetimeMs,
      references: withLine(kind.references, words[at + LINE] as number),
      links: [
        {
          id: kind.linkId + unpackUuid(bytes, (at + LINK_ID) * BYTES_OF_WORD),
          g: words[at + LINK_G] as number,
          target: link.target,
          tlp: link.tlp,
        },
      ],
    };
  }

  function those(n: number): readonly ActualJudgement[] | undefined {
    let row = heads[n] as number;
    if (row === ODD) return odd.get(keys.hex(n));
    if (row === NONE) return undefined;
    const found: ActualJudgement[] = [];
    for (; row >= 0; row = wordOf(row, NEXT)) found.push(made(row));
    return found;
  }

  const glance = makeGlance(keys, kinds, texts);

  function get(h: string): readonly ActualJudgement[] | undefined {
    if (!layHex(h)) return odd.get(h);
    const n = keys.find();
    return n < 0 ? undefined : those(n);
  }

  function remove(h: string): void {
    if (!layHex(h)) {
      if (odd.delete(h)) size -= 1;
      return;
    }
    const n = keys.find();
    if (n < 0 || heads[n] === NONE) return;
    for (const row of rowsOf(n)) free(row);
    odd.delete(h);
    heads[n] = NONE;
    size -= 1;
  }

  function set(h: string, judgements: readonly ActualJudgement[]): void {
    if (!layHex(h)) {
      if (!odd.has(h)) size += 1;
      odd.set(h, judgements);
      return;
    }
    const n = numberOf();
    if (heads[n] === NONE) size += 1;
    write(n, judgements);
  }

  function* entries(): Generator<[string, readonly ActualJudgement[]], undefined> {
    for (let n = 0; n < keys.size; n++) {
      const found = those(n);
      if (found !== undefined) yield [keys.hex(n), found];
    }
    for (const [h, found] of odd) if (!layHex(h)) yield [h, found];
  }

  function* hs(): Generator<string, undefined> {
    for (let n = 0; n < keys.size; n++) if (heads[n] !== NONE) yield keys.hex(n);
    for (const h of odd.keys()) if (!layHex(h)) yield h;
  }

  function* values(): Generator<readonly ActualJudgement[], undefined> {
    for (const [, found] of entries()) yield found;
  }

  return {
    get size() {
      return size;
    },
    get,
    has(h) {
      if (!layHex(h)) return odd.has(h);
      const n = keys.find();
      return n >= 0 && heads[n] !== NONE;
    },
    set,
    delete: remove,
    add: (judgement) => set(judgement.h, [...(get(judgement.h) ?? []), judgement]),
    meeting() {
      const asked = new Uint8Array(keys.size);
      return {
        onDesk() {
          const n = keys.find();
          if (n < 0) return 0;
          asked[n] = 1;
          const row = heads[n] as number;
          if (row === NONE) return 0;
          if (row === ODD) return odd.get(keys.hex(n))?.length ?? 0;
          const { words, times } = pieceOf(row);
          if ((words[(row % PIECE) * WORDS + NEXT] as number) >= 0) return 2;
          return glance(words, times, row % PIECE, true);
        },
        *notAsked() {
          // What came since was not there to be asked for.
          for (let n = 0; n < asked.length; n++) if (asked[n] === 0 && heads[n] !== NONE) yield keys.hex(n);
          for (const h of odd.keys()) if (!layHex(h)) yield h;
        },
      };
    },
    *glances(endingBefore) {
      const bounds: number[] = [];
      for (let row = 0; row < rows; row++) {
        const { words, times } = pieceOf(row);
        const at = row % PIECE;
        if ((words[at * WORDS] as number) < 0) continue;
        if (endingBefore !== undefined) {
          const kind = words[at * WORDS + KIND] as number;
          bounds[kind] ??= endingBefore(glanceKind(kinds.at(kind)));
          if (!((times[at * TIMES + END] as number) < (bounds[kind] as number))) continue;
        }
        const alone = heads[words[at * WORDS + KEY] as number] === row && (words[at * WORDS + NEXT] as number) < 0;
        yield glance(words, times, at, alone);
      }
      for (const found of odd.values())
        for (const it of found) if (endingBefore === undefined || it.end < endingBefore(it)) yield it;
    },
    copy: () =>
      makeJudgementColumns({
        keys: keys.copy(),
        kinds,
        texts: texts.copy(),
        pieces: pieces.map(copyOf),
        heads: heads.slice(),
        rows,
        size,
        spare,
        odd: new Map(odd),
      }),
    entries,
    keys: hs,
    values,
    forEach(callback) {
      for (const [h, found] of entries()) callback(found, h, this);
    },
    [Symbol.iterator]: entries,
  };
}
