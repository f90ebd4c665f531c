import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Entity, PLURALS } from '../../../src/ctim/bundle.ts';
import { readIncident, readRelations } from '../../../src/incidents/read/reading.ts';
import { build } from '../../../src/incidents/write/build.ts';
import { bundleOfCopy, copyOf } from '../../../src/incidents/write/copy.ts';
import { readIncidentFile } from '../../../src/incidents/write/draft.ts';
import { importBuilt, type PartResult } from '../../../src/incidents/write/import.ts';
import { ENTITIES, withoutServerSet } from '../../embedded-ctia/entities.ts';
import { withReferences } from '../../embedded-ctia/references.ts';
import { OWNER, type Tenant, tenant } from '../../reconcile/tenant.ts';

const EXAMPLES = path.resolve('..', 'shared', 'data', 'ctim');

async function sent(world: Tenant, bundle: object, owner = OWNER): Promise<readonly PartResult[]> {
  const read = readIncidentFile(JSON.stringify(bundle), 'bundle.json');
  assert('drafts' in read, JSON.stringify(read));
  const client = world.client();
  await client.identity();
  const built = build(read.drafts, { owner, source: owner, tlp: 'amber', now: client.serverNow() });
  assert('parts' in built, JSON.stringify(built));
  return (await importBuilt({ client, clock: world.time.clock, owner, exclusively: (work) => work() }, built, owner))
    .results;
}

/** What its author said of it; our own ids beside it. */
function saidOf(entity: Record<string, unknown>): Record<string, unknown> {
  const { external_ids: ids = [], type: _, ...rest } = withoutServerSet(entity);
  const others = (ids as string[]).filter(
    (id) => !/^[a-z]+-(?:owned|(?:incident|sighting|member|evidence)-[0-9a-f]{64})$/.test(id),
  );
  return { ...rest, ...(others.length > 0 && { external_ids: others }) };
}

/** Sent, read back, printed as a file, sent under another owner to another tenant, and read back there: always the same. */
async function checkRoundTrip(t: TestContext, bundle: Record<string, unknown>): Promise<void> {
  const [here, there] = [await tenant(t), await tenant(t)];
  const results = await sent(here, bundle);
  assert.deepEqual(
    results.filter(({ result }) => result !== 'created'),
    [],
  );
  for (const { id, where } of results) {
    const [, plural, n] = /^bundle\.json (\w+)\[(\d+)\]$/.exec(where) ?? [];
    if (plural === undefined) continue;
    const said = (bundle[plural] as Record<string, unknown>[])[Number(n)] ?? {};
    const { json } = await here.call('GET', new URL(id ?? '').pathname);
    const { source_ref: _, target_ref: _target, ...itself } = saidOf(said);
    assert.deepEqual({ ...saidOf(json), ...itself }, saidOf(json), where);
  }
  const incident = results.find(({ plural }) => plural === 'incidents')?.id ?? '';
  const printed = await printedFrom(here, incident);
  const copied = await sent(there, printed, 'globex');
  assert.deepEqual(
    copied.filter(({ result }) => result !== 'created'),
    [],
  );
  const again = await printedFrom(there, copied.find(({ plural }) => plural === 'incidents')?.id ?? '');
  assert.deepEqual(contents(again), contents(printed));
}

async function printedFrom(world: Tenant, id: string): Promise<Record<string, unknown>> {
  const client = world.client();
  const reading = await readIncident(client, id);
  return { ...bundleOfCopy(await copyOf(client, reading, await readRelations(client, reading))) };
}

/** Without ids, which are each tenant's own, and without ends of relationships, which are such ids; in one order. */
function contents(bundle: Record<string, unknown>): unknown {
  const texts = (plural: string) =>
    ((bundle[plural] as Entity[] | undefined) ?? []).map((it) => {
      const { source_ref: _, target_ref: _target, ...rest } = saidOf(it);
      return JSON.stringify(Object.fromEntries(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1))));
    });
  return Object.fromEntries(PLURALS.map((plural) => [plural, texts(plural).sort()]));
}

test('a bundle with every field of a sighting, an incident, a judgement and an indicator comes back as it was sent', async (t) => {
  const { incidents, sightings, judgements, indicators, malwares } = ENTITIES;
  const relationships = [
    { relationship_type: 'member-of', source_ref: 's', target_ref: 'i', title: 'seen in it' },
    { relationship_type: 'indicates', source_ref: 'r', target_ref: 'm' },
    { relationship_type: 'related-to', source_ref: 'm', target_ref: 'i' },
  ];
  await checkRoundTrip(t, {
    ...{
      type: 'bundle',
      source: 'acme',
      incidents: [{ ...incidents, id: 'i' }],
      sightings: [{ ...sightings, id: 's' }],
    },
    ...{ judgements: [judgements], indicators: [{ ...indicators, id: 'r' }], malwares: [{ ...malwares, id: 'm' }] },
    relationships,
  });
});

test(
  'CTIM’s own bundle, with every kind and field, comes back as it was sent',
  existsSync(EXAMPLES) ? {} : { skip: 'needs ../shared/data' },
  async (t) => {
    const { id: _, ...bundle } = JSON.parse(readFileSync(path.join(EXAMPLES, 'bundle.json'), 'utf8'));
    for (const plural of PLURALS) {
      // Bare words stand where ids and references belong.
      if (plural in bundle) bundle[plural] = bundle[plural].map((it: Entity) => withReferences({ ...it, id: plural }));
    }
    bundle.relationships = PLURALS.filter((plural) => plural in bundle && !/incidents|relationships/.test(plural)).map(
      (plural) => ({
        ...bundle.relationships[0],
        external_ids: [plural],
        source_ref: plural,
        target_ref: 'incidents',
        id: undefined,
      }),
    );
    await checkRoundTrip(t, bundle);
  },
);
