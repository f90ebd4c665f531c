import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { countChanges } from '../../src/plan/change.ts';
import type { Situation } from '../../src/plan/changes.ts';
import { type PlanInput, planInSlices } from '../../src/plan/plan.ts';
import { renewalsInSlices } from '../../src/plan/renewals.ts';
import { atOnce, inSlices, SLICE, type Sliced, sorted } from '../../src/plan/slices.ts';
import { DAY, entryOf, judgementOf, situation } from './situation.ts';

test('sorted in slices is sorted at once, and what is equal stays in its order', () => {
  const items = fc.array(fc.record({ key: fc.nat({ max: 9 }), n: fc.nat() }), { maxLength: 60 });
  fc.assert(
    fc.property(items, fc.integer({ min: 1, max: 9 }), (those, slice) => {
      const compare = (a: { key: number }, b: { key: number }) => a.key - b.key;
      assert.deepEqual(atOnce(sorted([...those], compare, slice)), [...those].sort(compare));
    }),
  );
});

const MANY = 100_000;
const LINE = 'tor 198.51.100.7';

/** As many as are in a long list. The planner looks at no value, and takes any h. */
function many(): { desired: Situation['desired']; judgements: Situation['actual']['judgements'] } {
  const entry = entryOf(LINE);
  const judgement = judgementOf(`${LINE} +6d link0`);
  const names = Array.from({ length: MANY }, (_, n) => `${(n * 7919) % MANY}`);
  return {
    desired: new Map(names.map((name) => [name, { ...entry, observable: { type: 'ip', value: name } }])),
    judgements: new Map(
      names.map((name, n) => {
        const observable = { type: 'ip', value: name } as const;
        return [name, [{ ...judgement, id: `j${n}`, h: name, end: judgement.end + n, observable }]];
      }),
    ),
  };
}

/** Does the work in slices; between two of them another's turn came, and none held it up for a second. */
async function gentle<T>(work: Sliced<T>): Promise<T> {
  let turns = 0;
  let longest = 0;
  let spent = stopwatch();
  const result = await inSlices(work, async () => {
    turns += 1;
    longest = Math.max(longest, spent());
    await setImmediate();
    spent = stopwatch();
  });
  longest = Math.max(longest, spent());
  assert.ok(turns >= MANY / SLICE, `${turns} turns`);
  assert.ok(longest < 1000, `one slice took ${longest} ms`);
  return result;
}

/** Ms that this process worked since: what a busy machine takes away is not its own. */
function stopwatch(): () => number {
  const began = process.cpuUsage();
  const beganAt = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(began);
    return Math.min((user + system) / 1000, performance.now() - beganAt);
  };
}

test('a plan of a long list lets others have their turn', async () => {
  const { desired, judgements } = many();
  const dangling = new Map();
  const base = situation('', '');
  const plans: readonly [what: string, counts: object, situation: Situation][] = [
    ['nothing is held', { create: MANY }, { ...base, desired, actual: { judgements: new Map(), dangling } }],
    ['all of it is held', {}, { ...base, desired, actual: { judgements, dangling } }],
    ['nothing is wanted', { withdraw: MANY }, { ...base, desired: new Map(), actual: { judgements, dangling } }],
    [
      'all of it is due',
      { renew: MANY },
      { ...base, now: base.now + 4 * DAY, desired, actual: { judgements, dangling } },
    ],
  ];
  for (const [what, counts, of] of plans) {
    const input: PlanInput = { ...of, owner: 'acme', tenant: 't', revision: 'r', makings: [] };
    const plan = await gentle(planInSlices(input, () => []));
    assert.deepEqual(plan.counts, { ...countChanges([]), ...counts }, what);
  }
});

test('what is due of a long list is found in turns with others, what ends first before the rest', async () => {
  const { judgements } = many();
  const now = situation('', '').now + 4 * DAY;
  const renewing = { actual: { judgements, dangling: new Map() }, now, everyMs: 1000 };
  const due = await gentle(renewalsInSlices(renewing));
  assert.equal(due.length, MANY);
  assert.ok(due.every(({ stored }, n) => n === 0 || (due[n - 1]?.stored.end ?? 0) <= stored.end));
});
