import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCtiaClient } from '../../src/ctia/client.ts';
import type { StoredEntity } from '../../src/ctia/stored.ts';
import { type IncidentReading, readIncident, readRelations } from '../../src/incidents/read/reading.ts';
import { build } from '../../src/incidents/write/build.ts';
import { copyOf } from '../../src/incidents/write/copy.ts';
import { type Draft, readIncidentFile } from '../../src/incidents/write/draft.ts';
import { importBuilt, type PartResult } from '../../src/incidents/write/import.ts';
import { planRemoval, remove } from '../../src/incidents/write/removal.ts';
import { asked, assertVerified, ORG, OWNER, type Tenant, tenant } from '../reconcile/tenant.ts';

const OPENED = '2026-11-25T01:00:00.000Z';

/** So many sightings of one attacker after another, with evidence. */
function campaign(sightings: number, more: object = {}): object {
  return {
    ...{ title: 'Parcels', severity: 'High', incident_time: OPENED, techniques: ['T1190'] },
    sightings: Array.from({ length: sightings }, (_, n) => ({
      observed_time: new Date(Date.parse(OPENED) + n * 60_000).toISOString(),
      title: `scan ${n}`,
      observables: [`11.1.${n >> 8}.${n & 255}`],
      targets: ['192.0.2.10'],
      relations: [`11.1.${n >> 8}.${n & 255} Connected_To 192.0.2.10`],
    })),
    ...more,
  };
}

const EVIDENCE = {
  indicators: [{ id: 'rule', title: 'path traversal', external_ids: ['rule-7'] }],
  judgements: [{ observable: '11.1.0.0', disposition_name: 'Malicious', reason: 'scans' }],
};

function draftsOf(file: object): readonly Draft[] {
  const read = readIncidentFile(JSON.stringify(file), 'case.json');
  assert('drafts' in read, JSON.stringify(read));
  return read.drafts;
}

async function create(world: Tenant, file: object | readonly Draft[], owner = OWNER) {
  const client = world.client();
  await client.identity();
  const drafts = Array.isArray(file) ? (file as readonly Draft[]) : draftsOf(file);
  const built = build(drafts, { owner, source: owner, tlp: 'amber', now: client.serverNow() });
  assert('parts' in built, JSON.stringify(built));
  return importBuilt({ client, clock: world.time.clock, owner, exclusively: (work) => work() }, built, owner);
}

function counts(results: readonly PartResult[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { plural, result } of results) counts[`${plural} ${result}`] = (counts[`${plural} ${result}`] ?? 0) + 1;
  return counts;
}

function incidentIn(results: readonly PartResult[]): string {
  return results.find(({ plural }) => plural === 'incidents')?.id ?? assert.fail('no incident');
}

async function readBack(world: Tenant, id: string): Promise<{ reading: IncidentReading; relations: StoredEntity[] }> {
  const client = world.client();
  const reading = await readIncident(client, id);
  return { reading, relations: await readRelations(client, reading) };
}

async function deleted(world: Tenant, id: string, force = false) {
  const { reading, relations } = await readBack(world, id);
  const plan = planRemoval(reading, relations, { owner: OWNER, organisation: ORG, force });
  assert('removes' in plan, JSON.stringify(plan));
  return {
    ...(await remove({ client: world.client(), exclusively: (work) => work() }, plan.removes)),
    keeps: plan.keeps,
  };
}

async function allOf(world: Tenant, kind: string): Promise<StoredEntity[]> {
  const { json } = await world.call('GET', `/ctia/${kind}/search?limit=10000&sort_by=id`);
  return json as unknown as StoredEntity[];
}

async function left(world: Tenant): Promise<Record<string, number>> {
  const kinds = ['incident', 'sighting', 'judgement', 'indicator', 'relationship'];
  const found: [string, number][] = [];
  for (const kind of kinds) found.push([kind, (await allOf(world, kind)).length]);
  return Object.fromEntries(found.filter(([, count]) => count > 0));
}

