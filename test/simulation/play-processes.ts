import assert from 'node:assert/strict';
import { systemClock } from '../../src/runtime/clock.ts';
import { resultOf } from '../reconcile/tenant.ts';
import { type Auditor, makeAuditor } from './auditor.ts';
import { type Chance, chanceOfStep } from './chance.ts';
import { broken, edit, firstLists } from './edits.ts';
import { makeForeign } from './foreign.ts';
import { type ByHand, filesOf, IPS, LIFETIME_MIN_MS, type Lists, spoken } from './lists.ts';
import { meddle } from './meddling.ts';
import type { Played } from './play.ts';
import { openProcesses, type Processes, RequestFailed } from './processes.ts';

const STEPS = 4;
const RUNS_MAX = 4;
const HOUR = 3_600_000;
const MARGIN_MS = LIFETIME_MIN_MS / 2 - HOUR;
const LOOK_EVERY_MS = 100;
/** A little more than what a write stays unseen. */
const REFRESH_MS = 1100;
/** How long a write goes unanswered, so that there is a middle in which to die. */
const SLOW_MS = 700;

interface Telling {
  readonly world: Processes;
  readonly lists: Lists;
  readonly seed: number;
  readonly steps: readonly number[];
  readonly story: string[];
}

/** The same as in one process, with two workers, a Redis and `kill -9`. Time passes as it does, and goes ahead by steps. */
export async function playWithProcesses(
  seed: number,
  steps: readonly number[] = Array.from({ length: STEPS }, (_, n) => n),
): Promise<Played> {
  const story: string[] = [];
  const lists = firstLists();
  const world = await openProcesses(lists);
  try {
    await tell({ world, lists, seed, steps, story });
    return { seed, steps, story, failure: undefined };
  } catch (error) {
    return { seed, steps, story, failure: error instanceof Error ? error : new Error(String(error)) };
  } finally {
    await world.close();
  }
}

interface Scene {
  readonly world: Processes;
  readonly auditor: Auditor;
  readonly lists: Lists;
  readonly byHand: ByHand[];
  readonly say: Say;
  /** The latest commit cannot be read whole. */
  isBroken: boolean;
}

async function tell({ world, lists, seed, steps, story }: Telling): Promise<void> {
  const began = systemClock.now();
  const say = (line: string) =>
    story.push(`  ${((systemClock.now() - began) / 1000).toFixed(1).padStart(5)} s  ${line}`);
  const first = await world.sync({ force: true });
  assert.equal(resultOf(first), 'verified', 'the first sync');
  const byHand: ByHand[] = [];
  const auditor = makeAuditor(world, { ...(await makeForeign(world)), byHand });
  const scene: Scene = { world, auditor, lists, byHand, say, isBroken: false };
  await auditor.verified(lists, world.now());
  story.push(...spoken(lists).map((line) => `    ${line}`));
  const watch = watchFeeds(auditor);
  for (const n of steps) {
    story.push(`step ${n}`);
    await watch.unlessWrong(step(scene, chanceOfStep(seed, n), chanceOfStep(seed, n + STEPS)));
  }
  story.push('the end: nothing dies any more');
  world.server.faults.clear();
  await watch.unlessWrong(settle(scene));
  await watch.stop();
}

type Say = (line: string) => void;

/** `other` draws what becomes of the commit, and what people do by hand. */
async function step(scene: Scene, chance: Chance, other: Chance): Promise<void> {
  const { world, auditor, lists, say } = scene;
  commit(scene, chance, other);
  if (chance.happens(0.3)) await meddleUnseen(world, auditor, chance, say);
  if (other.happens(0.4)) await actByHand(scene, other);
  const [told, mishap] = chance.pick(MISHAPS);
  say(told);
  const write = { path: /bundle\/import|ctia\/bulk$/ };
  world.server.faults.push({ on: { ...write, method: chance.pick(['POST', 'PUT']) }, kind: 'slow', ms: SLOW_MS });
  const force = chance.happens(0.6);
  const before = world.now();
  const whileItRuns = other.happens(0.4);
  const report = await world.sync({ force }, async () => {
    await mishap(world);
    if (whileItRuns) await actByHand(scene, other);
  });
  say(`sync${force ? ', forced' : ''}: ${report.result}; read from ${report.read.from}: ${report.read.why}`);
  world.server.faults.clear();
  if (report.result === 'verified') {
    assert.ok(!scene.isBroken, 'verified, though the lists could not be read');
    await auditor.verified(lists, before);
  }
  await auditor.foreignIsAsItWas();
  // Only who is sure that all is renewed may let time go by.
  if (report.failures.length > 0) return;
  const stepMs = chance.pick([0, HOUR, MARGIN_MS / 2]);
  world.step(stepMs);
  say(`${stepMs / HOUR} hours go by`);
}

/**
 *   edits               as always
 *   a broken commit     nothing but renewals goes on, until the next one mends it
 *   edits, and a revert what was before is wanted again, and perhaps nobody ever published what was between
 */
