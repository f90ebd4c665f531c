import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, judgement, type Session, started } from './fixture.ts';

const FROM = 'from=2026-01-01';

async function metric(session: Session, path: string) {
  const { status, json, text, headers } = await call(session, 'GET', `/ctia/${path}`);
  assert.equal(status, 200, text);
  return { ...json, total: headers.get('x-total-hits') };
}

test('§4.8 topn: keys in lower case, nested along the dots, the most frequent first, as many as asked for', async (t) => {
  const session = await started(t);
  const values = ['A.example', 'a.EXAMPLE', 'b.example', 'c.example', 'c.example', 'c.example'];
  for (const value of values)
    await call(session, 'POST', '/ctia/judgement', judgement(value, { observable: { type: 'domain', value } }));
  await call(session, 'POST', '/ctia/judgement', judgement('198.51.100.7'));
  // What was created at the end of the window itself is outside.
  session.clock.step(1);
  assert.deepEqual(await metric(session, `judgement/metric/topn?aggregate-on=observable.type&${FROM}`), {
    data: {
      observable: {
        type: [
          { key: 'domain', value: 6 },
          { key: 'ip', value: 1 },
        ],
      },
    },
    type: 'topn',
    filters: { from: '2026-01-01T00:00:00.000Z', to: '2026-11-25T08:00:00.001Z' },
    total: '7',
  });
});

test('§4.8 topn: order, limit and filters; cardinality; numbers stay numbers', async (t) => {
  const session = await started(t);
  for (const [value, priority] of [
    ['a', 90],
    ['a', 90],
    ['b', 95],
    ['c', 95],
    ['c', 95],
  ] as const)
    await call(session, 'POST', '/ctia/judgement', judgement(value, { priority, reason: `r${value}` }));
  session.clock.step(1);
  const values = async (query: string) =>
    (await metric(session, `judgement/metric/topn?aggregate-on=observable.value&${FROM}&${query}`)).data.observable
      .value;
  assert.deepEqual(await values('limit=2'), [
    { key: 'a', value: 2 },
    { key: 'c', value: 2 },
  ]);
  assert.deepEqual(await values('sort_order=asc&limit=1'), [{ key: 'b', value: 1 }]);
  assert.deepEqual(await values('priority=95&query=reason:rc'), [{ key: 'c', value: 2 }]);
  const priorities = await metric(
    session,
    `judgement/metric/topn?aggregate-on=priority&${FROM}&query=reason:(ra%20OR%20rb)`,
  );
  assert.deepEqual(priorities.data, {
    priority: [
      { key: 90, value: 2 },
      { key: 95, value: 1 },
    ],
  });
  assert.deepEqual(priorities.filters['full-text'], [{ query: 'reason:(ra OR rb)', query_mode: 'query_string' }]);
  const counted = await metric(
    session,
    `judgement/metric/cardinality?aggregate-on=observable.value&${FROM}&priority=95`,
  );
  assert.deepEqual([counted.data, counted.type], [{ observable: { value: 2 } }, 'cardinality']);
  assert.equal(counted.filters.priority, '95');
});

