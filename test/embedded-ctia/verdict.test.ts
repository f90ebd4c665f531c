import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, judgement, type Session, type Started, started } from './fixture.ts';

const NONE = { message: 'no verdict currently available for the supplied observable' };
const PATH = '/ctia/ip/198.51.100.7/verdict';

async function post(session: Session, more: object): Promise<{ id: string; created: string }> {
  const { status, json, text } = await call(session, 'POST', '/ctia/judgement', judgement('198.51.100.7', more));
  assert.equal(status, 201, text);
  return json;
}

async function speaker(session: Session, query = ''): Promise<string> {
  const { json } = await call(session, 'GET', `${PATH}${query}`);
  return json.judgement_id;
}

const since = (start: string, end = '2027-01-01T00:00:00.000Z') => ({
  valid_time: { start_time: start, end_time: end },
});

test('10.51 verdict: priority, then disposition, then the oldest start; deletion lets the next one speak', async (t) => {
  const session = await started(t);
  const none = await call(session, 'GET', PATH);
  assert.deepEqual([none.status, none.json], [404, NONE]);
  // From the one that speaks last to the one that speaks first. Severity and confidence play no part.
  const ladder: { id: string }[] = [
    await post(session, { priority: 90, disposition: 1, severity: 'Critical', ...since('2026-01-01T00:00:00.000Z') }),
    await post(session, { priority: 95, disposition: 5, ...since('2026-01-01T00:00:00.000Z') }),
    await post(session, { priority: 95, disposition: 3, ...since('2026-01-01T00:00:00.000Z') }),
    await post(session, { priority: 95, disposition: 2, confidence: 'High', ...since('2026-03-01T00:00:00.000Z') }),
    await post(session, { priority: 95, disposition: 2, confidence: 'Low', ...since('2026-02-01T00:00:00.000Z') }),
    await post(session, { priority: 95, disposition: 1, ...since('2026-11-01T00:00:00.000Z') }),
    await post(session, { priority: 100, disposition: 5, ...since('2026-11-01T00:00:00.000Z') }),
  ];
  const { json } = await call(session, 'GET', PATH);
  assert.deepEqual(json, {
    type: 'verdict',
    disposition: 5,
    disposition_name: 'Unknown',
    judgement_id: ladder.at(-1)?.id,
    observable: { type: 'ip', value: '198.51.100.7' },
    valid_time: { start_time: '2026-11-01T00:00:00.000Z', end_time: '2027-01-01T00:00:00.000Z' },
  });
  for (const { id } of ladder.reverse()) {
    assert.equal(await speaker(session), id);
    assert.equal((await call(session, 'DELETE', id)).status, 204);
  }
  assert.deepEqual((await call(session, 'GET', PATH)).json, NONE);
});

test('10.51 verdict: the start belongs to a validity, its end does not; type and value have to fit', async (t) => {
  const session = await started(t);
  const now = '2026-11-25T08:00:00.000Z';
  await post(session, since(now, now));
  await post(session, since('2026-01-01T00:00:00.000Z', now));
  await post(session, since('2026-11-25T08:00:00.001Z'));
  await call(
    session,
    'POST',
    '/ctia/judgement',
    judgement('198.51.100.7', { observable: { type: 'hostname', value: '198.51.100.7' } }),
  );
  assert.equal((await call(session, 'GET', PATH)).status, 404);
  const begun = await post(session, since(now));
  assert.equal(await speaker(session), begun.id);
  session.clock.step(Date.parse('2027-01-01T00:00:00.000Z') - session.clock.now());
  await assertNone(session);
  const upper = await call(
    session,
    'POST',
    '/ctia/judgement',
    judgement('EVIL.example', { observable: { type: 'domain', value: 'EVIL.example' } }),
  );
  const { json } = await call(session, 'GET', '/ctia/domain/evil.EXAMPLE/verdict');
  assert.deepEqual([json.judgement_id, json.observable.value], [upper.json.id, 'EVIL.example']);
  assert.equal((await call(session, 'GET', '/ctia/planet/mars/verdict')).status, 400);
  assert.equal((await call(session, 'GET', `${PATH}?limit=1`)).status, 400);
});

async function assertNone(session: Started): Promise<void> {
  // The token has expired with the validity.
  const fresh = { url: session.url, token: await session.tokenOf({}) };
  assert.deepEqual((await call(fresh, 'GET', PATH)).json, NONE);
  Object.assign(session, fresh);
}

test('10.52 verdict: only of judgements that the caller may read', async (t) => {
  const session = await started(t);
  const colleague: Session = { url: session.url, token: await session.tokenOf({ login: 'ada' }) };
  const other: Session = { url: session.url, token: await session.tokenOf({ org: 'elsewhere', login: 'eve' }) };
  const green = await post(session, { priority: 1, tlp: 'green' });
  const amber = await post(session, { priority: 2, tlp: 'amber' });
  const red = await post(session, { priority: 3, tlp: 'red' });
  assert.deepEqual(
    [await speaker(session), await speaker(colleague), await speaker(other)],
    [red.id, amber.id, green.id],
  );
  const named = await post(session, { priority: 4, tlp: 'red', authorized_groups: ['elsewhere'] });
  const toHer = await post(session, { priority: 5, tlp: 'red', authorized_users: ['ada'] });
  assert.deepEqual(
    [await speaker(session), await speaker(colleague), await speaker(other)],
    [toHer.id, toHer.id, named.id],
  );
});

test('10.53 verdict: from and to ask for the time of creation instead, expired judgements included', async (t) => {
  const session = await started(t);
  const expired = await post(session, since('2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z'));
  session.clock.step(1000);
  const live = await post(session, { disposition: 5 });
  assert.equal(await speaker(session), live.id);
  assert.equal(await speaker(session, `?from=${expired.created}`), expired.id);
  assert.equal(await speaker(session, `?from=${expired.created}&to=${live.created}`), expired.id);
  assert.equal(await speaker(session, `?from=${live.created}`), live.id);
  assert.equal((await call(session, 'GET', `${PATH}?to=${expired.created}`)).status, 404);
  assert.equal((await call(session, 'GET', `${PATH}?from=yesterday`)).status, 400);
});
