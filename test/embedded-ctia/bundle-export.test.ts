import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ENTITIES, withoutServerSet } from './entities.ts';
import { call, channel, judgement, link, pairs, type Session, started } from './fixture.ts';

type Document = Record<string, unknown> & { id: string };
type Bundle = Record<string, Document[]> & { type: string; source: string };

async function create(session: Session, kind: string, document: object): Promise<Document> {
  const { status, json, text } = await call(session, 'POST', `/ctia/${kind}`, document);
  assert.equal(status, 201, text);
  return json;
}

async function exported(session: Session, ids: readonly string[], query = ''): Promise<Bundle> {
  const asked = new URLSearchParams(ids.map((id): [string, string] => ['ids', id]));
  const got = await call(session, 'GET', `/ctia/bundle/export?${asked}${query}`);
  assert.equal(got.status, 200, got.text);
  const posted = await call(session, 'POST', `/ctia/bundle/export?${query.replace(/^&/, '')}`, { ids });
  assert.equal(posted.status, 200, posted.text);
  assert.deepEqual(sorted(posted.json), sorted(got.json), 'GET and POST say the same');
  return got.json;
}

/** Collections are sets. */
function sorted(bundle: Bundle): object {
  const byId = (a: Document, b: Document) => (a.id < b.id ? -1 : 1);
  return Object.fromEntries(
    Object.entries(bundle).map(([key, value]) => [key, Array.isArray(value) ? [...value].sort(byId) : value]),
  );
}

const idsIn = (bundle: Bundle, plural: string) => (bundle[plural] ?? []).map(({ id }) => id).sort();

function collectionsOf(bundle: Bundle): [plural: string, documents: Document[]][] {
  const { type: _, source: __, ...collections } = bundle;
  return Object.entries(collections);
}

