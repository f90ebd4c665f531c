import assert from 'node:assert/strict';
import { isCtiaError } from '../../src/ctia/error.ts';
import type { Report } from '../../src/reconcile/report.ts';
import { resultOf } from '../reconcile/tenant.ts';
import { meetOthers } from './adopting.ts';
import { approveByDigest, wantedText } from './approval.ts';
import { makeAuditor } from './auditor.ts';
import { actByHand } from './by-hand.ts';
import { type Chance, chanceOfStep, makeChance } from './chance.ts';
import { broken, edit, firstLists, ordinary } from './edits.ts';
import { loseState } from './first-contact.ts';
import { listsOfOthers, makeForeign, OTHER_OWNER } from './foreign.ts';
import { rememberHashes } from './known-hashes.ts';
import { type ByHand, filesOf, LIFETIME_MIN_MS, spoken } from './lists.ts';
import { meddle, pathOf } from './meddling.ts';
import { Crash, drawCrash, drawFaults, spokenFault } from './mishaps.ts';
import { headOf, type Scene, toldOf, watchedRun } from './scene.ts';
import { seedIds } from './seeded-ids.ts';
import { openWorld, type World } from './world.ts';
import { wreck } from './wrecking.ts';

const STEPS = 8;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A little less than the margin: within it at least one run goes through, as the clock of a story stands still for no fault. */
const MARGIN_MS = LIFETIME_MIN_MS / 2 - HOUR;
const RUNS_MAX = 4;

/** What was told until it ended, and why it ended badly. */
export interface Played {
  readonly seed: number;
  readonly steps: readonly number[];
  readonly story: readonly string[];
  readonly failure: Error | undefined;
}

/** The story of a seed, or some steps of it: each step draws from a seed of its own. */
export async function play(seed: number, steps: readonly number[] = allSteps()): Promise<Played> {
  const story: string[] = [];
  const chance = makeChance(seed);
  const options = {
    seed,
    refreshMs: chance.happens(0.7) ? 1000 : 0,
    serverAheadMs: chance.pick([0, 0, 0, 7 * MINUTE, -7 * MINUTE]),
    bulkMax: chance.pick([2000, 2000, 12, 6]),
    pageSize: chance.pick([5000, 5000, 7]),
  };
  // Drawn after all others: who adds one here leaves the stories as they are.
  const quota = chance.happens(0.15) ? { rateLimitPerHour: chance.pick([100, 150]) } : {};
  const closing = chance.pick(['never', 'never', 'never', 'never', 'always', 'at times'] as const);
  story.push(`a server with ${JSON.stringify({ ...options, ...quota })}; bulk routes are closed to us: ${closing}`);
  seedIds(seed);
  rememberHashes();
  const world = await openWorld({ ...options, ...quota, keepsRights: closing !== 'never' });
  try {
    if (closing === 'always') world.grant('no bulk');
    const stepMsMax = 'rateLimitPerHour' in quota ? MARGIN_MS / 2 : MARGIN_MS;
    await tell(world, { seed, steps, story, closing, stepMsMax });
    return { seed, steps, story, failure: undefined };
  } catch (error) {
    return { seed, steps, story, failure: error instanceof Error ? error : new Error(String(error)) };
  } finally {
    await world.close();
  }
}

export function allSteps(): number[] {
  return Array.from({ length: STEPS }, (_, n) => n);
}

interface Telling {
  readonly seed: number;
  readonly steps: readonly number[];
  readonly story: string[];
  readonly closing: 'never' | 'always' | 'at times';
  readonly stepMsMax: number;
}

async function tell(world: World, { seed, steps, story, closing, stepMsMax }: Telling): Promise<void> {
  const lists = firstLists();
  const byHand: ByHand[] = [];
  const commits = [{ n: 1, files: filesOf(lists) }];
  const first = await world.run(headOf({ commits }), { force: true });
  assert.equal(resultOf(first), 'verified', 'the first run');
  const theirs = await world.run({ n: 1, files: filesOf(listsOfOthers()) }, { owner: OTHER_OWNER, force: true });
  assert.equal(resultOf(theirs), 'verified', 'the first run of the other owner');
  const auditor = makeAuditor(world, { ...(await makeForeign(world)), byHand });
  await auditor.verified(lists, world.now());
  const began = world.now();
  const say = (line: string) => {
    const at = new Date(world.now()).toISOString().slice(5, 19).replace('T', ' ');
    story.push(`  ${at}  ${line}`);
  };
  const scene: Scene = {
    ...{ world, auditor, lists, byHand, commits, say, stepMsMax },
    ...{ isBroken: false, renewedAt: began, wasClosed: closing !== 'never' },
    ...{ ofOthers: [], named: new Set<string>(), before: undefined },
  };
  story.push(...spoken(lists).map((line) => `    ${line}`));
  for (const n of steps) {
    story.push(`step ${n}`);
    const other = chanceOfStep(seed, n + STEPS);
    if (closing === 'at times' && other.happens(0.4)) openOrClose(scene, other);
    await step(scene, chanceOfStep(seed, n), other, chanceOfStep(seed, n + 2 * STEPS));
  }
  story.push('the end: faults stop, the lists are mended, and we run on');
  await settle(scene);
}

