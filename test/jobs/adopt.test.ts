import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, tokenFor } from '../embedded-ctia/fixture.ts';
import { type Call, makeJudgement, makeLink } from '../reconcile/foreign.ts';
import type { Json } from '../reconcile/tenant.ts';
import { SETTINGS, synced, TOR } from './synced-workbench.ts';
import { CLIENT } from './workbench.ts';

const DAY = 24 * 3_600_000;
const ENDLESS = {
  source: 'securex-orchestration',
  valid_time: { start_time: '2025-03-01T08:00:00.000Z', end_time: '2525-01-01T00:00:00.000Z' },
};

test('through the queue: adopted, known to the ledger, renewed, withdrawn, collected with the links that were theirs', async (t) => {
  const bench = await synced(t);
  const asColleague: Call = async (method, path, body) => {
    const { url } = bench.server;
    const { status, json } = await call(
      { url, token: await tokenFor(url, CLIENT.id, CLIENT.password) },
      method,
      path,
      body,
    );
    return { status, json: json as Json };
  };
  const indicators = (await bench.get('/ctia/indicator/search?limit=100')).json;
  const target = indicators.find((it: { title: string }) => it.title === 'Secure_Firewall_SecureX_Indicator_IPv4').id;
  const made: Json[] = [];
  for (const value of ['203.0.113.5', '203.0.113.5', '203.0.113.6']) {
    const judgement = await makeJudgement(asColleague, value, ENDLESS);
    made.push(judgement);
    await makeLink(asColleague, judgement.id, target);
  }
  const [one, two, unnamed] = made.map(({ id }) => id);
  bench.write('adopted.yaml', `action: block\nobservables:\n  - { value: 203.0.113.5, adopt: ["${one}", "${two}"] }\n`);
  const { result, failed } = await bench.run('sync');
  assert.equal(result?.result, 'verified', failed);
  assert.equal(result.counts.adopt, 1);
  assert.equal(result.read.from, 'ledger', result.read.why);
  assert.deepEqual(result.feeds.find(({ type }: { type: string }) => type === 'ip').foreign, {
    count: 1,
    some: ['203.0.113.6'],
  });
  assert.equal(await bench.view('ip'), [...TOR, '203.0.113.5', '203.0.113.6'].join('\n'));

  bench.server.requests.reset();
  const rested = await bench.run('sync');
  assert.equal(rested.result.result, 'verified');
  assert.equal(rested.result.read.from, 'ledger', rested.result.read.why);
  assert.deepEqual(Object.values(rested.result.counts), Object.values(rested.result.counts).fill(0));
  // Verify asks who keeps 203.0.113.6; what is adopted is not looked at again.
  const { mutating, byRoute } = bench.server.requests;
  assert.deepEqual([mutating, byRoute.get('GET /ctia/bulk')], [0, 1]);

  bench.step(4 * DAY);
  const renewed = await bench.run('renew');
  assert.equal(renewed.result.renewed, TOR.length + 1);
  bench.step(4 * DAY);
  await bench.run('renew');
  assert.equal(await bench.view('ip'), [...TOR, '203.0.113.5', '203.0.113.6'].join('\n'));

  bench.write('adopted.yaml', 'action: block\nobservables: [203.0.113.7]\n');
  const dropped = await bench.run('sync');
  assert.equal(dropped.result.result, 'verified', JSON.stringify(dropped.result.feeds));
  assert.deepEqual([dropped.result.counts.withdraw, dropped.result.counts.create], [1, 1]);
  assert.equal(await bench.view('ip'), [...TOR, '203.0.113.6', '203.0.113.7'].join('\n'));
  assert.deepEqual((await bench.get(new URL(String(unnamed)).pathname)).json, made[2]);
  // Dead ones go, with the links that were theirs before.
  bench.write('settings.yaml', `${SETTINGS}collect: { after: 0 }\n`);
  bench.step(5000);
  assert.equal((await bench.run('sync')).result.counts.collect, 2);
  const links = await bench.get(`/ctia/relationship/search?target_ref=${encodeURIComponent(target)}&limit=100`);
  assert.equal(links.json.length, TOR.length + 2);
});
