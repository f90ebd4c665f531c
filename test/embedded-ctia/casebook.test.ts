import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENTITIES } from './entities.ts';
import { call, type Session, started } from './fixture.ts';

const kept = { type: 'domain', value: 'parcels.example' };
const added = { type: 'ip', value: '42.42.42.42' };

test('§10.69 casebook: observables, texts and bundle are added to, taken from and replaced', async (t) => {
  const session = await started(t);
  const { json } = await call(session, 'POST', '/ctia/casebook', ENTITIES.casebooks);
  const change = async (part: string, operation: string, value: unknown) => {
    const {
      status,
      json: casebook,
      text,
    } = await call(session, 'POST', `${json.id}/${part}`, { operation, [part]: value });
    assert.equal(status, 200, text);
    assert.deepEqual((await call(session, 'GET', json.id)).json, casebook);
    assert.equal(casebook.title, 'Parcels');
    return casebook[part];
  };
  assert.deepEqual(await change('observables', 'add', [added]), [kept, added]);
  assert.deepEqual(await change('observables', 'remove', [kept, { ...added, type: 'ipv6' }]), [added]);
  assert.deepEqual(await change('observables', 'replace', [kept]), [kept]);
  const [one, two] = [
    { type: 'some', text: 'text' },
    { type: 'some', text: 'more' },
  ];
  assert.deepEqual(await change('texts', 'add', [two]), [one, two]);
  assert.deepEqual(await change('texts', 'remove', [one]), [two]);
  assert.deepEqual(await change('texts', 'replace', []), []);

  const malware = json.bundle.malwares[0];
  const tool = { title: 'nmap', labels: ['scan'] };
  // A set: what is there already is not there twice.
  assert.deepEqual(await change('bundle', 'add', { malwares: [malware], tools: [tool] }), {
    source: 'acme',
    malwares: [malware],
    tools: [tool],
  });
  assert.deepEqual(await change('bundle', 'remove', { source: 'acme', malwares: [malware], actors: [tool] }), {
    source: 'acme',
    malwares: [],
    tools: [tool],
  });
  assert.deepEqual(await change('bundle', 'replace', { tools: [] }), { source: 'acme', malwares: [], tools: [] });
});

test('casebook: PATCH replaces lists and merges the bundle', async (t) => {
  const session = await started(t);
  const { json } = await call(session, 'POST', '/ctia/casebook', ENTITIES.casebooks);
  const patch = { observables: [added], bundle: { title: 'found so far' } };
  const { status, json: patched } = await call(session, 'PATCH', json.id, patch);
  assert.equal(status, 200);
  assert.deepEqual(patched, { ...json, observables: [added], bundle: { ...json.bundle, title: 'found so far' } });
});

test('§10.69 casebook: what is not there is told in JSON, what is wrong is refused', async (t) => {
  const session = await started(t);
  const { json } = await call(session, 'POST', '/ctia/casebook', {});
  const nobody = '/ctia/casebook/casebook-00000000-0000-4000-8000-000000000000';
  for (const part of ['observables', 'texts', 'bundle']) {
    const body = { operation: 'add', [part]: part === 'bundle' ? {} : [] };
    const answer = await call(session, 'POST', `${nobody}/${part}`, body);
    assert.deepEqual([answer.status, answer.json], [404, { error: 'casebook not found' }]);
    const refused = await call(session, 'POST', `${json.id}/${part}`, { operation: 'upsert', other: 1 });
    assert.deepEqual(Object.keys(refused.json.errors).sort(), [part, 'operation', 'other'].sort());
  }
  assert.equal((await call(session, 'GET', nobody)).text, '');
  const stranger: Session = { url: session.url, token: await session.tokenOf({ org: 'elsewhere' }) };
  const foreign = await call(stranger, 'POST', `${json.id}/texts`, { operation: 'add', texts: [] });
  assert.deepEqual([foreign.status, foreign.json.type], [403, 'Access Control Error']);
  const verdicts = await call(session, 'POST', '/ctia/casebook', { bundle: { verdicts: [{}], casebooks: [] } });
  assert.deepEqual(Object.keys(verdicts.json.errors.bundle).sort(), ['casebooks', 'verdicts']);
});

test('§2.2 casebook: wait_for has no effect on its operations', async (t) => {
  const session = await started(t, { refreshMs: 1000 });
  const { json } = await call(session, 'POST', '/ctia/casebook?wait_for=true', ENTITIES.casebooks);
  await call(session, 'POST', `${json.id}/texts?wait_for=true`, { operation: 'replace', texts: [] });
  await call(session, 'PATCH', `${json.id}?wait_for=true`, { title: 'later' });
  assert.deepEqual((await call(session, 'GET', json.id)).json, json);
  session.clock.step(1000);
  assert.equal((await call(session, 'GET', json.id)).json.title, 'later');
});