/** Somebody gives our client more scopes, or fewer. What a run learned of that is kept, until an audit tries anew. */
function openOrClose(scene: Scene, chance: Chance): void {
  const scopes = chance.pick(['all', 'no bulk'] as const);
  scene.world.grant(scopes);
  scene.say(`our client is given ${scopes === 'all' ? 'all scopes' : 'no scope that bulk routes ask for'}`);
  if (chance.happens(0.6)) scene.world.forgetRights();
}

/** `other` draws what people and others do beside the lists, `rare` what a story has seldom. */
async function step(scene: Scene, chance: Chance, other: Chance, rare: Chance): Promise<void> {
  const { world, auditor, lists, say } = scene;
  if (chance.happens(0.85)) commit(scene, chance);
  if (rare.happens(0.12)) revert(scene);
  if (rare.happens(0.25)) await meetOthers(scene, rare);
  if (chance.happens(0.3)) {
    const { told, foreign, endless } = await meddle(world, chance, auditor.excuse, (id) =>
      scene.named.has(pathOf({ id })),
    );
    for (const value of endless) auditor.madeEndless(value);
    say(told);
    auditor.addForeign(...foreign);
    // An expiry takes effect with the next refresh: nobody can see it before.
    world.step(1000);
    await auditor.look('after that');
  }
  if (other.happens(0.12)) {
    await wreck(scene, other);
    await auditor.look('after that');
  }
  if (other.happens(0.35)) await actByHand(scene, other);
  if (chance.happens(0.15)) await lateRun(scene, chance);
  if (!scene.isBroken && rare.happens(0.1)) {
    await loseState(scene, rare);
    await plainRun(scene, true);
    await auditor.look('after the approval');
  }
  const force = chance.happens(0.5);
  const troubled = chance.happens(0.6);
  const report = other.happens(0.15)
    ? await approvedRun(scene, other)
    : troubled
      ? await troubledRun(scene, chance, force)
      : await plainRun(scene, force);
  await auditor.look('after the run');
  await auditor.foreignIsAsItWas();
  if (other.happens(0.15)) await actByHand(scene, other);
  if (chance.happens(0.15)) await settle(scene);

  const stepMs = Math.min(drawStep(chance, world.now()), scene.stepMsMax);
  const wentThrough = report !== undefined && report.failures.length === 0;
  if (!wentThrough && scene.renewedAt + MARGIN_MS < world.now() + stepMs) await plainRun(scene, force);
  world.step(stepMs);
  say(
    `${Math.round(stepMs / MINUTE)} minutes go by; ${[...lists.values()].reduce((n, it) => n + it.entries.size, 0)} entries, commit ${headOf(scene).n}`,
  );
  await auditor.look('after a while');
}

function commit(scene: Scene, chance: Chance): void {
  const { world, auditor, lists, commits, say } = scene;
  scene.before = structuredClone(lists);
  const told = edit(lists, chance, world.now());
  const files = filesOf(lists);
  const n = headOf(scene).n + 1;
  scene.isBroken = chance.happens(scene.isBroken ? 0.8 : 0.2);
  if (scene.isBroken) {
    const spoilt = broken(files, chance);
    commits.push({ n, files: spoilt.files });
    told.push(`BROKEN: ${spoilt.how}`);
  } else commits.push({ n, files });
  say(`commit ${n}: ${told.join('; ')}`);
  auditor.wants(lists);
}

/** `git revert`: what was before the latest edits is wanted again, and perhaps nobody ever published what came between. */
function revert(scene: Scene): void {
  const { auditor, lists, commits, say, before } = scene;
  if (before === undefined) return;
  for (const [file] of ordinary(lists)) lists.delete(file);
  for (const [file, list] of ordinary(before)) lists.set(file, list);
  scene.before = undefined;
  scene.isBroken = false;
  const n = headOf(scene).n + 1;
  commits.push({ n, files: filesOf(lists) });
  say(`commit ${n} reverts the latest edits`);
  auditor.wants(lists);
}

