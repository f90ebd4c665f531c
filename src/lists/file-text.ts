import { quoted } from '../ctim/problem.ts';

/** What is wrong with a file as a whole, or at the one place that `offset` names. */
export interface TextFault {
  readonly code: string;
  readonly offset: number;
  readonly message: string;
}

/** Git writes these where two branches touched the same lines; seven times the same sign. */
const CONFLICT = /^(?:<{7}|>{7}|\|{7})(?: .*)?$|^={7}$/m;

/** Faults that make a text no list at all, whatever its format. The first one is enough. */
export function textFault(text: string): TextFault | undefined {
  const nul = text.indexOf('\0');
  if (nul >= 0) {
    return {
      code: 'not-text',
      offset: nul,
      message: 'the file holds NUL characters: it is UTF-16 or no text at all; save it as UTF-8',
    };
  }
  const conflict = CONFLICT.exec(text);
  if (conflict !== null) {
    return {
      code: 'conflict-marker',
      offset: conflict.index,
      message: `${quoted(conflict[0].trimEnd())} is a conflict marker of git: decide which side is meant, and remove all three marker lines`,
    };
  }
  return undefined;
}

/** Line and column of an offset, both from 1. For the few places that are shown; a list of lines keeps its own count. */
export function placeOf(text: string, offset: number): { line: number; column: number } {
  let line = 1;
  let start = 0;
  for (let newline = text.indexOf('\n'); newline >= 0 && newline < offset; newline = text.indexOf('\n', start)) {
    line++;
    start = newline + 1;
  }
  return { line, column: offset - start + 1 };
}
