import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, tokenFor } from '../embedded-ctia/fixture.ts';
import { CLIENT, workbench } from './workbench.ts';

const OPENED = '2026-11-25T08:00:00.000Z';
const event = (n: number, more: object = {}) => ({
  external_ids: [`waf-${n}`],
  observed_time: OPENED,
  observables: [`11.0.0.${n}`],
  ...more,
});

test('events of other products: in bulk, one that is wrong keeps no other from going, sent again nothing is made twice', async (t) => {
  const bench = await workbench(t);
  bench.startWorkers();
  const third = event(3, { targets: ['192.0.2.10'] });
  const sightings = [event(1), event(2, { count: 'many' }), third, event(1), event(1, { count: 2 })];
  const first = (await bench.run('sightings', { sightings })).result;
  assert.deepEqual([first.created, first.exists], [2, 1]);
  assert.deepEqual(first.refused, [
    {
      index: 1,
      external_id: 'waf-2',
      message: 'count: "many": Invalid input: expected number, received string',
    },
    { index: 4, external_id: 'waf-1', message: 'it has the external id of 0 and says something else' },
  ]);
  const again = (await bench.run('sightings', { sightings: [third, event(4)] })).result;
  assert.deepEqual([again.created, again.exists], [1, 1]);
  const { json } = await bench.get('/ctia/sighting/search?limit=10');
  assert.deepEqual(json.map((it: { observables: { value: string }[] }) => it.observables[0]?.value).sort(), [
    '11.0.0.1',
    '11.0.0.3',
    '11.0.0.4',
  ]);
  assert(json.every((it: { tlp: string }) => it.tlp === 'amber'));

  // They may belong to an incident that is there.
  const incident = { title: 'x', confidence: 'High', status: 'New', incident_time: { opened: OPENED } };
  const token = await tokenFor(bench.server.url, CLIENT.id, CLIENT.password);
  const { json: made } = await call({ url: bench.server.url, token }, 'POST', '/ctia/incident?wait_for=true', incident);
  await bench.run('sightings', { sightings: [event(1), event(5)], incident: made.id });
  const { json: members } = await bench.get(`/ctia/relationship/search?target_ref=${encodeURIComponent(made.id)}`);
  assert.deepEqual([members.length, members[0]?.relationship_type], [2, 'member-of']);

  for (const [payload, says] of [
    [{ sightings: [{ observed_time: OPENED }] }, /^refused: .*sightings\.0\.external_ids/],
    [{ sightings: [event(1)], incident: 'incident-1' }, /^refused: .*expected is the whole id of an incident/],
  ] as const)
    assert.match((await bench.run('sightings', payload)).failed ?? '', says);
});
