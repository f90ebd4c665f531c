import assert from 'node:assert/strict';
import { test } from 'node:test';
import { address, call, channel, IMPORT, judgement, link, pairs, type Session, started } from './fixture.ts';

async function ids(session: Session, path: string): Promise<string[]> {
  const { status, json, text } = await call(session, 'GET', path);
  assert.equal(status, 200, text);
  return json.map(({ id }: { id: string }) => id);
}

test('10.18 10.19 paging by external id: headers exactly, X-Next walks everything', async (t) => {
  const session = await started(t);
  const { indicator } = await channel(session);
  await call(session, 'POST', IMPORT, pairs(25, indicator));
  const path = '/ctia/judgement/external_id/acme-owned';
  const first = await call(session, 'GET', `${path}?sort_by=id&limit=10`);
  const last = first.json.at(-1).id.slice(-46);
  assert.equal(first.headers.get('x-total-hits'), '25');
  assert.equal(first.headers.get('x-next'), `limit=10&offset=10&search_after=${last}`);
  assert.equal(first.headers.get('x-previous'), null);
  assert.equal(first.headers.get('x-sort'), `["${last}"]`);
  assert.equal(first.headers.get('link'), null);

  const seen: string[] = [];
  let next: string | null = 'limit=5';
  let requests = 0;
  for (; next !== null; requests += 1) {
    assert.ok(requests < 10);
    const page = await call(session, 'GET', `${path}?sort_by=id&${next}`);
    seen.push(...page.json.map(({ id }: { id: string }) => id));
    next = page.headers.get('x-next');
  }
  // 25 is a multiple of 5: with a cursor only an empty page ends the walk.
  assert.equal(requests, 6);
  assert.equal(new Set(seen).size, 25);
  assert.deepEqual([...seen].sort(), seen);

  const middle = await call(session, 'GET', `${path}?limit=10&offset=15`);
  assert.equal(middle.json.length, 10);
  assert.equal(middle.headers.get('x-next'), null);
  assert.equal(middle.headers.get('x-previous'), 'limit=10&offset=5');
  assert.match(middle.headers.get('x-sort') ?? '', /^\[\d{13} \d{13} "judgement-[0-9a-f-]{36}"\]$/);
  const beyond = await call(session, 'GET', `${path}?limit=10&offset=30`);
  assert.deepEqual([beyond.json, beyond.headers.get('x-sort')], [[], null]);
  const window = await call(session, 'GET', `${path}?limit=10000&offset=1`);
  assert.deepEqual([window.status, window.json.type], [400, 'ES Invalid Request']);
  assert.equal((await call(session, 'GET', `${path}?sort_by=created`)).status, 400);
  assert.equal((await call(session, 'GET', `${path}?limit=1&limit=2`)).status, 400);
});

test('10.20 sorting by several fields, each with its direction, and the cursor of that order', async (t) => {
  const session = await started(t);
  await call(session, 'POST', '/ctia/bulk', {
    judgements: [1, 3, 2, 3].map((n, i) =>
      judgement(address(i), {
        priority: n,
        valid_time: { end_time: `203${i}-01-01` },
        reason: ['b', 'A', 'c', undefined][i],
      }),
    ),
  });
  const sorted = async (sortBy: string) => {
    const { json } = await call(session, 'GET', `/ctia/judgement/search?sort_by=${sortBy}`);
    return json.map(({ observable }: { observable: { value: string } }) => Number(observable.value.at(-1)));
  };
  assert.deepEqual(await sorted('priority:desc,valid_time.end_time'), [1, 3, 2, 0]);
  assert.deepEqual(await sorted('priority:desc,valid_time.end_time:desc'), [3, 1, 2, 0]);
  assert.deepEqual(await sorted('reason'), [1, 0, 2, 3]);
  const page = await call(session, 'GET', '/ctia/judgement/search?sort_by=priority:desc,valid_time.end_time&limit=2');
  assert.equal(page.headers.get('x-sort'), `[3 ${Date.parse('2033-01-01')}]`);
  const rest = await call(
    session,
    'GET',
    `/ctia/judgement/search?sort_by=priority:desc,valid_time.end_time&${page.headers.get('x-next')}`,
  );
  assert.deepEqual(
    rest.json.map((one: { priority: number }) => one.priority),
    [2, 1],
  );
  assert.equal((await call(session, 'GET', '/ctia/judgement/search?sort_by=nonsense')).json.type, 'ES Invalid Request');
  assert.equal((await call(session, 'GET', '/ctia/judgement/search?sort_order=up')).status, 400);
});

