import { parseArgs } from 'node:util';
import { allSteps } from './play.ts';
import { STORIES, type StoryKind } from './seeds.ts';

export const USAGE = `usage: npm run sim                                  200 seeds, and the stories with Redis and processes
       npm run sim -- SEED                          tells the story of one seed
       npm run sim -- SEED --steps 1,4              some of its steps (0 to ${allSteps().length - 1})
       npm run sim -- SEED --story "KIND"           of another kind: ${Object.keys(STORIES).join(', ')}
       npm run sim -- --seeds COUNT [--from SEED]   other seeds, or fewer
       npm run sim -- --planted [WORD]              whether planted bugs are found, all or those with this word in their names
       npm run sim -- --help

Ends with 0 where every story ends well, with 1 where one does not, with 2 where it was called in another way.`;

/** What a person asked for. */
export type Asked =
  | { readonly what: 'help' }
  | { readonly what: 'wrong'; readonly why: string }
  | { readonly what: 'planted'; readonly word: string }
  | { readonly what: 'one'; readonly story: StoryKind; readonly seed: number; readonly steps: number[] | undefined }
  | { readonly what: 'all'; readonly from: number; readonly count: number };

export function parseCommandLine(args: readonly string[]): Asked {
  const parsed = parsedOr(args);
  if (typeof parsed === 'string') return { what: 'wrong', why: parsed };
  const { values, positionals } = parsed;
  const { help, planted, story, steps, seeds, from } = values;
  const [word, ...more] = positionals;
  const wrong = (why: string): Asked => ({ what: 'wrong', why });
  if (help) return { what: 'help' };
  if (more.length > 0) return wrong(`one seed or word is expected; found ${positionals.join(' ')}`);
  const others = { story, steps, seeds, from };
  const misplaced = (...allowed: string[]) =>
    Object.entries(others).find(([name, value]) => value !== undefined && !allowed.includes(name))?.[0];
  const found = misplaced(...(planted ? [] : word === undefined ? ['seeds', 'from'] : ['story', 'steps']));
  if (found !== undefined)
    return wrong(`--${found} does not go with ${planted ? '--planted' : word === undefined ? 'no seed' : 'one seed'}`);
  if (planted) return { what: 'planted', word: word ?? '' };
  if (word === undefined) {
    const numbers = { from: naturalOr(from ?? '1'), count: naturalOr(seeds ?? '200') };
    if (numbers.from === undefined) return wrong(`--from is a number; found ${from}`);
    if (numbers.count === undefined) return wrong(`--seeds is a number; found ${seeds}`);
    return { what: 'all', from: numbers.from, count: numbers.count };
  }
  const seed = naturalOr(word);
  if (seed === undefined) return wrong(`a seed is a number; found ${word}`);
  const kind = story ?? 'in process';
  if (!isKind(kind)) return wrong(`there is no story "${kind}"; there are ${Object.keys(STORIES).join(', ')}`);
  if (steps === undefined) return { what: 'one', story: kind, seed, steps: undefined };
  if (kind !== 'in process') return wrong(`--steps goes with the story "in process" only; found "${kind}"`);
  const numbers = steps.split(',').map(naturalOr);
  const known = numbers.filter((n) => n !== undefined && allSteps().includes(n)) as number[];
  if (known.length < numbers.length)
    return wrong(`--steps are numbers from 0 to ${allSteps().length - 1}, as 1,4; found ${steps}`);
  return { what: 'one', story: kind, seed, steps: known };
}

function parsedOr(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        planted: { type: 'boolean', default: false },
        steps: { type: 'string' },
        seeds: { type: 'string' },
        from: { type: 'string' },
        story: { type: 'string' },
      },
    });
  } catch (error) {
    // Node's own words name the option and what is expected of it.
    if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))
      return error.message;
    throw error;
  }
}

function naturalOr(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function isKind(text: string): text is StoryKind {
  return Object.hasOwn(STORIES, text);
}
