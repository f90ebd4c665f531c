import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PLANTED } from './planted.ts';
import { tryPlanted } from './planted-copy.ts';
import { allSteps, play } from './play.ts';
import { playSeeds, STORIES, type StoryKind, shrunk, toldStory } from './seeds.ts';

/**
 * `npm run sim`: 200 seeds in this product's own process, and the stories with processes of their own.
 *
 *   npm run sim -- 17                 tells the story of one seed
 *   npm run sim -- 17 --steps 1,4     some of its steps
 *   npm run sim -- 2 --story "with processes"
 *   npm run sim -- --seeds 50 --from 1000
 *   npm run sim -- --planted [WORD]   whether planted bugs are found, all or those with this word in their names
 */
const SEEDS = 200;
const SEEDS_WITH_PROCESSES = 5;
const AT_ONCE = 2;
const COMPILED = join(import.meta.dirname, '..', '..');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    steps: { type: 'string' },
    seeds: { type: 'string', default: String(SEEDS) },
    from: { type: 'string', default: '1' },
    story: { type: 'string', default: 'in process' },
    planted: { type: 'boolean', default: false },
  },
});
const say = (line: string) => process.stdout.write(`${line}\n`);
const [word] = positionals;

if (values.planted) process.exitCode = await plantAll(word ?? '');
else if (word !== undefined) process.exitCode = await tellOne(storyOf(values.story), Number(word), values.steps);
else process.exitCode = await playAll(Number(values.from), Number(values.seeds));

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
  let played = 0;
  const failed = await playSeeds(seeds, {
    story,
    compiled: COMPILED,
    atOnce: AT_ONCE,
    tell({ seed, failure }) {
      played += 1;
      if (failure !== undefined) say(`seed ${seed} FAILED: ${failure}`);
      else if (played % 20 === 0) say(`${played} seeds played`);
    },
  });
  say(`${story}: ${played} seeds in ${seconds(began)} s`);
  return failed === undefined ? 0 : tellOne(story, failed.seed, undefined);
}

async function tellOne(story: StoryKind, seed: number, steps: string | undefined): Promise<number> {
  // Processes die in another middle each time: what is left out there proves nothing.
  if (story !== 'in process') {
    const played = await STORIES[story](seed);
    say(toldStory(played, story));
    return played.failure === undefined ? 0 : 1;
  }
  const played = await play(seed, steps === undefined ? allSteps() : steps.split(',').map(Number));
  if (played.failure === undefined || steps !== undefined) say(toldStory(played, story));
  else {
    say(`seed ${seed} fails: ${played.failure.message.split('\n', 1)[0]}; leaving out the steps that do not matter`);
    say(toldStory(await shrunk(played), story));
  }
  return played.failure === undefined ? 0 : 1;
}

async function plantAll(named: string): Promise<number> {
  const planted = PLANTED.filter(({ name }) => name.includes(named));
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

function storyOf(text: string): StoryKind {
  if (text in STORIES) return text as StoryKind;
  throw new Error(`there is no story "${text}"; there are ${Object.keys(STORIES).join(', ')}`);
}

function seconds(began: number): string {
  return ((performance.now() - began) / 1000).toFixed(0);
}
