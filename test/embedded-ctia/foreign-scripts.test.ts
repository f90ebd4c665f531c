import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Started, started } from './fixture.ts';
import { askToken, dumps, judgementOf, OBSERVABLE, send, TIMES } from './python-requests.ts';

/** The requests of the scripts that people have for these APIs, byte for byte. They take an answer apart in their own ways. */
/** A script: all three headers always, also where there is no body; the body is what `json.dumps` made. */
function script({ url }: Started, token: string) {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', Accept: 'application/json' };
  return (method: string, path: string, payload?: unknown) =>
    send(
      method,
      path.startsWith('http') ? path : `${url}${path}`,
      headers,
      payload === undefined ? undefined : dumps(payload),
    );
}

test('token: what the module and the scripts read from the answer, and a wrong password', async (t) => {
  const session = await started(t);
  const answer = await askToken(session);
  assert.equal(answer.status, 200);
  // The scripts cut the text: the token comes first, and no blank stands between the quotes.
  const cut = answer.text.split('","')[0]?.split('":"')[1] ?? '';
  assert.equal(cut, answer.json.access_token);
  assert.equal((await script(session, cut)('GET', '/ctia/incident/search?limit=10&offset=0')).status, 200);
  assert.equal((await askToken(session, 'wrong')).status, 401);
});

test('script: an observable is classified, judged, linked to the indicator of its type, and in the feed', async (t) => {
  const session = await started(t);
  const ask = script(session, session.token);
  const title = 'Secure_Firewall_SecureX_Indicator_IPv4';
  const indicator = (await ask('POST', '/ctia/indicator', { producer: 'acme', title })).json.id;
  const feed = await ask('POST', '/ctia/feed', {
    feed_type: 'indicator',
    output: 'observables',
    title: 'Secure_Firewall_SecureX_Feed_IPv4',
    indicator_id: indicator,
    tlp: 'amber',
  });
  const [found] = (await ask('POST', '/iroh/iroh-inspect/inspect', { content: '203.0.113.7' })).json;
  const byTitle = await ask('GET', `/ctia/indicator/search?limit=1&offset=0&query=title:${title}`);
  assert.equal(byTitle.json[0].id, indicator);
  const judgement = await ask('POST', '/ctia/judgement', { ...judgementOf(found.value), valid_time: TIMES });
  assert.equal(judgement.status, 201, judgement.text);
  const link = await ask('POST', '/ctia/relationship', {
    description: 'Relationship for linking observable to feed',
    schema_version: '1.0.11',
    target_ref: indicator,
    type: 'relationship',
    source: 'XDR Demo',
    title: 'Relationship for linking observable to feed',
    source_ref: judgement.json.id,
    tlp: 'amber',
    timestamp: '2026-11-25T08:00:00Z',
    relationship_type: 'element-of',
  });
  assert.equal(link.status, 201, link.text);
  assert.equal((await send('GET', feed.json.feed_view_url, {})).text, '203.0.113.7');
  // Ids are URLs to them, and a content type without a body is no body.
  assert.deepEqual([(await ask('GET', link.json.id)).status, (await ask('DELETE', link.json.id)).status], [200, 204]);
  assert.equal((await send('GET', feed.json.feed_view_url, {})).text, '');
});

test('script: lists by source, by an id and a reference that are not encoded, in pages that overlap by one', async (t) => {
  const session = await started(t);
  const ask = script(session, session.token);
  const made: string[] = [];
  for (let i = 0; i < 5; i++) made.push((await ask('POST', '/ctia/judgement', judgementOf(`203.0.113.${i}`))).json.id);
  const seen: string[] = [];
  for (let offset = 0, rows = 3; rows === 3; offset += 2) {
    const page = (await ask('GET', `/ctia/judgement/search?source=XDR%20Demo&limit=3&offset=${offset}`)).json;
    rows = page.length;
    for (const { id } of page) if (!seen.includes(id)) seen.push(id);
  }
  assert.deepEqual([...seen].sort(), [...made].sort());
  const one = await ask('GET', `/ctia/judgement/search?id=${made[0]}&limit=1000&offset=0`);
  assert.equal(one.json[0].id, made[0]);
  const link = { relationship_type: 'related-to', source_ref: made[1], target_ref: made[0], source: 'XDR Demo' };
  const { id } = (await ask('POST', '/ctia/relationship', link)).json;
  const links = await ask('GET', `/ctia/relationship/search?target_ref=${made[0]}&limit=1000&offset=0`);
  assert.equal(links.json[0].id, id);
});

