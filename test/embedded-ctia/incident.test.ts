import assert from 'node:assert/strict';
import { test } from 'node:test';
import { incidentTimes } from '../../src/embedded-ctia/incident-status.ts';
import type { Stored } from '../../src/embedded-ctia/kinds.ts';
import { ENTITIES } from './entities.ts';
import { call, type Session, started } from './fixture.ts';

const incident = (more: object = {}) => ({ ...ENTITIES.incidents, ...more });

test('§10.66 what a change of status does to the times', () => {
  const now = Date.parse('2026-11-25T08:00:00.000Z');
  const NOW = '2026-11-25T08:00:00.000Z';
  type Times = Record<string, string>;
  const cases: [from: string, to: string, stored: Times, sent: Times, times: Times][] = [
    ['New', 'Open', { opened: 'stored' }, { opened: 'sent' }, { opened: NOW }],
    ['New: Presented', 'Open: Investigating', { opened: 'stored' }, { opened: 'stored' }, { opened: NOW }],
    ['New', 'Open: Contained', { opened: 'stored' }, { opened: 'sent' }, { opened: NOW, contained: NOW }],
    [
      'Open',
      'Open: Contained',
      { opened: 'stored' },
      { opened: 'sent', contained: 'sent' },
      { opened: 'stored', contained: NOW },
    ],
    [
      'Open: Contained',
      'Open: Recovered',
      { opened: 'stored', contained: 'stored' },
      { opened: 'sent' },
      { opened: 'stored' },
    ],
    ['Hold: Legal', 'Open', { opened: 'stored' }, { opened: 'sent' }, { opened: 'stored' }],
    [
      'Closed',
      'Open',
      { opened: 'stored', closed: 'stored' },
      { opened: 'sent', closed: 'sent' },
      { opened: 'stored', closed: 'sent' },
    ],
    ['Stalled', 'Open', { opened: 'stored' }, { opened: 'sent' }, { opened: 'sent' }],
    ['Hold', 'Open: Contained', { opened: 'stored' }, { opened: 'sent' }, { opened: 'stored' }],
    [
      'Open',
      'Closed',
      { opened: 'stored', closed: 'stored' },
      { opened: 'sent', closed: 'sent' },
      { opened: 'sent', closed: NOW },
    ],
    ['New', 'Closed: False Positive', { opened: 'stored' }, { opened: 'sent' }, { opened: 'sent', closed: NOW }],
    [
      'Closed',
      'Closed: Merged',
      { opened: 'stored', closed: 'stored' },
      { opened: 'sent', closed: 'sent' },
      { opened: 'sent', closed: 'stored' },
    ],
    ['Open', 'Containment Achieved', { opened: 'stored' }, { opened: 'sent' }, { opened: 'sent', remediated: NOW }],
    [
      'Open',
      'Restoration Achieved',
      { opened: 'stored', remediated: 'stored' },
      { opened: 'sent' },
      { opened: 'sent', remediated: 'stored' },
    ],
    [
      'Open',
      'Rejected',
      { opened: 'stored' },
      { opened: 'sent', rejected: 'sent' },
      { opened: 'sent', rejected: 'sent' },
    ],
    ['Open', 'Incident Reported', { opened: 'stored' }, { opened: 'sent' }, { opened: 'sent', reported: NOW }],
    ['Open', 'Hold', { opened: 'stored' }, { opened: 'sent' }, { opened: 'sent' }],
    ['Open', 'Open', { opened: 'stored' }, { opened: 'sent' }, { opened: 'sent' }],
    ['Closed', 'Closed', { opened: 'stored', closed: 'stored' }, { opened: 'sent' }, { opened: 'sent' }],
  ];
  for (const [from, to, stored, sent, times] of cases) {
    const previous = { status: from, incident_time: stored } as unknown as Stored;
    assert.deepEqual(incidentTimes({ status: to, incident_time: sent }, previous, now), times, `${from} → ${to}`);
  }
  const created = { status: 'Closed', incident_time: { opened: 'sent' } };
  assert.deepEqual(incidentTimes(created, undefined, now), { opened: 'sent' });
});

