import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, call, channel, judgement, link, type Session, started } from './fixture.ts';

const KINDS: readonly { kind: string; body: object; changed: object }[] = [
  { kind: 'judgement', body: judgement('198.51.100.7'), changed: {} },
  {
    kind: 'indicator',
    body: { producer: 'acme', title: 'acme ip' },
    changed: { producer: 'acme', title: 'acme ipv6' },
  },
  {
    kind: 'relationship',
    body: link('http://a/ctia/judgement/judgement-00000000-0000-4000-8000-000000000000', 'transient:x'),
    changed: {},
  },
  {
    kind: 'feed',
    body: { feed_type: 'indicator', output: 'observables', title: 'acme ip' },
    changed: { feed_type: 'indicator', output: 'observables', title: 'acme ipv6' },
  },
];

for (const { kind, body, changed } of KINDS.filter(({ kind }) => kind !== 'relationship')) {
  test(`10.1 10.2 10.3 10.5 10.6 ${kind}: created, read, found, replaced, deleted`, async (t) => {
    const session = await started(t);
    const path = `/ctia/${kind}`;
    const externalId = `https://acme.example/${kind}/1?a=b`;
    const sent = { ...body, external_ids: [externalId], schema_version: '0.4.2' };
    const created = await call(session, 'POST', `${path}?wait_for=true`, sent);
    assert.equal(created.status, 201);
    assert.equal(created.headers.get('location'), created.json.id);
    assert.match(created.json.id, new RegExp(`^${session.url}/ctia/${kind}/${kind}-[0-9a-f-]{36}$`));
    assert.equal(created.json.schema_version, '1.3.30');
    assert.equal(created.json.tlp, 'green');
    assert.deepEqual(created.json.groups, ['local']);
    assert.equal(created.headers.get('x-ctim-version'), '1.3.30');

    assert.deepEqual((await call(session, 'GET', created.json.id)).json, created.json);
    const encoded = await call(session, 'GET', `${path}/${encodeURIComponent(created.json.id)}`);
    assert.deepEqual(encoded.json, created.json);
    const found = await call(session, 'GET', `${path}/external_id/${encodeURIComponent(externalId.toUpperCase())}`);
    assert.deepEqual(found.json, [created.json]);
    assert.equal(found.headers.get('x-total-hits'), '1');
    assert.deepEqual((await call(session, 'GET', `${path}/external_id/nothing`)).json, []);

    if (kind !== 'judgement') {
      session.clock.step(1000);
      const replaced = await call(session, 'PUT', created.json.id, changed);
      assert.equal(replaced.status, 200);
      assert.equal(replaced.json.external_ids, undefined);
      assert.equal(replaced.json.created, created.json.created);
      assert.notEqual(replaced.json.modified, created.json.modified);
      assert.deepEqual((await call(session, 'GET', created.json.id)).json, replaced.json);
      assert.deepEqual((await call(session, 'GET', `${path}/external_id/${encodeURIComponent(externalId)}`)).json, []);
      // What was read may be sent back.
      assert.equal((await call(session, 'PUT', created.json.id, replaced.json)).status, 200);
      const nobody = `${path}/${kind}-00000000-0000-4000-8000-000000000000`;
      assertBare404(await call(session, 'PUT', nobody, changed));
    }
    const deleted = await call(session, 'DELETE', created.json.id);
    assert.deepEqual([deleted.status, deleted.text], [204, '']);
    assertBare404(await call(session, 'GET', created.json.id));
    assertBare404(await call(session, 'DELETE', created.json.id));
  });
}

function assertBare404(answer: Answer): void {
  assert.deepEqual([answer.status, answer.text], [404, '']);
}

