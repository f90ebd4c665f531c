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

test('10.14 feed view: wrong secret, dead feed, bad queries, and the JSON view', async (t) => {
  const session = await started(t);
  const { feed } = await channel(session, { lifetime: { end_time: '2026-11-25T09:00:00.000Z' } });
  const open = { ...session, token: '' };
  const empty = await call(open, 'GET', feed.feed_view_url);
  assert.equal(empty.status, 200);
  assert.equal(empty.text, '');
  const view = `${feed.id}/view`;
  const wrong = await call(open, 'GET', `${view}.txt?s=nonsense`);
  assert.deepEqual([wrong.status, wrong.text], [401, 'wrong secret']);
  const bad = await call(open, 'GET', `${view}.txt?invalid=true`);
  assert.deepEqual([bad.status, bad.text], [400, '{:errors {:s missing-required-key, :invalid disallowed-key}}']);
  const tooMany = await call(open, 'GET', `${view}.txt?s=${feed.secret}&limit=10001`);
  assert.deepEqual([tooMany.status, tooMany.text], [400, '{:errors {:limit "(not (less-than-10000? 10001))"}}']);
  assert.deepEqual((await call(open, 'GET', view)).json, { errors: { s: 'missing-required-key' } });
  assert.deepEqual((await call(open, 'GET', `${view}?s=no`)).json, { error: 'wrong secret' });
  assert.deepEqual((await call(open, 'GET', `${view}?s=${feed.secret}`)).json, { observables: [] });
  session.clock.step(61 * 60_000);
  const dead = await call(open, 'GET', `${view}.txt?s=nonsense`);
  assert.deepEqual([dead.status, dead.text], [404, 'feed not found']);
  assert.deepEqual((await call(open, 'GET', `${view}?s=no`)).json, { error: 'feed not found' });
});

test('10.15 feed: another output changes URL and content, the secret stays', async (t) => {
  const session = await started(t);
  const { indicator, feed } = await channel(session);
  await call(session, 'POST', IMPORT, pairs(3, indicator));
  const changed = await call(session, 'PUT', `/ctia/feed/${encodeURIComponent(feed.id)}`, {
    feed_type: 'indicator',
    output: 'judgements',
    indicator_id: indicator,
    secret: 'mine',
  });
  assert.equal(changed.status, 200);
  assert.equal(changed.json.title, undefined);
  assert.equal(changed.json.secret, feed.secret);
  assert.equal(changed.json.feed_view_url, `${feed.id}/view?s=${feed.secret}`);
  const view = await call(session, 'GET', changed.json.feed_view_url);
  assert.deepEqual(
    view.json.judgements.map((judgement: { type: string }) => judgement.type),
    ['judgement', 'judgement', 'judgement'],
  );
  const lines = await call({ ...session, token: '' }, 'GET', `${feed.id}/view.txt?s=${feed.secret}`);
  assert.equal(lines.text, '\n\n');
});

test('10.16 feed paging: 100 links by 20 are six requests, the cursor is EDN', async (t) => {
  const session = await started(t);
  const { indicator, feed } = await channel(session);
  await call(session, 'POST', IMPORT, pairs(100, indicator));
  const values = new Set<string>();
  let cursor = '';
  let requests = 0;
  for (let more = true; more; requests += 1) {
    assert.ok(requests < 10);
    const page = await call(session, 'GET', `${feed.feed_view_url}&limit=20${cursor}`);
    assert.equal(page.status, 200);
    for (const value of page.text.split('\n')) if (value !== '') values.add(value);
    const header = page.headers.get('x-search_after');
    more = header !== null;
    if (header === null) continue;
    const [, time, id] = /^\[(\d+) "(relationship-[0-9a-f-]+)"\]$/.exec(header) ?? [];
    assert.equal(page.headers.get('x-limit'), '20');
    assert.equal(page.headers.get('x-offset'), '20');
    cursor = `&search_after=${time}&search_after=${id}`;
  }
  assert.equal(requests, 6);
  assert.equal(values.size, 100);
});

test('10.17 feed: everything in one answer beyond the result window', async (t) => {
  const session = await started(t, { bulkMax: 12_000 });
  const { indicator, feed } = await channel(session);
  for (const from of [0, 6000]) {
    const imported = await call(session, 'POST', IMPORT, pairs(6000, indicator, from));
    assert.equal(imported.status, 200);
  }
  const view = await call(session, 'GET', feed.feed_view_url);
  assert.equal(view.text.split('\n').length, 12_000);
  assert.equal(view.headers.get('x-search_after'), null);
});

test('10.71 view.txt: JSON only where it is asked for', async (t) => {
  const session = await started(t);
  const { indicator, feed } = await channel(session);
  await call(session, 'POST', IMPORT, pairs(2, indicator));
  const plain = await fetch(feed.feed_view_url, { headers: { accept: '*/*' } });
  assert.equal(plain.headers.get('content-type'), 'text/plain');
  const json = await fetch(feed.feed_view_url, { headers: { accept: 'application/json' } });
  assert.equal(await json.text(), '"11.0.0.0\\n11.0.0.1"');
});

test('feed view acts as its owner: others’ readable judgements count, an unreadable one is a 403', async (t) => {
  const session = await started(t);
  const { indicator, feed } = await channel(session);
  const colleague = { url: session.url, token: await session.tokenOf({ login: 'colleague' }) };
  const stranger = { url: session.url, token: await session.tokenOf({ org: 'elsewhere' }) };
  await call(stranger, 'POST', '/ctia/bundle/import', {
    source: 'elsewhere',
    judgements: [judgement('12.0.0.9', { id: 'transient:j', tlp: 'green' })],
    relationships: [link('transient:j', indicator, { tlp: 'green' })],
  });
  assert.equal((await call(session, 'GET', feed.feed_view_url)).text, '12.0.0.9');
  await call(colleague, 'POST', '/ctia/bundle/import', {
    source: 'acme',
    judgements: [judgement('12.0.0.10', { id: 'transient:j', tlp: 'red' })],
    relationships: [link('transient:j', indicator, { tlp: 'amber' })],
  });
  const refused = await call(session, 'GET', feed.feed_view_url);
  assert.equal(refused.status, 403);
  assert.equal(refused.json.type, 'Access Control Error');
});

test('feed view: a link to a deleted judgement is skipped, equal values of two types come twice', async (t) => {
  const session = await started(t);
  const { indicator, feed } = await channel(session);
  const { json } = await call(session, 'POST', '/ctia/bulk?wait_for=true', {
    judgements: [
      judgement('gone.example', { id: 'transient:0' }),
      judgement('kept.example', { id: 'transient:1', observable: { type: 'domain', value: 'kept.example' } }),
      judgement('kept.example', { id: 'transient:2', observable: { type: 'hostname', value: 'kept.example' } }),
    ],
    relationships: ['transient:0', 'transient:1', 'transient:2'].map((ref) => link(ref, indicator)),
  });
  await call(session, 'DELETE', '/ctia/bulk', { judgements: [json.judgements[0]] });
  await call(session, 'POST', '/ctia/judgement', judgement('12.0.0.1'));
  assert.equal((await call(session, 'GET', feed.feed_view_url)).text, 'kept.example\nkept.example');
});
