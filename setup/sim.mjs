// @ts-check
import { join } from 'node:path';
import { prepare, ROOT, runSetup } from './prepare.mjs';
import { endLike, runAttached } from './run.mjs';

/** `npm run sim`: whatever follows `--` belongs to `test/simulation/simulate.ts`. */
await runSetup(async () => {
  await prepare();
  const simulate = join(ROOT, 'dist', 'test', 'simulation', 'simulate.js');
  const args = ['--enable-source-maps', simulate, ...process.argv.slice(2)];
  const { code, signal } = await runAttached(process.execPath, args);
  endLike(code, signal);
});
