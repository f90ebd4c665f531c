/** Where two texts differ, in whole lines: they begin alike before it, and end alike behind it. Offsets. */
export interface ChangedPart {
  readonly from: number;
  /** Its end in the former text, and in the one of now. */
  readonly endBefore: number;
  readonly endNow: number;
}

const BLOCK = 4096;

export function changedPart(before: string, now: string): ChangedPart {
  const { length } = now;
  const shorter = Math.min(before.length, length);
  let same = 0;
  // By blocks, which are compared at once, and then letter by letter.
  while (same + BLOCK <= shorter && before.slice(same, same + BLOCK) === now.slice(same, same + BLOCK)) same += BLOCK;
  while (same < shorter && before.charCodeAt(same) === now.charCodeAt(same)) same += 1;
  const from = same === 0 ? 0 : now.lastIndexOf('\n', same - 1) + 1;
  const room = shorter - from;
  let alike = 0;
  const blockBack = (text: string) => text.slice(text.length - alike - BLOCK, text.length - alike);
  while (alike + BLOCK <= room && blockBack(before) === blockBack(now)) alike += BLOCK;
  while (alike < room && before.charCodeAt(before.length - 1 - alike) === now.charCodeAt(length - 1 - alike))
    alike += 1;
  // What ends alike mostly begins in the middle of a line: kept is what comes after that.
  const newline = now.indexOf('\n', length - alike);
  const tail = newline < 0 ? 0 : length - newline - 1;
  return { from, endBefore: before.length - tail, endNow: length - tail };
}

export function countLines(text: string, from: number, to: number): number {
  let lines = 0;
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}
