import assert from 'node:assert/strict';
import { test } from 'node:test';
import { address, call, channel, judgement, link, type Session, started } from './fixture.ts';

test('10.30 bulk: POST, GET back, PUT, PUT without id, DELETE twice', async (t) => {
  const session = await started(t);
  const values = Array.from({ length: 8 }, (_, i) => address(i));
  const created = await call(session, 'POST', '/ctia/bulk?wait_for=true', {
    judgements: values.map((value) => judgement(value)),
    indicators: [{ producer: 'acme' }],
  });
  assert.equal(created.status, 201);
  assert.equal(created.headers.get('location'), null);
  assert.equal(created.json.tempids, undefined);
  const ids: string[] = created.json.judgements;
  assert.equal(ids.length, 8);
  // In the order of the request.
  for (const [i, id] of ids.entries()) assert.equal((await call(session, 'GET', id)).json.observable.value, address(i));

  const nobody = 'judgement-00000000-0000-4000-8000-000000000000';
  const query = [...ids, nobody].map((id) => `judgements=${encodeURIComponent(id)}`).join('&');
  const read = await call(session, 'GET', `/ctia/bulk?${query}`);
  assert.deepEqual(Object.keys(read.json), ['judgements']);
  const readIds = read.json.judgements.map(({ id }: { id: string }) => id);
  assert.notDeepEqual(readIds, ids);
  assert.deepEqual([...readIds].sort(), [...ids].sort());

  const renewed = read.json.judgements.map((document: object) => ({
    ...document,
    valid_time: { start_time: '2026-01-01', end_time: '2027-01-01' },
  }));
  const put = await call(session, 'PUT', '/ctia/bulk', { judgements: [...renewed, { ...renewed[0], id: nobody }] });
  assert.equal(put.status, 200);
  assert.deepEqual(put.json.judgements.errors, { 'not-found': [nobody] });
  assert.notDeepEqual(put.json.judgements.updated, readIds);
  assert.deepEqual([...put.json.judgements.updated].sort(), [...ids].sort());
  assert.equal((await call(session, 'GET', ids[0] ?? '')).json.valid_time.end_time, '2027-01-01T00:00:00.000Z');

  const anonymous = await call(session, 'PUT', '/ctia/bulk', { judgements: [judgement(address(1))] });
  assert.deepEqual(anonymous.json, { errors: { judgements: [{ id: 'missing-required-key' }] } });

  const deleted = await call(session, 'DELETE', '/ctia/bulk?wait_for=true', { judgements: ids });
  assert.deepEqual([...deleted.json.judgements.deleted].sort(), [...ids].sort());
  assert.equal(deleted.json.judgements.errors, undefined);
  const again = await call(session, 'DELETE', '/ctia/bulk', { judgements: ids });
  assert.equal(again.status, 200);
  assert.deepEqual(again.json, { judgements: { errors: { 'not-found': ids } } });
});

test('10.31 bulk: over the limit', async (t) => {
  const session = await started(t, { bulkMax: 3 });
  const many = [1, 2].map((i) => judgement(address(i)));
  const refused = await call(session, 'POST', '/ctia/bulk', {
    judgements: many,
    indicators: [{ producer: 'a' }, { producer: 'b' }],
  });
  assert.deepEqual([refused.status, refused.text], [400, 'Bulk max number of entities: 3']);
  const bundle = await call(session, 'POST', '/ctia/bundle/import', {
    source: 'acme',
    judgements: many,
    indicators: [{ producer: 'a' }, { producer: 'b' }],
  });
  assert.deepEqual([bundle.status, bundle.text], [400, 'Bundle max nb of entities: 3']);
});

test('10.32 bulk: transient ids resolved, tempids name relationships too', async (t) => {
  const session = await started(t);
  const { json } = await call(session, 'POST', '/ctia/bulk', {
    relationships: [link('transient:j', 'transient:i', { id: 'transient:r' })],
    judgements: [judgement('198.51.100.7', { id: 'transient:j' })],
    indicators: [{ id: 'transient:i', producer: 'acme' }],
  });
  assert.deepEqual(json.tempids, {
    'transient:j': json.judgements[0],
    'transient:i': json.indicators[0],
    'transient:r': json.relationships[0],
  });
  const relationship = await call(session, 'GET', json.relationships[0]);
  assert.equal(relationship.json.source_ref, json.judgements[0]);
  assert.equal(relationship.json.target_ref, json.indicators[0]);
});

test('10.33 bulk: a spec, tlp or realization error is one entity’s; 201 even if all fail', async (t) => {
  const session = await started(t);
  const { status, json } = await call(session, 'POST', '/ctia/bulk', {
    judgements: [
      judgement('a', { reason: 'x'.repeat(1025) }),
      judgement('b', { tlp: 'white' }),
      judgement('c', { id: 'transient:c', disposition: 1, disposition_name: 'Unknown' }),
    ],
    relationships: [link('transient:c', 'transient:nobody')],
  });
  assert.equal(status, 201);
  const [spec, tlp, realization] = json.judgements;
  assert.deepEqual([spec.error, spec.type], ['Entity validation Error', 'spec-validation-error']);
  assert.match(spec.msg, /failed: .* in: \[:reason\]/);
  assert.equal(spec.entity.observable.value, 'a');
  assert.deepEqual([tlp.error, tlp.type], ['Entity Access Control validation Error', 'invalid-tlp-error']);
  assert.deepEqual([realization.type, realization.id], ['realize-entity-error', 'transient:c']);
  assert.match(json.relationships[0].error, /still a transient ID/);
  assert.equal(json.tempids, undefined);
});