test('10.4 10.64 10.74 spec: over-long title, bad references, start after end', async (t) => {
  const session = await started(t);
  const long = await call(session, 'POST', '/ctia/indicator', { producer: 'acme', title: 'x'.repeat(1025) });
  assert.equal(long.status, 400);
  assert.equal(long.json.error, 'Spec Validation Client Error');
  assert.match(long.text, /error.*in.*title/);
  const indicator = await call(session, 'POST', '/ctia/indicator', { producer: 'acme' });
  const tooLong = { producer: 'acme', title: 'x'.repeat(1025) };
  assert.match((await call(session, 'PUT', indicator.json.id, tooLong)).text, /error.*in.*title/);
  for (const ref of [
    'judgement-00000000-0000-4000-8000-000000000000',
    'http://example.com/',
    indicator.json.id.toUpperCase(),
  ]) {
    const refused = await call(session, 'POST', '/ctia/relationship', link(ref, indicator.json.id));
    assert.deepEqual([refused.status, refused.json.error], [400, 'Spec Validation Client Error'], ref);
  }
  const open = await call(session, 'POST', '/ctia/relationship', link('transient:a', indicator.json.id));
  assert.match(
    open.json.error,
    /^A relationship cannot be created if a source or a target ref is still a transient ID/,
  );
  const times = (start: string, end: string) =>
    call(
      session,
      'POST',
      '/ctia/judgement',
      judgement('198.51.100.7', { valid_time: { start_time: start, end_time: end } }),
    );
  assert.equal((await times('2026-01-01', '2026-01-01T00:00:00Z')).status, 201);
  assert.equal((await times('2026-01-02', '2026-01-01')).json.error, 'Spec Validation Client Error');
  assert.equal((await times('2026-01-02', '4242-01-01')).json.error, 'Spec Validation Client Error');
  const uri = await call(session, 'POST', '/ctia/judgement', judgement('198.51.100.7', { source_uri: 'not a uri' }));
  assert.equal(uri.json.type, 'Invalid Entity Error');
});

