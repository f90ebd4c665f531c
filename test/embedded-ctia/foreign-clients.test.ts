import assert from 'node:assert/strict';
import { test } from 'node:test';
import { channel, type Started, started } from './fixture.ts';
import { type Answer, askToken, dumps, judgementOf, OBSERVABLE, quote, send, TIMES } from './python-requests.ts';

/**
 * The requests of a client that nobody here wrote, byte for byte: Cisco's public Python module for these APIs
 * (`threatresponse`). It calls `raise_for_status` on each answer and takes most of them for JSON.
 */
/** The module: only the token and, with a body, the content type; a 401 is answered by one new token and one more try. */
async function threatresponse(session: Started) {
  let token: string = (await askToken(session)).json.access_token;
  return async (method: string, path: string, payload?: unknown): Promise<Answer> => {
    const once = () =>
      send(
        method,
        `${session.url}${path}`,
        { ...(payload !== undefined && { 'Content-Type': 'application/json' }), Authorization: `Bearer ${token}` },
        payload === undefined ? undefined : dumps(payload),
      );
    const first = await once();
    if (first.status !== 401) return first;
    token = (await askToken(session)).json.access_token;
    return once();
  };
}

const shortId = (id: string) => id.slice(id.lastIndexOf('/') + 1);
/** As they are sent: with the type, and a version of the model that is long gone. */
const DOCUMENTS: Record<string, Record<string, unknown>> = {
  actor: { actor_type: 'Hacker', confidence: 'High', title: 'Überfall' },
  asset: { asset_type: 'data', valid_time: TIMES, title: 'laptop' },
  'attack-pattern': { title: 'boot kit' },
  campaign: { campaign_type: 'Critical', title: 'spring' },
  casebook: { title: 'case of Tuesday', observables: [OBSERVABLE], timestamp: '2026-11-24T11:34:18.000Z' },
  coa: { coa_type: 'Diplomatic Actions', title: 'talk' },
  feed: { feed_type: 'indicator', output: 'observables', title: 'feed' },
  incident: { confidence: 'Low', status: 'New', incident_time: { opened: '2026-11-24T00:40:48.212Z' }, title: 'worm' },
  indicator: { producer: 'acme', title: 'list', revision: 0 },
  investigation: { title: 'yesterday', source: 'acme' },
  judgement: { ...judgementOf(OBSERVABLE.value), valid_time: TIMES },
  malware: { labels: ['malware'], title: 'worm' },
  relationship: {
    relationship_type: 'indicates',
    source_ref:
      'https://private.intel.eu.amp.cisco.com:443/ctia/indicator/indicator-11111111-2222-4333-8444-555555555555',
    target_ref: 'https://private.intel.eu.amp.cisco.com:443/ctia/malware/malware-11111111-2222-4333-8444-555555555555',
  },
  sighting: {
    observed_time: { start_time: TIMES.start_time },
    count: 1,
    confidence: 'High',
    observables: [OBSERVABLE],
  },
  tool: { labels: ['tool'], title: 'wrench' },
  vulnerability: { title: 'hole' },
  weakness: { description: 'no checks', likelihood: 'Medium' },
};

test('module: each kind of entity is posted, read by either id, found, counted and deleted', async (t) => {
  const session = await started(t);
  const client = await threatresponse(session);
  for (const [type, document] of Object.entries(DOCUMENTS)) {
    const payload = { schema_version: '1.1.3', external_ids: ['3'], type, ...document };
    const posted = await client('POST', `/ctia/${type}?wait_for=true`, payload);
    assert.equal(posted.status, 201, `${type}: ${posted.text}`);
    if (document.title !== undefined) assert.equal(posted.json.title, document.title);
    const { id } = posted.json;
    for (const spelling of [shortId(id), quote(id)]) {
      const read = await client('GET', `/ctia/${type}/${spelling}`);
      assert.deepEqual([read.status, read.json], [200, posted.json], spelling);
      // One version of the module takes any answer for a text whose content type has the word in it.
      assert.equal(read.contentType?.includes('text'), false);
    }
    const fields = await client('GET', `/ctia/${type}/${quote(id)}?fields=schema_version&fields=revision`);
    assert.equal('schema_version' in fields.json && !('type' in fields.json), true);
    assert.deepEqual((await client('GET', `/ctia/${type}/external_id/3`)).json, [posted.json]);
    assert.deepEqual((await client('GET', `/ctia/${type}/search?id=${shortId(id)}`)).json, [posted.json]);
    assert.deepEqual((await client('GET', `/ctia/${type}/search?id=${quote(id)}`)).json, [posted.json]);
    assert.equal((await client('GET', `/ctia/${type}/search/count`)).json, 1);
    if (type !== 'judgement') {
      const put = await client('PUT', `/ctia/${type}/${quote(id)}`, { ...document, language: 'en' });
      assert.deepEqual([put.status, put.json.language, put.json.id], [200, 'en', id], type);
    }
    const gone = await client('DELETE', `/ctia/${type}/${quote(id)}`);
    assert.deepEqual([gone.status, gone.text], [204, '']);
    const again = await client('DELETE', `/ctia/${type}/${shortId(id)}`);
    assert.deepEqual([again.status, again.text], [404, '']);
    const other = (await client('POST', `/ctia/${type}`, payload)).json.id;
    const all = `id=${shortId(other)}&REALLY_DELETE_ALL_THESE_ENTITIES=true`;
    const removed = await client('DELETE', `/ctia/${type}/search?${all}`);
    assert.deepEqual([removed.status, removed.json], [200, 1]);
    assert.deepEqual((await client('GET', `/ctia/${type}/search?id=${shortId(other)}`)).json, []);
  }
});

