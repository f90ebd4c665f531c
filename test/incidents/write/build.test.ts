import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Built, build, type Part } from '../../../src/incidents/write/build.ts';
import { readIncidentFile } from '../../../src/incidents/write/draft.ts';
import { bundleOf, split } from '../../../src/incidents/write/split.ts';

const OPTIONS = { owner: 'acme', source: 'acme', tlp: 'amber', now: Date.parse('2026-11-25T12:00:00Z') } as const;

function buildFrom(file: object, options: Partial<typeof OPTIONS> = {}) {
  const read = readIncidentFile(JSON.stringify(file), 'case.json');
  assert('drafts' in read, JSON.stringify(read));
  return build(read.drafts, { ...OPTIONS, ...options });
}

function builtFrom(file: object, options: Partial<typeof OPTIONS> = {}): Built {
  const built = buildFrom(file, options);
  assert('parts' in built, JSON.stringify(built));
  return built;
}

function problemsFrom(file: object): string {
  const built = buildFrom(file);
  assert('problems' in built, 'it was built');
  return built.problems.map(({ where, message }) => `${where}: ${message}`).join('\n');
}

const seen = (minute: number, more: object = {}) => ({
  observed_time: new Date(Date.UTC(2026, 10, 25, 8, minute)).toISOString(),
  observables: [`203.0.113.${minute}`],
  ...more,
});
const CASE = { title: 'Parcels', sightings: [seen(1), seen(2)], judgements: [{ observable: '203.0.113.1' }] };

function ids(built: Built): string[] {
  return built.parts.map(({ entity }) => entity.external_ids?.[0] ?? '');
}

test('what belongs to an incident is related to it, marked as ours, amber, and has an end', () => {
  const { parts } = builtFrom(CASE);
  assert.deepEqual(
    parts.map(({ plural }) => plural),
    ['incidents', 'sightings', 'sightings', 'judgements', 'relationships', 'relationships', 'relationships'],
  );
  for (const { entity } of parts) {
    assert.match(entity.external_ids?.[0] ?? '', /^acme-(incident|sighting|evidence|member)-[0-9a-f]{64}$/);
    assert.deepEqual([entity.external_ids?.[1], entity.tlp], ['acme-owned', 'amber']);
  }
  const incident = parts[0]?.entity;
  // When the first of it was seen: the same file names the same incident, whenever it is sent.
  assert.deepEqual(incident?.incident_time, { opened: '2026-11-25T08:01:00.000Z' });
  assert.deepEqual([incident?.status, incident?.confidence, incident?.source], ['New', 'Unknown', 'acme']);
  const judgement = parts[3]?.entity;
  assert.deepEqual(judgement?.valid_time, {
    start_time: '2026-11-25T11:55:00.000Z',
    end_time: '2026-12-25T11:55:00.000Z',
  });
  const relations = parts.slice(4).map(({ entity: it }) => [it.relationship_type, it.source_ref, it.target_ref]);
  assert.deepEqual(relations, [
    ['member-of', 'transient:sightings-1', 'transient:incidents-0'],
    ['member-of', 'transient:sightings-2', 'transient:incidents-0'],
    ['related-to', 'transient:judgements-3', 'transient:incidents-0'],
  ]);
});

test('ids tell what is the same: whenever it is sent, in whatever order of keys, and by an id of its author', () => {
  const once = ids(builtFrom(CASE));
  const reordered = { judgements: CASE.judgements, sightings: CASE.sightings, title: 'Parcels' };
  assert.deepEqual(ids(builtFrom(reordered, { now: OPTIONS.now + 86_400_000 } as object)), once);
  assert.notDeepEqual(ids(builtFrom({ ...CASE, sightings: [seen(1), seen(2, { count: 2 })] })), once);
  const named = (count: number) => ids(builtFrom({ ...CASE, sightings: [seen(1, { external_ids: ['ev-1'], count })] }));
  assert.deepEqual(named(1), named(5));
  // Each incident has evidence of its own.
  assert.notEqual(ids(builtFrom({ ...CASE, title: 'Letters' }))[1], once[1]);
  // What was read from somewhere is the same thing there and here, whoever owns it here.
  const [incident] = builtFrom(CASE, { owner: 'globex' } as object).parts;
  const moved = builtFrom({ ...CASE, external_ids: incident?.entity.external_ids });
  assert.equal(ids(moved)[0], once[0]);
  assert.deepEqual(moved.parts[0]?.entity.external_ids?.slice(1), ['acme-owned']);
});