/** A worker whose checkout nobody updated. It must find out, and change nothing. */
async function lateRun(scene: Scene, chance: Chance): Promise<void> {
  const { world, auditor, lists, commits, say } = scene;
  const { json } = await world.colleague('GET', '/ctia/indicator/external_id/acme-state');
  const applied = Number(String(json[0].short_description).slice(1));
  const old = commits.filter(({ n }) => n < applied);
  if (old.length === 0) return;
  const late = chance.pick(old);
  const before = await auditor.views();
  const { result } = await world.run(late);
  say(`a worker that still holds commit ${late.n} runs, after ${applied} was applied: ${result}`);
  await auditor.look('after the late run');
  await auditor.nothingNew(lists, before, 'after the late run');
}

async function plainRun(scene: Scene, force: boolean): Promise<Report> {
  const began = scene.world.now();
  const report = await watchedRun(scene, { force });
  scene.say(`run${force ? ', forced' : ''}: ${toldOf(report)}`);
  await judge(scene, report, began);
  return report;
}

async function troubledRun(scene: Scene, chance: Chance, force: boolean): Promise<Report | undefined> {
  const { world, say } = scene;
  const faults = drawFaults(chance);
  const crash = chance.happens(0.4) ? drawCrash(chance) : undefined;
  for (const fault of faults) say(`fault: ${spokenFault(fault)}`);
  if (crash) say(`the run ${crash.told}`);
  world.server.faults.push(...faults);
  const began = world.now();
  try {
    const report = await watchedRun(scene, { force, ...crash });
    say(`run${force ? ', forced' : ''}: ${toldOf(report)}`);
    world.server.faults.clear();
    await judge(scene, report, began);
    return report;
  } catch (error) {
    if (!(error instanceof Crash) && !isCtiaError(error)) throw error;
    say(`the run ended: ${error.message || error.name}`);
    return undefined;
  } finally {
    world.server.faults.clear();
  }
}

async function approvedRun(scene: Scene, chance: Chance): Promise<Report> {
  const began = scene.world.now();
  const report = await approveByDigest(scene, chance);
  await judge(scene, report, began);
  return report;
}

async function judge(scene: Scene, report: Report, began: number): Promise<void> {
  const { auditor, lists, isBroken, world } = scene;
  if (report.failures.length === 0) scene.renewedAt = world.now();
  if (report.result !== 'verified') return;
  assert.ok(!isBroken, 'verified, though the lists could not be read');
  await auditor.verified(lists, began);
}

/** Without faults, with everything approved: verified after a few runs, and then there is nothing left to do. */
async function settle(scene: Scene): Promise<void> {
  const { auditor, lists, commits, say } = scene;
  if (scene.isBroken) {
    scene.isBroken = false;
    commits.push({ n: headOf(scene).n + 1, files: filesOf(lists) });
    say(`commit ${headOf(scene).n} mends the lists`);
  }
  let wanted = wantedText(scene);
  let report = await plainRun(scene, true);
  for (let n = 1; n < RUNS_MAX && report.result !== 'verified'; n += 1) report = await plainRun(scene, true);
  assert.equal(resultOf(report), 'verified', 'without faults');
  let again = await plainRun(scene, false);
  // A day that begins in between is an order of its own.
  for (; wanted !== wantedText(scene); again = await plainRun(scene, false)) wanted = wantedText(scene);
  assert.equal(resultOf(again), 'verified', 'once more');
  const changes = Object.entries(again.counts).filter(([, count]) => count > 0);
  assert.deepEqual(changes, [], 'planning after applying is not empty');
  assert.equal(again.requests.mutating, 0, 'a run with nothing to do wrote');
  await auditor.adoptionsAreDone(lists);
  await auditor.foreignIsAsItWas();
  await auditor.noDuplicates({ succession: scene.wasClosed });
}

/** Mostly long; now and then to the end of a day, when what `expires:` says runs out. */
function drawStep(chance: Chance, now: number): number {
  const untilMidnight = DAY - (now % DAY);
  return chance.pick([
    MINUTE,
    HOUR,
    6 * HOUR,
    19 * HOUR,
    19 * HOUR,
    MARGIN_MS,
    untilMidnight - 5000,
    untilMidnight + 5000,
  ]);
}
