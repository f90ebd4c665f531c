/** Of a row: numbers of 32 bits, and times. */
export const WORDS = 16;
export const [KEY, NEXT, KIND, G, LINK_G, LINE, TEXT, LENGTH, ID, LINK_ID] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12] as const;
export const [START, END, TIMES] = [0, 1, 2] as const;
export const BYTES_OF_WORD = 4;
export const PIECE = 2 ** 14;

export interface Piece {
  readonly words: Int32Array;
  /** The same memory. */
  readonly bytes: Buffer;
  readonly times: Float64Array;
}

export function makePiece(rows: number): Piece {
  const memory = new ArrayBuffer(rows * WORDS * BYTES_OF_WORD);
  return { words: new Int32Array(memory), bytes: Buffer.from(memory), times: new Float64Array(rows * TIMES) };
}

export function copyOf({ words, times }: Piece): Piece {
  const copied = words.slice();
  return { words: copied, bytes: Buffer.from(copied.buffer), times: times.slice() };
}
