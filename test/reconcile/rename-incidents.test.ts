import assert from 'node:assert/strict';
import { test } from 'node:test';
import { build } from '../../src/incidents/write/build.ts';
import { readIncidentFile } from '../../src/incidents/write/draft.ts';
import { importBuilt } from '../../src/incidents/write/import.ts';
import { readOwnedBy, renameOwner } from '../../src/reconcile/rename-owner.ts';
import { ENTITIES } from '../embedded-ctia/entities.ts';
import { assertVerified, externalIds, type Json, OWNER, type Tenant, tenant } from './tenant.ts';

const KINDS = ['incident', 'sighting', 'judgement', 'indicator', 'malware', 'relationship'];

async function documents(world: Tenant): Promise<Map<string, Json>> {
  const all = [];
  for (const kind of KINDS) all.push((await world.call('GET', `/ctia/${kind}/search?limit=100&sort_by=id`)).json);
  return new Map((all.flat() as Json[]).map((it) => [it.id, it]));
}

function withoutTimes({ modified: _, timestamp: __, ...rest }: Json): object {
  return rest;
}

test('what belongs to incidents becomes the other owner’s too, whole: no field is lost that no sync knows', async (t) => {
  const world = await tenant(t);
  assertVerified(await world.sync('tor 11.0.0.1'));
  const { incidents, sightings, judgements, indicators, malwares } = ENTITIES;
  const client = world.client();
  await client.identity();
  const bundle = {
    ...{ type: 'bundle', incidents: [incidents], sightings: [sightings], malwares: [malwares] },
    ...{ judgements: [{ ...judgements, reason_uri: 'https://case.example/7' }], indicators: [indicators] },
  };
  const read = readIncidentFile(JSON.stringify(bundle), 'bundle.json');
  assert('drafts' in read);
  const built = build(read.drafts, { owner: OWNER, source: OWNER, tlp: 'amber', now: client.serverNow() });
  assert('parts' in built);
  const work = { client, clock: world.time.clock, exclusively: <T>(it: () => Promise<T>) => it() };
  await importBuilt({ ...work, owner: OWNER }, built, OWNER);
  const before = await documents(world);

  const renamed = await renameOwner(
    { ...work, from: 'acme', to: 'globex' },
    await readOwnedBy(client, 'acme', 'globex'),
  );
  assert.deepEqual([renamed.ofIncidents, renamed.judgements, renamed.links], [8, 1, 1]);
  const after = await documents(world);
  let parts = 0;
  for (const [id, document] of after) {
    const was = before.get(id);
    assert.ok(was);
    assert(externalIds(document).includes('globex-owned'), id);
    if (!externalIds(was).some((it) => /^acme-(?:incident|sighting|member|evidence)-/.test(it))) continue;
    const external_ids = externalIds(was).map((it) => it.replace(/^acme-/, 'globex-'));
    assert.deepEqual(withoutTimes(document), withoutTimes({ ...was, external_ids }));
    parts += 1;
  }
  assert.equal(parts, 8);
});
