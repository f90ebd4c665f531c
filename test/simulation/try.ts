import { play } from './play.ts';
const [from = 1, to = from] = process.argv.slice(2).map(Number);
for (let seed = from; seed <= to; seed += 1) {
  const t = Date.now();
  const { story, failure } = await play(seed);
  process.stdout.write(`seed ${seed}: ${failure ? 'FAILED' : 'ok'} ${Date.now() - t} ms\n`);
  if (failure || process.env.SHOW) process.stdout.write(`${story.join('\n')}\n${failure?.stack ?? ''}\n`);
}
