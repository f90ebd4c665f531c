import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BULK_KINDS, KINDS } from '../../src/embedded-ctia/kinds.ts';
import { ENTITIES, withoutServerSet } from './entities.ts';
import { call, type Session, started } from './fixture.ts';

const BASE = { external_ids: ['acme-1'], tlp: 'amber', timestamp: '2026-03-01T00:00:00.000Z', revision: 2 };

test('kinds: the ones of ctia-api.md, each with a document here', () => {
  assert.deepEqual(
    [...BULK_KINDS.map(({ plural }) => plural)].sort(),
    [
      ...[
        'actors',
        'asset_mappings',
        'asset_properties',
        'assets',
        'attack_patterns',
        'campaigns',
        'casebooks',
        'coas',
      ],
      ...['data_tables', 'feedbacks', 'identity_assertions', 'incidents', 'indicators', 'investigations', 'judgements'],
      ...[
        'malwares',
        'notes',
        'relationships',
        'sightings',
        'target_records',
        'tools',
        'vulnerabilities',
        'weaknesses',
      ],
    ].sort(),
  );
  assert.deepEqual([...BULK_KINDS.map(({ plural }) => plural)].sort(), Object.keys(ENTITIES).sort());
});

test('§10.1 §10.2 §10.3 §10.6 every kind: posted, read back equal, found, replaced, deleted', async (t) => {
  const session = await started(t);
  for (const { name, plural, putNeeds } of BULK_KINDS) {
    const sent = { ...ENTITIES[plural], ...BASE };
    const created = await call(session, 'POST', `/ctia/${name}`, sent);
    assert.equal(created.status, 201, `${name} ${created.text}`);
    assert.equal(created.headers.get('location'), created.json.id);
    assert.match(created.json.id, new RegExp(`^${session.url}/ctia/${name}/${name}-[0-9a-f-]{36}$`));
    assert.equal(created.json.type, name);
    assert.deepEqual(withoutServerSet(created.json), sent, name);
    assert.deepEqual((await call(session, 'GET', created.json.id)).json, created.json);
    assert.deepEqual((await call(session, 'GET', `/ctia/${name}/external_id/ACME-1`)).json, [created.json], name);
    assert.equal((await call(session, 'GET', `/ctia/${name}/search/count`)).text, '1', name);

    if (putNeeds === undefined) {
      session.clock.step(1000);
      const replaced = await call(session, 'PUT', created.json.id, { ...created.json, external_ids: ['acme-2'] });
      assert.equal(replaced.status, 200, `${name} ${replaced.text}`);
      assert.deepEqual(replaced.json, {
        ...created.json,
        external_ids: ['acme-2'],
        modified: new Date(session.clock.now()).toISOString(),
      });
    }
    const nobody = `/ctia/${name}/${name}-00000000-0000-4000-8000-000000000000`;
    assert.deepEqual(
      [(await call(session, 'GET', nobody)).status, (await call(session, 'DELETE', nobody)).status],
      [404, 404],
    );
    assert.equal((await call(session, 'DELETE', created.json.id)).status, 204);
    assert.equal((await call(session, 'GET', created.json.id)).status, 404);
  }
});

test('§10.4 every kind: what all have in common is checked, in a kind that is otherwise open too', async (t) => {
  const session = await started(t);
  const closed = ['judgement', 'indicator', 'relationship', 'sighting', 'incident', 'casebook', 'feed'];
  for (const { name, plural } of KINDS) {
    const body = ENTITIES[plural] ?? { feed_type: 'indicator', output: 'observables' };
    const spec = await call(session, 'POST', `/ctia/${name}`, { ...body, language: 'x'.repeat(1025) });
    assert.match(spec.text, /"error":"Spec Validation Client Error".*in: \[:language\]/, name);
    const schema = await call(session, 'POST', `/ctia/${name}`, { ...body, revision: 'one', no_such_field: 1 });
    assert.equal(schema.status, 400, name);
    assert.deepEqual(Object.keys(schema.json.errors).sort(), [
      ...(closed.includes(name) ? ['no_such_field'] : []),
      'revision',
    ]);
    const otherType = await call(session, 'POST', `/ctia/${name}`, { ...body, type: 'anything' });
    assert.deepEqual(Object.keys(otherType.json.errors), ['type'], name);
    const patch = await call(session, 'PATCH', `/ctia/${name}/${name}-00000000-0000-4000-8000-000000000000`, {});
    const bare = ['incident', 'note'].includes(name)
      ? ''
      : name === 'casebook'
        ? '{"error":"casebook not found"}'
        : undefined;
    if (bare === undefined) assert.match(patch.headers.get('content-type') ?? '', /^text\/html/, name);
    else assert.deepEqual([patch.status, patch.text], [404, bare], name);
  }
});