test('an incident with 1,500 sightings is created in two requests, read back whole, made once, deleted whole', async (t) => {
  const world = await tenant(t);
  const first = await create(world, campaign(1500));
  assert.deepEqual(counts(first.results), {
    'incidents created': 1,
    'sightings created': 1500,
    'relationships created': 1500,
  });
  assert.deepEqual([first.requests, asked(world, 'POST /ctia/bundle/import')], [2, 2]);
  const id = incidentIn(first.results);

  const { reading } = await readBack(world, id);
  assert.equal(reading.sightings.length, 1500);
  const [opening, closing] = [reading.sightings[0], reading.sightings.at(-1)];
  assert.deepEqual([opening?.title, closing?.title], ['scan 0', 'scan 1499']);
  assert.deepEqual(closing?.targets, [
    {
      type: 'endpoint',
      observables: [{ type: 'ip', value: '192.0.2.10' }],
      observed_time: closing?.observed_time,
    },
  ]);
  assert.deepEqual(reading.gone, []);

  const again = await create(world, campaign(1500));
  assert.deepEqual(counts(again.results), {
    'incidents exists': 1,
    'sightings exists': 1500,
    'relationships exists': 1500,
  });
  const gone = await deleted(world, id);
  assert.deepEqual([gone.deleted, gone.failures, gone.keeps], [3001, [], []]);
  assert.deepEqual(await left(world), {});
});

test('a tenant that takes fewer entities is asked again with its own number; where bulk DELETE is closed each goes by itself', async (t) => {
  const world = await tenant(t, { bulkMax: 7 });
  const { results } = await create(world, campaign(10, EVIDENCE));
  assert.equal(counts(results)['relationships created'], 12);
  const { reading } = await readBack(world, incidentIn(results));
  assert.deepEqual([reading.sightings.length, [...reading.others.keys()].sort()], [10, ['indicators', 'judgements']]);
  assert.deepEqual((await deleted(world, incidentIn(results))).failures, []);
  assert.deepEqual(await left(world), {});

  const again = await create(world, campaign(3));
  const on = { method: 'DELETE', path: /bulk/ };
  world.server.faults.push({ on, kind: 'forbidden', capabilities: ['delete-casebook'], times: 9 });
  // Stopped on the way, the rest is still found by its incident.
  let deletions = 0;
  world.intercept = async (request, send) => {
    if (request.method === 'DELETE' && ++deletions === 4) throw new Error('the machine stops');
    return send(request);
  };
  await assert.rejects(deleted(world, incidentIn(again.results)), /the machine stops/);
  const { deleted: count, failures } = await deleted(world, incidentIn(again.results));
  assert.deepEqual([count, failures, await left(world)], [5, [], {}]);
});

test('each refusal is told with its place, and all else is written; said again it is made once', async (t) => {
  const world = await tenant(t);
  const bad = { observed_time: OPENED, title: 'x', data: { rows: 'none' } };
  const file = campaign(1, { sightings: [bad, { observed_time: OPENED, title: 'good' }] });
  const { results } = await create(world, file);
  assert.deepEqual(counts(results), {
    'incidents created': 1,
    'sightings error': 1,
    'sightings created': 1,
    'relationships error': 1,
    'relationships created': 1,
  });
  const [sighting, relationship] = results.filter(({ result }) => result === 'error');
  assert.equal(sighting?.where, 'case.json sightings[0]');
  assert.match(sighting?.message ?? '', /refused as invalid: .*data/);
  assert.match(relationship?.message ?? '', /not sent: what it relates was refused/);
});

