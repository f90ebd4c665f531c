import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adopted, adoptedAndEnded } from '../../src/plan/adopt.ts';
import { makeBatches } from '../../src/plan/batch.ts';
import { computeChanges } from '../../src/plan/changes.ts';
import { findMoves } from '../../src/plan/moves.ts';
import { overviewOf } from '../../src/plan/overview.ts';
import { makePlan } from '../../src/plan/plan.ts';
import { renderPlan } from '../../src/plan/render.ts';
import { BLOCK_IP, entryOf, linesOf, NOW, planText, situation, World } from './situation.ts';

const V = '198.51.100.7';

interface Case {
  readonly row: string;
  readonly desired?: string;
  readonly actual?: string;
  /** What the entry names with `adopt:`. */
  readonly named: string;
  readonly changes: string;
}

const table: Case[] = [
  { row: 'one, in the feed', named: `tor ${V} id=x link`, changes: `adopt tor ${V}: keeps x as g0 link0` },
  { row: 'one, in no feed: its link is made', named: `tor ${V} id=x`, changes: `adopt tor ${V}: keeps x as g0` },
  {
    row: 'several: g 0, 1, …; one stays, the others end with it',
    named: `tor ${V} id=x link\ntor ${V} id=y link\ntor ${V} id=z`,
    changes: `adopt tor ${V}: keeps x as g0 link0, ends y as g1 link1, ends z as g2`,
  },
  {
    row: 'several: the one that is in the feed stays',
    named: `tor ${V} id=x\ntor ${V} id=y link`,
    changes: `adopt tor ${V}: keeps y as g0 link0, ends x as g1`,
  },
  {
    row: 'ours lives in the feed: theirs ends',
    actual: `tor ${V} g0 +6d link0`,
    named: `tor ${V} id=x link`,
    changes: `adopt tor ${V}: ends x as g1 link1`,
  },
  {
    row: 'ours is dead: theirs goes on, with generations that are free',
    actual: `tor ${V} g3 -1d link4 id=j`,
    named: `tor ${V} id=x link`,
    changes: `adopt tor ${V}: keeps x as g5 link5`,
  },
  {
    row: 'ours is dead with a wrong link: that goes, after',
    actual: `tor ${V} g0 -1d wrong0`,
    named: `tor ${V} id=x link`,
    changes: `adopt tor ${V}: keeps x as g1 link1\nunlink wrong0`,
  },
  {
    row: 'beside what nobody named',
    desired: `tor ${V}\nmanual ${V}`,
    named: `tor ${V} id=x link`,
    changes: `create manual ${V} g0 link0\nadopt tor ${V}: keeps x as g0 link0`,
  },
];

for (const succession of [false, true]) {
  for (const { row, desired = `tor ${V}`, actual = '', named, changes } of table) {
    test(`adopt, ${row}${succession ? ' (nothing may be replaced)' : ''}: planning again is empty, the feed holds it before and after`, () => {
      const world = new World();
      world.succession = succession;
      for (const line of linesOf(actual)) world.add(line);
      for (const line of linesOf(named)) world.addForeign(line);
      const before = { ...situation(desired, ''), ...world.situation() };
      const was = world.view(BLOCK_IP);
      const planned = computeChanges(before);
      assert.equal(planText(planned), changes);
      for (const change of planned) {
        world.apply(change);
        for (const value of was) assert.ok(world.view(BLOCK_IP).includes(value), `${value} left the feed`);
      }
      assert.deepEqual(world.view(BLOCK_IP), [V]);
      assert.equal(planText(computeChanges({ ...before, ...world.situation() })), '');
    });
  }
}

test('ours lives in no feed: its link comes first, and theirs ends with the next plan', () => {
  const world = new World();
  world.add(`tor ${V} g0 +6d id=j`);
  world.addForeign(`tor ${V} id=x link`);
  const texts: string[] = [];
  for (let plans = 0; plans < 3; plans += 1) {
    const changes = computeChanges({ ...situation(`tor ${V}`, ''), ...world.situation() });
    texts.push(planText(changes));
    for (const change of changes) world.apply(change);
    assert.deepEqual(world.view(BLOCK_IP), [V]);
  }
  assert.deepEqual(texts, [`link tor ${V} g0 link0`, `adopt tor ${V}: ends x as g1 link1`, '']);
});

function planOf(named: string, actual = '') {
  const world = new World();
  for (const line of linesOf(named)) world.addForeign(line);
  for (const line of linesOf(actual)) world.add(line);
  const base = { owner: 'acme', tenant: 'https://ctia.test (org)', revision: '4f2a9c1', makings: [] };
  return makePlan({ ...base, ...situation(`tor ${V}\ntor 198.51.100.8`, ''), ...world.situation() }, () => []);
}

