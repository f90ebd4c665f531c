/**
 * Which of many words stand in a text: one walk over its characters, however many the words are (Aho and Corasick, 1975).
 * Most lines of a log hold none that matter, and that must be cheap; and no text makes it slow.
 */
export interface Keywords {
  /** Calls `found` with the number of each word at each place. */
  find(text: string, found: (word: number) => void): void;
}

export function makeKeywords(words: readonly string[]): Keywords {
  const signs = signsOf(words);
  const width = signs.count;
  const { next, fallback, own } = treeOf(words, signs.of, width);
  const states = own.length;
  const table = new Int32Array(states * width);
  const ends: number[][] = own.map((found) => [...found]);
  // By breadth: what a state falls back to is shorter, so it is complete by then.
  const queue = [0];
  for (let at = 0; at < queue.length; at++) {
    const state = queue[at] ?? 0;
    const back = fallback[state] ?? 0;
    if (state !== 0) ends[state]?.push(...(ends[back] ?? []));
    for (let sign = 0; sign < width; sign++) {
      const child = next[state]?.get(sign);
      const other = state === 0 ? 0 : (table[back * width + sign] ?? 0);
      if (child === undefined) table[state * width + sign] = other;
      else {
        fallback[child] = state === 0 ? 0 : other;
        table[state * width + sign] = child;
        queue.push(child);
      }
    }
  }
  const says = Uint8Array.from(ends, (found) => (found.length > 0 ? 1 : 0));
  const { ascii, of } = signs;
  return {
    find(text, found) {
      let state = 0;
      for (let at = 0; at < text.length; at++) {
        const code = text.charCodeAt(at);
        const sign = code < 128 ? (ascii[code] as number) : of(code);
        state = table[state * width + sign] as number;
        if (says[state] === 1) for (const word of ends[state] as number[]) found(word);
      }
    },
  };
}

interface Signs {
  /** 0 stands for every character that is in no word. */
  of(code: number): number;
  readonly ascii: Uint8Array;
  readonly count: number;
}

/** Only the characters that stand in words have a column: the table stays small enough to be quick. */
function signsOf(words: readonly string[]): Signs {
  const numbers = new Map<number, number>();
  for (const word of words) {
    for (let at = 0; at < word.length; at++) {
      const code = word.charCodeAt(at);
      if (!numbers.has(code)) numbers.set(code, numbers.size + 1);
    }
  }
  const of = (code: number) => numbers.get(code) ?? 0;
  return { of, ascii: Uint8Array.from({ length: 128 }, (_, code) => of(code)), count: numbers.size + 1 };
}

function treeOf(words: readonly string[], signOf: (code: number) => number, width: number) {
  if (width > 256) throw new Error(`the words use ${width} different characters, more than 256`);
  const next: Map<number, number>[] = [new Map()];
  const own: number[][] = [[]];
  for (const [number, word] of words.entries()) {
    let state = 0;
    for (let at = 0; at < word.length; at++) {
      const sign = signOf(word.charCodeAt(at));
      let child = next[state]?.get(sign);
      if (child === undefined) {
        child = next.push(new Map()) - 1;
        own.push([]);
        next[state]?.set(sign, child);
      }
      state = child;
    }
    own[state]?.push(number);
  }
  return { next, own, fallback: new Array<number>(own.length).fill(0) };
}