test('script: an incident with its sighting goes in by the other host, whose transient ids are external ids too', async (t) => {
  const session = await started(t);
  const ask = script(session, session.token);
  const [sighting, incident] = ['transient:sxo-sighting-bbcde36fe2', 'transient:sxo-incident-bbcde9024f'];
  const bundle = {
    type: 'bundle',
    source: 'XDR Demo',
    source_uri: 'https://www.example.com/index.html',
    relationships: [
      {
        type: 'relationship',
        source: 'XDR Demo',
        relationship_type: 'member-of',
        source_ref: sighting,
        target_ref: incident,
      },
    ],
    sightings: [
      {
        id: sighting,
        type: 'sighting',
        external_ids: [sighting],
        title: 'Endpoint Severe Infection',
        source: 'XDR Demo',
        severity: 'High',
        confidence: 'High',
        observed_time: { start_time: TIMES.start_time },
        sensor: 'endpoint',
        sensor_coordinates: { type: 'endpoint', observables: [{ type: 'device', value: 'Device Identifier' }] },
        observables: [OBSERVABLE],
        relations: [{ source: OBSERVABLE, related: OBSERVABLE, relation: 'Connected_To', origin: 'Sensor XYZ ' }],
        targets: [{ type: 'endpoint', observables: [OBSERVABLE], observed_time: { start_time: TIMES.start_time } }],
      },
    ],
    incidents: [
      {
        title: 'worm',
        confidence: 'Low',
        status: 'New',
        id: incident,
        type: 'incident',
        external_ids: [incident],
        description: '| Incident title | DEMO |\n| -------- |-------- |\n',
        categories: ['Investigation'],
        discovery_method: 'Audit',
        promotion_method: 'Automated',
        incident_time: { opened: TIMES.start_time, discovered: TIMES.start_time },
      },
    ],
  };
  const resultsOf = async (path: string) => {
    const { status, json } = await ask('POST', path, bundle);
    assert.equal(status, 200);
    const results: { type: string; result: string }[] = json.results;
    return Object.fromEntries(results.map(({ type, result }) => [type, result]));
  };
  const first = { sighting: 'created', incident: 'created', relationship: 'created' };
  assert.deepEqual(await resultsOf('/iroh/private-intel/bundle/import?external-key-prefixes=transient:sxo'), first);
  // The link has no external id, and so is made once more.
  const again = { sighting: 'exists', incident: 'exists', relationship: 'created' };
  assert.deepEqual(await resultsOf('/ctia/bundle/import'), again);
  const [found] = (await ask('GET', '/ctia/ip/203.0.113.7/sightings/incidents')).json;
  assert.equal((await ask('GET', found)).json.title, 'worm');
});

test('bodies: a charset in the content type, none at all, and a form where JSON was promised', async (t) => {
  const session = await started(t);
  const authorization = { Authorization: `Bearer ${session.token}` };
  const post = (contentType: string | undefined, body: string) =>
    send(
      'POST',
      `${session.url}/ctia/judgement`,
      { ...authorization, ...(contentType !== undefined && { 'Content-Type': contentType }) },
      body,
    );
  const document = dumps({ ...judgementOf('203.0.113.7'), reason: 'Überfall 例え' });
  for (const type of ['application/json; charset=utf-8', 'application/json;charset=UTF-8', 'Application/JSON']) {
    const { status, json } = await post(type, document);
    assert.deepEqual([status, json?.reason], [201, 'Überfall 例え'], type);
  }
  const none = await post(undefined, document);
  assert.deepEqual([none.status, none.json], [400, { errors: '(not (map? nil))' }]);
  const form = await post('application/json', 'type=judgement&source=XDR+Demo&observable=value');
  assert.deepEqual([form.status, form.json.type], [400, 'json-parse-exception']);
});
