/**
 * Short texts one behind the other, a byte for each character: half of what a string costs, and nothing for the garbage
 * collector to look at. Nothing is ever taken out.
 */
export interface PackedText {
  /** Where it stands from now on; undefined for a text that is not to be had in bytes (it is not Latin, or too long). */
  add(text: string): number | undefined;
  at(place: number, length: number): string;
  /** Whether that is what stands there, without making a string of it. */
  is(place: number, length: number, text: string): boolean;
  copy(): PackedText;
}

const PIECE_BITS = 20;
const PIECE = 2 ** PIECE_BITS;
/** So that a place fits 32 bits. */
const PIECES_MAX = 2 ** (31 - PIECE_BITS);
const LONGEST = 2 ** 16;
const NOT_LATIN = /[\u0100-\uffff]/;

export function makePackedText(pieces: Buffer[] = [], taken: number = PIECE): PackedText {
  let used = taken;
  return {
    add(text) {
      if (text.length > LONGEST || NOT_LATIN.test(text)) return undefined;
      if (used + text.length > PIECE) {
        if (pieces.length === PIECES_MAX) return undefined;
        pieces.push(Buffer.alloc(PIECE));
        used = 0;
      }
      const place = (pieces.length - 1) * PIECE + used;
      pieces.at(-1)?.write(text, used, 'latin1');
      used += text.length;
      return place;
    },
    at: (place, length) => {
      const from = place % PIECE;
      return pieces[Math.floor(place / PIECE)]?.toString('latin1', from, from + length) ?? '';
    },
    is(place, length, text) {
      if (text.length !== length) return false;
      const piece = pieces[Math.floor(place / PIECE)];
      const from = place % PIECE;
      for (let n = 0; n < length; n++) if (piece?.[from + n] !== text.charCodeAt(n)) return false;
      return true;
    },
    copy: () =>
      makePackedText(
        pieces.map((piece) => Buffer.from(piece)),
        used,
      ),
  };
}