test('module: operations of one kind, with a payload where the route takes none', async (t) => {
  const session = await started(t);
  const client = await threatresponse(session);
  const made = async (type: string) => (await client('POST', `/ctia/${type}`, DOCUMENTS[type])).json.id;
  const [judgement, incident, casebook] = [await made('judgement'), await made('incident'), await made('casebook')];
  const expired = await client('POST', `/ctia/judgement/${quote(judgement)}/expire?reason=false+alarm`, {});
  assert.deepEqual([expired.status, expired.json.reason], [200, 'Infection Demo false alarm']);
  assert.equal(
    (await client('PATCH', `/ctia/incident/${quote(incident)}`, { confidence: 'High' })).json.confidence,
    'High',
  );
  assert.equal(
    (await client('POST', `/ctia/incident/${shortId(incident)}/status`, { status: 'Open' })).json.status,
    'Open',
  );
  const linked = await client('POST', `/ctia/incident/${quote(incident)}/link`, { casebook_id: casebook });
  assert.deepEqual([linked.status, linked.json.source_ref], [201, casebook]);
  const body = { operation: 'add', observables: [{ type: 'domain', value: 'evil.example' }] };
  const added = await client('POST', `/ctia/casebook/${shortId(casebook)}/observables`, body);
  assert.equal(added.json.observables.length, 2);
  assert.deepEqual((await client('GET', '/ctia/status')).json, { status: 'ok' });
  assert.equal((await client('GET', '/ctia/version')).json.base, '/ctia');
});

test('module: bulk by lists of ids in the query, a bundle, and what is known of an observable', async (t) => {
  const session = await started(t);
  const client = await threatresponse(session);
  const url = 'https://evil.example/a b?c=d,e;f#g';
  const judgement = { ...judgementOf(url), observable: { type: 'url', value: url } };
  const posted = await client('POST', '/ctia/bulk', { judgements: [judgement], indicators: [DOCUMENTS.indicator] });
  assert.equal(posted.status, 201);
  const ids = { judgements: posted.json.judgements[0], indicators: posted.json.indicators[0] };
  const read = await client(
    'GET',
    `/ctia/bulk?judgements=${quote(ids.judgements)}&indicators=${shortId(ids.indicators)}`,
  );
  assert.deepEqual([read.json.judgements[0].id, read.json.indicators[0].id], [ids.judgements, ids.indicators]);
  const link = { relationship_type: 'element-of', source_ref: ids.judgements, target_ref: ids.indicators };
  const bundle = { type: 'bundle', source: 'acme', relationships: [link] };
  const imported = await client('POST', '/ctia/bundle/import?external-key-prefixes=sxo', bundle);
  assert.deepEqual([imported.status, imported.json.results[0].result], [200, 'created']);
  const at = `/ctia/url/${quote(url)}`;
  assert.equal((await client('GET', `${at}/verdict`)).json.judgement_id, ids.judgements);
  assert.equal((await client('GET', `${at}/judgements`)).json[0].id, ids.judgements);
  assert.deepEqual((await client('GET', `${at}/judgements/indicators`)).json, [ids.indicators]);
  for (const suffix of ['sightings', 'sightings/indicators', 'sightings/incidents']) {
    assert.deepEqual((await client('GET', `${at}/${suffix}`)).json, [], suffix);
  }
  assert.equal((await client('GET', `/ctia/domain/nobody.example/verdict`)).status, 404);
  const both = { judgements: [ids.judgements], indicators: [ids.indicators] };
  const deleted = await client('DELETE', '/ctia/bulk', both);
  assert.deepEqual(deleted.json, {
    judgements: { deleted: [ids.judgements] },
    indicators: { deleted: [ids.indicators] },
  });
});

test('module: the views of a feed with a token that nobody asks for, inspect, and a token that was withdrawn', async (t) => {
  const session = await started(t);
  const client = await threatresponse(session);
  const { feed, indicator } = await channel(session);
  const judgement = await client('POST', '/ctia/judgement', judgementOf('203.0.113.7'));
  const link = { relationship_type: 'element-of', source_ref: judgement.json.id, target_ref: indicator, tlp: 'amber' };
  assert.equal((await client('POST', '/ctia/relationship', link)).status, 201);
  const at = `/ctia/feed/${quote(feed.id)}`;
  const text = await client('GET', `${at}/view.txt?s=${feed.secret}`);
  assert.deepEqual([text.status, text.text], [200, '203.0.113.7']);
  assert.deepEqual((await client('GET', `${at}/view?s=${feed.secret}`)).json, { observables: [OBSERVABLE] });
  const content = "['evil.example.com', '203.0.113.7']";
  const inspected = await client('POST', '/iroh/iroh-inspect/inspect', { content });
  assert.deepEqual(inspected.json, [{ type: 'domain', value: 'evil.example.com' }, OBSERVABLE]);
  session.server.faults.push({ on: { path: /status$/ }, kind: 'token' });
  session.server.requests.reset();
  assert.equal((await client('GET', '/ctia/status')).status, 200);
  assert.equal(session.server.requests.byRoute.get('POST /iroh/oauth2/token'), 1);
  // What lies beside CTIA in production and is no part of it.
  for (const path of ['/iroh/iroh-enrich/health', '/iroh/iroh-enrich/observe/observables']) {
    assert.equal((await client('POST', path, [OBSERVABLE])).status, 404);
  }
});
