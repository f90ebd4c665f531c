import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCtiaClient } from '../../src/ctia/client.ts';
import { errorOf, rawClient } from './raw-client.ts';
import { type RawAnswer, TOKEN_PATH } from './raw-server.ts';

const JUDGEMENT = 'http://ctia.test/ctia/judgement/judgement-1';
const BUNDLE = { type: 'bundle', source: 'acme', judgements: [], relationships: [] } as const;
const INDICATOR = {
  external_ids: ['acme-state'],
  producer: 'ctim-feeds',
  title: 'ctim-feeds state',
  tlp: 'amber',
} as const;
const QUOTA = 'Too Many Requests';

/** Answers the first requests one by one as listed, then with `last`. */
function inTurn(answers: readonly (RawAnswer | 'hang' | 'reset')[], last: RawAnswer) {
  let n = 0;
  return (path: string) => {
    if (path === TOKEN_PATH) return undefined;
    n += 1;
    return answers[n - 1] ?? last;
  };
}

const retryAfter: [header: string | undefined, waitMs: number][] = [
  ['3', 3000],
  ['3s', 3000],
  [' 3 s ', 3000],
  ['0', 1000],
  ['45', 45_000],
  [undefined, 60_000],
  ['Wed, 25 Nov 2026 02:00:10 GMT', 60_000],
];

for (const [header, waitMs] of retryAfter) {
  test(`429 with Retry-After ${header ?? 'missing'}: everybody waits ${waitMs} ms, and the request goes again`, async (t) => {
    const refused = {
      status: 429,
      headers: header === undefined ? {} : { 'retry-after': header },
      body: { error: QUOTA },
    };
    const { client, waits, time } = await rawClient(t, inTurn([refused], { body: {} }));
    assert.deepEqual(await client.judgementsById([JUDGEMENT]), []);
    assert.deepEqual(waits, [`throttled ${waitMs}`]);
    assert.deepEqual(time.slept, [waitMs]);
  });
}

test('429 for longer than anybody is patient here: it rises and says for how long', async (t) => {
  const refused = { status: 429, headers: { 'retry-after': '3600' }, body: { error: QUOTA } };
  const { client, time } = await rawClient(t, inTurn([], refused), { patienceMs: 20_000 });
  const error = await errorOf(client.judgementsById([JUDGEMENT]));
  assert.equal(error.kind, 'throttled');
  assert.equal(error.facts?.retryAfterMs, 3_600_000);
  assert.match(error.message, /quota is used up, free again in 3600 s/);
  assert.deepEqual(time.slept, []);
});

test('429 again and again ends, however short each wait', async (t) => {
  const { client, waits } = await rawClient(t, inTurn([], { status: 429, headers: { 'retry-after': '1' } }));
  assert.equal((await errorOf(client.judgementsById([JUDGEMENT]))).kind, 'throttled');
  assert.equal(waits.length, 4);
});

for (const trouble of ['reset', 'hang', { status: 500 }, { status: 502 }, { status: 503 }] as const) {
  const name = typeof trouble === 'string' ? trouble : String(trouble.status);
  test(`${name}: the same import again after 2 s and after 4 s, byte by byte`, async (t) => {
    const { client, server, waits } = await rawClient(t, inTurn([trouble, trouble], { body: { results: [] } }));
    await client.importBundle({ ...BUNDLE, judgements: [], relationships: [] }, 'acme-judgement-');
    assert.deepEqual(waits, ['unknown 2000', 'unknown 4000']);
    assert.equal(new Set(server.bodies.slice(1)).size, 1);
    assert.equal(client.requests.mutating, 3);
  });

  test(`${name} after a plain POST: it is not sent again, since it may have succeeded`, async (t) => {
    const { client, server, waits } = await rawClient(t, inTurn([trouble], { status: 201 }));
    assert.equal((await errorOf(client.createIndicator({ ...INDICATOR, external_ids: [] }))).kind, 'unknown');
    assert.equal(server.seen.length, 2);
    assert.deepEqual(waits, []);
  });
}

test('three times 5xx: unknown, it may have succeeded', async (t) => {
  const { client, server } = await rawClient(t, inTurn([], { status: 504 }));
  const error = await errorOf(client.replace([]));
  assert.equal(error.kind, 'unknown');
  assert.match(error.message, /it may have succeeded/);
  assert.equal(server.seen.length, 1 + 3);
});

test('a plain POST that was refused by the quota was not carried out, and goes again', async (t) => {
  const refused = { status: 429, headers: { 'retry-after': '3' } };
  const stored = { ...INDICATOR, id: 'i', owner: 'ctim-feeds', groups: [], created: 'now', modified: 'now' };
  const { client, waits } = await rawClient(t, inTurn([refused], { status: 201, body: stored }));
  assert.equal((await client.createIndicator({ ...INDICATOR, external_ids: [] })).id, 'i');
  assert.deepEqual(waits, ['throttled 3000']);
});

test('a host that nobody listens at is unreachable, and named', async (t) => {
  const { connection, time } = await rawClient(t, () => undefined);
  const nobody = { ...connection, ctiaUrl: 'http://127.0.0.1:1' };
  const client = makeCtiaClient({ connection: nobody, clock: time.clock, patienceMs: 0 });
  const error = await errorOf(client.view('https://ctia.test:443/ctia/feed/feed-1/view.txt?s=secret'));
  assert.equal(error.kind, 'unreachable');
  assert.match(error.message, /127\.0\.0\.1:1 cannot be reached \(ECONNREFUSED\)/);
  assert.deepEqual(time.slept, [2000, 4000]);
});

test('who loses the lock does not write, and reads on', async (t) => {
  const { client, server } = await rawClient(t, inTurn([], { body: {} }), {
    assertMayWrite: () => Promise.reject(new Error('the lock is lost')),
  });
  assert.deepEqual(await client.judgementsById([JUDGEMENT]), []);
  await assert.rejects(client.replace([]), /the lock is lost/);
  assert.deepEqual(
    server.seen.filter((request) => request.startsWith('PUT')),
    [],
  );
});

test('the budget is asked before each request, retries included, and not for views', async (t) => {
  let taken = 0;
  const { client, server } = await rawClient(t, inTurn([{ status: 500 }], { body: {} }), {
    takeFromBudget: async () => {
      taken += 1;
    },
  });
  await client.judgementsById([JUDGEMENT]);
  assert.equal(taken, 2);
  await client.view(`${server.url}/ctia/feed/feed-1/view.txt?s=secret`);
  assert.equal(taken, 2);
});

test('whoever is told to stop stops waiting', async (t) => {
  const stop = new AbortController();
  const { client } = await rawClient(t, inTurn([], { status: 500 }), {
    signal: stop.signal,
    onWait: () => stop.abort(new Error('stopped by hand')),
  });
  await assert.rejects(client.judgementsById([JUDGEMENT]), /stopped by hand/);
});
