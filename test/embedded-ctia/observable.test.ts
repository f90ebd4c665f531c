import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, judgement, link, type Session, started } from './fixture.ts';

const URL_JUDGEMENT = { source: 'acme', priority: 95, severity: 'High', confidence: 'High', disposition: 2 };
const SEEN = { observed_time: { start_time: '2026-11-25T07:00:00.000Z' } };

async function made(session: Session, kind: string, body: object): Promise<{ id: string; created: string }> {
  const { status, json, text } = await call(session, 'POST', `/ctia/${kind}`, body);
  assert.equal(status, 201, text);
  return json;
}

const idsOf = (documents: { id: string }[]) => documents.map(({ id }) => id);

test('10.54 judgements on one observable: expired ones too, whole values in any case, paged, sorted', async (t) => {
  const session = await started(t);
  const post = (value: string, more: object = {}) =>
    made(session, 'judgement', { ...URL_JUDGEMENT, observable: { type: 'url', value }, ...more });
  const first = await post('https://bad.example/A?x=1');
  session.clock.step(1000);
  const expired = await post('https://bad.example/A?x=1', {
    disposition: 1,
    valid_time: { start_time: '2019-01-01T00:00:00.000Z', end_time: '2020-01-01T00:00:00.000Z' },
  });
  await post('https://bad.example/A?x=10');
  session.clock.step(1000);
  const older = await post('https://bad.example/a?X=1', { valid_time: { start_time: '2026-01-01T00:00:00.000Z' } });
  const path = `/ctia/url/${encodeURIComponent('https://bad.example/a?x=1')}/judgements`;

  const found = await call(session, 'GET', path);
  assert.equal(found.status, 200);
  assert.equal(found.headers.get('x-total-hits'), '3');
  assert.deepEqual(idsOf(found.json), [first.id, expired.id, older.id]);
  const page = await call(session, 'GET', `${path}?sort_by=id&limit=1`);
  assert.equal(page.json.length, 1);
  assert.match(page.headers.get('x-next') ?? '', /^limit=1&offset=1&search_after=judgement-/);
  const composite = await call(session, 'GET', `${path}?sort_by=disposition:asc,valid_time.start_time:desc`);
  assert.deepEqual(idsOf(composite.json), [expired.id, first.id, older.id]);
  const longer = await call(
    session,
    'GET',
    `${path}?sort_by=disposition:asc,valid_time.start_time:desc,timestamp:desc`,
  );
  assert.deepEqual(longer.json, composite.json);
  assert.equal((await call(session, 'GET', `${path}?sort_by=disposition:desc,valid_time.start_time`)).status, 400);
  assert.deepEqual(idsOf((await call(session, 'GET', `${path}?to=${expired.created}`)).json), [first.id]);
  assert.deepEqual(Object.keys((await call(session, 'GET', `${path}?fields=observable.value&limit=1`)).json[0]), [
    ...['observable', 'id', 'owner', 'groups', 'tlp'],
  ]);
  const asIp = await call(session, 'GET', `/ctia/ip/${encodeURIComponent('https://bad.example/a?x=1')}/judgements`);
  assert.equal(asIp.text, '[]');
  assert.equal((await call(session, 'GET', '/ctia/planet/mars/judgements')).status, 400);
  assert.equal((await call(session, 'GET', `${path}?source=acme`)).status, 400);
});

test('10.56 sightings of one observable, whichever of theirs it is; from and to are times of creation', async (t) => {
  const session = await started(t);
  const other: Session = { url: session.url, token: await session.tokenOf({ org: 'elsewhere' }) };
  const seen = (observables: object[], more: object = {}) =>
    made(session, 'sighting', { ...SEEN, observables, ...more });
  const [ip, domain] = [
    { type: 'ip', value: '198.51.100.7' },
    { type: 'domain', value: 'Parcels.Example' },
  ];
  const first = await seen([ip]);
  session.clock.step(1000);
  const second = await seen([domain, { type: 'ip', value: '198.51.100.8' }, ip], { tlp: 'amber' });
  await seen([{ type: 'hostname', value: '198.51.100.7' }, domain]);
  await made(session, 'sighting', SEEN);

  const path = '/ctia/ip/198.51.100.7/sightings';
  const found = await call(session, 'GET', path);
  assert.deepEqual([idsOf(found.json), found.headers.get('x-total-hits')], [[first.id, second.id], '2']);
  assert.deepEqual(idsOf((await call(other, 'GET', path)).json), [first.id]);
  assert.deepEqual(idsOf((await call(session, 'GET', `${path}?from=${second.created}`)).json), [second.id]);
  assert.deepEqual(idsOf((await call(session, 'GET', `${path}?to=${second.created}`)).json), [first.id]);
  assert.equal(
    (await call(session, 'GET', '/ctia/domain/PARCELS.example/sightings?limit=1')).headers.get('x-total-hits'),
    '2',
  );
  const query = encodeURIComponent('observables.value:"198.51.100.8"');
  assert.deepEqual(idsOf((await call(session, 'GET', `/ctia/sighting/search?query=${query}`)).json), [second.id]);
  assert.equal((await call(session, 'GET', '/ctia/sighting/search/count?observables.value=198.51.100.7')).text, '3');

  // What it is of may change, and then it is gone.
  await call(session, 'PUT', first.id, { ...SEEN, observables: [domain] });
  await call(session, 'DELETE', second.id);
  assert.equal((await call(session, 'GET', path)).text, '[]');
});

