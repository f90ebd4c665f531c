import assert from 'node:assert/strict';
import { test } from 'node:test';
import { address, call, channel, IMPORT, judgement, link, pairs, started } from './fixture.ts';

test('10.13 feed view.txt: sorted, no trailing newline, expired and sighting-of left out, duplicates once', async (t) => {
  const session = await started(t);
  const { indicator, feed } = await channel(session);
  const imported = await call(session, 'POST', IMPORT, pairs(100, indicator));
  assert.equal(imported.status, 200);
  const more = await call(session, 'POST', '/ctia/bundle/import', {
    source: 'acme',
    judgements: [
      judgement('12.0.0.1', { id: 'transient:expired', valid_time: { end_time: '2026-11-25T07:59:59.999Z' } }),
      judgement('12.0.0.2', { id: 'transient:sighted' }),
      judgement(address(7), { id: 'transient:again' }),
    ],
    relationships: [
      link('transient:expired', indicator),
      link('transient:sighted', indicator, { relationship_type: 'sighting-of' }),
      link('transient:again', indicator),
    ],
  });
  assert.equal(more.json.results.length, 6);
  const view = await call({ ...session, token: '' }, 'GET', feed.feed_view_url);
  assert.equal(view.status, 200);
  assert.equal(view.headers.get('content-type'), 'text/plain');
  const expected = Array.from({ length: 100 }, (_, i) => address(i)).sort();
  assert.equal(view.text, expected.join('\n'));
});

test('perf', async (t) => {
  const session = await started(t);
  const { indicator, feed } = await channel(session);
  for (let i = 0; i < 5; i += 1) {
    const body = JSON.stringify(pairs(1000, indicator, i * 1000));
    const start = performance.now();
    const imported = await call(session, 'POST', IMPORT, body);
    console.log('import', imported.status, imported.json.results.length, performance.now() - start);
  }
  const start = performance.now();
  const view = await call(session, 'GET', feed.feed_view_url);
  console.log('view', view.text.length, performance.now() - start);
});
