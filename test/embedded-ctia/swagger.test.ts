import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, judgement, started } from './fixture.ts';
import { resolved } from './json-schema.ts';

// biome-ignore lint/suspicious/noExplicitAny: the document is looked at by path
type Document = any;

async function documentOf(
  t: Parameters<typeof started>[0],
): Promise<{ ctia: Awaited<ReturnType<typeof started>>; document: Document }> {
  const ctia = await started(t, { faultAdmin: true });
  const { status, headers, json } = await call({ url: ctia.url, token: '' }, 'GET', '/swagger.json');
  assert.equal(status, 200);
  assert.match(headers.get('content-type') ?? '', /^application\/json/);
  return { ctia, document: json };
}

test('swagger.json has every kind and every route that the server answers', async (t) => {
  const { document } = await documentOf(t);
  assert.equal(document.openapi, '3.1.0');
  for (const path of [
    '/ctia/judgement',
    '/ctia/judgement/{id}',
    '/ctia/judgement/{id}/expire',
    '/ctia/judgement/search',
    '/ctia/judgement/search/count',
    '/ctia/judgement/external_id/{external_id}',
    '/ctia/attack-pattern/{id}',
    '/ctia/incident/{id}/status',
    '/ctia/casebook/{id}/observables',
    '/ctia/bulk',
    '/ctia/bundle/import',
    '/ctia/bundle/export',
    '/ctia/feed/{id}/view.txt',
    '/ctia/{type}/{value}/verdict',
    '/iroh/oauth2/token',
    '/iroh/iroh-inspect/inspect',
    '/admin/faults',
    '/swagger.json',
  ])
    assert.ok(document.paths[path], path);
  assert.deepEqual(Object.keys(document.paths['/ctia/judgement/{id}']).sort(), ['delete', 'get', 'put']);
  assert.deepEqual(Object.keys(document.paths['/ctia/incident/{id}']).sort(), ['delete', 'get', 'patch', 'put']);
});

test('swagger.json is a document that tools can read: operations are whole, and what is referred to is there', async (t) => {
  const { document } = await documentOf(t);
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref = '']) => ref);
  assert.ok(refs.length > 50);
  for (const ref of new Set(refs)) {
    assert.ok(resolved(document, ref), ref);
  }
  for (const [path, item] of Object.entries<Document>(document.paths)) {
    for (const [method, said] of Object.entries<Document>(item)) {
      const where = `${method} ${path}`;
      assert.ok(said.summary && said.tags.length === 1, where);
      const success = Object.entries<Document>(said.responses).filter(([status]) => status.startsWith('2'));
      assert.equal(success.length, 1, where);
      for (const [status, { content = {} }] of success) {
        const schemas = Object.values<Document>(content).map(({ schema }) => schema);
        assert.equal(schemas.filter(Boolean).length, status === '204' ? 0 : 1, where);
      }
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const parameters: Document[] = said.parameters ?? [];
      assert.deepEqual(
        parameters.filter((one) => one.in === 'path').map(({ name }) => name),
        inPath,
        where,
      );
      assert.equal(new Set(parameters.map((one) => `${one.in} ${one.name}`)).size, parameters.length, where);
      for (const scheme of said.security.flatMap(Object.keys))
        assert.ok(document.components.securitySchemes[scheme], where);
    }
  }
});

test('swagger.json says what the server does: bodies and queries, a field for a field', async (t) => {
  const { ctia, document } = await documentOf(t);
  const schema = document.components.schemas.Judgement;
  const whole = judgement('198.51.100.7', { tlp: 'amber' });
  assert.ok(Object.keys(whole).every((key) => schema.properties[key]));
  assert.equal((await call(ctia, 'POST', '/ctia/judgement', whole)).status, 201);
  for (const key of schema.required) {
    const { [key]: _, ...part } = whole;
    const { status, json } = await call(ctia, 'POST', '/ctia/judgement', part);
    assert.equal(status, 400, `${key} is required`);
    assert.deepEqual(json, { errors: { [key]: 'missing-required-key' } });
  }
  assert.equal(schema.additionalProperties, false);
  assert.equal((await call(ctia, 'POST', '/ctia/judgement', { ...whole, title: 'no' })).status, 400);
  assert.ok(schema.properties.severity.enum.includes('Medium') && !schema.properties.severity.enum.includes('Huge'));
  assert.equal((await call(ctia, 'POST', '/ctia/judgement', { ...whole, severity: 'Huge' })).status, 400);

  const search = document.paths['/ctia/judgement/search'].get.parameters.map(({ name }: Document) => name);
  for (const name of search) {
    if (!['query', 'simple_query', 'source', 'limit', 'offset', 'sort_by'].includes(name)) continue;
    const value = { limit: '1', offset: '0', sort_by: 'id' }[name as string] ?? 'x';
    assert.equal((await call(ctia, 'GET', `/ctia/judgement/search?${name}=${value}`)).status, 200, name);
  }
  assert.ok(!search.includes('nonsense'));
  assert.equal((await call(ctia, 'GET', '/ctia/judgement/search?nonsense=1')).status, 400);
});

test('swagger.json refers to a kind by its name wherever it stands: in bulk requests and bundles too', async (t) => {
  const { document } = await documentOf(t);
  const { schemas } = document.components;
  const bodyOf = (path: string, method: string) => {
    const ref: string = document.paths[path][method].requestBody.content['application/json'].schema.$ref;
    return schemas[ref.slice(ref.lastIndexOf('/') + 1)];
  };
  const judgements = { type: 'array', items: { $ref: '#/components/schemas/Judgement' } };
  assert.deepEqual(bodyOf('/ctia/bulk', 'post').properties.judgements, judgements);
  assert.deepEqual(bodyOf('/ctia/bundle/import', 'post').properties.judgements, judgements);
});