test('what is adopted neither enters nor leaves its feed; without a link it enters', () => {
  const [linked] = planOf(`tor ${V} id=x link`).feeds;
  assert.deepEqual([linked?.entries, linked?.enters, linked?.leaves], [2, 1, 0]);
  const [unlinked] = planOf(`tor ${V} id=x`).feeds;
  assert.deepEqual([unlinked?.entries, unlinked?.enters, unlinked?.leaves], [2, 2, 0]);
  const [beside] = planOf(`tor ${V} id=x link`, `tor ${V} g0 +6d link0`).feeds;
  assert.deepEqual([beside?.entries, beside?.enters, beside?.leaves], [2, 1, 0]);
});

test('a plan says how many are adopted and which, and its digest is of just these', () => {
  const plan = planOf(`tor ${V} id=x link\ntor ${V} id=y`);
  assert.equal(plan.counts.adopt, 1);
  const budget = { requestsPerHour: 5800, oneByOnePerHour: 700 };
  const nothing = { consumers: new Map(), allowChannels: new Set<string>(), problems: [], notices: [] };
  const parts = { plan, situation: situation('', ''), budget, ...nothing };
  assert.match(
    renderPlan(overviewOf(parts)),
    /^1 adopt:\n {2}~ adopt +firewall-block\/ip {2}198\.51\.100\.7 .* takes over x, y$/m,
  );
  assert.notEqual(planOf(`tor ${V} id=x link\ntor ${V} id=z`).digest, plan.digest);
});

test('a batch of adoptions is one of its own, and counts each judgement and link', () => {
  const { changes } = planOf(`tor ${V} id=x link\ntor ${V} id=y`);
  assert.deepEqual(
    makeBatches(changes).map(({ kind }) => kind),
    ['import', 'adopt'],
  );
  const two = changes.filter(({ kind }) => kind === 'adopt');
  assert.equal(makeBatches([...two, ...two], 6).length, 1);
  assert.equal(makeBatches([...two, ...two], 5).length, 2);
});

test('the document keeps the start, says what it was behind our own reference, and ends', () => {
  const moment = { now: NOW, owner: 'acme', revision: '4f2a9c1' };
  const foreign = {
    id: 'https://ctia.test:443/ctia/judgement/judgement-x',
    words: {
      disposition: 5,
      source: 'securex-orchestration',
      priority: 95,
      severity: 'High',
      confidence: 'High',
      tlp: 'amber',
    },
    externalIds: ['workflow-4711'],
    references: [{ source_name: 'ticket', external_id: '4711' }],
    start: NOW - 400 * 86_400_000,
    end: Date.parse('2525-01-01T00:00:00.000Z'),
    links: [],
  } as const;
  const taken = { foreign, g: 0, links: [] };
  const entry = entryOf(`tor ${V} reason=scanner`);
  const document = adopted(moment, entry, 'aa', taken);
  assert.deepEqual(document.external_ids, ['acme-judgement-aa-0', 'acme-entry-aa', 'acme-owned']);
  assert.equal(document.valid_time.start_time, new Date(foreign.start).toISOString());
  assert.ok(Date.parse(document.valid_time.end_time) < NOW + 8 * 86_400_000);
  assert.deepEqual([document.reason, document.disposition_name, document.id], ['scanner', 'Malicious', foreign.id]);
  assert.deepEqual(document.external_references, [
    { source_name: 'acme/tor', external_id: '4f2a9c1:feeds/tor.yaml:12', description: 'lifetime 7d' },
    {
      source_name: 'securex-orchestration',
      external_id: 'workflow-4711',
      description: 'adopted, was Unknown until 2525-01-01T00:00:00.000Z',
    },
    { source_name: 'ticket', external_id: '4711' },
  ]);
  const ended = adoptedAndEnded(moment, entry, 'aa', { ...taken, g: 1 });
  assert.deepEqual([ended.external_ids[0], ended.reason], ['acme-judgement-aa-1', 'withdrawn 4f2a9c1']);
  assert.ok(Date.parse(ended.valid_time.end_time) < NOW);
});

test('what is adopted adds no addresses to its feed: it is there before', () => {
  const world = new World();
  world.addForeign(`tor ${V} id=x link`);
  const planned = { ...situation(`tor ${V}\ntor 198.51.100.8`, ''), ...world.situation() };
  const { changes } = planOf(`tor ${V} id=x link`);
  const [moves] = findMoves(planned, changes).values();
  assert.deepEqual([...(moves?.entering.keys() ?? [])], ['198.51.100.8']);
});
