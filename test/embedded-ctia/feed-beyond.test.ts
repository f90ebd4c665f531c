import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { call, channel, IMPORT, judgement, link, pairs, type Started, started } from './fixture.ts';

/** Without what `fetch` adds and undoes by itself. */
function raw(
  url: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<{ status: number; headers: Record<string, string | string[] | undefined>; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    asked.on('error', reject);
    asked.end();
  });
}

async function filled(session: Started, count: number, more: object = {}) {
  const made = await channel(session, more);
  await call(session, 'POST', IMPORT, pairs(count, made.indicator));
  return { ...made, url: String(made.feed.feed_view_url) };
}

test('10.58 feed view: ETag answers 304, strong or weak, in a list, as *; another one does not', async (t) => {
  const session = await started(t);
  const { url, indicator } = await filled(session, 200);
  const full = await raw(url);
  const etag = String(full.headers.etag);
  assert.match(etag, /^"[\w-]+"$/);
  for (const held of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const same = await raw(url, { 'if-none-match': held });
    assert.deepEqual([same.status, same.body.length, same.headers.etag], [304, 0, etag], held);
  }
  assert.equal((await raw(url, { 'if-none-match': '"other"' })).status, 200);
  await call(session, 'POST', IMPORT, pairs(1, indicator, 200));
  const changed = await raw(url, { 'if-none-match': etag });
  assert.equal(changed.status, 200);
  assert.notEqual(changed.headers.etag, etag);
});

test('10.58 no ETag outside the feed views', async (t) => {
  const session = await started(t);
  const { feed, indicator } = await channel(session);
  for (const path of [feed.id, indicator, '/ctia/status', '/ctia/indicator/search']) {
    const answer = await call(session, 'GET', path);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('etag'), null, path);
  }
});

test('feed view: gzip where it is accepted, with a tag of its own; the plain tag is known too', async (t) => {
  const session = await started(t);
  const { url } = await filled(session, 300);
  const plain = await raw(url);
  assert.equal(plain.headers['content-encoding'], undefined);
  for (const accepted of ['gzip', 'br, gzip;q=0.5', '*']) {
    const zipped = await raw(url, { 'accept-encoding': accepted });
    assert.equal(zipped.headers['content-encoding'], 'gzip', accepted);
    assert.match(String(zipped.headers.vary), /Accept-Encoding/);
    assert.notEqual(zipped.headers.etag, plain.headers.etag);
    assert.deepEqual(gunzipSync(zipped.body), plain.body);
    const same = await raw(url, { 'accept-encoding': accepted, 'if-none-match': String(zipped.headers.etag) });
    assert.equal(same.status, 304);
  }
  for (const refused of ['gzip;q=0', 'identity', 'br']) {
    assert.equal((await raw(url, { 'accept-encoding': refused })).headers['content-encoding'], undefined, refused);
  }
});

test('view.txt.md5: of exactly the bytes of view.txt, with its query, its 401 and its 404', async (t) => {
  const session = await started(t);
  const { url, feed } = await filled(session, 30, { lifetime: { end_time: '2026-11-25T09:00:00.000Z' } });
  const md5Url = url.replace('view.txt', 'view.txt.md5');
  for (const query of ['', '&limit=7']) {
    const { body } = await raw(`${url}${query}`);
    const md5 = await raw(`${md5Url}${query}`);
    assert.equal(md5.body.toString(), createHash('md5').update(body).digest('hex'));
    assert.equal(md5.headers['content-type'], 'text/plain');
  }
  const wrong = await raw(`${feed.id}/view.txt.md5?s=no`);
  assert.deepEqual([wrong.status, wrong.body.toString()], [401, 'wrong secret']);
  assert.equal((await raw(`${feed.id}/view.txt.md5`)).status, 400);
  session.clock.step(61 * 60_000);
  const dead = await raw(md5Url);
  assert.deepEqual([dead.status, dead.body.toString()], [404, 'feed not found']);
});

test('feed view: HEAD tells the headers of GET', async (t) => {
  const session = await started(t);
  const { url, feed } = await filled(session, 30);
  for (const each of [url, url.replace('.txt', ''), url.replace('.txt', '.txt.md5')]) {
    const get = await raw(each);
    const head = await raw(each, {}, 'HEAD');
    assert.deepEqual([head.status, head.body.length], [200, 0], each);
    for (const name of ['etag', 'content-type', 'content-length']) assert.equal(head.headers[name], get.headers[name]);
  }
  assert.equal((await raw(`${feed.id}/view.txt?s=no`, {}, 'HEAD')).status, 401);
});

