import { packHex } from './packed-hex.ts';

/**
 * Keys of one width, each with a number: 0, 1, 2 … in the order in which they came; none ever goes. A million hashes of 64
 * characters cost 80 MB as strings and half as much again in a Map; as bytes they cost 32 MB and an index of 8, in which
 * the garbage collector has nothing to look at. For digests and uuids: their first and last bytes place them in the index.
 */
export interface HashKeys {
  readonly size: number;
  /** The number of the key that stands on the desk, or -1. */
  find(): number;
  /** The same; a key that is not known gets the next number. */
  add(): number;
  /** Puts this key on the desk. */
  show(n: number): void;
  hex(n: number): string;
  /** Where keys are written before they are asked for. Tables of one width share it, so that one finds what another shows. */
  readonly desk: Desk;
  /** From now on each goes its own way. */
  copy(): HashKeys;
}

/** One key, as bytes and, to be compared in few steps, as words. */
export interface Desk {
  readonly bytes: Buffer;
  readonly words: Int32Array;
}

const BYTES_OF_WORD = 4;
/** Keys in one piece of memory: growing copies none of them, and leaves no garbage as large as what is kept. */
const PIECE = 2 ** 14;
const SLOTS_MIN = 2 ** 6;
/** Knuth's: of numbers that lie near each other the highest bits of the product do not. */
const SPREAD = 0x9e_37_79_b1;

export function makeDesk(bytes: number): Desk {
  const memory = new ArrayBuffer(bytes);
  return { bytes: Buffer.from(memory), words: new Int32Array(memory) };
}

/** `taken`: of another table, which goes its own way. */
export function makeHashKeys(desk: Desk, taken?: { pieces: Int32Array[]; slots: Int32Array; size: number }): HashKeys {
  const width = desk.words.length;
  const { words } = desk;
  const pieces = taken?.pieces ?? [];
  // Open addressing: a slot holds a number + 1, and 0 is free. At most half of them are taken.
  let slots = taken?.slots ?? new Int32Array(SLOTS_MIN);
  let size = taken?.size ?? 0;
  // Two tables mostly have their keys in one order: the next is tried first, and nothing is looked up across the memory.
  let next = 0;

  /** The slot that holds the key on the desk, or the free one that it would get. */
  function slotOf(): number {
    const mask = slots.length - 1;
    for (let slot = placeOf(words[0] as number, words[width - 1] as number); ; slot = (slot + 1) & mask) {
      const n = (slots[slot] as number) - 1;
      if (n < 0 || isShown(n)) return slot;
    }
  }

  function placeOf(first: number, last: number): number {
    return Math.imul(first ^ last, SPREAD) >>> (Math.clz32(slots.length) + 1);
  }

  function isShown(n: number): boolean {
    const piece = pieces[Math.floor(n / PIECE)] as Int32Array;
    const at = (n % PIECE) * width;
    for (let i = 0; i < width; i++) if (piece[at + i] !== words[i]) return false;
    return true;
  }

  function grow(): void {
    slots = new Int32Array(slots.length * 2);
    const mask = slots.length - 1;
    for (let n = 0; n < size; n++) {
      const piece = pieces[Math.floor(n / PIECE)] as Int32Array;
      const at = (n % PIECE) * width;
      let slot = placeOf(piece[at] as number, piece[at + width - 1] as number);
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = n + 1;
    }
  }

  return {
    desk,
    get size() {
      return size;
    },
    find() {
      const found = next < size && isShown(next) ? next : (slots[slotOf()] as number) - 1;
      if (found >= 0) next = found + 1;
      return found;
    },
    add() {
      const slot = slotOf();
      const known = slots[slot] as number;
      if (known > 0) return known - 1;
      if (size % PIECE === 0) pieces.push(new Int32Array(PIECE * width));
      pieces.at(-1)?.set(words, (size % PIECE) * width);
      slots[slot] = ++size;
      if (size * 2 > slots.length) grow();
      return size - 1;
    },
    show(n) {
      const piece = pieces[Math.floor(n / PIECE)] as Int32Array;
      const at = (n % PIECE) * width;
      for (let i = 0; i < width; i++) words[i] = piece[at + i] as number;
    },
    hex(n) {
      const piece = pieces[Math.floor(n / PIECE)] as Int32Array;
      const bytes = Buffer.from(piece.buffer, (n % PIECE) * width * BYTES_OF_WORD, width * BYTES_OF_WORD);
      return bytes.toString('hex');
    },
    copy: () => makeHashKeys(desk, { pieces: pieces.map((it) => it.slice()), slots: slots.slice(), size }),
  };
}

/** Digests of entries, h: SHA-256. */
const H_BYTES = 32;
export const H_DESK = makeDesk(H_BYTES);

/** Puts an h on its desk; false for a text that is none. */
export function layHex(h: string): boolean {
  return h.length === H_BYTES * 2 && packHex(h, 0, H_BYTES, H_DESK.bytes, 0);
}

/** The same of bytes, one in each character. */
export function layLatin1(digest: string): void {
  const { bytes } = H_DESK;
  for (let i = 0; i < H_BYTES; i++) bytes[i] = digest.charCodeAt(i);
}
