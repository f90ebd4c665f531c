import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorOf, rawClient } from './raw-client.ts';
import { type RawAnswer, TOKEN_PATH } from './raw-server.ts';

const JUDGEMENT = 'http://ctia.test/ctia/judgement/judgement-1';

const table: { name: string; answer: RawAnswer; kind: string; message: RegExp; facts?: object }[] = [
  {
    name: '400 of a schema',
    answer: { status: 400, body: { errors: { judgements: [null, { severity: 'no' }] } } },
    kind: 'invalid',
    message: /PUT \/ctia\/bulk answered 400 \(refused as invalid\): \{"judgements":\[null,\{"severity":"no"\}\]\}/,
    facts: { status: 400, body: { errors: { judgements: [null, { severity: 'no' }] } } },
  },
  {
    name: '400 with a stack trace of kilobytes: cut',
    answer: { status: 400, body: { message: `clojure.lang.ExceptionInfo ${'at java '.repeat(2000)}` } },
    kind: 'invalid',
    message: /^.{100,450}…$/,
  },
  {
    name: '400 too many, as bulk says it',
    answer: { status: 400, body: 'Bulk max number of entities: 1234' },
    kind: 'too-many',
    message: /too many entities/,
    facts: { status: 400, entitiesMax: 1234 },
  },
  {
    name: '400 too many, as bundle says it',
    answer: { status: 400, body: 'Bundle max nb of entities: 20' },
    kind: 'too-many',
    message: /too many entities/,
    facts: { status: 400, entitiesMax: 20 },
  },
  {
    name: '403 of several capabilities',
    answer: {
      status: 403,
      body: { error: 'missing_capability', capabilities: ['create-casebook', 'create-incident'] },
    },
    kind: 'capability',
    message:
      /403: the API client lacks the scope casebook \(for create-casebook, create-incident\): add it to the client$/,
    facts: { status: 403, capabilities: ['create-casebook', 'create-incident'] },
  },
  {
    name: '403 of all that bulk asks for',
    answer: {
      status: 403,
      body: {
        error: 'missing_capability',
        capabilities: ['create-indicator', 'create-judgement', 'create-casebook', 'create-target-record'],
      },
    },
    kind: 'capability',
    message:
      /403: the API client lacks the scopes casebook, asset \(for create-indicator, create-judgement, create-casebook and 1 more\): add them to the client$/,
  },
  {
    name: '403 of one capability',
    answer: { status: 403, body: { error: 'missing_capability', capabilities: 'create-judgement' } },
    kind: 'capability',
    message: /lacks create-judgement/,
  },
  {
    name: '403 of a record',
    answer: {
      status: 403,
      body: { type: 'Access Control Error', message: 'You are not allowed to read this document' },
    },
    kind: 'forbidden',
    message: /You are not allowed to read this document/,
  },
  {
    name: '404 as a web page: another service, or another region',
    answer: { status: 404, headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<h1>page not found</h1>' },
    kind: 'wrong-host',
    message: /hosts of two services or regions are mixed/,
  },
  { name: '404 of a record', answer: { status: 404 }, kind: 'not-found', message: /answered 404$/ },
  {
    name: 'a redirect is not followed: a token must not travel',
    answer: { status: 302, headers: { location: 'http://127.0.0.1:1/' } },
    kind: 'unexpected',
    message: /answered 302/,
  },
];

for (const { name, answer, kind, message, facts } of table) {
  test(`answer: ${name} → ${kind}`, async (t) => {
    const { client, server } = await rawClient(t, (path) => (path === TOKEN_PATH ? undefined : answer));
    const error = await errorOf(client.replace([]));
    assert.equal(error.kind, kind);
    assert.match(error.message, message);
    if (facts !== undefined) assert.deepEqual(error.facts, facts);
    assert.equal(server.seen.length, 2, 'it is not tried again');
  });
}

test('answer: a success that is not JSON is unexpected, and quotes nothing of the page', async (t) => {
  const { client } = await rawClient(t, (path) => (path === TOKEN_PATH ? undefined : { body: '<html>proxy</html>' }));
  for (const attempt of [() => client.replace([]), () => client.judgementsById([JUDGEMENT])]) {
    const error = await errorOf(attempt());
    assert.equal(error.kind, 'unexpected');
    assert.doesNotMatch(error.message, /proxy/);
  }
});

test('answer: a record without what we decide on is unexpected', async (t) => {
  const { client } = await rawClient(t, (path) =>
    path === TOKEN_PATH ? undefined : { body: { judgements: [{ id: 'x', tlp: 'amber', created: 'now' }] } },
  );
  const error = await errorOf(client.judgementsById([JUDGEMENT]));
  assert.equal(error.kind, 'unexpected');
});

test('import results: by transient id, in any order; what is in no result is not there', async (t) => {
  const results = [
    { type: 'relationship', original_id: 'transient:l0', result: 'error', error: { type: 'es_rejected' }, msg: 'busy' },
    { type: 'judgement', original_id: 'transient:j1', result: 'exists', id: 'b' },
    { type: 'judgement', result: 'created', id: 'nobody asked' },
    { type: 'judgement', original_id: 'transient:j2', result: 'created' },
    { type: 'judgement', original_id: 'transient:j0', result: 'created', id: 'a' },
    null,
  ];
  const { client, server } = await rawClient(t, (path) => (path === TOKEN_PATH ? undefined : { body: { results } }));
  const told = await client.importBundle(
    { type: 'bundle', source: 'acme', judgements: [], relationships: [] },
    'acme-judgement-,acme-link-',
  );
  assert.deepEqual(Object.fromEntries(told), {
    'transient:l0': { result: 'error', by: 'store', message: '{"type":"es_rejected"}: busy' },
    'transient:j1': { result: 'exists', id: 'b' },
    'transient:j0': { result: 'created', id: 'a' },
  });
  assert.equal(server.seen[1], 'POST /ctia/bundle/import?external-key-prefixes=acme-judgement-%2Cacme-link-');
});

test('bulk results: keys without content are absent', async (t) => {
  const body = { judgements: { updated: ['a'], errors: { 'not-found': ['b'], 'internal-error': ['c'] } } };
  const { client } = await rawClient(t, (path) => (path === TOKEN_PATH ? undefined : { body }));
  const { done, notFound, forbidden, failed } = await client.replace([]);
  assert.deepEqual([[...done], [...notFound], [...forbidden], [...failed]], [['a'], ['b'], [], ['c']]);
});
