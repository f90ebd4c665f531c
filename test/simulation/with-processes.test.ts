import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STORIES, toldStory } from './seeds.ts';

/** Two steps of each: a whole story takes half a minute, and more where a lock has to end by itself. */
const STEPS = [0, 1];

for (const story of ['with processes', 'two tenants'] as const) {
  test(`simulation ${story}, two steps of seed 1`, async () => {
    const played = await STORIES[story](1, STEPS);
    if (played.failure !== undefined) assert.fail(toldStory(played, story));
  });
}
