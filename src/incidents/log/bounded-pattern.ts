/**
 * A rule's regular expression, compiled where no text can make it slow, or why not. JavaScript's engine goes back over
 * every way in which repeated parts can share a text, so their lengths are multiplied beforehand. That is a bound for mistakes,
 * not a proof: `rules test` sends hostile lines through every rule and takes the time.
 *
 *   .{0,40}x.{0,40}     41 · 41 ways        (?:a|b{0,9}){0,3}   10³ · 4 ways        a?b?   one: there is nothing to share
 *   a*  a+  a{2,}       no end: refused     (?=…) (?<…) \1 \k   no rule needs them: refused
 */
export function boundedPattern(source: string): { readonly pattern: RegExp } | { readonly wrong: string } {
  let pattern: RegExp;
  try {
    // Texts are in lower case and hold their stages one on a line.
    pattern = new RegExp(source, 'm');
  } catch (error) {
    return { wrong: `no regular expression: ${(error as Error).message}` };
  }
  if (/[A-Z]/.test(source.replace(/\\[BDSW]/g, '')))
    return { wrong: 'capital letters never match: requests are compared in lower case' };
  try {
    const paths = alternatives({ source, at: 0 });
    if (paths > PATHS_MAX)
      return {
        wrong: `its repetitions can share a text in ${Math.min(paths, 1e9).toLocaleString('en')} ways, more than ${PATHS_MAX.toLocaleString('en')}: bound them closer, or make two rules of it`,
      };
  } catch (error) {
    if (error instanceof Refused) return { wrong: error.message };
    throw error;
  }
  return { pattern };
}

const PATHS_MAX = 100_000;

class Refused extends Error {}

interface Cursor {
  readonly source: string;
  at: number;
}

function alternatives(cursor: Cursor): number {
  let ways = sequence(cursor);
  while (cursor.source[cursor.at] === '|') {
    cursor.at++;
    ways = Math.max(ways, sequence(cursor));
  }
  return ways;
}

function sequence(cursor: Cursor): number {
  let ways = 1;
  while (cursor.at < cursor.source.length && !'|)'.includes(cursor.source[cursor.at] ?? '')) {
    const inner = part(cursor);
    const [least, most] = repetition(cursor);
    if (inner === 1 && most - least <= 3) continue;
    // Ways of one turn, to the power of the turns; and as many ends as there are numbers of turns.
    ways *= inner ** most * (most - least + 1);
    if (ways > 1e12) return 1e12;
  }
  return ways;
}

/** One character, class, place or group. Its ways. */
function part(cursor: Cursor): number {
  const { source } = cursor;
  const sign = source[cursor.at] ?? '';
  if (sign === '\\') {
    const kind = source[cursor.at + 1] ?? '';
    if (/[1-9k]/.test(kind)) throw new Refused(`"\\${kind}" refers back to what was matched: write it out`);
    cursor.at += kind === 'x' ? 4 : kind === 'u' ? 6 : 2;
    return 1;
  }
  if (sign === '[') {
    cursor.at++;
    while (source[cursor.at] !== ']') cursor.at += source[cursor.at] === '\\' ? 2 : 1;
    cursor.at++;
    return 1;
  }
  if (sign !== '(') {
    cursor.at++;
    return 1;
  }
  if (!source.startsWith('(?:', cursor.at)) throw new Refused('a group is written (?:…); no other kind is needed here');
  cursor.at += 3;
  const ways = alternatives(cursor);
  cursor.at++;
  return ways;
}

function repetition(cursor: Cursor): readonly [least: number, most: number] {
  const [whole, , least, comma, most] =
    /^(?:[*+]|(\{(\d+)(,?)(\d*)\})|\?)\??/.exec(cursor.source.slice(cursor.at, cursor.at + 20)) ?? [];
  if (whole === undefined) return [1, 1];
  if (/^[*+]/.test(whole) || (comma === ',' && most === ''))
    throw new Refused(`"${whole}" repeats without an end: write how often at most, such as {0,20}`);
  cursor.at += whole.length;
  if (least === undefined) return [0, 1];
  return [Number(least), Number(comma === ',' ? most : least)];
}
