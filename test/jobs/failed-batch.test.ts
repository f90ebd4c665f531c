import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workbench } from './workbench.ts';

const BEFORE = 'action: block\nobservables: [45.66.35.11, 45.66.35.12]\n';
const AFTER = 'action: block\nobservables: [45.66.35.11, 45.66.35.13]\n';

test('a batch that fails for good fails its sync with its own reason, and what waited for it does not start', async (t) => {
  const bench = await workbench(t, { files: { 'mine.yaml': BEFORE } });
  bench.startWorkers();
  assert.equal((await bench.run('sync', { yes: true })).result.result, 'verified');

  bench.write('mine.yaml', AFTER);
  bench.server.faults.push({
    on: { method: 'POST', path: /bundle\/import/ },
    kind: 'forbidden',
    capabilities: ['import-bundle'],
  });
  const { failed } = await bench.run('sync');
  assert.match(failed ?? '', /bundle\/import answered 403: the API client lacks import-bundle/);
  assert.equal(await bench.view('ip'), '45.66.35.11\n45.66.35.12');

  assert.equal((await bench.run('sync')).result.result, 'verified');
  assert.equal(await bench.view('ip'), '45.66.35.11\n45.66.35.13');
});
