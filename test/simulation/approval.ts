import assert from 'node:assert/strict';
import type { Report } from '../../src/reconcile/report.ts';
import type { Chance } from './chance.ts';
import { ordinary } from './edits.ts';
import { filesOf, IPS, type Lists, wantedOf } from './lists.ts';
import { headOf, type Scene, toldOf, watchedRun } from './scene.ts';

const DAY = 24 * 3_600_000;
/** In no list and no allow entry of a story: to put it in or out is another plan. */
const ANOTHER = '203.0.113.200';
const AT_ONCE_MS = 5000;

/**
 * A person plans, looks, and approves exactly what they saw, over whatever limit it is. Sometimes somebody else's commit
 * comes between: then it is another plan, and nothing of it is applied.
 */
export async function approveByDigest(scene: Scene, chance: Chance): Promise<Report> {
  const { world, auditor, say, isBroken, lists } = scene;
  if (!isBroken && chance.happens(0.6)) commitLarge(scene);
  // What an interrupted run wrote a moment ago is seen by now.
  world.step(1000);
  const plannedAt = world.now();
  const wanted = wantedText(scene);
  const plan = await world.plan(headOf(scene));
  say(`somebody plans: ${plan.digest}${plan.held.map(({ rule }) => `, held: ${rule}`).join('')}`);
  const moved = !isBroken && chance.happens(0.4);
  if (moved) commitAnother(scene, lists);
  const before = await auditor.views();
  const report = await watchedRun(scene, { digest: plan.digest });
  say(`run, approved ${plan.digest}: ${toldOf(report)}`);
  // Who waited for a quota, or saw an end go by, may rightly find another plan.
  const atOnce = world.now() - plannedAt < AT_ONCE_MS && (moved || wantedText(scene) === wanted);
  const rules = report.held.map(({ rule }) => rule);
  if (moved || isBroken) {
    assert.ok(
      rules.includes(moved ? 'other-plan' : 'problems'),
      `approved was another plan, and it is ${report.result}`,
    );
    if (atOnce) assert.deepEqual(await auditor.views(), before, 'not approved, and the feeds changed');
  } else if (atOnce && Math.floor(plannedAt / DAY) === Math.floor(world.now() / DAY)) {
    assert.deepEqual(report.held, [], 'approved, and the plan is the same');
  }
  return report;
}

/** Over the limits of the settings, one way or the other. */
function commitLarge({ commits, auditor, say, lists, byHand, world }: Scene): void {
  const those = ordinary(lists).flatMap(([, list]) => (list.channel === 'firewall-block' ? [list] : []));
  const all = wantedOf(lists, byHand, world.now()).get('firewall-block/ip')?.size ?? 0;
  const empties = all > IPS.length / 2;
  for (const { entries } of those) {
    if (empties) entries.clear();
    else for (const ip of IPS) entries.set(ip, {});
  }
  const n = headOf({ commits }).n + 1;
  commits.push({ n, files: filesOf(lists) });
  say(`commit ${n}: ${empties ? 'everything out of all block lists' : 'all addresses into all block lists'}`);
  auditor.wants(lists);
}

function commitAnother({ commits, auditor, say }: Scene, lists: Lists): void {
  const [file = '', list] = ordinary(lists).find(([, { channel }]) => channel === 'firewall-block') ?? [];
  if (!list?.entries.delete(ANOTHER)) list?.entries.set(ANOTHER, {});
  const n = headOf({ commits }).n + 1;
  commits.push({ n, files: filesOf(lists) });
  say(
    `commit ${n}, while somebody looks at the plan: ${file}: ${list?.entries.has(ANOTHER) ? '' : 'without '}${ANOTHER}`,
  );
  auditor.wants(lists);
}

/** What the feeds should hold at this moment: without a commit or a deed the clock alone changes it. */
export function wantedText({ lists, byHand, world }: Scene): string {
  return JSON.stringify([...wantedOf(lists, byHand, world.now())].map(([feed, values]) => [feed, [...values]]));
}
