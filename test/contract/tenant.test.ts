import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { call, type Started, started } from '../embedded-ctia/fixture.ts';
import { KINDS } from './documents.ts';

/** As `npm run test:contract` starts it. */
const TENANT = fileURLToPath(new URL('tenant.js', import.meta.url));
/** Enough that every kind has been created by then. */
const CASES_BEFORE_STOP = 25;

test('a run against a tenant that fails midway and is then stopped leaves nothing behind, and says what was not tried', async (t) => {
  const server = await started(t);
  // What was written and never answered for has to be found by the name of the run.
  server.server.faults.push({ on: { method: 'POST', path: /^\/ctia\/indicator$/ }, kind: 'reset-after' });
  const { output, code, lines } = await run(t, server, 'SIGINT');
  assert.notEqual(code, 0);
  assert.match(output, /✖ 10\.1 indicator: /);
  assert.match(output, /✔ everything that the cases created is removed again/);
  assert.match(output, /# stopped/);
  assert.ok(lines.some((line) => /^\d+ requests of this organisation's quota$/.test(line)));
  assert.ok(server.server.requests.mutating > CASES_BEFORE_STOP);
  await assertNothingLeft(server);
});

test('what a killed run left behind is removed by its name', async (t) => {
  const server = await started(t);
  const killed = await run(t, server, 'SIGKILL');
  const name = /^run (contract\d+) against /m.exec(killed.output)?.[1] ?? '';
  const before = await call(server, 'GET', '/ctia/judgement/search/count');
  assert.ok(before.json > 0);
  const other = await call(server, 'POST', '/ctia/indicator', { producer: 'acme', source: 'contract1', tlp: 'amber' });
  const removed = await run(t, server, undefined, ['--remove', name]);
  assert.equal(removed.code, 0, removed.output);
  assert.equal((await call(server, 'DELETE', other.json.id)).status, 204);
  await assertNothingLeft(server);
});

test('no tenant is written to that nobody has named', async (t) => {
  const server = await started(t);
  const { code, output } = await run(t, server, undefined, [], { CTIA_URL: '' });
  assert.equal(code, 2);
  assert.match(output, /CTIA_URL/);
});

test('a wrong password is tried once', async (t) => {
  const server = await started(t);
  server.server.requests.reset();
  const { code, output } = await run(t, server, undefined, [], { CTIA_CLIENT_PASSWORD: 'wrong' });
  assert.equal(code, 2);
  assert.match(output, /answered 401 invalid_client/);
  assert.equal(server.server.requests.total, 1);
});

async function assertNothingLeft(server: Started): Promise<void> {
  for (const { type } of KINDS) {
    assert.equal((await call(server, 'GET', `/ctia/${type}/search/count`)).json, 0, type);
  }
}

async function run(
  t: TestContext,
  { server, url }: Started,
  signal: 'SIGINT' | 'SIGKILL' | undefined,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<{ code: number | null; output: string; lines: string[] }> {
  const { id = '', password = '' } = server.credentials ?? {};
  const tenant = { CTIA_URL: url, CTIA_TOKEN_URL: url, CTIA_CLIENT_ID: id, CTIA_CLIENT_PASSWORD: password };
  const child = spawn(process.execPath, ['--test-reporter=spec', TENANT, ...args], {
    env: { PATH: process.env.PATH, ...tenant, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  const lines: string[] = [];
  let passed = 0;
  const hear = (line: string) => {
    lines.push(line);
    if (!line.startsWith('✔')) return;
    passed += 1;
    if (signal !== undefined && passed === CASES_BEFORE_STOP) child.kill(signal);
  };
  createInterface({ input: child.stdout }).on('line', hear);
  createInterface({ input: child.stderr }).on('line', hear);
  const [code] = await once(child, 'close');
  return { code, output: lines.join('\n'), lines };
}
