import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { REQUEST_NAMES } from '../../src/jobs/queues.ts';
import { ROOT } from '../tidy/source.ts';
import { workbench } from './workbench.ts';

const PRODUCER = join(ROOT, 'test', 'jobs', 'producer.mjs');
const contract = readFileSync(join(ROOT, 'docs', 'jobs.md'), 'utf8');

test('a producer that imports bullmq alone puts jobs into the queue and gets their results', async (t) => {
  const bench = await workbench(t, { files: { 'tor.yaml': 'action: block\nobservables: [11.0.0.1]\n' } });
  bench.startWorkers();
  await bench.run('sync');
  bench.write('tor.yaml', 'action: block\nobservables: [11.0.0.2]\n');
  const { path } = bench.redis.connection as { path: string };
  const { stdout } = await promisify(execFile)(process.execPath, [PRODUCER], {
    env: { REDIS: path, QUEUE: bench.work.names.requests },
  });
  const [add, sync, renew] = stdout.trim().split('\n');
  assert.deepEqual(JSON.parse(add?.replace('add ', '') ?? '').shown, ['firewall-block/ip']);
  assert.equal(JSON.parse(sync?.replace('sync ', '') ?? '').result, 'verified');
  assert.equal(JSON.parse(renew?.replace('renew ', '') ?? '').result, 'renewed');
  assert.equal(await bench.view('ip'), '11.0.0.2\n11.22.33.44');
});

test('docs/jobs.md shows that producer to the letter', () => {
  const [, shown] = /```js\n(.*?)```/s.exec(contract) ?? [];
  assert.equal(shown, readFileSync(PRODUCER, 'utf8'));
  assert.deepEqual(
    [...(shown ?? '').matchAll(/from '(.*?)'/g)].map(([, module]) => module),
    ['bullmq'],
  );
});

test('docs/jobs.md names every job', () => {
  const named = [...contract.matchAll(/^\| `(\w+)` \| \| \|/gm)].map(([, name]) => name);
  assert.deepEqual(named, REQUEST_NAMES);
});
