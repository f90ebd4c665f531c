import assert from 'node:assert/strict';
import { HandRefused, type HandReport } from '../../src/reconcile/by-hand.ts';
import type { Chance } from './chance.ts';
import { type ByHand, covers, DOMAINS, IPS, typeOf } from './lists.ts';
import { oursOf } from './meddling.ts';
import type { Scene } from './scene.ts';

const HOUR = 3_600_000;
const TIMES_MS = [HOUR, 6 * HOUR, 30 * HOUR, 120 * HOUR];
/** What the report of a deed says of its end, and what the clock says. */
const SLACK_MS = 2000;
const CLEAN = 1;
/** In some stories others are let in or kept out on purpose that no list names. */
const VALUES = [...IPS, ...DOMAINS, ...Array.from({ length: 6 }, (_, n) => `203.0.113.${90 + n}`)];

/**
 * A person blocks a value, takes that back, or lets through what a list blocks: whatever plan is held, whatever commit
 * cannot be read. It takes effect before any run, and stays until its end.
 */
export async function actByHand(scene: Scene, chance: Chance): Promise<void> {
  const standing = scene.byHand.filter(({ action, until }) => action === 'block' && until > scene.world.now());
  const blocked = standing.map((it) => it.value);
  if (blocked.length > 0 && chance.happens(0.4)) await takeBack(scene, chance.pick(blocked));
  const value = chance.pick(blocked.length > 0 && chance.happens(0.3) ? blocked : VALUES);
  const forMs = chance.pick(TIMES_MS);
  const channel =
    typeOf(value) === 'ip' ? chance.pick(['firewall-block', 'firewall-block', 'partner']) : 'firewall-block';
  await chance.pick([
    () => block(scene, value, channel, forMs),
    () => block(scene, value, channel, forMs),
    () => takeBack(scene, value),
    () => letThrough(scene, value, forMs),
  ])();
  scene.auditor.wants(scene.lists);
  await scene.auditor.look('after a deed by hand');
}

async function block(scene: Scene, value: string, channel: string, forMs: number): Promise<void> {
  const { world, say, byHand, auditor } = scene;
  const began = world.now();
  const before = await auditor.views();
  const allowed = await allowedByLists(scene, value);
  const letThrough = byHand.filter((it) => it.action === 'allow' && it.value === value);
  // The later word counts, where it is heard.
  drop(byHand, 'allow', value);
  auditor.wants(scene.lists);
  try {
    const report = await world.block(value, channel, forMs);
    const until = endOf(report, began + forMs, world.now() + forMs);
    say(`somebody blocks ${value} in ${channel} for ${forMs / HOUR} hours`);
    assert.deepEqual(allowed, [], 'blocked by hand, and it is allowed');
    put(byHand, { action: 'block', channel, value, until });
    await auditor.promised(`${channel}/${typeOf(value)}`, value, until);
  } catch (error) {
    if (!(error instanceof HandRefused)) throw error;
    say(`somebody blocks ${value}: ${error.message}`);
    assert.notDeepEqual(allowed, [], 'refused by hand, and nothing is allowed');
    assert.deepEqual(await auditor.views(), before, 'refused by hand, and the feeds changed');
    byHand.push(...letThrough);
  }
}

/** What the lists of the last applied commit let through, as the tenant has it. */
async function allowedByLists({ world }: Scene, value: string): Promise<string[]> {
  const now = world.now();
  const allows = (await oursOf(world.colleague, 'judgement')).filter(
    ({ disposition, source, valid_time: { start_time, end_time } }) =>
      disposition === CLEAN && source !== 'adhoc-allow' && Date.parse(start_time) <= now && now <= Date.parse(end_time),
  );
  const values: string[] = allows.map(({ observable }) => observable.value);
  return values.filter((it) => covers(it, value));
}

async function letThrough(scene: Scene, value: string, forMs: number): Promise<void> {
  const { world, say, byHand, auditor } = scene;
  const began = world.now();
  auditor.excuse([value]);
  const report = await world.unblock(value, forMs);
  const until = endOf(report, began + forMs, world.now() + forMs);
  say(`somebody lets ${value} through for ${forMs / HOUR} hours; gone from ${report.gone.join(', ') || 'nothing'}`);
  drop(byHand, 'block', value);
  put(byHand, { action: 'allow', channel: 'firewall-allow', value, until });
  await auditor.promised(`firewall-allow/${typeOf(value)}`, value, until);
  await isGone(scene, value, report);
}

async function takeBack(scene: Scene, value: string): Promise<void> {
  const { world, say, byHand, auditor } = scene;
  const before = await auditor.views();
  try {
    const wanted = byHand.some((it) => it.action === 'block' && it.value === value);
    if (wanted) auditor.excuse([value]);
    const report = await world.unblock(value, undefined);
    say(`somebody takes back ${value}; gone from ${report.gone.join(', ') || 'nothing'}`);
    assert.deepEqual(report.failures, [], 'by hand, without faults');
    drop(byHand, 'block', value);
    await isGone(scene, value, report);
  } catch (error) {
    if (!(error instanceof HandRefused)) throw error;
    say(`somebody takes back ${value}: ${error.message}`);
    assert.deepEqual(await auditor.views(), before, 'refused by hand, and the feeds changed');
  }
}

function endOf({ until = '', failures }: HandReport, earliest: number, latest: number): number {
  assert.deepEqual(failures, [], 'by hand, without faults');
  const end = Date.parse(until);
  assert.ok(earliest - SLACK_MS <= end && end <= latest + SLACK_MS, `until ${until} was not asked for`);
  return end;
}

async function isGone({ auditor }: Scene, value: string, { gone }: HandReport): Promise<void> {
  const views = await auditor.views();
  for (const feed of gone)
    assert.ok(!views.get(feed)?.has(value), `said to be gone from ${feed}, and it is there: ${value}`);
}

function put(byHand: ByHand[], deed: ByHand): void {
  const at = byHand.findIndex((it) => it.channel === deed.channel && it.value === deed.value);
  if (at < 0) byHand.push(deed);
  else byHand[at] = deed;
}

function drop(byHand: ByHand[], action: ByHand['action'], value: string): void {
  byHand.splice(0, byHand.length, ...byHand.filter((it) => it.action !== action || it.value !== value));
}