function inOneOrder(document: object): object {
  return Object.fromEntries(Object.entries(document).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** No client may choose an id: those of the entities in the bundle are what it makes transient before it imports. */
function withTransientIds(bundle: Bundle): Bundle {
  let text = JSON.stringify(bundle);
  for (const [, documents] of collectionsOf(bundle))
    for (const { id } of documents) {
      text = text.replaceAll(`"${id}"`, `"transient:${id.slice(id.lastIndexOf('/') + 1)}"`);
    }
  return JSON.parse(text);
}

/** All that a bundle says, but for what each server sets itself: references are what they refer to. */
function meaning(bundle: Bundle): object {
  const said = new Map<string, string>();
  const told = (document: Document) =>
    JSON.stringify(inOneOrder(withoutServerSet(document)), (_, value) => said.get(value) ?? value);
  for (const [plural, documents] of collectionsOf(bundle)) {
    if (plural !== 'relationships') for (const document of documents) said.set(document.id, told(document));
  }
  return Object.fromEntries(collectionsOf(bundle).map(([plural, documents]) => [plural, documents.map(told).sort()]));
}

/** An incident with two sightings, one of which is of an indicator that a judgement is element of. */
async function incidentStory(t: TestContext) {
  const ctia = await started(t);
  const incident = await create(ctia, 'incident', {
    title: 'Parcels',
    confidence: 'High',
    status: 'New',
    incident_time: { opened: '2026-11-25T07:00:00.000Z' },
  });
  const sighting = (value: string) =>
    create(ctia, 'sighting', {
      observed_time: { start_time: '2026-11-25T07:00:00.000Z' },
      confidence: 'High',
      count: 1,
      observables: [{ type: 'ip', value }],
    });
  const [first, second] = [await sighting('198.51.100.7'), await sighting('198.51.100.8')];
  const indicator = await create(ctia, 'indicator', { producer: 'acme', title: 'Parcels seen' });
  const judged = await create(ctia, 'judgement', judgement('198.51.100.7'));
  const relate = (type: string, source: Document, target: Document) =>
    create(ctia, 'relationship', link(source.id, target.id, { relationship_type: type }));
  const members = [await relate('member-of', first, incident), await relate('member-of', second, incident)];
  const seen = await relate('sighting-of', first, indicator);
  const element = await relate('element-of', judged, indicator);
  return { ctia, incident, first, second, indicator, judged, members, seen, element };
}

test('export: an entity, the relationships from and to it, and what stands at their other ends: one hop', async (t) => {
  const { ctia, incident, first, second, members } = await incidentStory(t);
  const bundle = await exported(ctia, [incident.id]);
  assert.deepEqual(Object.keys(bundle).sort(), ['incidents', 'relationships', 'sightings', 'source', 'type']);
  assert.equal(bundle.type, 'bundle');
  assert.equal(bundle.source, 'ctia');
  assert.deepEqual(bundle.incidents, [incident]);
  assert.deepEqual(idsIn(bundle, 'sightings'), [first.id, second.id].sort());
  assert.deepEqual(idsIn(bundle, 'relationships'), members.map(({ id }) => id).sort());
});

test('export: several ids in one bundle, each entity once', async (t) => {
  const { ctia, incident, first, second, indicator, judged, members, seen, element } = await incidentStory(t);
  const bundle = await exported(ctia, [incident.id, indicator.id, incident.id]);
  assert.deepEqual(idsIn(bundle, 'judgements'), [judged.id]);
  assert.deepEqual(idsIn(bundle, 'sightings'), [first.id, second.id].sort());
  assert.deepEqual(idsIn(bundle, 'relationships'), [...members, seen, element].map(({ id }) => id).sort());
});

test('export: direction and kinds of the relationships', async (t) => {
  const { ctia, incident, first, indicator, members, seen } = await incidentStory(t);
  const from = await exported(ctia, [first.id], '&related_to=source_ref');
  assert.deepEqual(idsIn(from, 'relationships'), [members[0]?.id, seen.id].sort());
  const to = await exported(ctia, [first.id], '&related_to=target_ref');
  assert.deepEqual(Object.keys(to).sort(), ['sightings', 'source', 'type']);
  const toIndicators = await exported(ctia, [first.id], '&target_type=indicator');
  assert.deepEqual(idsIn(toIndicators, 'relationships'), [seen.id]);
  assert.deepEqual(idsIn(toIndicators, 'indicators'), [indicator.id]);
  const either = await exported(ctia, [first.id], '&target_type=indicator&target_type=incident');
  assert.deepEqual(idsIn(either, 'incidents'), [incident.id]);
  const fromJudgements = await exported(ctia, [indicator.id], '&source_type=judgement');
  assert.equal(fromJudgements.sightings, undefined);
  assert.equal(fromJudgements.judgements?.length, 1);
});

test('export: include_related_entities=false leaves the entities alone', async (t) => {
  const { ctia, incident } = await incidentStory(t);
  const bundle = await exported(ctia, [incident.id], '&include_related_entities=false');
  assert.deepEqual(bundle, { type: 'bundle', source: 'ctia', incidents: [incident] });
});

test('export: of a short id the record and none of its relationships; an unknown id is left out; no id is an empty bundle', async (t) => {
  const { ctia, incident } = await incidentStory(t);
  const short = incident.id.slice(incident.id.lastIndexOf('/') + 1);
  assert.deepEqual(await exported(ctia, [short]), { type: 'bundle', source: 'ctia', incidents: [incident] });
  const unknown = 'incident-00000000-0000-4000-8000-000000000000';
  assert.deepEqual(await exported(ctia, [unknown, 'nonsense']), { type: 'bundle', source: 'ctia' });
  const none = await call(ctia, 'POST', '/ctia/bundle/export', { ids: [] });
  assert.deepEqual(none.json, { type: 'bundle', source: 'ctia' });
});

test('export: what was deleted, is on another host or is not readable is left out, and its relationship stays', async (t) => {
  const { ctia, indicator, judged, element, first, seen } = await incidentStory(t);
  await call(ctia, 'DELETE', judged.id);
  const foreign = 'https://private.intel.example/ctia/judgement/judgement-00000000-0000-4000-8000-00000000000f';
  const away = await create(ctia, 'relationship', link(foreign, indicator.id));
  const other = { url: ctia.url, token: await ctia.tokenOf({ org: 'other', login: 'eve' }) };
  const green = await create(other, 'judgement', judgement('198.51.100.9', { tlp: 'amber' }));
  const theirs = await create(other, 'relationship', link(green.id, indicator.id, { tlp: 'green' }));

  const bundle = await exported(ctia, [indicator.id]);
  assert.equal(bundle.judgements, undefined);
  assert.deepEqual(idsIn(bundle, 'sightings'), [first.id]);
  assert.deepEqual(idsIn(bundle, 'relationships'), [seen, element, away, theirs].map(({ id }) => id).sort());
  const amber = await create(ctia, 'indicator', { producer: 'acme', title: 'ours alone', tlp: 'amber' });
  assert.deepEqual(await exported(other, [amber.id]), { type: 'bundle', source: 'ctia' });
});

test('export: at most a thousand relationships of each id, the newest first', async (t) => {
  const ctia = await started(t);
  const indicator = await create(ctia, 'indicator', { producer: 'acme', title: 'many' });
  const importing = '/ctia/bundle/import?external-key-prefixes=acme-judgement-,acme-link-';
  await call(ctia, 'POST', importing, pairs(999, indicator.id));
  ctia.clock.step(1000);
  await call(ctia, 'POST', importing, pairs(2, indicator.id, 1000));
  const bundle = await exported(ctia, [indicator.id]);
  assert.equal(bundle.relationships?.length, 1000);
  const values = new Set((bundle.judgements ?? []).map(({ external_ids: ids }) => (ids as string[])[0]));
  assert.ok(values.has('acme-judgement-1000-0') && values.has('acme-judgement-1001-0'));
});

test('export: a bundle that was exported imports into another server without loss', async (t) => {
  const { ctia, incident, indicator } = await incidentStory(t);
  const bundle = await exported(ctia, [incident.id, indicator.id]);
  const there = await started(t);
  const { status, json, text } = await call(there, 'POST', '/ctia/bundle/import', withTransientIds(bundle));
  assert.equal(status, 200, text);
  assert.ok(
    json.results.length >= 8 && json.results.every(({ result }: { result: string }) => result === 'created'),
    text,
  );
  const ids = json.results.map(({ id }: { id: string }) => id);
  const back = await exported(there, ids, '&include_related_entities=false');
  for (const plural of ['incidents', 'sightings', 'indicators', 'judgements', 'relationships'])
    assert.equal(back[plural]?.length, bundle[plural]?.length, plural);
  assert.deepEqual(meaning(back), meaning(bundle));
});

test('export: one organisation hands a bundle to another on the same server, whatever its tlp', async (t) => {
  const ctia = await started(t);
  const amber = { tlp: 'amber' };
  const indicator = await create(ctia, 'indicator', { producer: 'acme', title: 'Parcels', ...amber });
  const judged = await create(ctia, 'judgement', judgement('198.51.100.7', { external_ids: ['acme-1'], ...amber }));
  await create(ctia, 'relationship', link(judged.id, indicator.id, amber));
  const bundle = await exported(ctia, [indicator.id]);

  const partner = { url: ctia.url, token: await ctia.tokenOf({ org: 'partner', login: 'eve' }) };
  assert.deepEqual(await exported(partner, [indicator.id]), { type: 'bundle', source: 'ctia' }, 'not by itself');
  const { json } = await call(partner, 'POST', '/ctia/bundle/import', withTransientIds(bundle));
  // What the other organisation may not read does not count as existing.
  assert.deepEqual(
    json.results.map(({ result }: { result: string }) => result),
    ['created', 'created', 'created'],
  );
  const theirs = json.results.find(({ type }: { type: string }) => type === 'indicator').id;
  const back = await exported(partner, [theirs]);
  assert.deepEqual(meaning(back), meaning(bundle));
  assert.ok(back.judgements?.every(({ groups }) => String(groups) === 'partner'));
});

test('export: a bundle keeps every kind that bulk requests know; casebooks and investigations are no part of an import', async (t) => {
  const ctia = await started(t);
  const { json: created } = await call(
    ctia,
    'POST',
    '/ctia/bulk',
    Object.fromEntries(Object.entries(ENTITIES).map(([plural, document]) => [plural, [document]])),
  );
  const bundle = await exported(
    ctia,
    Object.keys(ENTITIES).map((plural) => created[plural][0]),
  );
  for (const [plural, document] of Object.entries(ENTITIES)) {
    const [found, ...more] = bundle[plural] ?? [];
    assert.deepEqual(more, [], plural);
    const { timestamp: _, tlp: __, ...said } = withoutServerSet(found ?? {});
    assert.deepEqual(said, document, plural);
  }
  const { casebooks, investigations, ...importable } = withTransientIds(bundle);
  assert.equal(casebooks?.length, 1);
  assert.equal(investigations?.length, 1);
  const there = await started(t);
  const { status, json, text } = await call(there, 'POST', '/ctia/bundle/import', importable);
  assert.equal(status, 200);
  assert.ok(
    json.results.every(({ result }: { result: string }) => result === 'created'),
    text,
  );
  const back = await exported(
    there,
    json.results.map(({ id }: { id: string }) => id),
    '&include_related_entities=false',
  );
  const { casebooks: _, investigations: __, ...told } = bundle;
  assert.deepEqual(meaning(back), meaning(told as Bundle));
});

test('export: a feed, whose secret whoever reads it learns, is in no bundle, nor is what relates to it followed there', async (t) => {
  const ctia = await started(t);
  const { feed, indicator } = await channel(ctia);
  const related = await create(ctia, 'relationship', link(indicator, feed.id, { relationship_type: 'related-to' }));
  const bundle = await exported(ctia, [feed.id, indicator]);
  assert.deepEqual(Object.keys(bundle).sort(), ['indicators', 'relationships', 'source', 'type']);
  assert.deepEqual(bundle.relationships, [related]);
});

test('export: who may not read every kind is refused, and so is a query that is none', async (t) => {
  const ctia = await started(t);
  const judgementsOnly = { url: ctia.url, token: await ctia.tokenOf({ scopes: ['private-intel/judgement:read'] }) };
  const refused = await call(judgementsOnly, 'GET', '/ctia/bundle/export?ids=x');
  assert.equal(refused.status, 403);
  assert.equal(refused.json.error, 'missing_capability');
  assert.equal((await call(ctia, 'GET', '/ctia/bundle/export')).status, 400);
  assert.equal((await call(ctia, 'GET', '/ctia/bundle/export?ids=x&related_to=sideways')).status, 400);
  assert.ok(refused.json.capabilities.includes('read-casebook'));
  assert.ok(refused.json.capabilities.includes('list-attack-patterns'));
  const reader = { url: ctia.url, token: await ctia.tokenOf({ scopes: ['private-intel:read'] }) };
  assert.equal((await call(reader, 'GET', '/ctia/bundle/export?ids=x')).status, 200);
  const none = await call(ctia, 'GET', '/ctia/bundle/export');
  assert.deepEqual([none.status, none.json], [400, { errors: { ids: 'missing-required-key' } }]);
  const body = await call(ctia, 'POST', '/ctia/bundle/export', { ids: [], more: 1 });
  assert.deepEqual([body.status, body.json], [400, { errors: { more: 'disallowed-key' } }]);
  for (const query of ['more=1', 'include_related_entities=1', 'source_type=relationship', 'target_type=verdict']) {
    assert.equal((await call(ctia, 'GET', `/ctia/bundle/export?ids=x&${query}`)).status, 400, query);
    assert.equal((await call(ctia, 'POST', `/ctia/bundle/export?${query}`, { ids: ['x'] })).status, 400, query);
  }
  assert.equal((await call(ctia, 'POST', '/ctia/bundle/export', {})).status, 400);
});