test('feed view: a kept list is never older than time: an entry starts, one ends, the feed ends', async (t) => {
  const session = await started(t);
  const { feed, indicator } = await channel(session, { lifetime: { end_time: '2026-11-25T09:00:00.000Z' } });
  const valid = (start: string, end: string) => ({
    valid_time: { start_time: `2026-11-25T${start}Z`, end_time: `2026-11-25T${end}Z` },
  });
  await call(session, 'POST', '/ctia/bundle/import', {
    source: 'acme',
    judgements: [
      judgement('early', { id: 'transient:1', ...valid('07:00:00.000', '08:10:00.000') }),
      judgement('late', { id: 'transient:2', ...valid('08:05:00.000', '12:00:00.000') }),
    ],
    relationships: [link('transient:1', indicator), link('transient:2', indicator)],
  });
  const seen = async () => {
    const { status, text } = await call(session, 'GET', feed.feed_view_url);
    const json = await call(session, 'GET', `${feed.id}/view?s=${feed.secret}`);
    const values = (json.json.observables ?? []).map(({ value }: { value: string }) => value);
    if (status === 200) assert.deepEqual(values.sort(), text.split('\n'));
    return `${status} ${text.replace('\n', ' ')}`;
  };
  const steps: [ms: number, seen: string][] = [
    [0, '200 early'],
    [5 * 60_000 - 1, '200 early'],
    [1, '200 early late'],
    [5 * 60_000, '200 early late'],
    [1, '200 late'],
    [50 * 60_000, '404 feed not found'],
  ];
  for (const [ms, expected] of steps) {
    session.clock.step(ms);
    assert.equal(await seen(), expected);
  }
});

test('feed view: a kept list is never older than what was written', async (t) => {
  const session = await started(t);
  const { feed, indicator } = await channel(session);
  const seen = async () => (await call(session, 'GET', feed.feed_view_url)).text.split('\n').join(' ');
  const made = await call(session, 'POST', '/ctia/bulk', {
    judgements: ['a', 'b', 'c', 'd'].map((value) => judgement(value, { id: `transient:${value}` })),
    relationships: ['a', 'b', 'c', 'd'].map((value) => link(`transient:${value}`, indicator)),
  });
  const [a, b, c, d] = made.json.judgements as string[];
  assert.equal(await seen(), 'a b c d');
  await call(session, 'DELETE', String(a));
  assert.equal(await seen(), 'b c d');
  await call(session, 'POST', `${b}/expire?reason=over`);
  session.clock.step(1);
  assert.equal(await seen(), 'c d');
  await call(session, 'PUT', '/ctia/bulk', { judgements: [{ ...judgement('renamed'), id: c }] });
  assert.equal(await seen(), 'd renamed');
  await call(session, 'DELETE', String(made.json.relationships[3]));
  assert.equal(await seen(), 'renamed');
  const { json } = await call(session, 'POST', '/ctia/judgement', judgement('single'));
  await call(session, 'POST', '/ctia/relationship', link(json.id, indicator));
  assert.equal(await seen(), 'renamed single');
  await call(session, 'PUT', feed.id, { feed_type: 'indicator', output: 'judgements', indicator_id: indicator });
  assert.equal(await seen(), ' ');
  assert.ok(d !== undefined);
});

