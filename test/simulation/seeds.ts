import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Played, play } from './play.ts';
import { playWithProcesses } from './play-processes.ts';
import type { Tally } from './tally.ts';
import { playTwoTenants } from './two-tenants.ts';

/** Where the product runs: here, as workers of two tenants, or in processes that are killed. */
export const STORIES = {
  'in process': play,
  'two tenants': playTwoTenants,
  'with processes': playWithProcesses,
} as const;
export type StoryKind = keyof typeof STORIES;

/** What a process that plays seeds tells its parent of each. */
export interface Told {
  readonly seed: number;
  readonly seconds: number;
  /** How it failed, one line; undefined where it did not. */
  readonly failure: string | undefined;
  readonly tally: Tally;
}

/**
 * Plays these seeds, `atOnce` side by side, each in its turn, until all are played or one has failed. `compiled` is the
 * folder with the compiled product and its tests: this one, or a copy of it with a bug in it.
 */
export async function playSeeds(
  seeds: readonly number[],
  { story, compiled, atOnce, tell }: { story: StoryKind; compiled: string; atOnce: number; tell: (told: Told) => void },
): Promise<Told | undefined> {
  const waiting = [...seeds];
  let failed: Told | undefined;
  const playSome = async () => {
    const child = fork(join(compiled, 'test', 'simulation', 'seeds-process.js'), {
      execArgv: ['--enable-source-maps'],
    });
    const closed = once(child, 'exit');
    for (let seed = waiting.shift(); seed !== undefined && failed === undefined; seed = waiting.shift()) {
      child.send({ story, seed });
      const answered = await Promise.race([once(child, 'message'), closed.then(() => undefined)]);
      if (answered === undefined) throw new Error(`the process that played seed ${seed} died`);
      const [told] = answered as [Told];
      tell(told);
      if (told.failure !== undefined) failed ??= told;
    }
    if (child.connected) child.disconnect();
    await closed;
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, waiting.length) }, playSome));
  return failed;
}

/** With every step left out that it fails without, as long as that takes no more plays than this. */
const PLAYS_MAX = 40;

export async function shrunk(failing: Played): Promise<Played> {
  let smallest = failing;
  let plays = 0;
  // Later steps first: what comes after the failure is nothing, and what made it is seldom at the beginning.
  for (const step of [...failing.steps].reverse()) {
    if (plays === PLAYS_MAX) break;
    plays += 1;
    const without = await play(
      failing.seed,
      smallest.steps.filter((it) => it !== step),
    );
    if (without.failure !== undefined) smallest = without;
  }
  return smallest;
}

/** As a person reads it: the story so far, what is wrong, and how to see it again. */
export function toldStory({ seed, steps, story, failure }: Played, kind: StoryKind): string {
  const lines = [`seed ${seed}, steps ${steps.join(',')}`, ...story];
  if (failure !== undefined) {
    lines.push(
      '',
      `FAILED ${failure.message}`,
      ...(failure.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)),
    );
    const how = kind === 'in process' ? `--steps ${steps.join(',')}` : `--story "${kind}"`;
    lines.push('', `again: npm run sim -- ${seed} ${how}`);
  }
  return lines.join('\n');
}
