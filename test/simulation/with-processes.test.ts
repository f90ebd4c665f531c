import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STORIES, toldStory } from './seeds.ts';

for (const story of ['with processes', 'two tenants'] as const) {
  test(`simulation ${story}, seed 1`, async () => {
    const played = await STORIES[story](1);
    if (played.failure !== undefined) assert.fail(toldStory(played, story));
  });
}