test('bulk: a schema error refuses the request, aligned by position', async (t) => {
  const session = await started(t);
  const refused = await call(session, 'POST', '/ctia/bulk', {
    judgements: [judgement('a'), judgement('b', { severity: 'Huge' }), judgement('c')],
    feeds: [],
  });
  assert.equal(refused.status, 400);
  assert.equal(refused.json.errors.feeds, 'disallowed-key');
  const [good, bad, alsoGood] = refused.json.errors.judgements;
  assert.deepEqual([good, alsoGood], [null, null]);
  assert.deepEqual(Object.keys(bad), ['severity']);
  assert.equal((await call(session, 'GET', '/ctia/judgement/search/count')).text, '0');
});

test('bulk PUT: one invalid document refuses its kind and the request, other kinds are written', async (t) => {
  const session = await started(t);
  const { json } = await call(session, 'POST', '/ctia/bulk', {
    judgements: [judgement('a'), judgement('b')],
    indicators: [{ producer: 'acme' }],
  });
  const refused = await call(session, 'PUT', '/ctia/bulk', {
    judgements: [
      judgement('a', { id: json.judgements[0], reason: 'renewed' }),
      judgement('b', { id: json.judgements[1], reason: 'x'.repeat(1025) }),
    ],
    indicators: [{ id: json.indicators[0], producer: 'acme two' }],
  });
  assert.deepEqual([refused.status, refused.json.error], [400, 'Spec Validation Client Error']);
  assert.equal(refused.json.entity.id, json.judgements[1]);
  assert.equal((await call(session, 'GET', json.judgements[0])).json.reason, undefined);
  assert.equal((await call(session, 'GET', json.indicators[0])).json.producer, 'acme two');
});

test('bulk PUT: keeps the old end, drops what is omitted, resets an omitted disposition', async (t) => {
  const session = await started(t);
  const sent = judgement('a', {
    external_ids: ['acme-1'],
    valid_time: { end_time: '2027-01-01' },
    reason: 'listed',
    tlp: 'amber',
  });
  const { json } = await call(session, 'POST', '/ctia/bulk', { judgements: [sent] });
  const { disposition: _, ...undisposed } = judgement('a', { id: json.judgements[0] });
  await call(session, 'PUT', '/ctia/bulk', { judgements: [undisposed] });
  const { json: stored } = await call(session, 'GET', json.judgements[0]);
  assert.equal(stored.valid_time.end_time, '2027-01-01T00:00:00.000Z');
  assert.equal(stored.external_ids, undefined);
  assert.equal(stored.reason, undefined);
  assert.equal(stored.disposition_name, 'Unknown');
  assert.equal(stored.tlp, 'amber');
  assert.deepEqual((await call(session, 'GET', '/ctia/judgement/external_id/acme-1')).json, []);
});

test('10.36 not-found and forbidden by tlp, on PUT and DELETE; an explicit id is refused', async (t) => {
  const session = await started(t);
  const stranger: Session = { url: session.url, token: await session.tokenOf({ org: 'elsewhere' }) };
  const { json } = await call(session, 'POST', '/ctia/bulk', {
    judgements: [judgement('a'), judgement('b', { tlp: 'amber' })],
  });
  const [green, amber] = json.judgements;
  const put = await call(stranger, 'PUT', '/ctia/bulk', {
    judgements: [judgement('a', { id: green }), judgement('b', { id: amber })],
  });
  assert.deepEqual(put.json, { judgements: { errors: { 'not-found': [amber], forbidden: [green] } } });
  const deleted = await call(stranger, 'DELETE', '/ctia/bulk', { judgements: [green, amber] });
  assert.deepEqual(deleted.json, { judgements: { errors: { 'not-found': [amber], forbidden: [green] } } });
  const read = await call(stranger, 'GET', `/ctia/bulk?judgements=${encodeURIComponent(amber)}`);
  assert.deepEqual(read.json, { judgements: [null] });
  const explicit = await call(session, 'POST', '/ctia/bulk', { judgements: [judgement('a', { id: green })] });
  assert.deepEqual([explicit.status, explicit.json.error], [403, 'Missing capability to specify entity ID']);
});

test('bulk needs every right: a token for judgements alone is refused', async (t) => {
  const session = await started(t);
  const token = await session.tokenOf({ scopes: ['private-intel/judgement', 'private-intel/import-bundle'] });
  const narrow: Session = { url: session.url, token };
  const refused = await call(narrow, 'PUT', '/ctia/bulk', { judgements: [] });
  assert.equal(refused.status, 403);
  assert.equal(refused.json.error, 'missing_capability');
  assert.ok(refused.json.capabilities.includes('create-casebook'));
  assert.equal((await call(narrow, 'POST', '/ctia/judgement', judgement('a'))).status, 201);
  const { feed } = await channel(session);
  const read = await call(narrow, 'GET', feed.id);
  assert.deepEqual([read.status, read.json.capabilities], [403, 'read-feed']);
});
