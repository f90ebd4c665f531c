import assert from 'node:assert/strict';
import { OWNER, type Workbench, workbench } from './workbench.ts';

export const SETTINGS = `owner: ${OWNER}\nguards: { documentation: allow }\n`;
export const HEAD = 'action: block\nentries_from: [tor.txt]\n';
export const TOR = ['198.51.100.7', '198.51.100.8', '198.51.100.9'];

/** A workbench whose feeds hold these lines, with workers that have seen them and a ledger that knows of it. */
export async function synced(t: Parameters<typeof workbench>[0], text = TOR.join('\n')): Promise<Workbench> {
  const bench = await workbench(t, { files: { 'settings.yaml': SETTINGS, 'tor.yaml': HEAD, 'tor.txt': text } });
  bench.startWorkers();
  const first = await bench.run('sync');
  assert.equal(first.result?.result, 'verified', first.failed);
  assert.deepEqual(first.result.read, { from: 'ctia', why: 'there is no ledger' });
  bench.server.requests.reset();
  return bench;
}