test('two alike in one file are written once; two of one external id that differ are refused', () => {
  const { parts, same } = builtFrom({ ...CASE, sightings: [seen(1), seen(1)] });
  assert.equal(parts.filter(({ plural }) => plural === 'sightings').length, 1);
  assert.deepEqual(same, [{ where: 'case.json sightings[1]', as: 'transient:sightings-1' }]);
  const clash = [seen(1, { external_ids: ['ev-1'] }), seen(2, { external_ids: ['ev-1'] })];
  assert.match(
    problemsFrom({ ...CASE, sightings: clash }),
    /^case\.json sightings\[1\]: .*external id of case\.json sight/,
  );
});

test('nothing is sent that points at what is not there, or that would be in a feed', () => {
  const relation = { relationship_type: 'sighting-of', source_ref: 'scan', target_ref: 'rule' };
  const scan = seen(1, { id: 'scan' });
  const indicator = 'https://ctia.example:443/ctia/indicator/indicator-00000000-0000-4000-8000-000000000001';
  const withRelation = (more: object) => ({
    ...{ title: 'Parcels', sightings: [scan], indicators: [{ id: 'rule', title: 'scans' }] },
    relationships: [{ ...relation, ...more }],
  });
  builtFrom(withRelation({}));
  builtFrom(withRelation({ target_ref: indicator }));
  for (const [more, says] of [
    [{ target_ref: 'rules' }, /relationships\[0\]\.target_ref: "rules" is nothing of this file/],
    [{ target_ref: 'indicator-00000000-0000-4000-8000-000000000001' }, /no whole id of CTIA/],
    [{ relationship_type: 'element-of', target_ref: indicator }, /would publish it in the feeds of that indicator/],
  ] as const)
    assert.match(problemsFrom(withRelation(more)), says);
  assert.match(
    problemsFrom({ ...CASE, sightings: [scan, seen(2, { id: 'scan' })] }),
    /its id scan stands at .*sightings\[0\]/,
  );
  const stray = {
    title: 'x',
    specification: { type: 'Judgement', judgements: ['transient:j'], required_judgements: [] },
  };
  assert.match(problemsFrom({ ...CASE, indicators: [stray] }), /specification\.judgements\.0: transient:j would stay/);
});

test('what is over the limit is split so that no relationship comes before its ends', () => {
  const many = Array.from({ length: 1500 }, (_, n) => seen(n % 60, { count: n + 1 }));
  const { parts } = builtFrom({ title: 'Parcels', sightings: many, indicators: [{ id: 'r', title: 'scans' }] });
  assert.equal(parts.length, 1 + 1 + 1500 + 1501);
  const sizes = (max: number) => split(parts, max).map(({ length }) => length);
  assert.deepEqual(sizes(2000), [1999, 1004]);
  for (const max of [1, 2, 3, 7, 100, 2000, 5000]) {
    const requests = split(parts, max);
    assert.equal(requests.flat().length, parts.length);
    const written = new Map<string, string>();
    for (const request of requests) {
      assert(request.length <= max);
      checkReferences(request, written);
      for (const { entity } of request) written.set(entity.id, `real ${entity.id}`);
    }
  }
});

function checkReferences(request: readonly Part[], written: ReadonlyMap<string, string>): void {
  const here = new Set(request.map(({ entity }) => entity.id));
  for (const it of (bundleOf(request, 'acme', written).relationships ?? []) as Record<string, string>[]) {
    for (const ref of [it.source_ref, it.target_ref]) assert(here.has(ref ?? '') || ref?.startsWith('real '), ref);
  }
}