test('§10.66 status: POST, PUT and PATCH change the times, and hidden intervals never show', async (t) => {
  const session = await started(t);
  const { json } = await call(session, 'POST', '/ctia/incident', incident());
  const times = { opened: '2026-11-25T08:00:01.000Z' };
  session.clock.step(1000);
  const opened = await call(session, 'POST', `${json.id}/status`, { status: 'Open' });
  assert.equal(opened.status, 200);
  const modified = '2026-11-25T08:00:01.000Z';
  assert.deepEqual(opened.json, { ...json, status: 'Open', incident_time: times, modified });
  session.clock.step(1000);
  const contained = await call(session, 'PATCH', json.id, { status: 'Open: Contained' });
  assert.deepEqual(contained.json.incident_time, { ...times, contained: '2026-11-25T08:00:02.000Z' });
  session.clock.step(1000);
  const closed = await call(session, 'PUT', json.id, incident({ status: 'Closed' }));
  assert.deepEqual(closed.json.incident_time, {
    opened: '2026-03-01T00:00:00.000Z',
    closed: '2026-11-25T08:00:03.000Z',
  });
  assert.equal('intervals' in (await call(session, 'GET', json.id)).json, false);

  const unknown = '/ctia/incident/incident-00000000-0000-4000-8000-000000000000/status';
  const nobody = await call(session, 'POST', unknown, { status: 'Open' });
  assert.deepEqual([nobody.status, nobody.text], [404, '']);
  const refused = await call(session, 'POST', `${json.id}/status`, { status: 'Openish', title: 'x' });
  assert.deepEqual(Object.keys(refused.json.errors).sort(), ['status', 'title']);
});

test('§10.67 the timestamp survives changes, a PUT without one included', async (t) => {
  const session = await started(t);
  const { json } = await call(session, 'POST', '/ctia/incident', incident());
  assert.equal(json.timestamp, '2026-11-25T08:00:00.000Z');
  session.clock.step(1000);
  assert.equal((await call(session, 'POST', `${json.id}/status`, { status: 'Open' })).json.timestamp, json.timestamp);
  assert.equal((await call(session, 'PATCH', json.id, { title: 'x' })).json.timestamp, json.timestamp);
  const put = await call(session, 'PUT', json.id, incident());
  assert.deepEqual([put.json.timestamp, put.json.modified], [json.timestamp, '2026-11-25T08:00:01.000Z']);
  const own = await call(session, 'PUT', json.id, incident({ timestamp: '2026-01-01' }));
  assert.equal(own.json.timestamp, '2026-01-01T00:00:00.000Z');
});

test('§2.2 wait_for has no effect on status', async (t) => {
  const session = await started(t, { refreshMs: 1000 });
  const { json } = await call(session, 'POST', '/ctia/incident?wait_for=true', incident());
  await call(session, 'POST', `${json.id}/status?wait_for=true`, { status: 'Open' });
  assert.equal((await call(session, 'GET', json.id)).json.status, 'New');
  await call(session, 'PATCH', `${json.id}?wait_for=true`, { title: 'seen at once' });
  assert.equal((await call(session, 'GET', json.id)).json.title, 'seen at once');
  assert.equal((await call(session, 'POST', `${json.id}/status?wait_for=1`, { status: 'Open' })).status, 400);
});

test('§10.65 link: a casebook or an investigation, exactly one', async (t) => {
  const session = await started(t);
  const { json } = await call(session, 'POST', '/ctia/bulk', {
    incidents: [incident()],
    casebooks: [{ title: 'Parcels' }],
    investigations: [{ title: 'Parcels' }],
  });
  const [[id], [casebook], [investigation]] = [json.incidents, json.casebooks, json.investigations];
  const linked = await call(session, 'POST', `${id}/link`, { casebook_id: casebook });
  assert.equal(linked.status, 201);
  assert.equal(linked.headers.get('location'), linked.json.id);
  const { type, relationship_type: kind, source_ref: source, target_ref: target, tlp } = linked.json;
  assert.deepEqual([type, kind, source, target, tlp], ['relationship', 'related-to', casebook, id, 'amber']);
  const green = await call(session, 'POST', `${id}/link`, { investigation_id: investigation, tlp: 'green' });
  assert.deepEqual([green.json.source_ref, green.json.tlp], [investigation, 'green']);
  assert.deepEqual((await call(session, 'GET', linked.json.id)).json, linked.json);

  const answer = async (path: string, body: object) => {
    const { status, json: said } = await call(session, 'POST', path, body);
    return [status, said];
  };
  const one = 'Please provide exactly one of the following fields: casebook_id, investigation_id\n';
  assert.deepEqual(await answer(`${id}/link`, {}), [400, { error: `${one}None provided.` }]);
  assert.deepEqual(await answer(`${id}/link`, { investigation_id: investigation, casebook_id: casebook }), [
    400,
    { error: `${one}Provided: casebook_id, investigation_id` },
  ]);
  const nobody = '00000000-0000-4000-8000-000000000000';
  assert.deepEqual(await answer(`/ctia/incident/incident-${nobody}/link`, { casebook_id: casebook }), [
    404,
    { error: 'Invalid Incident id' },
  ]);
  for (const wrong of [`${session.url}/ctia/casebook/casebook-${nobody}`, 'no id', investigation]) {
    assert.deepEqual(await answer(`${id}/link`, { casebook_id: wrong }), [400, { error: 'Invalid Casebook id' }]);
  }
  assert.deepEqual(await answer(`${id}/link`, { investigation_id: casebook }), [
    400,
    { error: 'Invalid Investigation id' },
  ]);
  const scopes = ['private-intel/incident', 'private-intel/relationship'];
  const unread: Session = { url: session.url, token: await session.tokenOf({ scopes }) };
  const refused = await call(unread, 'POST', `${id}/link`, { casebook_id: casebook });
  assert.deepEqual([refused.status, refused.json.capabilities], [403, 'read-casebook']);
});

