import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Drafts, readIncidentFile, readSightingFile } from '../../../src/incidents/write/draft.ts';

function draftsIn(read: Drafts) {
  assert('drafts' in read, 'problems' in read ? JSON.stringify(read.problems, null, 1) : '');
  return read.drafts;
}

function problemsIn(read: Drafts): string[] {
  assert('problems' in read);
  return read.problems.map(({ where, message }) => `${where} ${message}`);
}

const PARCELS = `title: Parcels
severity: High
sightings:
  - observed_time: 2026-11-25T08:00:00+01:00
    sensor: network.ids
    observables: [203.0.113.7, "hxxps://evil[.]example/a", hostname:web-1]
    targets: [192.0.2.10, { type: endpoint.server, observables: [user:ada] }]
    relations: ["203.0.113.7 Connected_To 192.0.2.10"]
judgements:
  - { observable: 203.0.113.7, disposition_name: Malicious, reason: scans }
`;

test('a file of an incident: short forms are what they stand for, times are UTC, each thing knows its line', () => {
  const [incident, sighting, judgement] = draftsIn(readIncidentFile(PARCELS, 'case.yaml'));
  assert.deepEqual(incident?.entity, { title: 'Parcels', severity: 'High' });
  assert.equal(sighting?.where, 'case.yaml:4:5 sightings[0]');
  assert.deepEqual(sighting?.entity, {
    observed_time: { start_time: '2026-11-25T07:00:00.000Z' },
    sensor: 'network.ids',
    observables: [
      { type: 'ip', value: '203.0.113.7' },
      { type: 'url', value: 'https://evil.example/a' },
      { type: 'hostname', value: 'web-1' },
    ],
    targets: [
      { observables: [{ type: 'ip', value: '192.0.2.10' }] },
      { type: 'endpoint.server', observables: [{ type: 'user', value: 'ada' }] },
    ],
    relations: [
      {
        relation: 'Connected_To',
        source: { type: 'ip', value: '203.0.113.7' },
        related: { type: 'ip', value: '192.0.2.10' },
      },
    ],
  });
  assert.deepEqual(judgement?.entity.observable, { type: 'ip', value: '203.0.113.7' });
});

test('everything that is wrong is told at once, with its place: unknown fields, times, types, vocabularies', () => {
  const problems = problemsIn(
    readIncidentFile(
      `title: Parcels
severty: High
status: Ongoing
sightings:
  - observed_time: { start_time: 2026-11-25, end_time: 2026-11-24 }
    observables: [{ type: adress, value: x }, 256.1.1.1]
  - count: 1
`,
      'case.yaml',
    ),
  );
  assert.match(problems.join('\n'), /case\.yaml:1:1 Unrecognized key: "severty"/);
  assert.match(problems.join('\n'), /case\.yaml:3:9 status "Ongoing": Invalid option: expected one of "Closed"/);
  assert.match(problems.join('\n'), /case\.yaml:5:20 sightings\[0\]\.observed_time it ends before it begins/);
  assert.match(
    problems.join('\n'),
    /case\.yaml:6:27 sightings\[0\]\.observables\[0\]\.type "adress": expected is a type of CTIM/,
  );
  assert.match(problems.join('\n'), /case\.yaml:6:47 sightings\[0\]\.observables\[1\] "256\.1\.1\.1" is no address/);
  assert.match(problems.join('\n'), /case\.yaml:7:5 sightings\[1\]\.observed_time it is missing/);
});

test('JSON is told by its first sign, and places in it are paths', () => {
  const json = JSON.stringify([{ observed_time: 'yesterday' }, { observed_time: '2026-11-25' }]);
  assert.match(
    problemsIn(readSightingFile(json, 'events.json')).join(),
    /^events\.json \[0\]\.observed_time "yesterday"/,
  );
  assert.match(problemsIn(readSightingFile('{ "a": ', 'events.json')).join(), /^events\.json it begins as JSON/);
});

test('sightings come as one, as a list, or in a bundle; a bundle without any is refused', () => {
  const one = { observed_time: '2026-11-25' };
  for (const [form, count] of [
    [one, 1],
    [[one, one], 2],
    [{ sightings: [one] }, 1],
    [{ type: 'bundle', source: 'acme', sightings: [one], verdicts: [{}], sighting_refs: ['x'] }, 1],
  ] as const)
    assert.equal(draftsIn(readSightingFile(JSON.stringify(form), 'x.json')).length, count);
  const none = problemsIn(readSightingFile('{"type": "bundle", "source": "acme", "feeds": []}', 'x.json'));
  assert.match(none.join(), /a bundle has no feeds/);
  assert.match(problemsIn(readSightingFile('{"type": "bundle", "source": "acme"}', 'x.json')).join(), /no sighting/);
});