test('entities without an answer are sent again; a relationship to what was deleted since is made anew', async (t) => {
  const world = await tenant(t);
  const on = { method: 'POST', path: /bundle.import/ };
  world.server.faults.push({ on, kind: 'short', drop: 4 }, { on, kind: 'reset-after' });
  const file = campaign(5);
  const { results } = await create(world, file);
  assert.equal(results.filter(({ result }) => result === 'error').length, 0);
  assert.deepEqual(await left(world), { incident: 1, sighting: 5, relationship: 5 });

  const [sighting] = await allOf(world, 'sighting');
  assert.ok(sighting);
  await world.call('DELETE', `${new URL(sighting.id).pathname}?wait_for=true`);
  const { reading } = await readBack(world, incidentIn(results));
  assert.deepEqual(reading.gone, [sighting.id]);
  assert.deepEqual(counts((await create(world, file)).results), {
    'incidents exists': 1,
    'sightings created': 1,
    'sightings exists': 4,
    'relationships created': 1,
    'relationships exists': 4,
  });
  const mended = (await readBack(world, incidentIn(results))).reading;
  assert.deepEqual([mended.sightings.length, mended.gone], [5, []]);
});

test('T16: what others made, what another incident needs, and what a sync holds stays when an incident is deleted', async (t) => {
  const world = await tenant(t);
  assertVerified(await world.sync('tor 11.1.0.0'));
  const [listed] = await allOf(world, 'judgement');
  const foreign = await world.call('POST', '/ctia/sighting?wait_for=true', { observed_time: { start_time: OPENED } });
  const relationships = [listed?.id, foreign.json.id].map((source) => ({
    ...{ relationship_type: 'related-to', source_ref: source, target_ref: 'case' },
  }));
  const file = campaign(2, { id: 'case', relationships });
  const id = incidentIn((await create(world, file)).results);
  // Evidence and links of incidents are nothing that a sync would hold, renew or withdraw.
  assertVerified(await world.sync('tor 11.1.0.0'));
  assert.deepEqual((await world.audit('tor 11.1.0.0')).drift, []);

  const { reading } = await readBack(world, id);
  const shared = reading.sightings.find(({ title }) => title === 'scan 1')?.id ?? '';
  const other = incidentIn((await create(world, { title: 'Letters', incident_time: OPENED })).results);
  const entity = { relationship_type: 'member-of', source_ref: shared, target_ref: other };
  await create(world, [{ plural: 'relationships', entity, where: 'link' }]);

  const { keeps } = await deleted(world, id);
  assert.deepEqual(
    new Map(keeps.map(({ id: kept, why }) => [kept, why])),
    new Map([
      [shared, `it belongs to ${other} too`],
      [listed?.id, 'it is of the lists and feeds, not of an incident'],
      [foreign.json.id, 'it is not ours'],
    ]),
  );
  const after = await left(world);
  assert.deepEqual([after.incident, after.sighting, after.judgement], [1, 2, 1]);
  assert.deepEqual(
    (await readBack(world, other)).reading.sightings.map((it) => it.id),
    [shared],
  );
  assertVerified(await world.sync('tor 11.1.0.0'));

  const theirs = { title: 'x', confidence: 'High', status: 'New', incident_time: { opened: OPENED } };
  const { json } = await world.call('POST', '/ctia/incident?wait_for=true', theirs);
  const read = await readBack(world, json.id);
  const plan = planRemoval(read.reading, read.relations, { owner: OWNER, organisation: ORG, force: false });
  assert('refused' in plan);
  assert.match(plan.refused, /is not ours \(made by colleague\).*--force/);
  assert.equal((await deleted(world, json.id, true)).deleted, 1);
});

