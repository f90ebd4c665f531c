import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { play } from './play.ts';
import { playWithProcesses } from './play-processes.ts';
import { shrunk, toldStory } from './seeds.ts';
import { playTwoTenants } from './two-tenants.ts';

/** As many as half a minute holds; `npm run sim` plays 200. */
const SEEDS = Array.from({ length: 12 }, (_, n) => n + 1);
const FRESH = randomInt(1_000, 1_000_000);

for (const seed of [...SEEDS, FRESH]) {
  test(`simulation, seed ${seed}${seed === FRESH ? ', a fresh one' : ''}`, async () => {
    const played = await play(seed);
    if (played.failure !== undefined) assert.fail(toldStory(await shrunk(played), 'in process'));
  });
}

test('simulation with processes, seed 1', async () => {
  const played = await playWithProcesses(1);
  if (played.failure !== undefined) assert.fail(toldStory(played, 'with processes'));
});

test('simulation of two tenants, seed 1', async () => {
  const played = await playTwoTenants(1);
  if (played.failure !== undefined) assert.fail(toldStory(played, 'two tenants'));
});