test('§4.8 histogram: by day, week and month of a zone, empty spans between full ones too, of the field’s own time', async (t) => {
  const session = await started(t);
  const starts = ['2026-03-01T00:30:00Z', '2026-03-01T23:30:00Z', '2026-03-04', '2026-05-31T23:30:00Z', '2024-01-01'];
  for (const start_time of starts)
    await call(session, 'POST', '/ctia/judgement', judgement('a', { valid_time: { start_time } }));
  const spans = async (query: string) => {
    const path = `judgement/metric/histogram?aggregate-on=valid_time.start_time&${FROM}&${query}`;
    const { data, total } = await metric(session, path);
    assert.equal(total, '4');
    return data.valid_time.start_time.map(({ key, value }: { key: string; value: number }) => `${key} ${value}`);
  };
  const days = await spans('granularity=day&to=2026-06-02');
  assert.deepEqual(days.slice(0, 4), [
    ...['2026-03-01T00:00:00.000Z 2', '2026-03-02T00:00:00.000Z 0'],
    ...['2026-03-03T00:00:00.000Z 0', '2026-03-04T00:00:00.000Z 1'],
  ]);
  assert.deepEqual([days.length, days.at(-1)], [92, '2026-05-31T00:00:00.000Z 1']);
  // The first of March was a Sunday.
  const weeks = await spans('granularity=week');
  assert.deepEqual(weeks.slice(0, 2), ['2026-02-23T00:00:00.000Z 2', '2026-03-02T00:00:00.000Z 1']);
  assert.deepEqual(await spans('granularity=month&timezone=%2B01:00'), [
    ...['2026-03-01T00:00:00.000+01:00 3', '2026-04-01T00:00:00.000+01:00 0', '2026-05-01T00:00:00.000+01:00 0'],
    '2026-06-01T00:00:00.000+01:00 1',
  ]);
  assert.deepEqual((await spans('granularity=month&timezone=-01:00'))[0], '2026-02-01T00:00:00.000-01:00 1');
  const none = await metric(
    session,
    `judgement/metric/histogram?aggregate-on=timestamp&from=2020&to=2021&granularity=day`,
  );
  assert.deepEqual(none.data, { timestamp: [] });
});

test('10.29 a metric looks at no more than the year before its end', async (t) => {
  const session = await started(t);
  await call(session, 'POST', '/ctia/sighting', { observed_time: { start_time: '2026-01-01' }, sensor: 'endpoint' });
  session.clock.step(400 * 24 * 60 * 60 * 1000);
  const token = await session.tokenOf({});
  const path = 'sighting/metric/topn?aggregate-on=sensor&from=2020';
  const late = await metric({ ...session, token }, path);
  assert.deepEqual([late.data, late.total, late.filters.from], [{ sensor: [] }, '0', '2026-12-30T08:00:00.000Z']);
  const early = await metric({ ...session, token }, `${path}&to=2027-01-01`);
  assert.deepEqual(early.data, { sensor: [{ key: 'endpoint', value: 1 }] });
  assert.equal(early.filters.from, '2026-01-01T00:00:00.000Z');
});

test('§4.8 what a metric refuses, who may ask, and whose entities count', async (t) => {
  const session = await started(t);
  await call(session, 'POST', '/ctia/judgement', judgement('a', { tlp: 'amber' }));
  const path = `/ctia/judgement/metric/topn?aggregate-on=observable.value&${FROM}`;
  const refused = async (query: string) => (await call(session, 'GET', query)).json.errors;
  assert.deepEqual(await refused('/ctia/judgement/metric/topn?aggregate-on=priority'), {
    from: 'missing-required-key',
  });
  assert.deepEqual(await refused(`/ctia/judgement/metric/cardinality?${FROM}`), {
    'aggregate-on': 'missing-required-key',
  });
  assert.match(
    (await refused(path.replace('observable.value', 'reason')))['aggregate-on'],
    /^\(not \(#\{"disposition"/,
  );
  assert.deepEqual(await refused(`${path}&fields=id`), { fields: 'disallowed-key' });
  assert.deepEqual(Object.keys(await refused(path.replace('topn', 'histogram'))), ['aggregate-on', 'granularity']);
  assert.equal((await call(session, 'GET', `${path}&limit=0`)).json.type, 'ES Invalid Request');
  for (const none of ['/ctia/feed/metric/topn', '/ctia/judgement/metric/average', '/ctia/actor/metric/topn'])
    assert.equal((await call(session, 'GET', `${none}?${FROM}`)).status, 404, none);
  const reader = await session.tokenOf({ scopes: ['private-intel:write'] });
  assert.equal((await call({ ...session, token: reader }, 'GET', path)).json.capabilities, 'search-judgement');
  session.clock.step(1);
  const stranger = { ...session, token: await session.tokenOf({ org: 'elsewhere' }) };
  assert.deepEqual(
    [(await metric(session, path.slice(6))).total, (await metric(stranger, path.slice(6))).total],
    ['1', '0'],
  );
});
