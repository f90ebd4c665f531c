import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conditionsOfRenewal } from '../../src/jobs/conditions.ts';
import { makeNotifier } from '../../src/jobs/notifier.ts';
import type { Condition } from '../../src/notify/condition.ts';
import type { Runway } from '../../src/plan/runway.ts';
import { call, tokenFor } from '../embedded-ctia/fixture.ts';
import { startListener } from '../notify/listener.ts';
import { startRemoteLists } from '../sources/remote-lists.ts';
import { addresses, CLIENT, until, workbench } from './workbench.ts';

const LIST = 'action: block\nentries_from: many.txt\n';
const HOUR = 3_600_000;

test('a condition is told once to each target, however often it is found, and once when it is over', async (t) => {
  const [json, slack] = [await startListener(), await startListener()];
  t.after(() => Promise.all([json.close(), slack.close()]));
  const remote = await startRemoteLists();
  t.after(() => remote.close());
  remote.serve('/exits', addresses(60).replaceAll('11.0.', '11.77.'));
  const bench = await workbench(t, {
    files: {
      'many.yaml': LIST,
      'many.txt': addresses(400),
      'tor.yaml': `action: block\nupstream: { url: "${remote.url}/exits", type: ip, every: 1h }\n`,
    },
    notifyTargets: [
      { format: 'json', url: json.url },
      { format: 'slack', url: slack.url },
    ],
  });
  bench.startWorkers();
  const heard = () => json.heard.map(({ state, kind, about }) => `${state} ${kind} ${about}`);

  await bench.run('pull', { list: 'tor' });
  assert.equal((await bench.run('sync', { yes: true, force: true })).result?.result, 'verified');
  assert.deepEqual(heard(), [], 'all is well, and nobody is told');

  bench.write('many.txt', addresses(3));
  for (let n = 0; n < 2; n++) assert.equal((await bench.run('sync')).result?.result, 'held');
  bench.write('wrong.yaml', 'action: block\nentries: [ 999.1.1.1 ]\n');
  assert.equal((await bench.run('sync')).result?.result, 'problems');
  bench.remove('wrong.yaml');
  assert.equal((await bench.run('sync', { force: true })).result?.result, 'verified');
  remote.serve('/exits', '');
  await bench.run('pull', { list: 'tor' });
  await bench.run('pull', { list: 'tor' });
  remote.serve('/exits', addresses(61).replaceAll('11.0.', '11.77.'));
  await bench.run('pull', { list: 'tor' });
  const all = [
    'raised held over-limit',
    'over held over-limit',
    'raised problems problems',
    'over problems problems',
    'raised source tor',
    'over source tor',
  ];
  await until('all of it was told', () => json.heard.length >= all.length && slack.heard.length >= all.length);
  assert.deepEqual(new Set(heard()), new Set(all));
  assert.equal(json.heard.length, all.length);
  assert(slack.heard.some(({ text }) => /\[acme at .*\] a plan is held\n.*397/.test(String(text))));

  const [job] = (await bench.work.notifier?.messages.getJobs(['completed'])) ?? [];
  assert(job);
  assert(!JSON.stringify([job.data, job.returnvalue]).includes('s3cret'), 'no job holds the address');
});

test('a new incident is told, and when somebody took it up; those that were there before the first look are no news', async (t) => {
  const listener = await startListener();
  t.after(() => listener.close());
  const bench = await workbench(t, { notifyTargets: [{ format: 'json', url: listener.url }] });
  bench.startWorkers();
  const token = await tokenFor(bench.server.url, CLIENT.id, CLIENT.password);
  const post = (path: string, body: unknown) => call({ url: bench.server.url, token }, 'POST', path, body);
  const incident = async (title: string) => {
    const times = { incident_time: { opened: '2026-11-25T10:00:00.000Z' } };
    const { json } = await post('/ctia/incident?wait_for=true', { title, status: 'New', confidence: 'High', ...times });
    return String(json.id);
  };
  await incident('of last year');
  assert.deepEqual((await bench.run('watch')).result, { incidents: 1 });
  const id = await incident('a door\u202e\nis open');
  for (let n = 0; n < 2; n++) assert.deepEqual((await bench.run('watch')).result, { incidents: 2 });
  await post(`/ctia/incident/${id.slice(id.lastIndexOf('/') + 1)}/status`, { status: 'Open' });
  assert.deepEqual((await bench.run('watch')).result, { incidents: 1 });
  await until('both were told', () => listener.heard.length === 2);
  assert.deepEqual(new Set(listener.heard.map(({ state }) => state)), new Set(['raised', 'over']));
  assert.match(
    String(listener.heard[0]?.text),
    /^no severity: a door is open, opened 2026-11-25T10:00:00.000Z: ctim-feeds incident show incident-/,
  );
});

test('two workers that find the same at once, and one that died before it told, tell it once', async (t) => {
  const targets = [{ format: 'json' as const, url: 'https://told.example/hook' }];
  const { work } = await workbench(t, { notifyTargets: targets });
  const { redis, clock, notifier } = work;
  assert(notifier);
  const { messages } = notifier;
  const parts = { redis, messages, clock, key: work.keys.conditions, owner: 'acme', tenant: 'here' };
  const [a, b] = [makeNotifier({ ...parts, targets }), makeNotifier({ ...parts, targets })];
  const held: Condition = { kind: 'held', about: 'limits', text: 'too much' };
  const told = async () => (await messages.getJobs(['waiting'])).map(({ name }) => name).sort();

  await Promise.all([a.tell('sync', [held]), b.tell('sync', [held]), a.tell('drift-ours', [])]);
  assert.deepEqual(await told(), ['raised']);
  for (const [field, text] of Object.entries(await redis.hgetall(work.keys.conditions)))
    await redis.hset(work.keys.conditions, field, JSON.stringify({ ...JSON.parse(text), told: undefined }));
  await b.tell('sync', [held]);
  assert.deepEqual(await told(), ['raised']);
  await Promise.all([a.tell('sync', []), b.tell('sync', [])]);
  await a.tell('sync', []);
  assert.deepEqual(await told(), ['over', 'raised']);
});

test('a channel is about to lapse when what renewals should have renewed ends within two of them', () => {
  const now = Date.parse('2026-11-25T10:00:00Z');
  const everyMs = HOUR;
  const runway = (lapses: number): Runway => ({ live: 7, lapses: { at: lapses, value: '11.0.0.1' }, ends: undefined });
  const found = (at: number) =>
    conditionsOfRenewal({ failures: [] }, new Map([['firewall-block', runway(at)]]), { now, everyMs });
  assert.deepEqual(found(now + 2 * HOUR), []);
  const [lapsing] = found(now + 90 * 60_000);
  assert.deepEqual(lapsing, {
    kind: 'lapsing',
    about: 'firewall-block',
    text: 'firewall-block: 11.0.0.1, the first of 7, leaves its feed in 90 min, and was not renewed',
  });
});
