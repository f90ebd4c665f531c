import { join } from 'node:path';
import { type Asked, parseCommandLine, USAGE } from './command-line.ts';
import { PLANTED } from './planted.ts';
import { tryPlanted } from './planted-copy.ts';
import { play } from './play.ts';
import { playSeeds, STORIES, type StoryKind, shrunk, toldStory } from './seeds.ts';
import { sumOf, type Tally, tallyLine } from './tally.ts';

/** `npm run sim`: 200 seeds in this product's own process, and the stories with processes of their own. */
const SEEDS_WITH_PROCESSES = 5;
const AT_ONCE = 2;
const COMPILED = join(import.meta.dirname, '..', '..');

const say = (line: string) => process.stdout.write(`${line}\n`);
process.exitCode = await answer(parseCommandLine(process.argv.slice(2)));

async function answer(asked: Asked): Promise<number> {
  switch (asked.what) {
    case 'help':
      say(USAGE);
      return 0;
    case 'wrong':
      process.stderr.write(`${asked.why}\n\n${USAGE}\n`);
      return 2;
    case 'planted':
      return plantAll(asked.word);
    case 'one':
      return tellOne(asked.story, asked.seed, asked.steps);
    case 'all':
      return playAll(asked.from, asked.count);
  }
}

async function playAll(from: number, count: number): Promise<number> {
  const seedsOf = (first: number, many: number) => Array.from({ length: many }, (_, n) => first + n);
  const code = await playKind('in process', seedsOf(from, count));
  if (code !== 0) return code;
  return (
    (await playKind('two tenants', [1, 2])) || (await playKind('with processes', seedsOf(1, SEEDS_WITH_PROCESSES)))
  );
}

async function playKind(story: StoryKind, seeds: number[]): Promise<number> {
  const began = performance.now();
  const tallies: Tally[] = [];
  const failed = await playSeeds(seeds, {
    story,
    compiled: COMPILED,
    atOnce: AT_ONCE,
    tell({ seed, failure, tally }) {
      tallies.push(tally);
      if (failure !== undefined) say(`seed ${seed} FAILED: ${failure}`);
      else if (tallies.length % 20 === 0) say(`${tallies.length} seeds played`);
    },
  });
  say(`${story}: ${tallies.length} seeds in ${seconds(began)} s: ${tallyLine(sumOf(tallies))}`);
  return failed === undefined ? 0 : tellOne(story, failed.seed, undefined);
}

async function tellOne(story: StoryKind, seed: number, steps: readonly number[] | undefined): Promise<number> {
  // Processes die in another middle each time: what is left out there proves nothing.
  if (story !== 'in process') {
    const played = await STORIES[story](seed);
    say(toldStory(played, story));
    return played.failure === undefined ? 0 : 1;
  }
  const played = await play(seed, steps);
  if (played.failure === undefined || steps !== undefined) say(toldStory(played, story));
  else {
    say(`seed ${seed} fails: ${played.failure.message.split('\n', 1)[0]}; leaving out the steps that do not matter`);
    say(toldStory(await shrunk(played), story));
  }
  return played.failure === undefined ? 0 : 1;
}

async function plantAll(named: string): Promise<number> {
  const planted = PLANTED.filter(({ name }) => name.includes(named));
  if (planted.length === 0) {
    process.stderr.write(`no planted bug has "${named}" in its name; there are\n`);
    for (const { name } of PLANTED) process.stderr.write(`  ${name}\n`);
    return 2;
  }
  let missed = 0;
  for (const bug of planted) {
    const began = performance.now();
    const found = await tryPlanted(bug, COMPILED, AT_ONCE);
    if (found === undefined) missed += 1;
    say(`${found ? 'found  ' : 'MISSED '} ${bug.name}: ${found ?? 'by no seed'} (${seconds(began)} s)`);
  }
  say(`${planted.length - missed} of ${planted.length} planted bugs were found`);
  return missed === 0 ? 0 : 1;
}

function seconds(began: number): string {
  return ((performance.now() - began) / 1000).toFixed(0);
}
