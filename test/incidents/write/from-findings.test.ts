import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FoundRule, LogFinding, LogFindings } from '../../../src/incidents/findings.ts';
import { readIncident, readRelations } from '../../../src/incidents/read/reading.ts';
import { build } from '../../../src/incidents/write/build.ts';
import { readIncidentFile } from '../../../src/incidents/write/draft.ts';
import { importBuilt } from '../../../src/incidents/write/import.ts';
import { planRemoval, remove } from '../../../src/incidents/write/removal.ts';
import { ORG, OWNER, type Tenant, tenant } from '../../reconcile/tenant.ts';

const DAY = 24 * 60 * 60 * 1000;
const START = Date.parse('2026-11-24T00:00:00.000Z');

const rule = (name: string, more: Partial<FoundRule> = {}): FoundRule => ({
  ...{ name, title: `Rule ${name}`, description: 'Tries it.', severity: 'High', confidence: 'Medium' },
  ...{ techniques: ['T1190'], ...more },
});
const finding = (attacker: string, of: FoundRule, more: Partial<LogFinding> = {}): LogFinding => ({
  ...{ attacker: { type: 'ip', value: attacker }, rule: of, count: 7 },
  ...{ firstSeen: START + 60_000, lastSeen: START + 120_000, target: { host: 'www.example', paths: ['/a', '/b'] } },
  samples: [{ time: START + 60_000, request: 'GET /a?x=<script> HTTP/1.1', status: 404, userAgent: 'sqlmap' }],
  ...more,
});
const campaign = (day: number, ...findings: LogFinding[]): LogFindings => ({
  source: 'access.log',
  campaign: { start: START + day * DAY, end: START + (day + 1) * DAY },
  findings,
  beyond: { requests: day },
});
const TRAVERSAL = rule('traversal', { severity: 'Critical', techniques: ['T1083'] });
const SCAN = rule('scan');
const LOG = [
  campaign(0, finding('11.0.0.1', TRAVERSAL), finding('11.0.0.1', SCAN), finding('11.0.0.2', SCAN)),
  campaign(1, finding('11.0.0.1', SCAN, { target: { paths: [] } })),
];

async function send(world: Tenant, campaigns: readonly LogFindings[]) {
  // As `incident from-log --json` prints it.
  const read = readIncidentFile(JSON.stringify({ campaigns, proposals: [], counts: {} }), 'findings.json');
  assert('drafts' in read, JSON.stringify(read));
  const client = world.client();
  await client.identity();
  const built = build(read.drafts, { owner: OWNER, source: OWNER, tlp: 'amber', now: client.serverNow() });
  assert('parts' in built, JSON.stringify(built));
  return (
    await importBuilt({ client, clock: world.time.clock, owner: OWNER, exclusively: (work) => work() }, built, OWNER)
  ).results;
}

test('findings of a log: an incident of each campaign, one sighting per attacker and rule, made once', async (t) => {
  const world = await tenant(t);
  const results = await send(world, LOG);
  assert.deepEqual([...new Set(results.map(({ result }) => result))].sort(), ['created', 'exists']);
  const incidents = results.filter(({ plural }) => plural === 'incidents').map(({ id }) => id ?? '');
  assert.equal(incidents.length, 2);
  const client = world.client();
  const [first, second] = [
    await readIncident(client, incidents[0] ?? ''),
    await readIncident(client, incidents[1] ?? ''),
  ];
  assert.equal(first.incident.title, 'Attacks in access.log, 2026-11-24');
  assert.deepEqual([first.incident.severity, first.incident.techniques], ['Critical', ['T1083', 'T1190']]);
  assert.equal(first.incident.incident_time.opened, '2026-11-24T00:01:00.000Z');
  assert.match(second.incident.description ?? '', /^1 attackers, by 1 rules\. 1 more requests were only counted\.$/);
  assert.deepEqual(
    first.sightings.map(({ title, count, observables }) => `${observables?.[0]?.value} ${title} ${count}`).sort(),
    ['11.0.0.1 Rule scan 7', '11.0.0.1 Rule traversal 7', '11.0.0.2 Rule scan 7'],
  );
  const [sighting] = first.sightings;
  assert.deepEqual(sighting?.relations?.[0]?.related, { type: 'hostname', value: 'www.example' });
  assert.deepEqual((sighting?.data?.rows as unknown[][] | undefined)?.[0]?.slice(1), [
    'GET /a?x=<script> HTTP/1.1',
    'sqlmap',
    '',
    404,
  ]);
  // One indicator of a rule, in both incidents.
  const indicators = [first, second].map(({ others }) => (others.get('indicators') ?? []).map(({ id }) => id));
  assert.equal(new Set(indicators.flat()).size, 2);

  const again = await send(world, LOG);
  assert(again.every(({ result }) => result === 'exists'));
  const plan = planRemoval(first, await readRelations(client, first), {
    owner: OWNER,
    organisation: ORG,
    force: false,
  });
  assert('removes' in plan);
  await remove({ client, exclusively: (work) => work() }, plan.removes);
  const left = await readIncident(client, second.incident.id);
  assert.deepEqual([left.sightings.length, left.others.get('indicators')?.length, left.gone], [1, 1, []]);
});

test('while the log grows its sightings do, and nothing else of the incident changes', async (t) => {
  const world = await tenant(t);
  const grown = (count: number, lastSeen: number) => [campaign(0, finding('11.0.0.1', SCAN, { count, lastSeen }))];
  const first = await send(world, grown(7, START + 120_000));
  const id = first.find(({ plural }) => plural === 'incidents')?.id ?? '';
  await world.client().setIncidentStatus(id, 'Open: Investigating');
  const later = await send(world, grown(70, START + 600_000));
  assert.deepEqual(
    later.map(({ plural, result }) => `${plural} ${result}`),
    [
      ...['incidents exists', 'sightings updated', 'indicators exists'],
      ...['relationships exists', 'relationships exists', 'relationships exists'],
    ],
  );
  // A file that was rotated tells of less.
  assert((await send(world, grown(9, START + 120_000))).every(({ result }) => result === 'exists'));
  const { incident, sightings } = await readIncident(world.client(), id);
  assert.deepEqual([incident.status, sightings.length, sightings[0]?.count], ['Open: Investigating', 1, 70]);
  assert.deepEqual(sightings[0]?.observed_time, {
    start_time: '2026-11-24T00:01:00.000Z',
    end_time: '2026-11-24T00:10:00.000Z',
  });
});

test('a file of findings that is none says where', () => {
  const read = readIncidentFile(JSON.stringify({ campaigns: [{ ...LOG[0], findings: [{ count: 0 }] }] }), 'x.json');
  assert('problems' in read);
  assert(read.problems.some(({ where }) => where === 'x.json campaigns[0].findings[0].rule'));
});
