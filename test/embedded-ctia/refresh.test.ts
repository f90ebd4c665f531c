import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, channel, IMPORT, judgement, pairs, started } from './fixture.ts';

test('10.7 a write is invisible until the refresh, to reads and to the look-ups of writes', async (t) => {
  const session = await started(t, { refreshMs: 1000 });
  const { json } = await call(session, 'POST', '/ctia/indicator', { producer: 'acme', title: 'one' });
  assert.equal((await call(session, 'GET', json.id)).status, 404);
  assert.equal((await call(session, 'PUT', json.id, { producer: 'acme' })).status, 404);
  assert.equal((await call(session, 'DELETE', json.id)).status, 404);
  session.clock.step(999);
  assert.equal((await call(session, 'GET', json.id)).status, 404);
  session.clock.step(1);
  assert.equal((await call(session, 'GET', json.id)).status, 200);

  assert.equal((await call(session, 'PUT', json.id, { producer: 'acme', title: 'two' })).json.title, 'two');
  assert.equal((await call(session, 'GET', json.id)).json.title, 'one');
  assert.equal((await call(session, 'DELETE', json.id)).status, 204);
  // Still found, so deleted once more.
  assert.equal((await call(session, 'DELETE', json.id)).status, 204);
  session.clock.step(1000);
  assert.equal((await call(session, 'GET', json.id)).status, 404);
});

test('10.7 10.35 wait_for makes this and all before it visible; not on a feed’s PUT, nor on expire', async (t) => {
  const session = await started(t, { refreshMs: 1000 });
  const { json: early } = await call(session, 'POST', '/ctia/indicator?wait_for=false', { producer: 'acme' });
  const { json: late } = await call(session, 'POST', '/ctia/judgement?wait_for=true', judgement('a'));
  assert.equal((await call(session, 'GET', early.id)).status, 200);
  await call(session, 'POST', `${late.id}/expire?reason=x&wait_for=true`);
  assert.equal((await call(session, 'GET', late.id)).json.reason, undefined);
  const { feed } = await channel(session);
  await call(session, 'PUT', `${feed.id}?wait_for=true`, {
    feed_type: 'indicator',
    output: 'observables',
    title: 'new',
  });
  assert.equal((await call(session, 'GET', feed.id)).json.title, 'acme ip feed');
  assert.equal((await call(session, 'POST', '/ctia/judgement?wait_for=1', judgement('a'))).status, 400);
  const bulk = await call(session, 'POST', '/ctia/bulk?wait_for=true', { judgements: [judgement('b')] });
  assert.equal((await call(session, 'GET', bulk.json.judgements[0])).status, 200);
});

test('bundle import waits for the refresh, and does not see what is not refreshed', async (t) => {
  const session = await started(t, { refreshMs: 1000 });
  const { indicator, feed } = await channel(session);
  const pair = pairs(1, indicator);
  await call(session, 'POST', '/ctia/bulk', { judgements: pair.judgements });
  const { json } = await call(session, 'POST', IMPORT, pair);
  assert.ok(json.results.every(({ result }: { result: string }) => result === 'created'));
  assert.equal((await call(session, 'GET', '/ctia/judgement/external_id/acme-owned')).json.length, 2);
  assert.equal((await call(session, 'GET', feed.feed_view_url)).text, '11.0.0.0');
});
