import { join } from 'node:path';
import { prepare, ROOT, runSetup } from './prepare.mjs';
import { endLike, runAttached } from './run.mjs';

/** `npm run bench`: whatever follows `--` belongs to `test/bench/bench.ts`. */
await runSetup(async () => {
  await prepare();
  const bench = join(ROOT, 'dist', 'test', 'bench', 'bench.js');
  const { code, signal } = await runAttached(process.execPath, [
    '--enable-source-maps',
    bench,
    ...process.argv.slice(2),
  ]);
  endLike(code, signal);
});
