import assert from 'node:assert/strict';
import { subscribe } from 'node:diagnostics_channel';
import { type TestContext, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { KINDS } from '../../src/embedded-ctia/kinds.ts';
import { ENTITIES } from './entities.ts';
import { type Answer, call, channel, IMPORT, judgement, pairs, type Started, started } from './fixture.ts';
import { misfits, resolved } from './json-schema.ts';

// biome-ignore lint/suspicious/noExplicitAny: the document is looked at by path
type Document = any;

interface Described extends Started {
  readonly document: Document;
  /** Asks, and fails where the answer is not one that the document tells for this operation. */
  asked(method: string, template: string, path: string, body?: unknown, token?: string): Promise<Answer>;
}

async function described(t: TestContext, options: Parameters<typeof started>[1] = {}): Promise<Described> {
  const ctia = await started(t, { faultAdmin: true, ...options });
  const { json: document } = await call({ url: ctia.url, token: '' }, 'GET', '/swagger.json');
  return {
    ...ctia,
    document,
    async asked(method, template, path, body, token = ctia.token) {
      const answer = await call({ url: ctia.url, token }, method, path, body);
      const operation = document.paths[template]?.[method.toLowerCase()];
      assert.ok(operation, `${method} ${template} is in the document`);
      const where = `${method} ${path} ${answer.status} ${answer.text.slice(0, 300)}`;
      let told = operation.responses[answer.status];
      assert.ok(told, `${where}: a status of the document`);
      if (told.$ref) told = resolved(document, told.$ref);
      if (answer.text === '') return answer;
      const [type = ''] = (answer.headers.get('content-type') ?? '').split(';');
      const content = told.content?.[type];
      assert.ok(content, `${where}: ${type} is a type of the document`);
      assert.deepEqual(misfits(content.schema, type === 'text/plain' ? answer.text : answer.json, document), [], where);
      return answer;
    },
  };
}

test('swagger.json has what Fastify has registered, and nothing else but the second way to write', async (t) => {
  const registered: string[] = [];
  let watched = false;
  subscribe('fastify.initialization', (message) => {
    if (watched) return;
    watched = true;
    (message as { fastify: FastifyInstance }).fastify.addHook('onRoute', ({ method, url }) => {
      for (const one of [method].flat()) registered.push(`${one} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
    });
  });
  const { document } = await described(t);
  const told = Object.entries<Document>(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  assert.ok(registered.length > 200);
  assert.deepEqual(told.filter((one) => !one.includes(' /iroh/private-intel/')).sort(), registered.sort());
  assert.deepEqual(told.filter((one) => one.includes(' /iroh/private-intel/')).sort(), [
    'DELETE /iroh/private-intel/bulk',
    'DELETE /iroh/private-intel/incident/{id}',
    'GET /iroh/private-intel/incident/{id}',
    'PATCH /iroh/private-intel/incident/{id}',
    'POST /iroh/private-intel/bundle/import',
    'POST /iroh/private-intel/incident',
    'PUT /iroh/private-intel/incident/{id}',
  ]);
});

test('swagger.json: of every kind the schema accepts what POST accepts and refuses what POST refuses', async (t) => {
  const { document, asked } = await described(t);
  const documents: Record<string, object> = { ...ENTITIES, feeds: { feed_type: 'indicator', output: 'observables' } };
  for (const { name, plural } of KINDS) {
    const path = `/ctia/${name}`;
    const { schema } = document.paths[path].post.requestBody.content['application/json'];
    const good = documents[plural];
    assert.ok(good, plural);
    for (const [body, why] of [
      [good, 'as it is'],
      [{ ...good, no_such_field: 1 }, 'with an unknown key'],
      [{ ...good, tlp: 'purple' }, 'with a tlp that is none'],
      [{ ...good, external_ids: 'x' }, 'with a text for a list'],
      [{ ...good, type: 'verdict' }, 'as another kind'],
    ] as const) {
      const { status } = await asked('POST', path, path, body);
      assert.equal(misfits(schema, body, document).length === 0, status === 201, `${name} ${why}: ${status}`);
      // A kind that the server only keeps is open; every other refuses.
      if (why === 'as it is') assert.equal(status, 201, name);
      else if (why !== 'with an unknown key') assert.equal(status, 400, `${name} ${why}`);
    }
  }
  const closed = await asked('POST', '/ctia/judgement', '/ctia/judgement', { ...judgement('a'), no_such_field: 1 });
  assert.deepEqual([closed.status, closed.json], [400, { errors: { no_such_field: 'disallowed-key' } }]);
});

test('swagger.json: answers are what it says, of every kind', async (t) => {
  const { asked } = await described(t);
  for (const { name, plural, fields } of KINDS) {
    const document = ENTITIES[plural] ?? { feed_type: 'indicator', output: 'observables' };
    const path = `/ctia/${name}`;
    const { json: stored } = await asked('POST', path, path, { ...document, external_ids: [`acme-${name}`] });
    const one = `${path}/${encodeURIComponent(stored.id)}`;
    await asked('GET', `${path}/{id}`, one);
    await asked('GET', `${path}/{id}`, `${one}?${fields.map((field) => `fields=${field}`).join('&')}`);
    const put = await asked('PUT', `${path}/{id}`, one, stored);
    assert.equal(put.status, name === 'judgement' ? 403 : 200, name);
    const page = await asked('GET', `${path}/search`, `${path}/search?limit=10`);
    assert.equal(page.json.length, 1);
    await asked('GET', `${path}/search`, `${path}/search?fields=id`);
    const byId = await asked('GET', `${path}/external_id/{external_id}`, `${path}/external_id/acme-${name}`);
    assert.equal(byId.json.length, 1);
    await asked('GET', `${path}/search/count`, `${path}/search/count`);
    await asked('DELETE', `${path}/search`, `${path}/search?from=2026-01-01`);
    await asked('DELETE', `${path}/{id}`, one);
    assert.equal((await asked('GET', `${path}/{id}`, one)).status, 404);
  }
});

test('swagger.json: answers are what it says, of the routes for many, for one observable and for all else', async (t) => {
  const ctia = await described(t);
  const { asked } = ctia;
  const { indicator, feed } = await channel(ctia);
  const bulk = '/ctia/bulk';
  const bodies = Object.fromEntries(Object.entries(ENTITIES).map(([plural, document]) => [plural, [document]]));
  const late = judgement('b', { valid_time: { end_time: '4242-01-01' } });
  const judgements = [judgement('198.51.100.7', { id: 'transient:a' }), late];
  const { json: created } = await asked('POST', bulk, bulk, { ...bodies, judgements });
  assert.ok(created.tempids && created.judgements[1].error);
  const ids = (plural: string): string[] => created[plural].filter((id: unknown) => typeof id === 'string');
  const { json: read } = await asked(
    'GET',
    bulk,
    `${bulk}?judgements=${ids('judgements')}&incidents=${ids('incidents')}`,
  );
  await asked('PUT', bulk, bulk, { judgements: [...read.judgements, { ...judgement('c'), id: 'judgement-none' }] });
  await asked('PATCH', bulk, bulk, { incidents: [{ id: ids('incidents')[0], title: 'again' }] });
  const { json: imported } = await asked('POST', '/ctia/bundle/import', IMPORT, pairs(2, indicator));
  assert.equal(imported.results.length, 4);
  await asked('POST', '/ctia/bundle/import', IMPORT, { source: 'acme', judgements: [late] });
  const exporting = '/ctia/bundle/export';
  const exported = await asked('GET', exporting, `${exporting}?ids=${encodeURIComponent(indicator)}`);
  assert.equal(exported.json.judgements.length, 2);
  await asked('POST', exporting, exporting, { ids: Object.keys(ENTITIES).flatMap(ids) });

  const on = '/ctia/{type}/{value}';
  for (const rest of [
    'judgements',
    'judgements/indicators',
    'sightings',
    'sightings/indicators',
    'sightings/incidents',
  ]) {
    assert.equal((await asked('GET', `${on}/${rest}`, `/ctia/ip/11.0.0.0/${rest}`)).status, 200);
  }
  assert.equal((await asked('GET', `${on}/verdict`, '/ctia/ip/11.0.0.0/verdict')).status, 200);
  assert.equal((await asked('GET', `${on}/verdict`, '/ctia/ip/192.0.2.1/verdict')).status, 404);
  for (const [metric, query] of [
    ['topn', 'aggregate-on=observable.type'],
    ['cardinality', 'aggregate-on=observable.type'],
    ['histogram', 'aggregate-on=timestamp&granularity=day'],
  ]) {
    const path = `/ctia/judgement/metric/${metric}`;
    assert.equal((await asked('GET', path, `${path}?from=2026-01-01&${query}`)).status, 200);
  }

  const view = new URL(feed.feed_view_url).search;
  const feedPath = `/ctia/feed/${feed.id.slice(-41)}`;
  for (const rest of ['view', 'view.txt', 'view.txt.md5']) {
    assert.equal(
      (await asked('GET', `/ctia/feed/{id}/${rest}`, `${feedPath}/${rest}${view}`, undefined, '')).status,
      200,
    );
    assert.equal(
      (await asked('GET', `/ctia/feed/{id}/${rest}`, `${feedPath}/${rest}?s=no`, undefined, '')).status,
      401,
    );
    assert.equal((await asked('GET', `/ctia/feed/{id}/${rest}`, `${feedPath}/${rest}`, undefined, '')).status, 400);
    const gone = `/ctia/feed/feed-00000000-0000-4000-8000-000000000000/${rest}?s=no`;
    assert.equal((await asked('GET', `/ctia/feed/{id}/${rest}`, gone, undefined, '')).status, 404);
  }

  const [incident] = ids('incidents');
  const ofIncident = `/ctia/incident/${encodeURIComponent(incident ?? '')}`;
  await asked('POST', '/ctia/incident/{id}/status', `${ofIncident}/status`, { status: 'Open' });
  const [casebook] = ids('casebooks');
  const linked = await asked('POST', '/ctia/incident/{id}/link', `${ofIncident}/link`, { casebook_id: casebook });
  assert.equal(linked.status, 201);
  const texts = { operation: 'add', texts: [{ type: 'some', text: 'more' }] };
  const ofCasebook = `/ctia/casebook/${encodeURIComponent(casebook ?? '')}`;
  assert.equal((await asked('POST', '/ctia/casebook/{id}/texts', `${ofCasebook}/texts`, texts)).status, 200);
  const expire = `/ctia/judgement/${encodeURIComponent(ids('judgements')[0] ?? '')}/expire`;
  assert.equal((await asked('POST', '/ctia/judgement/{id}/expire', `${expire}?reason=over`)).status, 200);
  const gone = { judgements: [...ids('judgements'), 'judgement-00000000-0000-4000-8000-000000000000'] };
  assert.equal((await asked('DELETE', bulk, bulk, gone)).status, 200);

  for (const path of ['/ctia/version', '/ctia/status', '/admin/url', '/swagger.json']) await asked('GET', path, path);
  const inspect = '/iroh/iroh-inspect/inspect';
  const inspected = await asked('POST', inspect, inspect, { content: 'evil.example.com and 192.0.2.7' });
  assert.equal(inspected.json.length, 2);
  const slow = [{ kind: 'slow', ms: 1, on: { path: 'nowhere' } }];
  assert.equal((await asked('POST', '/admin/faults', '/admin/faults', slow)).status, 201);
  await asked('POST', '/admin/faults', '/admin/faults', [{ kind: 'odd' }]);
  await asked('GET', '/admin/faults', '/admin/faults');
  await asked('DELETE', '/admin/faults', '/admin/faults');
  assert.equal((await asked('GET', '/admin/clients', '/admin/clients')).status, 401);
});

test('swagger.json: refusals are what it says', async (t) => {
  const { asked, tokenOf, clock, ...ctia } = await described(t, { bulkMax: 2 });
  const one = '/ctia/judgement';
  const refused = async (status: number, ...request: Parameters<typeof asked>) =>
    assert.equal((await asked(...request)).status, status, request.join(' '));
  await refused(400, 'POST', one, one, '{');
  await refused(400, 'POST', one, one, { ...judgement('a'), severity: 'Huge' });
  await refused(400, 'POST', one, one, judgement('a', { reason: 'x'.repeat(1025) }));
  await refused(400, 'POST', one, one, judgement('a', { tlp: 'white' }));
  await refused(400, 'POST', one, one, judgement('a', { disposition_name: 'Clean' }));
  await refused(400, 'GET', `${one}/search`, `${one}/search?query=2001:db8::1`);
  await refused(400, 'GET', `${one}/search`, `${one}/search?nonsense=1`);
  await refused(400, 'POST', '/ctia/bulk', '/ctia/bulk', {
    judgements: ['a', 'b', 'c'].map((value) => judgement(value)),
  });
  await refused(400, 'POST', '/ctia/bundle/import', '/ctia/bundle/import', pairs(2, 'transient:x'));
  await refused(401, 'POST', one, one, judgement('a'), '');
  await refused(401, 'POST', one, one, judgement('a'), 'nonsense');
  await refused(403, 'DELETE', `${one}/search`, `${one}/search`);
  const id = 'judgement-00000000-0000-4000-8000-000000000000';
  await refused(403, 'POST', one, one, judgement('a', { id }));
  await refused(404, 'POST', `${one}/{id}/expire`, `${one}/${id}/expire?reason=x`);
  const reader = await tokenOf({ org: 'partner', login: 'eve', scopes: ['private-intel:read'] });
  await refused(403, 'POST', one, one, judgement('a'), reader);
  await refused(403, 'POST', '/ctia/bulk', '/ctia/bulk', {}, reader);
  const amber = await asked('POST', one, one, judgement('a', { tlp: 'amber' }));
  await refused(403, 'GET', `${one}/{id}`, `${one}/${encodeURIComponent(amber.json.id)}`, undefined, reader);
  const inspect = '/iroh/iroh-inspect/inspect';
  await refused(403, 'POST', inspect, inspect, { content: '' }, reader);
  await refused(401, 'POST', inspect, inspect, { content: '' }, '');
  await refused(401, 'POST', '/iroh/oauth2/token', '/iroh/oauth2/token', undefined, '');
  clock.step(601_000);
  await refused(401, 'GET', '/ctia/status', '/ctia/status', undefined, ctia.token);

  const limited = await described(t, { rateLimitPerHour: 1 });
  await limited.asked('GET', '/ctia/status', '/ctia/status');
  assert.equal((await limited.asked('GET', '/ctia/status', '/ctia/status')).status, 429);
});
