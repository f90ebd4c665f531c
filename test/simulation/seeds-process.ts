import { STORIES, type StoryKind, type Told } from './seeds.ts';
import { tallyOf } from './tally.ts';

/** Plays each seed that its parent sends, and tells how it went. */
process.on('message', async ({ story, seed }: { story: StoryKind; seed: number }) => {
  const began = performance.now();
  const { failure, story: lines } = await STORIES[story](seed);
  const told: Told = {
    seed,
    seconds: (performance.now() - began) / 1000,
    failure: failure?.message.split('\n', 1)[0],
    tally: tallyOf(lines),
  };
  process.send?.(told);
});
