import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { play } from './play.ts';
import { shrunk, toldStory } from './seeds.ts';

/** As many as some twenty seconds hold; `npm run sim` plays 200. */
const SEEDS = Array.from({ length: 4 }, (_, n) => n + 1);
const FRESH = randomInt(1_000, 1_000_000);

for (const seed of [...SEEDS, FRESH]) {
  test(`simulation, seed ${seed}${seed === FRESH ? ', a fresh one' : ''}`, async () => {
    const played = await play(seed);
    if (played.failure !== undefined) assert.fail(toldStory(await shrunk(played), 'in process'));
  });
}
