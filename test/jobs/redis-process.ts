import { openRedis } from '../../src/jobs/redis.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';

/** A process of ours that uses the managed Redis of a directory until it is told to `close` or `fail`, or is killed. */
const dataDir = process.argv[2] ?? '';
const redis = await openRedis({ dataDir, searchPath: process.env.PATH ?? '', log: silentLog, clock: systemClock });
process.stdout.write('open\n');
process.stdin.once('data', async (told) => {
  process.stdin.destroy();
  if (String(told) === 'fail') throw new Error('an uncaught error, as told');
  await redis.close();
});
