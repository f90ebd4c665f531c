import { join } from 'node:path';
import { prepare, ROOT, runSetup } from './prepare.mjs';
import { endLike, runAttached } from './run.mjs';

/** `npm run test:contract`: whatever follows `--` belongs to `test/contract/tenant.ts`. */
await runSetup(async () => {
  await prepare();
  const tenant = join(ROOT, 'dist', 'test', 'contract', 'tenant.js');
  const { code, signal } = await runAttached(process.execPath, [
    '--enable-source-maps',
    '--test-reporter=spec',
    tenant,
    ...process.argv.slice(2),
  ]);
  endLike(code, signal);
});