test('§10.30 bulk and bundle take every kind, and lose nothing', async (t) => {
  const session = await started(t);
  const listed = (kinds: readonly { plural: string }[]) =>
    Object.fromEntries(kinds.map(({ plural }) => [plural, [{ ...ENTITIES[plural], ...BASE }]]));
  const bulk = await call(session, 'POST', '/ctia/bulk', listed(BULK_KINDS));
  assert.equal(bulk.status, 201);
  for (const { plural } of BULK_KINDS) {
    const [id] = bulk.json[plural];
    assert.equal(typeof id, 'string', `${plural} ${JSON.stringify(id)}`);
    const { json } = await call(session, 'GET', `/ctia/bulk?${plural}=${encodeURIComponent(id)}`);
    assert.deepEqual(withoutServerSet(json[plural][0]), { ...ENTITIES[plural], ...BASE });
  }
  const bundled = BULK_KINDS.filter(({ inBundle }) => inBundle);
  assert.equal(bundled.length, BULK_KINDS.length - 2);
  const other: Session = { url: session.url, token: await session.tokenOf({ org: 'elsewhere' }) };
  const imported = await call(other, 'POST', '/ctia/bundle/import', { source: 'acme', ...listed(bundled) });
  assert.equal(imported.json.results.length, bundled.length);
  for (const { id, type, result } of imported.json.results) {
    assert.equal(result, 'created', type);
    const plural = BULK_KINDS.find(({ name }) => name === type)?.plural ?? '';
    assert.deepEqual(withoutServerSet((await call(other, 'GET', id)).json), { ...ENTITIES[plural], ...BASE });
  }
});

test('§10.32 bulk: an asset’s details and their relationships name transient ids of one request', async (t) => {
  const session = await started(t);
  const { json } = await call(session, 'POST', '/ctia/bulk', {
    relationships: [{ relationship_type: 'related-to', source_ref: 'transient:m', target_ref: 'transient:a' }],
    asset_properties: [{ id: 'transient:p', asset_ref: 'transient:a' }],
    asset_mappings: [
      { id: 'transient:m', asset_ref: 'transient:a' },
      { id: 'transient:n', asset_ref: 'transient:nobody' },
    ],
    assets: [{ id: 'transient:a', title: 'mail gateway' }],
  });
  const [asset] = json.assets;
  const [mapping, failed] = json.asset_mappings;
  for (const id of [mapping, json.asset_properties[0]]) {
    assert.equal((await call(session, 'GET', id)).json.asset_ref, asset);
  }
  const { source_ref: source, target_ref: target } = (await call(session, 'GET', json.relationships[0])).json;
  assert.deepEqual([source, target], [mapping, asset]);
  assert.equal(failed.type, 'realize-entity-error');
  assert.match(failed.error, /^Cannot resolve asset_ref for transient ID: 'transient:nobody'/);
  assert.deepEqual(Object.keys(json.tempids).sort(), ['transient:a', 'transient:m', 'transient:p']);
});

test('§10.9 a kind that is valid for a time gets the bounds it does not bring, others get none', async (t) => {
  const session = await started(t);
  const validTime = async (name: string) =>
    (await call(session, 'POST', `/ctia/${name}`, { title: 'acme' })).json.valid_time;
  for (const name of ['actor', 'asset', 'campaign', 'coa', 'data-table', 'identity-assertion', 'asset-properties']) {
    assert.deepEqual(await validTime(name), {
      start_time: '2026-11-25T08:00:00.000Z',
      end_time: '2525-01-01T00:00:00.000Z',
    });
  }
  for (const name of ['malware', 'tool', 'note', 'vulnerability']) assert.equal(await validTime(name), undefined);
});
