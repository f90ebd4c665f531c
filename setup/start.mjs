import { join } from 'node:path';
import { prepare, ROOT, runSetup } from './prepare.mjs';
import { endLike, runAttached } from './run.mjs';

/** `npm start`: whatever follows `--` belongs to `ctim-feeds up`. */
await runSetup(async () => {
  await prepare();
  const main = join(ROOT, 'dist', 'src', 'main.js');
  const { code, signal } = await runAttached(process.execPath, [main, 'up', ...process.argv.slice(2)]);
  endLike(code, signal);
});
