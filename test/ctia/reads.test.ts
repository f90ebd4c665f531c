import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorOf, type RawClient, rawClient } from './raw-client.ts';
import { type RawAnswer, TOKEN_PATH } from './raw-server.ts';

function link(n: number): object {
  const id = `http://ctia.test:443/ctia/relationship/relationship-${n}`;
  const refs = { source_ref: 'j', target_ref: 'i' };
  return {
    id,
    external_ids: ['acme-owned'],
    owner: 'ctim-feeds',
    groups: ['acme-org'],
    tlp: 'amber',
    created: 'now',
    relationship_type: 'element-of',
    ...refs,
  };
}

function page(numbers: number[], total: number | undefined, next?: string): RawAnswer {
  return {
    body: numbers.map(link),
    headers: {
      ...(total !== undefined && { 'x-total-hits': String(total) }),
      ...(next !== undefined && { 'x-next': next }),
    },
  };
}

async function walk({ client }: RawClient): Promise<number> {
  return (await client.allByExternalId('relationship', 'acme-owned')).length;
}

function pages(...answers: RawAnswer[]) {
  let n = 0;
  return (path: string) => (path === TOKEN_PATH ? undefined : answers[n++]);
}

test('a walk follows X-Next as it is, sorted by id, to the last page', async (t) => {
  const cursor = 'limit=5000&offset=5000&search_after=relationship-2';
  const raw = await rawClient(
    t,
    pages(page([1, 2], 4, cursor), page([3, 4], 4, 'limit=5000&offset=10000&search_after=relationship-4'), page([], 4)),
  );
  assert.equal(await walk(raw), 4);
  assert.deepEqual(raw.server.seen.slice(1), [
    'GET /ctia/relationship/external_id/acme-owned?sort_by=id&limit=5000',
    `GET /ctia/relationship/external_id/acme-owned?sort_by=id&${cursor}`,
    'GET /ctia/relationship/external_id/acme-owned?sort_by=id&limit=5000&offset=10000&search_after=relationship-4',
  ]);
});

test('a record that comes on two pages counts once', async (t) => {
  assert.equal(await walk(await rawClient(t, pages(page([1, 2], 3, 'limit=2'), page([2, 3], 3)))), 3);
});

const incomplete: { name: string; answers: RawAnswer[] }[] = [
  { name: 'fewer than announced', answers: [page([1, 2], 3)] },
  { name: 'fewer than announced at the end', answers: [page([1, 2], 2, 'limit=2'), page([3], 5)] },
  { name: 'more than announced', answers: [page([1, 2, 3], 2)] },
  { name: 'no number announced', answers: [page([1, 2], undefined)] },
];
for (const { name, answers } of incomplete) {
  test(`T15 a walk with ${name} is incomplete: nothing is decided on it`, async (t) => {
    const error = await errorOf(walk(await rawClient(t, pages(...answers))));
    assert.equal(error.kind, 'incomplete');
    assert.match(error.message, /nothing is decided on it/);
  });
}

test('an answer that is no list is unexpected', async (t) => {
  assert.equal((await errorOf(walk(await rawClient(t, pages({ body: { error: 'no' } }))))).kind, 'unexpected');
});

test('many ids are read a hundred at a time; where a tenant takes fewer, as many as it takes', async (t) => {
  const sizes: number[] = [];
  const raw = await rawClient(t, (path) => {
    if (path === TOKEN_PATH) return undefined;
    const count = path.split('relationships=').length - 1;
    sizes.push(count);
    if (count > 40) return { status: 400, body: 'Bulk max number of entities: 40' };
    return {
      body: { relationships: [...path.matchAll(/relationship-(\d+)/g)].map((match) => link(Number(match[1]))) },
    };
  });
  const ids = Array.from({ length: 130 }, (_, n) => `http://ctia.test:443/ctia/relationship/relationship-${n}`);
  assert.equal((await raw.client.linksById(ids)).length, 130);
  assert.deepEqual(sizes, [100, 40, 40, 40, 10]);
});

test('ids that we may not read come as null and are left out', async (t) => {
  const raw = await rawClient(t, (path) =>
    path === TOKEN_PATH ? undefined : { body: { relationships: [null, link(1)] } },
  );
  assert.equal((await raw.client.linksById(['http://x/ctia/relationship/relationship-1'])).length, 1);
});

test('no ids, no request', async (t) => {
  const raw = await rawClient(t, () => undefined);
  assert.deepEqual(await raw.client.judgementsById([]), []);
  assert.deepEqual(raw.server.seen, []);
});

test('T35 a view is asked for as text, without a token, and an empty one has no values', async (t) => {
  const accepts: (string | undefined)[] = [];
  let body = 'a.test\nb.test';
  const raw = await rawClient(t, (_, { headers }) => {
    accepts.push(headers.accept, headers.authorization);
    return { body };
  });
  assert.deepEqual(await raw.client.view(`${raw.server.url}/ctia/feed/feed-1/view.txt?s=secret`), ['a.test', 'b.test']);
  body = '';
  assert.deepEqual(await raw.client.view(`${raw.server.url}/ctia/feed/feed-1/view.txt?s=secret`), []);
  assert.deepEqual(accepts, ['text/plain', undefined, 'text/plain', undefined]);
});

const clocks: { date: string; aheadMs: number }[] = [
  { date: 'Wed, 25 Nov 2026 02:07:00 GMT', aheadMs: 420_500 },
  { date: 'Wed, 25 Nov 2026 01:57:00 GMT', aheadMs: -179_500 },
  { date: 'Wed, 25 Nov 2026 02:00:01 GMT', aheadMs: 0 },
];
for (const { date, aheadMs } of clocks) {
  test(`T43 a server whose Date is ${date}: its clock counts`, async (t) => {
    const raw = await rawClient(t, (path) =>
      path === TOKEN_PATH ? undefined : { ...page([], 0), headers: { date, 'x-total-hits': '0' } },
    );
    await walk(raw);
    assert.equal(raw.client.serverAheadMs(), aheadMs);
    assert.equal(raw.client.serverNow(), raw.time.clock.now() + aheadMs);
    raw.time.step(1000);
    assert.equal(raw.client.serverNow(), raw.time.clock.now() + aheadMs);
  });
}
