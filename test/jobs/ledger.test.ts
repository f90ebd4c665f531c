import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OWNER, type Workbench, workbench } from './workbench.ts';

const SETTINGS = `owner: ${OWNER}\nguards: { documentation: allow }\n`;
const TOR = 'action: block\nobservables:\n  - 198.51.100.7\n  - 198.51.100.9\n  - evil.example\n';

async function synced(t: Parameters<typeof workbench>[0]): Promise<Workbench> {
  const bench = await workbench(t, { files: { 'settings.yaml': SETTINGS, 'tor.yaml': TOR } });
  bench.startWorkers();
  const first = await bench.run('sync');
  assert.equal(first.result?.result, 'verified', first.failed);
  assert.deepEqual(first.result.read, { from: 'ctia', why: 'there is no ledger' });
  return bench;
}

test('one changed entry costs five requests, its token and the look at the state included', async (t) => {
  const bench = await synced(t);
  bench.write('tor.yaml', `${TOR}  - 203.0.113.5\n`);
  bench.server.requests.reset();
  const { result } = await bench.run('sync');
  assert.equal(result.result, 'verified');
  assert.equal(result.read.from, 'ledger', result.read.why);
  assert.equal(await bench.view('ip'), '198.51.100.7\n198.51.100.9\n203.0.113.5');
});
