import assert from 'node:assert/strict';
import { test } from 'node:test';
import { synced, TOR } from './synced-workbench.ts';
import { OWNER } from './workbench.ts';

const FEEDS = 5;

test('one entry of 20,000 changed: two requests until it is in the view, five until that is proven and noted', async (t) => {
  const text = Array.from({ length: 20_000 }, (_, n) => `26.${n >> 16}.${(n >> 8) & 255}.${n & 255}`).join('\n');
  const bench = await synced(t, text);
  const { json: feeds } = await bench.get(`/ctia/feed/external_id/${OWNER}-feed-firewall-block-ip-0`);
  const url: string = feeds[0].feed_view_url;
  bench.write('tor.txt', `${text}\n203.0.113.5`);
  bench.server.requests.reset();
  const sync = bench.run('sync');
  let seen = '';
  let looks = 0;
  let untilSeen = 0;
  for (let etag = ''; !seen.includes('203.0.113.5'); looks += 1) {
    const look = await fetch(url, { headers: { 'If-None-Match': etag } });
    untilSeen = bench.server.requests.total;
    if (look.status === 200) seen = await look.text();
    etag = look.headers.get('ETag') ?? etag;
  }
  const { result } = await sync;
  assert.equal(result.result, 'verified');
  assert.equal(result.read.from, 'ledger', result.read.why);
  assert.equal(result.counts.create, 1);
  assert.equal(untilSeen - looks, 2, 'the look at the state and the import');
  assert.deepEqual(Object.fromEntries(bench.server.requests.byRoute), {
    'GET /ctia/indicator/external_id/:external_id': 1,
    'POST /ctia/bundle/import': 1,
    'GET /ctia/feed/:id/view.txt': looks + 1,
    'PUT /ctia/indicator/:id': 1,
  });
});

test('where nothing changed nothing is written, and nothing read but the state and the views', async (t) => {
  const bench = await synced(t);
  const { result } = await bench.run('sync');
  assert.equal(result.result, 'verified');
  assert.equal(result.unchanged, TOR.length);
  assert.equal(result.read.from, 'ledger', result.read.why);
  assert.deepEqual(Object.fromEntries(bench.server.requests.byRoute), {
    'GET /ctia/indicator/external_id/:external_id': 1,
    'GET /ctia/feed/:id/view.txt': FEEDS,
  });
});