test('incident: what is required, closed and limited', async (t) => {
  const session = await started(t);
  const errors = async (body: object) => (await call(session, 'POST', '/ctia/incident', body)).json.errors;
  assert.deepEqual(await errors({}), {
    confidence: 'missing-required-key',
    status: 'missing-required-key',
    incident_time: 'missing-required-key',
  });
  assert.deepEqual(await errors(incident({ incident_time: { closed: '2026' } })), {
    incident_time: { opened: 'missing-required-key' },
  });
  assert.deepEqual(await errors(incident({ scores: { asset: 1, mine: 2 } })), { scores: { mine: 'disallowed-key' } });
  assert.deepEqual(Object.keys(await errors(incident({ promotion_method: 'Guess', confidence: 'Critical' }))).sort(), [
    'confidence',
    'promotion_method',
  ]);
  // Open vocabularies.
  const open = incident({ categories: ['anything'], discovery_method: 'by chance', intended_effect: 'none' });
  assert.equal((await call(session, 'POST', '/ctia/incident', open)).status, 201);
  for (const [field, value] of Object.entries({
    scores: { ttp: -1 },
    assignees: ['x'.repeat(1025)],
    detection_sources: ['x'.repeat(2049)],
    incident_time: { opened: '4242' },
  })) {
    const refused = await call(session, 'POST', '/ctia/incident', incident({ [field]: value }));
    assert.match(refused.text, new RegExp(`Spec Validation Client Error.*in: \\[:${field}`), field);
  }
});

test('§10.68 incident: found by what it was filled with', async (t) => {
  const session = await started(t);
  const titles = async (query: string) => {
    const { json, status, text } = await call(session, 'GET', `/ctia/incident/search?${query}`);
    assert.equal(status, 200, text);
    return json.map(({ title }: { title: string }) => title).sort();
  };
  for (const [title, more] of Object.entries({
    one: { tactics: ['TA0001'], detection_sources: ['firewall'], scores: { asset: 10 } },
    two: { tactics: ['TA0002', 'TA0001'], detection_sources: ['mail'], scores: { asset: 90 } },
  })) {
    await call(session, 'POST', '/ctia/incident', incident({ title, ...more }));
  }
  assert.deepEqual(await titles('tactics=TA0001'), ['one', 'two']);
  assert.deepEqual(await titles('tactics=TA0002'), ['two']);
  assert.deepEqual(await titles('detection_sources=mail'), ['two']);
  assert.deepEqual(await titles('status=new'), ['one', 'two']);
  assert.deepEqual(await titles(`query=${encodeURIComponent('scores.asset:[20 TO 100]')}`), ['two']);
});

test('§4.1 incident: severity and tactics sort by weight, the heaviest of several tactics, what is unknown before all', async (t) => {
  const session = await started(t);
  const filled: [title: string, more: object][] = [
    ['a', { severity: 'Critical', tactics: ['TA0043', 'TA0005'] }],
    ['b', { severity: 'Low', tactics: ['TA0001', 'TA0043'] }],
    ['c', { severity: 'None', tactics: ['TA9999'] }],
    ['d', { severity: 'High', tactics: ['TA0042'] }],
    ['e', { severity: 'Medium', tactics: ['TA0006'] }],
  ];
  for (const [title, more] of filled) await call(session, 'POST', '/ctia/incident', incident({ title, ...more }));
  const sorted = async (query: string) => {
    const { json } = await call(session, 'GET', `/ctia/incident/search?${query}`);
    return json.map(({ title }: { title: string }) => title).join('');
  };
  assert.equal(await sorted('sort_by=severity'), 'cbeda');
  assert.equal(await sorted('sort_by=severity:desc,title'), 'adebc');
  assert.equal(await sorted('sort_by=tactics'), 'cdbea');
  const { headers } = await call(session, 'GET', '/ctia/incident/search?sort_by=tactics:desc,title&limit=2');
  assert.equal(headers.get('x-sort'), '[10 "e"]');
  assert.equal(await sorted(`sort_by=tactics:desc,title&${headers.get('x-next')}`), 'bd');
});
