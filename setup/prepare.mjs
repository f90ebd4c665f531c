// @ts-check
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, buildIsFresh } from './build.mjs';
import { dependenciesAreFresh, installDependencies } from './dependencies.mjs';
import { withLock } from './lock.mjs';
import { nodeProblem } from './node-version.mjs';
import { installRedis, redisIsThere } from './redis.mjs';
import { SetupError } from './run.mjs';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** In this order: the compiler is a dependency, and what knows where a Redis may be is compiled. */
const STEPS = [
  { isDone: dependenciesAreFresh, make: installDependencies },
  { isDone: buildIsFresh, make: build },
  { isDone: redisIsThere, make: installRedis },
];

/** Brings a checkout to the point where `node dist/src/main.js` runs. Where nothing is stale it only looks. */
export async function prepare() {
  const problem = nodeProblem();
  if (problem !== undefined) throw new SetupError(problem);
  for (const { isDone, make } of STEPS) {
    if (await isDone(ROOT)) continue;
    await withLock(join(ROOT, '.setup-lock'), async () => {
      // Whoever held the lock before us may have made it.
      if (!(await isDone(ROOT))) await make(ROOT);
    });
  }
}

/** @param {() => Promise<void>} story */
export async function runSetup(story) {
  try {
    await story();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`set-up: ${error.message}\n`);
    process.exitCode = error.exitStatus;
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await runSetup(prepare);
}
