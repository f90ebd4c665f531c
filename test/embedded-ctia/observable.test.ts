import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, started } from './fixture.ts';

const JUDGEMENT = { source: 'acme', priority: 95, severity: 'High', confidence: 'High', disposition: 2, tlp: 'amber' };

test('10.54 judgements on one observable: expired ones too, whole values in any case, paged', async (t) => {
  const session = await started(t);
  const post = (value: string, more: object = {}) =>
    call(session, 'POST', '/ctia/judgement', { ...JUDGEMENT, observable: { type: 'url', value }, ...more });
  await post('https://bad.example/A?x=1');
  await post('https://bad.example/A?x=1', { valid_time: { end_time: '2020-01-01T00:00:00.000Z' } });
  await post('https://bad.example/A?x=10');
  const path = `/ctia/url/${encodeURIComponent('https://bad.example/a?x=1')}/judgements`;

  const found = await call(session, 'GET', path);
  assert.equal(found.status, 200);
  assert.equal(found.headers.get('x-total-hits'), '2');
  assert.deepEqual(
    new Set(found.json.map(({ observable }: { observable: { value: string } }) => observable.value)),
    new Set(['https://bad.example/A?x=1']),
  );
  const page = await call(session, 'GET', `${path}?sort_by=id&limit=1`);
  assert.equal(page.json.length, 1);
  assert.match(page.headers.get('x-next') ?? '', /search_after=/);
  assert.equal(
    (await call(session, 'GET', `/ctia/ip/${encodeURIComponent('https://bad.example/a?x=1')}/judgements`)).text,
    '[]',
  );
  assert.equal((await call(session, 'GET', '/ctia/planet/mars/judgements')).status, 400);
  assert.equal((await call(session, 'GET', `${path}?source=acme`)).status, 400);
});
