import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENTITIES } from './entities.ts';
import { call, judgement, type Session, started } from './fixture.ts';

const incident = (more: object = {}) => ({ ...ENTITIES.incidents, ...more });

test('§2.6 PATCH: objects merge key by key, lists and scalars replace, the rest stays', async (t) => {
  const session = await started(t);
  const sent = incident({ assignees: ['ada', 'bob'], timestamp: '2026-03-01T00:00:00.000Z' });
  const { json } = await call(session, 'POST', '/ctia/incident', sent);
  session.clock.step(1000);
  const patch = {
    title: 'More parcels',
    assignees: ['eve'],
    meta: { nested: { more: true } },
    incident_time: { discovered: '2026-02-28' },
    scores: { global: 7 },
  };
  const { status, json: patched } = await call(session, 'PATCH', json.id, patch);
  assert.equal(status, 200);
  assert.deepEqual(patched, {
    ...json,
    title: 'More parcels',
    assignees: ['eve'],
    meta: { 'ai-generated': 'no', nested: { list: [1, 'two'], more: true } },
    incident_time: { opened: '2026-03-01T00:00:00.000Z', discovered: '2026-02-28T00:00:00.000Z' },
    scores: { asset: 10.5, ttp: 0, global: 7 },
    modified: '2026-11-25T08:00:01.000Z',
  });
  assert.deepEqual((await call(session, 'GET', json.id)).json, patched);
});

test('§2.6 PATCH: the merged document is validated as a whole, and nothing is removed', async (t) => {
  const session = await started(t);
  const { json } = await call(session, 'POST', '/ctia/incident', incident());
  const spec = await call(session, 'PATCH', json.id, { title: 'x'.repeat(1025) });
  assert.deepEqual([spec.status, spec.json.error], [400, 'Spec Validation Client Error']);
  assert.equal(spec.json.entity.confidence, 'High');
  const removal = await call(session, 'PATCH', json.id, { title: null });
  assert.deepEqual(removal.json, { errors: { title: '(not (instance? java.lang.String nil))' } });
  const unknown = await call(session, 'PATCH', json.id, { intervals: { new_to_opened: 1 } });
  assert.deepEqual(unknown.json, { errors: { intervals: 'disallowed-key' } });
  assert.equal((await call(session, 'GET', json.id)).json.title, 'Parcels');
});

test('§2.6 PATCH of a note keeps its open fields', async (t) => {
  const session = await started(t);
  const { json } = await call(session, 'POST', '/ctia/note', ENTITIES.notes);
  const { json: patched } = await call(session, 'PATCH', json.id, { content: 'gone', custom: { a: 1 } });
  assert.deepEqual(patched, { ...json, content: 'gone', custom: { a: 1 } });
});

test('§10.30 §10.36 bulk PATCH: incidents and notes only, with an id; who may not is told apart', async (t) => {
  const session = await started(t);
  const { json } = await call(session, 'POST', '/ctia/bulk', {
    incidents: [incident(), incident({ tlp: 'amber' })],
    notes: [ENTITIES.notes],
    judgements: [judgement('a')],
  });
  const [green, amber] = json.incidents;
  const [note] = json.notes;
  const patched = await call(session, 'PATCH', '/ctia/bulk?wait_for=true', {
    incidents: [{ id: green, title: 'new title' }],
    notes: [{ id: note, content: 'new content' }],
  });
  assert.equal(patched.status, 200);
  assert.deepEqual(patched.json, { incidents: { updated: [green] }, notes: { updated: [note] } });
  const read = await call(session, 'GET', green);
  assert.deepEqual([read.json.title, read.json.confidence], ['new title', 'High']);
  assert.equal((await call(session, 'GET', note)).json.content, 'new content');

  const disallowed = await call(session, 'PATCH', '/ctia/bulk', {
    judgements: [{ id: json.judgements[0], reason: 'x' }],
  });
  assert.deepEqual([disallowed.status, disallowed.json], [400, { errors: { judgements: 'disallowed-key' } }]);
  const anonymous = await call(session, 'PATCH', '/ctia/bulk', { incidents: [{ title: 'x' }] });
  assert.deepEqual(anonymous.json, { errors: { incidents: [{ id: 'missing-required-key' }] } });
  const bad = await call(session, 'PATCH', '/ctia/bulk', {
    incidents: [
      { id: green, title: 'newer title' },
      { id: amber, title: 'x'.repeat(1025) },
    ],
  });
  assert.deepEqual([bad.status, bad.json.error], [400, 'Spec Validation Client Error']);
  assert.equal((await call(session, 'GET', green)).json.title, 'new title');

  const stranger: Session = { url: session.url, token: await session.tokenOf({ org: 'elsewhere' }) };
  const refused = await call(stranger, 'PATCH', '/ctia/bulk', { incidents: [{ id: green }, { id: amber }] });
  assert.deepEqual(refused.json, { incidents: { errors: { 'not-found': [amber], forbidden: [green] } } });
});

test('§5.1 bulk PATCH needs create-incident and create-note, no more', async (t) => {
  const session = await started(t);
  const scopes = (of: string[]) => session.tokenOf({ scopes: of });
  const enough: Session = { url: session.url, token: await scopes(['private-intel/incident', 'private-intel/note']) };
  assert.equal((await call(enough, 'PATCH', '/ctia/bulk', {})).status, 200);
  const one: Session = { url: session.url, token: await scopes(['private-intel/incident']) };
  const refused = await call(one, 'PATCH', '/ctia/bulk', {});
  assert.equal(refused.status, 403);
  assert.deepEqual(refused.json.capabilities, ['create-incident', 'create-note']);
});