test('10.55 indicators by way of judgements and sightings, incidents by way of sightings', async (t) => {
  const session = await started(t);
  const other: Session = { url: session.url, token: await session.tokenOf({ org: 'elsewhere' }) };
  const indicators: string[] = [];
  for (const title of ['a', 'b', 'c', 'd']) {
    indicators.push((await made(session, 'indicator', { producer: 'acme', title })).id);
  }
  const [a = '', b = '', c = '', d = ''] = indicators;
  const incident = await made(session, 'incident', {
    confidence: 'High',
    status: 'New',
    incident_time: { opened: '2026-03-01T00:00:00.000Z' },
  });
  const judged = await made(session, 'judgement', judgement('198.51.100.7'));
  const again = await made(session, 'judgement', judgement('198.51.100.7'));
  const elsewhere = await made(session, 'judgement', judgement('198.51.100.8'));
  const seen = await made(session, 'sighting', { ...SEEN, observables: [{ type: 'ip', value: '198.51.100.7' }] });
  const connect = (source: { id: string }, type: string, target: string, more: object = {}) =>
    made(session, 'relationship', link(source.id, target, { relationship_type: type, ...more }));
  await connect(judged, 'element-of', a);
  await connect(again, 'based-on', a);
  await connect(again, 'based-on', b, { tlp: 'amber' });
  await connect(judged, 'related-to', c);
  await connect(elsewhere, 'element-of', d);
  await connect(judged, 'element-of', incident.id);
  await connect(seen, 'sighting-of', c);
  await connect(seen, 'member-of', d);
  await connect(seen, 'based-on', a);
  await connect(seen, 'member-of', incident.id);
  await connect(seen, 'sighting-of', judged.id);

  const path = '/ctia/ip/198.51.100.7';
  const lists = async (by: Session, suffix: string) => (await call(by, 'GET', `${path}/${suffix}`)).json;
  assert.deepEqual(await lists(session, 'judgements/indicators'), [a, b].sort());
  assert.deepEqual(await lists(other, 'judgements/indicators'), [a]);
  assert.deepEqual(await lists(session, 'sightings/indicators'), [c, d].sort());
  assert.deepEqual(await lists(session, 'sightings/incidents'), [incident.id]);
  const page = await call(session, 'GET', `${path}/judgements/indicators?limit=1&sort_by=id`);
  assert.equal(page.json.length, 1);
  assert.equal(page.headers.get('x-total-hits'), '2');
  assert.equal(page.headers.get('x-next'), 'limit=1&offset=1');
  const rest = await call(session, 'GET', `${path}/judgements/indicators?${page.headers.get('x-next')}`);
  assert.deepEqual([...page.json, ...rest.json], [a, b].sort());
  assert.deepEqual([rest.headers.get('x-next'), rest.headers.get('x-previous')], [null, 'limit=1&offset=0']);
  assert.equal((await call(session, 'GET', `${path}/judgements/indicators?sort_by=title`)).status, 400);
  assert.match((await call(session, 'GET', `${path}/indicators`)).headers.get('content-type') ?? '', /text\/html/);

  const reader = { url: session.url, token: await session.tokenOf({ scopes: ['private-intel/judgement'] }) };
  assert.equal((await call(reader, 'GET', `${path}/judgements`)).status, 200);
  const refused = await call(reader, 'GET', `${path}/judgements/indicators`);
  assert.deepEqual([refused.status, refused.json.capabilities], [403, ['list-judgements', 'list-relationships']]);
  assert.equal((await call(reader, 'GET', `${path}/sightings`)).status, 403);
  assert.equal((await call(reader, 'GET', `${path}/verdict`)).status, 403);
});
