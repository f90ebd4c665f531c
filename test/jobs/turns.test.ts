import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { longestTurn, MEASURED } from './turns.ts';

test('a turn that blocks the event loop is measured, and waiting is not', () => {
  const blocking = 'const since = process.cpuUsage(); while (process.cpuUsage(since).user < 300_000);';
  const waiting = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);';
  const longest = (code: string) => {
    const program = `setTimeout(() => { ${code} setTimeout(() => {}, 50); }, 50);`;
    const env = { ...process.env, ...MEASURED };
    return longestTurn(spawnSync(process.execPath, ['-e', program], { env, encoding: 'utf8' }));
  };
  const [blocked, waited] = [longest(blocking), longest(waiting)];
  assert.ok(blocked > 250, `${blocked} ms`);
  assert.ok(waited < 100, `${waited} ms`);
});