test('a copy in another tenant has all its objects, under the owner there; a second copy makes nothing', async (t) => {
  const [here, there] = [await tenant(t), await tenant(t)];
  const sightingOf = { relationship_type: 'sighting-of', source_ref: 'scan', target_ref: 'rule' };
  const sightings = [{ id: 'scan', observed_time: OPENED, observables: ['11.1.0.0'], count: 7 }];
  const file = campaign(0, { ...EVIDENCE, sightings, relationships: [sightingOf] });
  const id = incidentIn((await create(here, file)).results);
  const [judgement] = await allOf(here, 'judgement');
  const { json: feeds } = await here.call('POST', '/ctia/indicator?wait_for=true', { producer: 'acme' });
  const linked = { relationship_type: 'element-of', source_ref: judgement?.id, target_ref: feeds.id, source: 'acme' };
  assert.equal((await here.call('POST', '/ctia/relationship?wait_for=true', linked)).status, 201);

  const { reading, relations } = await readBack(here, id);
  const { drafts } = await copyOf(here.client(), reading, relations);
  const { results } = await create(there, drafts, 'globex');
  assert.equal(results.filter(({ result }) => result === 'created').length, results.length);
  const copied = await readBack(there, incidentIn(results));
  const [sighting] = copied.reading.sightings;
  assert.deepEqual([sighting?.count, sighting?.observables], [7, [{ type: 'ip', value: '11.1.0.0' }]]);
  assert.match(sighting?.external_ids[0] ?? '', /^globex-sighting-/);
  assert.deepEqual(sighting?.external_ids.slice(1), ['globex-owned']);
  const types = [...copied.reading.relationships, ...copied.relations].map((it) => it.relationship_type).sort();
  assert.deepEqual(types, ['member-of', 'related-to', 'related-to', 'sighting-of']);
  assert.deepEqual(copied.reading.others.get('indicators')?.[0]?.external_ids.slice(1), ['globex-owned', 'rule-7']);

  const again = await create(there, drafts, 'globex');
  assert.equal(again.results.filter(({ result }) => result === 'exists').length, results.length);
  assert.equal((await left(there)).relationship, 4);

  // What somebody else made bears no id: two that say the same are two there as well.
  const alike = { observed_time: { start_time: OPENED }, title: 'alike' };
  const theirs = { title: 'Letters', confidence: 'High', status: 'New', incident_time: { opened: OPENED } };
  const { json: incident } = await here.call('POST', '/ctia/incident?wait_for=true', theirs);
  for (let n = 0; n < 2; n++) {
    const { json } = await here.call('POST', '/ctia/sighting?wait_for=true', alike);
    const member = { relationship_type: 'member-of', source_ref: json.id, target_ref: incident.id };
    await here.call('POST', '/ctia/relationship?wait_for=true', member);
  }
  const foreign = await readBack(here, incident.id);
  const copy = await copyOf(here.client(), foreign.reading, foreign.relations);
  assert.equal(counts((await create(there, copy.drafts)).results)['sightings created'], 2);
});

test('by the newer path: imports, statuses, deletions and the incident itself go to the visibility host, all else to CTIA', async (t) => {
  const world = await tenant(t);
  const paths: string[] = [];
  world.intercept = (request, send) => {
    if (!request.url.includes('/oauth2/'))
      paths.push(`${request.method} ${new URL(request.url).pathname.replace(/-[0-9a-f]{8}-[0-9a-f-]{27}/g, '-X')}`);
    return send(request);
  };
  const connection = { ...world.connection, incidentBase: 'private-intel' as const };
  const client = makeCtiaClient({ connection, clock: world.time.clock, patienceMs: 1000 });
  await client.identity();
  const built = build(draftsOf(campaign(1)), { owner: OWNER, source: OWNER, tlp: 'amber', now: client.serverNow() });
  assert('parts' in built);
  const work = { client, clock: world.time.clock, owner: OWNER, exclusively: <T>(it: () => Promise<T>) => it() };
  const id = incidentIn((await importBuilt(work, built, OWNER)).results);
  assert.equal((await client.setIncidentStatus(id, 'Closed')).status, 'Closed');
  const reading = await readIncident(client, id);
  const plan = planRemoval(reading, [], { owner: OWNER, organisation: ORG, force: false });
  assert('removes' in plan);
  assert.equal((await remove(work, plan.removes)).deleted, 3);
  assert.deepEqual(paths, [
    'POST /iroh/private-intel/bundle/import',
    'PATCH /iroh/private-intel/incident/incident-X',
    'GET /iroh/private-intel/incident/incident-X',
    'GET /ctia/relationship/search',
    'GET /ctia/bulk',
    'DELETE /iroh/private-intel/bulk',
  ]);
});
