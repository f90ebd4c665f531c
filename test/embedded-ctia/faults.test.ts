import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, channel, IMPORT, judgement, pairs, started } from './fixture.ts';

test('faults: spent in order, on what they match, as often as they say; then the server behaves', async (t) => {
  const session = await started(t, {
    faults: [
      {
        on: { method: 'GET', path: /status$/ },
        kind: 'status',
        status: 429,
        retryAfter: '3s',
        body: '{"error": "Too Many Requests"}',
      },
      { on: { path: /status$/ }, kind: 'status', status: 503, times: 2 },
      { on: { path: /status$/ }, kind: 'token' },
      { on: { path: /status$/ }, kind: 'forbidden', capabilities: ['create-casebook'] },
    ],
  });
  const statuses: number[] = [];
  for (let i = 0; i < 6; i += 1) {
    const answer = await call(session, 'GET', '/ctia/status');
    if (i === 0) assert.equal(answer.headers.get('retry-after'), '3s');
    if (i === 4) assert.equal(answer.json.capabilities, 'create-casebook');
    statuses.push(answer.status);
  }
  assert.deepEqual(statuses, [429, 503, 503, 401, 403, 200]);
  assert.equal(session.server.faults.left, 0);
});

test('faults: a connection reset before and after the write took effect', async (t) => {
  const session = await started(t);
  const { indicator } = await channel(session);
  const on = { method: 'POST', path: /import$/ };
  session.server.faults.push({ on, kind: 'reset-before' }, { on, kind: 'reset-after' });
  const owned = async () => (await call(session, 'GET', '/ctia/judgement/external_id/acme-owned')).json.length;
  await assert.rejects(call(session, 'POST', IMPORT, pairs(2, indicator)));
  assert.equal(await owned(), 0);
  await assert.rejects(call(session, 'POST', IMPORT, pairs(2, indicator)));
  assert.equal(await owned(), 2);
  const again = await call(session, 'POST', IMPORT, pairs(2, indicator));
  assert.ok(again.json.results.every(({ result }: { result: string }) => result === 'exists'));
});

test('faults: a slow answer to a write that took effect', async (t) => {
  const session = await started(t);
  session.server.faults.push({ on: { method: 'POST', path: /judgement$/ }, kind: 'slow', ms: 60_000 });
  const slow = call(session, 'POST', '/ctia/judgement', judgement('a'));
  while ((await call(session, 'GET', '/ctia/judgement/search/count')).text !== '1');
  session.clock.step(60_000);
  assert.equal((await slow).status, 201);
});

test('requests are counted by route, writes apart', async (t) => {
  const session = await started(t);
  const { feed } = await channel(session);
  session.server.requests.reset();
  await call(session, 'GET', feed.id);
  await call(session, 'GET', feed.feed_view_url);
  await call(session, 'PUT', '/ctia/bulk', {});
  await call({ ...session, token: '' }, 'DELETE', feed.id);
  const { total, mutating, byRoute } = session.server.requests;
  assert.deepEqual([total, mutating], [4, 2]);
  assert.deepEqual([...byRoute].sort(), [
    ['DELETE /ctia/feed/:id', 1],
    ['GET /ctia/feed/:id', 1],
    ['GET /ctia/feed/:id/view.txt', 1],
    ['PUT /ctia/bulk', 1],
  ]);
});