test('10.22 created from inclusive, to exclusive; filters by long and short id, source, references', async (t) => {
  const session = await started(t);
  const { json: first } = await call(session, 'POST', '/ctia/judgement', judgement('a'));
  session.clock.step(1000);
  const { json: second } = await call(session, 'POST', '/ctia/judgement', judgement('b', { source: 'Acme' }));
  const path = '/ctia/judgement/search';
  assert.deepEqual(await ids(session, `${path}?from=${second.created}`), [second.id]);
  assert.deepEqual(await ids(session, `${path}?from=${first.created}&to=${second.created}`), [first.id]);
  assert.deepEqual(await ids(session, `${path}?id=${encodeURIComponent(first.id)}`), [first.id]);
  assert.deepEqual(await ids(session, `${path}?id=${first.id.slice(-46)}`), [first.id]);
  assert.deepEqual(await ids(session, `${path}?source=acme`), [second.id]);
  assert.deepEqual(await ids(session, `${path}?source=acme&disposition=1`), []);
  assert.equal((await call(session, 'GET', `${path}/count?source=ACME`)).text, '1');
  assert.equal((await call(session, 'GET', `${path}/count?limit=1`)).status, 400);
  const { indicator } = await channel(session);
  const { json: made } = await call(session, 'POST', '/ctia/relationship', link(first.id, indicator));
  const found = await ids(
    session,
    `/ctia/relationship/search?target_ref=${encodeURIComponent(indicator.toUpperCase())}&relationship_type=element-of&source_ref=${encodeURIComponent(first.id)}`,
  );
  assert.deepEqual(found, [made.id]);
});

test('10.12 10.23 10.24 10.28 queries: words, phrases, alternatives, wildcards; reserved signs are refused', async (t) => {
  const session = await started(t);
  const titles = ['Secure_Firewall_SecureX_Indicator_IPv4', 'secure firewall feed', 'Firewall Secure'];
  for (const title of titles)
    await call(session, 'POST', '/ctia/indicator', { producer: 'acme', title, tags: ['x', 'Blue'] });
  const path = '/ctia/indicator/search?query=';
  const found = async (query: string): Promise<string[]> => {
    const { status, json, text } = await call(session, 'GET', `${path}${encodeURIComponent(query)}`);
    assert.equal(status, 200, `${query} ${text}`);
    return json.map(({ title }: { title: string }) => title).sort();
  };
  assert.deepEqual(await found('title:"secure_firewall_securex_indicator_ipv4"'), [titles[0]]);
  assert.deepEqual(await found('title:"Secure Firewall"'), [titles[1]]);
  assert.deepEqual(await found('title:(secure firewall)'), [titles[2], titles[1]]);
  assert.deepEqual(await found('feed'), [titles[1]]);
  assert.deepEqual(await found('secure NOT feed'), [titles[2]]);
  assert.deepEqual(await found('title:(feed OR secure_*)'), [titles[0], titles[1]]);
  assert.deepEqual(await found('tags:blue AND (feed || nothing)'), [titles[1]]);
  assert.deepEqual(await found('-secure'), [titles[0]]);
  assert.equal((await found('*')).length, 3);
  assert.equal((await found('created:[now TO *] OR created:<=now')).length, 3);
  const unreadable = ['http://example.com/a', '2001:db8::1', 'abcd:ef:ab:cd:ef:ab:cd:ef', '"open', '(a', 'a AND', ''];
  for (const query of [...unreadable, 'title:', 'title:-x', 'title:NOT x', 'a)', 'OR a', '[a TO b', 'a^2', 'a~']) {
    for (const route of ['search', 'search/count']) {
      const { status, json } = await call(
        session,
        'GET',
        `/ctia/indicator/${route}?query=${encodeURIComponent(query)}`,
      );
      assert.deepEqual([status, json.type], [400, 'ES Invalid Request'], query);
    }
  }
  const { json: one } = await call(
    session,
    'POST',
    '/ctia/judgement',
    judgement('2001:db8::1', { external_ids: ['acme-1'] }),
  );
  await call(session, 'POST', '/ctia/judgement', judgement('198.51.100.7'));
  const judged = '/ctia/judgement/search?query=';
  assert.deepEqual(await ids(session, `${judged}${encodeURIComponent('observable.value:"2001:DB8::1"')}`), [one.id]);
  assert.deepEqual(await ids(session, `${judged}${encodeURIComponent('external_ids:"acme-1" AND disposition:2')}`), [
    one.id,
  ]);
  const { json: made } = await call(session, 'POST', '/ctia/relationship', link(one.id, one.id));
  const rewritten = `/ctia/relationship/search?query=${encodeURIComponent(`source_ref:*${one.id.slice(-46)}`)}`;
  assert.deepEqual(await ids(session, rewritten), [made.id]);
});
