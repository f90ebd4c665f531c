import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workbench } from './workbench.ts';

const LIST = { 'tor.yaml': 'action: block\nobservables: [11.0.0.1]\n' };

/** What a producer may get wrong, and what the failed reason tells them. */
const WRONG: { name: string; data: unknown; says: RegExp }[] = [
  {
    name: 'sink',
    data: { v: 1 },
    says: /^refused: unknown job "sink"; expected one of sync, add, attackers, remove, panic, fetch, pull, guards, renew, sightings, watch, audit$/,
  },
  { name: 'sync', data: {}, says: /^refused: invalid payload of sync: v: / },
  { name: 'sync', data: { v: 2 }, says: /^refused: invalid payload of sync: v: .*expected 1/ },
  { name: 'sync', data: { v: 1, comit: 'abc' }, says: /^refused: invalid payload of sync: .*"comit"/ },
  { name: 'sync', data: { v: 1, yes: 'true' }, says: /^refused: invalid payload of sync: yes: .*boolean/ },
  { name: 'sync', data: 'now', says: /^refused: invalid payload of sync/ },
  { name: 'sync', data: { v: 1, state: { pass: 1 } }, says: /^refused: invalid payload of sync: .*"state"/ },
  { name: 'audit', data: { v: 1, state: { pass: 1 } }, says: /^refused: invalid payload of audit: .*"state"/ },
  {
    name: 'add',
    data: { v: 1, value: '11.0.0.2', reason: 'case 4711' },
    says: /^refused: invalid payload of add: for: /,
  },
  { name: 'add', data: { v: 1, value: '11.0.0.2', for: '24h' }, says: /^refused: invalid payload of add: reason: / },
  {
    name: 'add',
    data: { v: 1, value: '11.0.0.2', for: 'soon', reason: 'case 4711' },
    says: /^refused: .*soon/,
  },
  {
    name: 'add',
    data: { v: 1, value: '11.0.0.2', for: '24h', reason: 'case 4711', channel: 'wall' },
    says: /^refused: there is no channel wall; the settings have firewall-/,
  },
  { name: 'add', data: { v: 1, value: 'not an address', for: '24h', reason: 'case 4711' }, says: /^refused: .*not an/ },
  {
    name: 'add',
    data: { v: 1, value: 'evil.example', type: 'ip', for: '24h', reason: 'case 4711' },
    says: /^refused: .*ip/,
  },
  { name: 'attackers', data: { v: 1, attackers: [] }, says: /^refused: invalid payload of attackers: attackers: / },
  { name: 'remove', data: { v: 1 }, says: /^refused: invalid payload of remove: value: / },
  {
    name: 'panic',
    data: { v: 1, channel: 'mail' },
    says: /^refused: invalid payload of panic: .*either to or release/,
  },
  {
    name: 'panic',
    data: { v: 1, channel: 'mail', to: 'HEAD~1' },
    says: /^refused: invalid payload of panic: to: expected is empty, or a commit/,
  },
  { name: 'remove', data: { v: 1, value: '11.0.0.9' }, says: /^refused: ip 11.0.0.9 is not blocked by us/ },
];

test('a job that is wrong fails at once, is not tried again, and says why', async (t) => {
  const bench = await workbench(t, { files: LIST });
  bench.startWorkers();
  await bench.run('sync');
  bench.server.requests.reset();
  for (const { name, data, says } of WRONG) {
    const { job, failed, result } = await bench.add(name, data);
    assert.match(failed ?? `not failed: ${JSON.stringify(result)}`, says);
    assert.equal(job.attemptsMade, 1, `${name} ${JSON.stringify(data)}`);
  }
  assert.equal(bench.server.requests.mutating, 0);
  assert.equal(await bench.view('ip'), '11.0.0.1');
});
