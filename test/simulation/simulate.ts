import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PLANTED } from './planted.ts';
import { tryPlanted } from './planted-copy.ts';
import { allSteps, play } from './play.ts';
import { playSeeds, shrunk, toldStory } from './seeds.ts';

/**
 * `npm run sim`: 200 seeds in this product's own process, and the stories with processes of their own.
 *
 *   npm run sim -- 17                 tells the story of one seed
 *   npm run sim -- 17 --steps 1,4     some of its steps
 *   npm run sim -- --seeds 50 --from 1000
 *   npm run sim -- --planted [WORD]   whether planted bugs are found, all or those with this word in their names
 */
const SEEDS = 200;
const AT_ONCE = 2;
const COMPILED = join(import.meta.dirname, '..', '..');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    steps: { type: 'string' },
    seeds: { type: 'string', default: String(SEEDS) },
    from: { type: 'string', default: '1' },
    planted: { type: 'boolean', default: false },
  },
});
const say = (line: string) => process.stdout.write(`${line}\n`);
const [word] = positionals;

if (values.planted) process.exitCode = await plantAll(word ?? '');
else if (word !== undefined) process.exitCode = await tellOne(Number(word), values.steps);
else process.exitCode = await playAll(Number(values.from), Number(values.seeds));

async function playAll(from: number, count: number): Promise<number> {
  const began = performance.now();
  const seeds = Array.from({ length: count }, (_, n) => from + n);
  let played = 0;
  const failed = await playSeeds(seeds, {
    compiled: COMPILED,
    atOnce: AT_ONCE,
    tell({ seed, failure }) {
      played += 1;
      if (failure !== undefined) say(`seed ${seed} FAILED: ${failure}`);
      else if (played % 20 === 0) say(`${played} seeds played`);
    },
  });
  say(`in process: ${played} seeds in ${seconds(began)} s`);
  return failed === undefined ? 0 : tellOne(failed.seed, undefined);
}

async function tellOne(seed: number, steps: string | undefined): Promise<number> {
  const played = await play(seed, steps === undefined ? allSteps() : steps.split(',').map(Number));
  if (played.failure === undefined || steps !== undefined) say(toldStory(played));
  else {
    say(`seed ${seed} fails: ${played.failure.message.split('\n', 1)[0]}; leaving out the steps that do not matter`);
    say(toldStory(await shrunk(played)));
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

function seconds(began: number): string {
  return ((performance.now() - began) / 1000).toFixed(0);
}