function commit(scene: Scene, chance: Chance, other: Chance): void {
  const { world, auditor, lists, say } = scene;
  const before = structuredClone(lists);
  say([...edit(lists, chance, world.now()), ...edit(lists, chance, world.now())].join('; '));
  auditor.wants(lists);
  const what = other.pick(['edits', 'edits', 'broken', 'reverted'] as const);
  const files = filesOf(lists);
  world.commit(what === 'broken' ? broken(files, other).files : files);
  scene.isBroken = what === 'broken';
  if (what === 'broken') say('and the commit is BROKEN');
  if (what !== 'reverted') return;
  world.revert();
  lists.clear();
  for (const [file, list] of before) lists.set(file, list);
  auditor.wants(lists);
  say('and the commit is reverted');
}

/** By the queue, as the command line does. */
async function actByHand({ world, auditor, lists, byHand, say }: Scene, chance: Chance): Promise<void> {
  const value = chance.pick([...IPS, '203.0.113.99']);
  const hours = chance.pick([6, 30, 120]);
  const deed = chance.pick(['add', 'add', 'let through', 'take back'] as const);
  auditor.excuse([value]);
  try {
    const payload = { value, ...(deed !== 'take back' && { for: `${hours}h` }), reason: 'seen in a log' };
    const { until = '', failures } = await world.byHand(deed === 'add' ? 'add' : 'remove', payload);
    assert.deepEqual(failures, [], 'by hand');
    const isAdded = deed === 'add';
    forget(byHand, (it) => it.value === value && (it.action === 'block' || deed !== 'take back'));
    const channel = isAdded ? 'firewall-block' : 'firewall-allow';
    if (deed !== 'take back')
      byHand.push({ action: isAdded ? 'block' : 'allow', channel, value, until: Date.parse(until) });
    auditor.wants(lists);
    say(`by hand: ${deed} ${value}${deed === 'take back' ? '' : ` for ${hours} hours`}`);
    if (deed !== 'take back') await auditor.promised(`${channel}/ip`, value, Date.parse(until));
  } catch (error) {
    if (!(error instanceof RequestFailed) || !error.message.startsWith('refused: ')) throw error;
    if (deed !== 'take back') assert.match(error.message, / is allowed by list never/);
    say(`by hand: ${deed} ${value}: ${error.message}`);
    // A worker that died after the write left a job whose second try finds nothing to take back.
    if (error.message.includes('is not blocked by us'))
      forget(byHand, (it) => it.value === value && it.action === 'block');
  }
}

function forget(byHand: ByHand[], which: (it: ByHand) => boolean): void {
  byHand.splice(0, byHand.length, ...byHand.filter((it) => !which(it)));
}

/** What others do to ours the ledger does not hear of. Only a full read finds it: here the one after a flush. */
async function meddleUnseen(world: Processes, auditor: Auditor, chance: Chance, say: Say): Promise<void> {
  const { told, foreign, endless } = await meddle(world, chance, auditor.excuse);
  for (const value of endless) auditor.madeEndless(value);
  auditor.addForeign(...foreign);
  await systemClock.sleep(REFRESH_MS);
  await world.flushRedis();
  say(`${told}; then somebody flushes Redis`);
}

type Mishap = (world: Processes) => Promise<void>;

const MISHAPS: readonly (readonly [string, Mishap])[] = [
  ['nothing dies', async () => {}],
  [
    'all workers are killed in the middle of a write, and others come',
    async (world) => {
      await world.inTheMiddle();
      await world.killWorkers('all');
    },
  ],
  [
    'one worker is killed in the middle of a write',
    async (world) => {
      await world.inTheMiddle();
      await world.killWorkers('one');
    },
  ],
  ['one worker is killed at once', (world) => world.killWorkers('one')],
  [
    'Redis is killed in the middle of a write',
    async (world) => {
      await world.inTheMiddle();
      await world.killRedis();
    },
  ],
  ['Redis is killed at once', (world) => world.killRedis()],
  [
    'somebody flushes Redis in the middle of a write',
    async (world) => {
      await world.inTheMiddle();
      await world.flushRedis();
    },
  ],
];

async function settle({ world, auditor, lists, say }: Scene): Promise<void> {
  world.commit(filesOf(lists), 'mended');
  let result = '';
  for (let n = 0; n < RUNS_MAX && result !== 'verified'; n += 1) {
    const before = world.now();
    const report = await world.sync({ force: true });
    result = resultOf(report);
    say(`sync, forced: ${report.result}`);
    if (report.result === 'verified') await auditor.verified(lists, before);
  }
  assert.equal(result, 'verified', 'when nothing dies any more');
  const again = await world.sync({});
  assert.equal(resultOf(again), 'verified', 'once more');
  assert.deepEqual(
    Object.entries(again.counts).filter(([, count]) => count > 0),
    [],
    'planning after applying is not empty',
  );
  assert.equal(again.requests.mutating, 0, 'a sync with nothing to do wrote');
  await auditor.foreignIsAsItWas();
  await auditor.noDuplicates();
}

/** A firewall that pulls ten times a second, whatever else goes on. */
function watchFeeds(auditor: Auditor) {
  const stop = new AbortController();
  let reads = 0;
  const watching = (async () => {
    while (!stop.signal.aborted) {
      reads += 1;
      await auditor.look(`at its read ${reads}`);
      await systemClock.sleep(LOOK_EVERY_MS);
    }
  })();
  watching.catch(() => {});
  return {
    /** Ends at once when the firewall sees something wrong. */
    unlessWrong: <T>(work: Promise<T>): Promise<T> => Promise.race([work, watching.then(() => work)]),
    stop: async () => {
      stop.abort();
      await watching;
    },
  };
}