test('feed view: a kept text that links are added to is what a text made anew would be', async (t) => {
  const session = await started(t);
  const { feed, indicator } = await channel(session);
  const until = (minutes: number) => new Date(session.clock.now() + minutes * 60_000).toISOString();
  const add = async (...values: [type: string, value: string, end?: string][]) => {
    const { json } = await call(session, 'POST', '/ctia/bulk', {
      judgements: values.map(([type, value, end_time], n) =>
        judgement(value, {
          id: `transient:${n}`,
          observable: { type, value },
          ...(end_time && { valid_time: { start_time: until(-5), end_time } }),
        }),
      ),
      relationships: values.map((_, n) => link(`transient:${n}`, indicator)),
    });
    return json.judgements as string[];
  };
  /** The JSON view is never gone on with. */
  const same = async () => {
    const { json } = await call(session, 'GET', feed.feed_view_url.replace('view.txt', 'view'));
    const values = json.observables.map(({ value }: { value: string }) => value);
    const anew = values.sort((a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const { text } = await call(session, 'GET', feed.feed_view_url);
    assert.equal(text, anew.join('\n'));
    return text.split('\n').join(' ');
  };
  assert.equal(await same(), '');
  const [first] = await add(['domain', 'm'], ['domain', 'c']);
  assert.equal(await same(), 'c m');
  await add(['domain', 'a'], ['domain', 'z', until(2)], ['domain', 'e', until(-1)]);
  assert.equal(await same(), 'a c m z');
  await add(['domain', 'm'], ['url', 'n']);
  assert.equal(await same(), 'a c m n z');
  await add(['url', 'c'], ['domain', 'd']);
  assert.equal(await same(), 'a c c d m n z');
  await add(['domain', '\ufffd'], ['domain', '\u{1f600}'], ['domain', 'b']);
  assert.equal(await same(), 'a b c c d m n z \ufffd \u{1f600}');
  await add(['domain', 'aa']);
  assert.equal(await same(), 'a aa b c c d m n z \ufffd \u{1f600}');
  session.clock.step(3 * 60_000);
  assert.equal(await same(), 'a aa b c c d m n \ufffd \u{1f600}');
  await call(session, 'DELETE', String(first));
  await add(['domain', 'f', until(2)]);
  assert.equal(await same(), 'a aa b c c d f m n \ufffd \u{1f600}');
  session.clock.step(3 * 60_000);
  await add(['domain', 'g']);
  assert.equal(await same(), 'a aa b c c d g m n \ufffd \u{1f600}');
  await add(['domain', 'b\nx']);
  await add(['domain', 'h']);
  assert.equal(await same(), 'a aa b b x c c d g h m n \ufffd \u{1f600}');
  await add(['domain', 'i']);
  assert.equal(await same(), 'a aa b b x c c d g h i m n \ufffd \u{1f600}');
});

test('feed view: a kept list to which more came than it has, and then less', async (t) => {
  const session = await started(t);
  const { url, indicator } = await filled(session, 10);
  const count = async () => (await raw(url)).body.toString().split('\n').length;
  assert.equal(await count(), 10);
  for (const from of [10, 610]) await call(session, 'POST', IMPORT, pairs(600, indicator, from));
  assert.equal(await count(), 1210);
  await call(session, 'POST', IMPORT, pairs(600, indicator, 1210));
  assert.equal(await count(), 1810);
  await call(session, 'POST', IMPORT, pairs(300, indicator, 1810));
  assert.equal(await count(), 2110);
});

test('feed view: what the owner may no longer read fails a view that was kept', async (t) => {
  const session = await started(t);
  const { feed, indicator } = await channel(session);
  const colleague = { url: session.url, token: await session.tokenOf({ login: 'colleague' }) };
  const { json } = await call(colleague, 'POST', '/ctia/bulk', {
    judgements: [judgement('a', { id: 'transient:a' })],
    relationships: [link('transient:a', indicator)],
  });
  assert.equal((await call(session, 'GET', feed.feed_view_url)).text, 'a');
  const red = { ...judgement('a', { tlp: 'red' }), id: json.judgements[0] };
  await call(colleague, 'PUT', '/ctia/bulk', { judgements: [red] });
  assert.equal((await call(session, 'GET', feed.feed_view_url)).status, 403);
});

test('feed view: a write that waits for the refresh changes a kept list when it is refreshed', async (t) => {
  const session = await started(t, { refreshMs: 1000 });
  const { url, indicator } = await filled(session, 1);
  const { etag } = (await raw(url)).headers;
  await call(session, 'POST', '/ctia/bulk', {
    judgements: [judgement('b', { id: 'transient:b' })],
    relationships: [link('transient:b', indicator)],
  });
  assert.equal((await raw(url, { 'if-none-match': String(etag) })).status, 304);
  session.clock.step(1000);
  assert.equal((await raw(url, { 'if-none-match': String(etag) })).body.toString(), '11.0.0.0\nb');
});
