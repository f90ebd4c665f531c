import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredEntity, StoredIncident, StoredSighting } from '../../../src/ctia/stored.ts';
import { renderGraph } from '../../../src/incidents/read/graph.ts';
import type { IncidentReading } from '../../../src/incidents/read/reading.ts';

const OPENED = '2026-11-25T08:00:00.000Z';
const ip = (value: string) => ({ type: 'ip', value });

function readingOf(sightings: object[], title = 'Parcels'): IncidentReading {
  const base = { external_ids: [], groups: [], observed_time: { start_time: OPENED } };
  const indicator: StoredEntity = { id: 'rule', external_ids: [], groups: [], title: 'path traversal' };
  return {
    incident: {
      ...base,
      id: 'i',
      title,
      status: 'New',
      confidence: 'High',
      incident_time: { opened: OPENED },
    } as StoredIncident,
    sightings: sightings.map((it, n) => ({ ...base, id: `s${n}`, ...it }) as StoredSighting),
    others: new Map([['indicators', [indicator]]]),
    ...{ relationships: [], cases: [], gone: [], unreadable: 0 },
  };
}

test('a graph has each thing once however often it was seen, and says how often', () => {
  const server = { type: 'endpoint.server', observables: [ip('192.0.2.10')], observed_time: { start_time: OPENED } };
  const relation = { origin: 'ids', relation: 'Connected_To', source: ip('11.0.0.1'), related: ip('192.0.2.10') };
  const reading = readingOf([
    { title: 'scan', count: 40, observables: [ip('11.0.0.1')], targets: [server], relations: [relation] },
    {
      title: 'scan',
      count: 2,
      observables: [ip('11.0.0.1'), ip('11.0.0.2')],
      targets: [server],
      relations: [relation],
    },
    { title: 'scan', observables: [ip('11.0.0.3')] },
  ]);
  assert.equal(
    renderGraph(reading, new Map(), 'dot'),
    `digraph incident {
  rankdir=LR;
  n0 [label="Parcels" shape=hexagon];
  n1 [label="ip 11.0.0.1" shape=ellipse];
  n2 [label="ip 192.0.2.10" shape=ellipse];
  n3 [label="ip 11.0.0.2" shape=ellipse];
  n4 [label="ip 11.0.0.3" shape=ellipse];
  n5 [label="path traversal" shape=note];
  n1 -> n2 [label="Connected_To ×42"];
  n3 -> n2 [label="scan ×2"];
  n0 -> n4 [label="seen"];
  n0 -> n5 [label="indicator"];
}`,
  );
});

test('what an attacker wrote is no syntax of the graph; of very many edges the most frequent are drawn', () => {
  const hostile = readingOf(
    [{ observables: [{ type: 'url', value: 'http://x/"]; click n0 "javascript:a"\n%%' }] }],
    'a"b\\',
  );
  assert.match(
    renderGraph(hostile, new Map(), 'mermaid'),
    /\n {2}n0\{\{"a#34;b#92;"\}\}\n {2}n1\("url http:\/\/x\/#34;#93;#59; click n0 #34;javascript:a#34; #37;#37;"\)\n/,
  );
  assert.match(renderGraph(hostile, new Map(), 'dot'), /\n {2}n0 \[label="a\\"b\\\\" shape=hexagon\];\n/);
  const many = readingOf(
    Array.from({ length: 400 }, (_, n) => ({ count: n + 1, observables: [ip(`11.0.${n >> 8}.${n & 255}`)] })),
  );
  const drawn = renderGraph(many, new Map(), 'mermaid');
  assert.match(drawn, /^flowchart LR\n {2}%% 101 more, seen less often, are not drawn\n/);
  assert.match(drawn, /seen ×400/);
  assert.doesNotMatch(drawn, /ip 11\.0\.0\.5"/);
});
