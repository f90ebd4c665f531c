import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { PLANTED } from './planted.ts';
import { plant, tryPlanted } from './planted-copy.ts';

const COMPILED = join(import.meta.dirname, '..', '..');
/** Those that are found soonest; all of them take minutes (`npm run sim -- --planted`). */
const TRIED = ['withdraw before create'];

test('each bug can still be planted', (t) => {
  const copy = mkdtempSync(join(tmpdir(), 'planted-'));
  t.after(() => rmSync(copy, { recursive: true, force: true }));
  cpSync(join(COMPILED, 'src'), join(copy, 'src'), { recursive: true });
  for (const bug of PLANTED) plant(bug, copy);
  for (const bug of PLANTED) assert.throws(() => plant(bug, copy), /has the text 0 times, not once/, bug.name);
});

for (const name of TRIED) {
  test(`a planted bug is found: ${name}`, async () => {
    assert.match((await tryPlanted(bugNamed(name), COMPILED, 1)) ?? 'by no seed', /^seed \d+: /);
  });
}

function bugNamed(name: string) {
  const bug = PLANTED.find((it) => it.name === name);
  assert(bug, `there is no planted bug ${name}`);
  return bug;
}