test('schema errors: unknown, missing, null, wrong type, closed vocabularies, dates, no body, malformed JSON', async (t) => {
  const session = await started(t);
  const errors = async (body: unknown) => {
    const answer = await call(session, 'POST', '/ctia/judgement', body);
    assert.equal(answer.status, 400);
    assert.equal(answer.headers.get('x-ctia-version'), null);
    return answer.json.errors;
  };
  assert.deepEqual(await errors(judgement('a', { title: 'x' })), { title: 'disallowed-key' });
  assert.deepEqual(await errors(judgement('a', { source: undefined })), { source: 'missing-required-key' });
  assert.deepEqual(await errors(judgement('a', { reason: null })), {
    reason: '(not (instance? java.lang.String nil))',
  });
  assert.deepEqual(await errors(judgement('a', { priority: '90' })), { priority: '(not (integer? "90"))' });
  const huge = await errors(judgement('a', { severity: 'Huge' }));
  assert.match(huge.severity, /^\(not \(#\{"Info" .*\} "Huge"\)\)$/);
  const typo = await errors(judgement('a', { observable: { type: 'ipv4', value: 'a', extra: 1 } }));
  assert.deepEqual(Object.keys(typo.observable).sort(), ['extra', 'type']);
  const date = await errors(judgement('a', { valid_time: { end_time: '2026-01-01 10:00' } }));
  assert.ok(date.valid_time.end_time.length > 1000);
  assert.equal(await errors(undefined), '(not (map? nil))');
  const malformed = await call(session, 'POST', '/ctia/judgement', '{"a":');
  assert.equal(malformed.json.type, 'json-parse-exception');
  assert.equal((await call(session, 'POST', '/ctia/judgement', judgement('not-an-ip'))).status, 201);
});

test('10.8 judgement: disposition determination', async (t) => {
  const session = await started(t);
  const disposed = async (disposition: object) => {
    const { json } = await call(session, 'POST', '/ctia/judgement', {
      ...judgement('198.51.100.7'),
      disposition: undefined,
      ...disposition,
    });
    return [json.disposition, json.disposition_name];
  };
  assert.deepEqual(await disposed({ disposition: 1 }), [1, 'Clean']);
  assert.deepEqual(await disposed({ disposition_name: 'Malicious' }), [2, 'Malicious']);
  assert.deepEqual(await disposed({}), [5, 'Unknown']);
  assert.deepEqual(await disposed({ disposition: 3, disposition_name: 'Suspicious' }), [3, 'Suspicious']);
  const sent = judgement('198.51.100.7', { disposition: 1, disposition_name: 'Unknown' });
  const mismatch = await call(session, 'POST', '/ctia/judgement', sent);
  assert.equal(mismatch.status, 400);
  assert.deepEqual(mismatch.json, {
    error: 'Mismatched disposition and dispositon_name for judgement',
    judgement: mismatch.json.judgement,
  });
});

test('10.9 judgement: defaults', async (t) => {
  const session = await started(t);
  const { json } = await call(session, 'POST', '/ctia/judgement', judgement('198.51.100.7'));
  assert.deepEqual(json.valid_time, { start_time: '2026-11-25T08:00:00.000Z', end_time: '2525-01-01T00:00:00.000Z' });
  assert.equal(json.tlp, 'green');
  assert.equal(json.timestamp, '2026-11-25T08:00:00.000Z');
});

test('10.10 judgement: expire', async (t) => {
  const session = await started(t);
  const { json } = await call(session, 'POST', '/ctia/judgement', judgement('198.51.100.7'));
  assert.deepEqual((await call(session, 'POST', `${json.id}/expire`)).json, {
    errors: { reason: 'missing-required-key' },
  });
  session.clock.step(1000);
  const expired = await call(session, 'POST', `${json.id}/expire?reason=cleaned%20up`);
  assert.equal(expired.status, 200);
  assert.equal(expired.json.valid_time.end_time, '2026-11-25T08:00:01.000Z');
  assert.equal(expired.json.reason, ' cleaned up');
  assert.deepEqual((await call(session, 'GET', json.id)).json, expired.json);
  const nobody = '/ctia/judgement/judgement-00000000-0000-4000-8000-000000000000/expire?reason=x';
  const unknown = await call(session, 'POST', nobody);
  assert.deepEqual([unknown.status, unknown.text], [404, 'Judgement not found']);
  const future = judgement('198.51.100.7', { valid_time: { start_time: '2030-01-01' } });
  const later = await call(session, 'POST', '/ctia/judgement', future);
  assert.equal(
    (await call(session, 'POST', `${later.json.id}/expire?reason=x`)).json.error,
    'Spec Validation Client Error',
  );
});

test('judgement: PUT of one needs developer, PATCH does not exist', async (t) => {
  const session = await started(t);
  const { json } = await call(session, 'POST', '/ctia/judgement', judgement('198.51.100.7'));
  const put = await call(session, 'PUT', json.id, judgement('198.51.100.7'));
  assert.equal(put.status, 403);
  assert.deepEqual(put.json.capabilities, ['create-judgement', 'developer']);
  const patch = await call(session, 'PATCH', json.id, {});
  assert.equal(patch.status, 404);
  assert.match(patch.headers.get('content-type') ?? '', /^text\/html/);
});

test('10.21 fields: the chosen ones and what access needs', async (t) => {
  const session = await started(t);
  const { json } = await call(session, 'POST', '/ctia/judgement', judgement('198.51.100.7'));
  const one = await call(session, 'GET', `${json.id}?fields=valid_time.end_time&fields=source`);
  assert.deepEqual(one.json, {
    id: json.id,
    owner: json.owner,
    groups: ['local'],
    tlp: 'green',
    source: 'check.torproject.org',
    valid_time: { end_time: '2525-01-01T00:00:00.000Z' },
  });
  const refused = await call(session, 'GET', `${json.id}?fields=external_ids`);
  assert.equal(refused.status, 400);
  assert.equal(refused.json.errors.fields.length, 1);
  assert.deepEqual((await call(session, 'GET', `${json.id}?_=1`)).json, { errors: { _: 'disallowed-key' } });
});

test('10.62 10.72 tlp decides who reads and writes; the owner stays on a foreign PUT', async (t) => {
  const session = await started(t);
  const colleague: Session = { url: session.url, token: await session.tokenOf({ login: 'colleague' }) };
  const stranger: Session = { url: session.url, token: await session.tokenOf({ org: 'elsewhere', login: 'stranger' }) };
  const statuses = async (who: Session, tlp: string, more: object = {}) => {
    const { json } = await call(session, 'POST', '/ctia/indicator', { producer: 'acme', tlp, ...more });
    const read = await call(who, 'GET', json.id);
    const found = await call(who, 'GET', `/ctia/indicator/search?id=${encodeURIComponent(json.id)}`);
    const put = await call(who, 'PUT', json.id, { producer: 'acme', tlp, ...more });
    if (put.status === 200) assert.deepEqual([put.json.owner, put.json.groups], [json.owner, json.groups]);
    return [read.status, found.json.length, put.status];
  };
  assert.deepEqual(await statuses(session, 'red'), [200, 1, 200]);
  assert.deepEqual(await statuses(colleague, 'red'), [403, 0, 403]);
  assert.deepEqual(await statuses(colleague, 'amber'), [200, 1, 200]);
  assert.deepEqual(await statuses(stranger, 'amber'), [403, 0, 403]);
  assert.deepEqual(await statuses(stranger, 'green'), [200, 1, 403]);
  assert.deepEqual(await statuses(stranger, 'red', { authorized_users: ['stranger'] }), [200, 1, 200]);
  assert.deepEqual(await statuses(stranger, 'amber', { authorized_groups: ['elsewhere'] }), [200, 1, 200]);
});

test('10.63 tlp below the smallest allowed is refused', async (t) => {
  const session = await started(t);
  const refused = await call(session, 'POST', '/ctia/indicator', { producer: 'acme', tlp: 'white' });
  assert.equal(refused.status, 400);
  assert.equal(refused.json.type, 'Invalid TLP Error');
  assert.equal(refused.json.message, 'Invalid document TLP white, allowed TLPs are: green,amber,red');
});

test('relationship: a triple may exist twice, and a deletion leaves links dangling', async (t) => {
  const session = await started(t);
  const { indicator } = await channel(session);
  const { json } = await call(session, 'POST', '/ctia/judgement', judgement('198.51.100.7'));
  for (const _ of [1, 2]) {
    assert.equal((await call(session, 'POST', '/ctia/relationship', link(json.id, indicator))).status, 201);
  }
  await call(session, 'DELETE', json.id);
  const path = '/ctia/relationship/search';
  assert.equal((await call(session, 'GET', `${path}?target_ref=${encodeURIComponent(indicator)}`)).json.length, 2);
  assert.equal((await call(session, 'GET', `${path}?source_ref=${encodeURIComponent(json.id)}`)).json.length, 2);
});

test('§10.59 §10.73 an id of its own: of another host a 400, of this host or short a 403, transient replaced', async (t) => {
  const session = await started(t);
  const uuid = '00000000-0000-4000-8000-000000000001';
  const sent = (id: string, more: object = {}) => ({ producer: 'acme', id, ...more });
  const post = (body: object) => call(session, 'POST', '/ctia/indicator', body);
  const foreign = `https://private.intel.eu.amp.cisco.com:443/ctia/indicator/indicator-${uuid}`;
  // Also where the document is wrong in other ways: the id is looked at first.
  for (const more of [{}, { title: 'x'.repeat(1025) }]) {
    const refused = await post(sent(foreign, more));
    assert.deepEqual(
      [refused.status, refused.json],
      [400, { error: 'Invalid hostname in ID', id: foreign, 'this-host': '127.0.0.1', entity: sent(foreign, more) }],
    );
  }
  // Neither port nor protocol are compared.
  for (const id of [`https://127.0.0.1:1/ctia/indicator/indicator-${uuid}`, `indicator-${uuid}`, 'anything']) {
    const refused = await post(sent(id));
    assert.deepEqual(
      [refused.status, refused.json],
      [403, { error: 'Missing capability to specify entity ID', entity: sent(id) }],
    );
  }
  const { status, json } = await post(sent('transient:https://elsewhere/ctia/indicator/x'));
  assert.deepEqual([status, json.id.startsWith(`${session.url}/ctia/indicator/indicator-`)], [201, true]);
  for (const path of ['/ctia/bulk', '/ctia/bundle/import']) {
    const body = { source: 'acme', notes: [{ content: 'a' }], indicators: [sent(foreign)] };
    const { source: _, ...bulk } = body;
    const refused = await call(session, 'POST', path, path === '/ctia/bulk' ? bulk : body);
    assert.deepEqual([refused.status, refused.json.error], [400, 'Invalid hostname in ID'], path);
  }
  assert.equal((await call(session, 'GET', '/ctia/note/search/count')).text, '0');
});

test('§1.7 an indicator’s specification is one of five, and is looked at by the second layer', async (t) => {
  const session = await started(t);
  const judgement = 'https://intel.example:443/ctia/judgement/judgement-00000000-0000-4000-8000-000000000001';
  const required = { judgement_id: judgement, confidence: 'High', source: 'acme', relationship: 'related' };
  const post = (specification: unknown) =>
    call(session, 'POST', '/ctia/indicator', { producer: 'acme', specification });
  for (const specification of [
    { type: 'Judgement', judgements: [judgement], required_judgements: [required] },
    { type: 'ThreatBrain', variables: ['a'] },
    { type: 'Snort', snort_sig: 'alert any' },
    { type: 'SIOC', SIOC: 'x' },
    { type: 'OpenIOC', open_IOC: '<x/>' },
  ]) {
    const { status, json, text } = await post(specification);
    assert.equal(status, 201, text);
    assert.deepEqual(json.specification, specification);
  }
  for (const specification of [
    {},
    { type: 'Yara', rule: 'x' },
    { type: 'Snort', SIOC: 'x' },
    { type: 'Judgement', judgements: ['judgement-00000000-0000-4000-8000-000000000001'], required_judgements: [] },
    { type: 'Judgement', judgements: [], required_judgements: [{ ...required, confidence: 'Critical' }] },
  ]) {
    const { status, json } = await post(specification);
    assert.deepEqual([status, json.error], [400, 'Spec Validation Client Error'], JSON.stringify(specification));
  }
  assert.deepEqual((await post('x')).json, { errors: { specification: '(not (map? "x"))' } });
});

test('§1.2 a URI is what Java takes for one: relative texts too, nothing with a scheme that is none', async (t) => {
  const session = await started(t);
  const status = async (uri: string) =>
    (await call(session, 'POST', '/ctia/judgement', judgement('a', { source_uri: uri }))).status;
  const good = [
    'string',
    'http://example.com/a?b[]=c#d',
    'urn:uuid:1',
    'mailto:a@b.example',
    'a/b:c',
    'http://[::1]:80/x',
  ];
  for (const uri of [
    ...good,
    'https://exämple.com/ä',
    '//host/path',
    '?q',
    '#f',
    'http:///x',
    '/a%20b',
    '//?x',
    'urn:[x]',
  ])
    assert.equal(await status(uri), 201, uri);
  const bad = [
    '',
    'not a uri',
    'http://',
    'http:',
    ':a',
    '192.0.2.1:80/list',
    'a%zz',
    'a#b#c',
    'http://a/[b]',
    'a|b',
    'http:#x',
    'http://[z]/',
  ];
  for (const uri of bad) assert.equal(await status(uri), 400, uri);
});

test('what is nested too deeply is refused, wherever a document is open, and so is a query', async (t) => {
  const session = await started(t);
  const nested = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);
  const time = { start_time: '2026-11-25' };
  const observable = { type: 'ip', value: 'a' };
  const relation = { origin: 'acme', relation: 'Refers_To', source: observable, related: observable };
  const event = { type: 'FileCreateEvent', time, process_id: 1, process_name: 'x' };
  const places: [kind: string, of: (deep: unknown) => object][] = [
    ['actor', (deep) => ({ deep })],
    ['campaign', (deep) => ({ activity: deep })],
    ['asset-properties', (deep) => ({ deep: { er: deep } })],
    ['incident', (deep) => ({ confidence: 'High', status: 'New', incident_time: { opened: '2026' }, meta: { deep } })],
    ['sighting', (deep) => ({ observed_time: time, relations: [{ ...relation, relation_info: { deep } }] })],
    ['sighting', (deep) => ({ observed_time: time, data: { columns: [], rows: [[deep]] } })],
    ['sighting', (deep) => ({ observed_time: time, context: { file_create_events: [{ ...event, deep }] } })],
  ];
  for (const [kind, of] of places) {
    const external_ids = [`acme-${kind}`];
    const kept = await call(session, 'POST', `/ctia/${kind}`, { ...of(nested(90)), external_ids });
    assert.equal(kept.status, 201, kept.text.slice(0, 200));
    const { status, json } = await call(session, 'POST', `/ctia/${kind}`, of(nested(1500)));
    assert.equal(status, 400);
    assert.match(JSON.stringify(json.errors), /"\(not \(shallow\? …\)\)"/);
  }
  for (const language of ['query', 'simple_query']) {
    const asked = async (levels: number) =>
      (await call(session, 'GET', `/ctia/actor/search?${language}=${'('.repeat(levels)}a${')'.repeat(levels)}`)).status;
    assert.deepEqual([await asked(90), await asked(5000)], [200, 400], language);
  }
});

test('any key that a document may not have is told, whatever it is called', async (t) => {
  const session = await started(t);
  for (const key of ['__proto__', 'constructor', 'toString']) {
    const { status, text } = await call(session, 'POST', '/ctia/indicator', `{"producer":"acme","${key}":{}}`);
    assert.deepEqual([status, text], [400, `{"errors":{"${key}":"disallowed-key"}}`]);
  }
});

test('half a surrogate pair is refused before anything is done with it, a whole one in escapes is a text', async (t) => {
  const session = await started(t);
  const body = (text: string) => JSON.stringify(judgement('a', { external_ids: ['X'] })).replaceAll('"X"', `"${text}"`);
  const import_ = (text: string) => `{"source":"acme","judgements":[${body(text)}]}`;
  for (const half of ['\\ud800', '\\uD83Dx', 'x\\ude00']) {
    for (const [path, text] of [
      ['judgement', body(half)],
      ['bundle/import', import_(half)],
    ]) {
      const { status, json } = await call(session, 'POST', `/ctia/${path}`, text);
      assert.deepEqual([status, json.type], [400, 'json-parse-exception'], half);
    }
  }
  assert.equal((await call(session, 'POST', '/ctia/judgement', `{"\\ud800":1}`)).json.type, 'json-parse-exception');
  const whole = await call(session, 'POST', '/ctia/judgement', body('\\ud83d\\ude00'));
  assert.deepEqual(whole.json.external_ids, ['😀']);
  const again = await call(session, 'POST', '/ctia/bundle/import', import_('\\uD83D\\uDE00'));
  assert.equal(again.json.results[0].result, 'exists');
});
