import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENTITIES, withoutServerSet } from './entities.ts';
import { call, started } from './fixture.ts';

const seen = { observed_time: { start_time: '2026-03-01T00:00:00.000Z' } };

test('sighting: only a start is required; count and confidence are filled, and kept by PUT', async (t) => {
  const session = await started(t);
  const { json } = await call(session, 'POST', '/ctia/sighting', seen);
  const { tlp, timestamp, ...rest } = withoutServerSet(json);
  assert.deepEqual([tlp, timestamp], ['green', '2026-11-25T08:00:00.000Z']);
  assert.deepEqual(rest, { ...seen, count: 1, confidence: 'Unknown' });
  await call(session, 'PUT', json.id, { ...seen, count: 7, confidence: 'High', sensor: 'endpoint' });
  const put = await call(session, 'PUT', json.id, seen);
  assert.deepEqual([put.json.count, put.json.confidence, put.json.sensor], [7, 'High', undefined]);
});

test('sighting: closed but for relation_info, rows and the own fields of events', async (t) => {
  const session = await started(t);
  const errors = async (more: object) =>
    (await call(session, 'POST', '/ctia/sighting', { ...seen, ...more })).json.errors;
  assert.deepEqual(await errors({ observed_time: { end_time: '2026' } }), {
    observed_time: { start_time: 'missing-required-key' },
  });
  const event = { type: 'HTTPEvent', time: { start_time: '2026' }, process_id: 1, process_name: 'curl' };
  const own = { ...event, host: 'parcels.example', traffic: { source_ip: '10.0.0.1' } };
  assert.equal(await errors({ context: { http_events: [own] } }), undefined);
  const { process_id: _, ...incomplete } = event;
  assert.deepEqual(await errors({ context: { http_events: [own, incomplete], other_events: [] } }), {
    context: { http_events: [null, { process_id: 'missing-required-key' }], other_events: 'disallowed-key' },
  });
  assert.deepEqual(Object.keys((await errors({ context: { netflow_events: [event] } })).context.netflow_events[0]), [
    'type',
  ]);
  const relation = { origin: 'a', relation: 'any at all', source: { type: 'ip', value: 'a' } };
  assert.deepEqual(await errors({ relations: [{ ...relation, more: 1 }] }), {
    relations: [{ more: 'disallowed-key', related: 'missing-required-key' }],
  });
  assert.deepEqual(
    Object.keys((await errors({ data: { columns: [{ name: 'a', type: 'blob' }], rows: [] } })).data.columns[0]),
    ['type'],
  );
  assert.deepEqual(Object.keys(await errors({ observables: [{ type: 'ipv4', value: 'a' }] })), ['observables']);
});

test('§10.74 sighting: an interval may be a point and may not run backwards, wherever it stands', async (t) => {
  const session = await started(t);
  const status = async (more: object) => {
    const { status, json } = await call(session, 'POST', '/ctia/sighting', { ...ENTITIES.sightings, ...more });
    return status === 400 ? json.error : status;
  };
  const point = { start_time: '2026-03-02', end_time: '2026-03-02T00:00:00Z' };
  const backwards = { start_time: '2026-03-02', end_time: '2026-03-01' };
  const event = { type: 'HTTPEvent', process_id: 1, process_name: 'curl' };
  for (const [name, holding] of Object.entries({
    observed_time: (interval: object) => ({ observed_time: interval }),
    activity_interval: (interval: object) => ({ activity_interval: interval }),
    detection_interval: (interval: object) => ({ detection_interval: interval }),
    modification_interval: (interval: object) => ({ modification_interval: interval }),
    targets: (interval: object) => ({ targets: [{ type: 'endpoint', observables: [], observed_time: interval }] }),
    context: (interval: object) => ({ context: { http_events: [{ ...event, time: interval }] } }),
  })) {
    assert.equal(await status(holding(point)), 201, name);
    assert.equal(await status(holding(backwards)), 'Spec Validation Client Error', name);
  }
  assert.equal(await status({ count: 0 }), 201);
  assert.equal(await status({ count: -1 }), 'Spec Validation Client Error');
  assert.equal(await status({ data: { columns: [], rows: [], row_count: -1 } }), 'Spec Validation Client Error');
});
