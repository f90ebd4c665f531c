import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type CtiaClient, makeCtiaClient, openCtia } from '../../src/ctia/client.ts';
import { readWill } from '../../src/jobs/desired.ts';
import { NO_APPROVAL } from '../../src/plan/safety.ts';
import type { Report } from '../../src/reconcile/report.ts';
import { run } from '../../src/reconcile/run.ts';
import { MINUTE, systemClock } from '../../src/runtime/clock.ts';
import { makeReleases } from '../../src/runtime/release.ts';
import { accessLogMeasures } from './access-log.ts';
import { address, writeFeeds } from './addresses.ts';
import { type Prepared, postBare } from './bare-loop.ts';
import { measureCheck } from './checking.ts';
import { measureImport, measureSize } from './embedded.ts';
import { ledgerCosts } from './ledger.ts';
import { atLeast, atMost, type Measure, median, plain } from './measure.ts';
import type { Planned } from './planning-process.ts';
import { renewalCost } from './renewal.ts';
import { type BenchServer, forkServer } from './server.ts';

/** What the numbers mean: docs/BENCH.md. */
const options = readOptions();

function readOptions() {
  try {
    return parseArgs({
      options: {
        n: { type: 'string', default: '20000' },
        'renew-n': { type: 'string', default: '100000' },
        'ledger-n': { type: 'string', default: '100000' },
        'plan-n': { type: 'string', default: '200000' },
        'ingest-n': { type: 'string', default: '100000' },
        'store-n': { type: 'string', default: '1000000' },
        'log-n': { type: 'string', default: '1000000' },
        only: { type: 'string', default: '' },
        rounds: { type: 'string', default: '3' },
      },
    }).values;
  } catch (error) {
    return refused(error instanceof Error ? error.message : String(error));
  }
}

function refused(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(2);
}

const n = Number(options.n);
const renewN = Number(options['renew-n']);
const ledgerN = Number(options['ledger-n']);
const planN = Number(options['plan-n']);
const rounds = Number(options.rounds);
const embedded = {
  newFolder,
  startServer,
  ingestN: Number(options['ingest-n']),
  storeN: Number(options['store-n']),
  rounds,
};

/** `--only embedded` runs those whose names begin so. */
const PARTS = {
  sync: syncMeasures,
  ledger: ledgerMeasures,
  renewal: renewalMeasures,
  plan: planMeasures,
  check: () => measureCheck(newFolder, PLAN_LONG_N),
  'embedded-import': () => measureImport(embedded),
  'embedded-size': () => measureSize(embedded),
  'access-log': () => accessLogMeasures({ folder: newFolder('logs'), lines: Number(options['log-n']), releases }),
} as const;
const chosen = Object.entries(PARTS).filter(([name]) => name.startsWith(options.only));
if (chosen.length === 0) refused(`--only ${options.only} names no part; there are ${Object.keys(PARTS).join(', ')}`);

const PLAN_LONG_N = 1_000_000;
const LIMIT_MS = 45 * MINUTE;
const FEEDS_OF_CHANNEL = 5;
const MIB = 1024 * 1024;

const releases = makeReleases();
const folder = mkdtempSync(join(tmpdir(), 'ctim-bench-'));
releases.add('the folder', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
const stop = new AbortController();
const limit = setTimeout(() => stop.abort(new Error(`the bench took ${LIMIT_MS / MINUTE} minutes`)), LIMIT_MS);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => stop.abort(new Error(`stopped by ${signal}`)));
}
try {
  const measures = await Promise.race([
    measureAll(),
    once(stop.signal, 'abort').then(() => stop.signal.throwIfAborted()),
  ]);
  const machine = { cores: availableParallelism(), node: process.version, at: new Date().toISOString() };
  process.stdout.write(`${JSON.stringify({ machine, ...options, measures }, null, 2)}\n`);
  if (measures?.some(({ broken }) => broken)) process.exitCode = 1;
} finally {
  clearTimeout(limit);
  await releases.releaseAll();
}
// A run that was stopped midway may still wait for an answer of a server that is gone.
process.exit();

async function measureAll(): Promise<Measure[]> {
  const measures: Measure[] = [];
  for (const [, part] of chosen) measures.push(...(await part()));
  return measures;
}

async function renewalMeasures(): Promise<Measure[]> {
  const feedsDir = newFolder('renewal-feeds');
  writeFeeds(feedsDir, renewN);
  const measured = async (way: 'in place' | 'by succession') => {
    const server = await startServer(newFolder(`renewal ${way}`));
    const cost = await renewalCost(server, feedsDir, way);
    await server.close();
    return cost;
  };
  const inPlace = await measured('in place');
  const succession = await measured('by succession');
  return [
    atMost(`renewing ${renewN} in place: requests`, inPlace.requests, 'requests', Math.ceil(renewN / 2000) + 5),
    plain('renewing in place: seconds', inPlace.seconds, 's'),
    plain(`renewing ${renewN} by succession: requests`, succession.requests, 'requests'),
    plain('renewing by succession: seconds', succession.seconds, 's'),
    plain('reading what is held in full, without a ledger: requests', inPlace.readRequests, 'requests'),
  ];
}

/** One feeds folder and one data folder with what a run does to them. */
async function syncMeasures(): Promise<Measure[]> {
  const feedsDir = newFolder('feeds');
  writeFeeds(feedsDir, n);
  const synced: Synced[] = [];
  const bare: number[] = [];
  let prepared: Prepared[] = [];
  let kept: { server: BenchServer; dataDir: string } | undefined;
  let serverMs = 0;
  for (let round = 0; round < rounds; round += 1) {
    const syncIt = async () => {
      const dataDir = newFolder(`sync-${round}`);
      const server = await startServer(dataDir);
      const one = await sync(server, feedsDir);
      if (one.report.result !== 'verified') throw new Error(JSON.stringify(one.report, null, 2));
      synced.push(one);
      prepared = one.prepared;
      if (round === rounds - 1) kept = { server, dataDir };
      else await server.close();
    };
    const postIt = async () => {
      const server = await startServer(newFolder(`bare-${round}`));
      const before = await server.used();
      bare.push(await postBare(server.url, prepared));
      serverMs = ((await server.used()).cpuMs - before.cpuMs) / prepared.length;
      await server.close();
    };
    // The first round must sync first, as the bare loop posts what that prepared; then the order alternates.
    for (const part of round % 2 === 0 ? [syncIt, postIt] : [postIt, syncIt]) await part();
  }
  const first = synced[0];
  if (first === undefined || kept === undefined) throw new Error('at least one round is needed');
  const ratio = median(bare) / median(synced.map(({ seconds }) => seconds));
  const { server, dataDir } = kept;

  const second = await sync(server, feedsDir);
  const edited = address(n);
  writeFeeds(feedsDir, n, edited);
  const third = await sync(server, feedsDir, edited);
  const { peakMiB } = await server.used();
  const cold = await coldView(server, dataDir, third.viewUrl);

  return [
    atMost('first sync: requests', first.requests, 'requests', Math.ceil((2 * n) / 2000) + 10 + 3 * FEEDS_OF_CHANNEL),
    atLeast('first sync: throughput, bare loop = 1', ratio, 'ratio', 0.7),
    plain('first sync: seconds (median)', median(synced.map(({ seconds }) => seconds)), 's'),
    plain('first sync: until planned', median(synced.map(({ untilPlanned }) => untilPlanned)), 's'),
    plain('first sync: applying', median(synced.map(({ applying }) => applying)), 's'),
    plain('first sync: verifying', median(synced.map(({ verifying }) => verifying)), 's'),
    plain('bare loop: seconds (median)', median(bare), 's'),
    plain('bare loop: entries a second', n / median(bare), '1/s'),
    plain('server: CPU for each bundle of the bare loop', serverMs, 'ms'),
    atMost('second run: mutating requests', second.mutating, 'requests', 0),
    plain('second run: requests', second.requests, 'requests'),
    plain('second run: seconds', second.seconds, 's'),
    plain('one entry edited, without a ledger: requests', third.requests, 'requests'),
    plain('one entry edited, without a ledger: until in view', third.untilInView ?? Number.NaN, 's'),
    plain('view.txt, first after a start (median of 3)', cold.ms, 'ms'),
    plain('view.txt: size', cold.bytes / MIB, 'MiB'),
    plain('client: peak memory', process.resourceUsage().maxRSS / 1024, 'MiB'),
    plain('server: peak memory', peakMiB, 'MiB'),
  ];
}

interface Synced {
  readonly report: Report;
  readonly seconds: number;
  readonly untilPlanned: number;
  readonly applying: number;
  readonly verifying: number;
  /** Counted by the server, tokens and views included. */
  readonly requests: number;
  readonly mutating: number;
  readonly prepared: Prepared[];
  readonly viewUrl: string;
  /** From the start of the run to the answer of a view that holds the value. */
  readonly untilInView: number | undefined;
}

async function sync(server: BenchServer, feedsDir: string, awaited?: string): Promise<Synced> {
  const connection = openCtia({
    clock: systemClock,
    ctiaUrl: server.url,
    tokenUrl: server.url,
    ...{ clientId: 'client-1', clientPassword: 'secret' },
  });
  const client = makeCtiaClient({ connection, clock: systemClock, patienceMs: MINUTE, signal: stop.signal });
  const prepared: Prepared[] = [];
  let viewUrl = '';
  let untilInView: number | undefined;
  const before = await server.used();
  const began = performance.now();
  const since = () => (performance.now() - began) / 1000;
  const watched: CtiaClient = {
    ...client,
    importBundle(bundle, externalKeyPrefixes) {
      prepared.push({ bundle, externalKeyPrefixes });
      return client.importBundle(bundle, externalKeyPrefixes);
    },
    async view(url) {
      const values = await client.view(url);
      if (values.length > 1) viewUrl = url;
      if (awaited !== undefined && values.includes(awaited)) untilInView ??= since();
      return values;
    },
  };
  let planned = 0;
  let applied = 0;
  const report = await run({
    ...{ run: 'bench', client: watched, clock: systemClock, signal: stop.signal },
    ...{ owner: 'bench', ownEmbedded: true, approval: NO_APPROVAL },
    readDesired: async (adhocAllow) => {
      const will = await readWill({ feedsDir, ownEmbedded: true, adhocAllow, now: client.serverNow() });
      return will.desired;
    },
    exclusively: (work) => work(),
    progress({ step }) {
      if (step === 'planned') planned = since();
      if (step === 'verifying') applied = since();
    },
  });
  const seconds = since();
  connection.close();
  const after = await server.used();
  return {
    report,
    seconds,
    untilPlanned: planned,
    applying: applied - planned,
    verifying: seconds - applied,
    requests: after.requests - before.requests,
    mutating: after.mutating - before.mutating,
    prepared,
    viewUrl,
    untilInView,
  };
}

/** The first answer after a start, with nothing of the store in the process's memory (the system's cache has it). */
async function coldView(server: BenchServer, dataDir: string, viewUrl: string): Promise<{ ms: number; bytes: number }> {
  await server.close();
  const times: number[] = [];
  let bytes = 0;
  for (let round = 0; round < 3; round += 1) {
    const started = await startServer(dataDir);
    const began = performance.now();
    bytes = (await (await fetch(viewUrl)).arrayBuffer()).byteLength;
    times.push(performance.now() - began);
    await started.close();
  }
  return { ms: median(times), bytes };
}

/** Through the queue, by the ledger: the budgets of one change are for this way. */
async function ledgerMeasures(): Promise<Measure[]> {
  const own = makeReleases();
  releases.add('what the ledger was measured with', () => own.releaseAll());
  const { warm, unchanged, cold, audit } = await ledgerCosts(newFolder('ledger'), ledgerN, own);
  await own.releaseAll();
  for (const { read } of [...warm, unchanged, cold]) if (read !== 'ledger') throw new Error('the ledger was not used');
  const inView = (what: 'seconds' | 'requests') => warm.map((it) => it.inView?.[what] ?? Number.NaN);
  const one = `one of ${ledgerN} changed`;
  return [
    atMost(`${one}: requests until in view`, Math.max(...inView('requests')), 'requests', 5),
    atMost(`${one}: until in view (median)`, median(inView('seconds')), 's', 1),
    plain(`${one}: requests, views and state included`, Math.max(...warm.map(({ requests }) => requests)), 'requests'),
    plain(`${one}: seconds until verified (median)`, median(warm.map(({ seconds }) => seconds)), 's'),
    plain(`${one}, by a worker just started: until in view`, cold.inView?.seconds ?? Number.NaN, 's'),
    atMost('nothing changed: mutating requests', unchanged.mutating, 'requests', 0),
    plain('nothing changed: requests', unchanged.requests, 'requests'),
    plain('nothing changed: seconds', unchanged.seconds, 's'),
    atMost('audit: mutating requests', audit.mutating, 'requests', 0),
    plain('audit: requests', audit.requests, 'requests'),
    plain('audit: seconds', audit.seconds, 's'),
  ];
}

async function planMeasures(): Promise<Measure[]> {
  const text = writeFeeds(newFolder('plan'), planN);
  const few = await planned(text, rounds);
  const long = await planned(writeFeeds(newFolder('plan-long'), PLAN_LONG_N), 1);
  const bare = median(few.bare);
  const ours = median(few.ours);
  return [
    atMost('reading and planning, read-split-hash = 1', ours / bare, 'ratio', 6),
    plain('reading and planning: seconds (median)', ours, 's'),
    plain('read, split, hash: seconds (median)', bare, 's'),
    plain('reading and planning: peak memory', few.peakMiB, 'MiB'),
    atMost(`reading and planning ${PLAN_LONG_N}: peak memory`, long.peakMiB, 'MiB', 1.2 * 1024),
    atMost(`reading and planning ${PLAN_LONG_N}: longest block of the event loop`, long.longestBlockMs, 'ms', 1000),
    plain(`reading and planning ${PLAN_LONG_N}: seconds`, median(long.ours), 's'),
    plain(`read, split, hash ${PLAN_LONG_N}: seconds`, median(long.bare), 's'),
  ];
}

async function planned(text: string, times: number): Promise<Planned> {
  const child = fork(new URL('./planning-process.js', import.meta.url), [text, String(times)]);
  releases.add('planning', () => void child.kill('SIGKILL'));
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('planning ended without an answer')));
  const [told] = (await Promise.race([once(child, 'message'), ended])) as [Planned];
  if (told.changes !== 0) throw new Error(`${told.changes} changes or problems where nothing had changed`);
  return told;
}

async function startServer(dataDir: string): Promise<BenchServer> {
  stop.signal.throwIfAborted();
  const starting = forkServer(dataDir);
  // Also one that is only just starting: it would make its folder again after that has been removed.
  releases.add('a server', () =>
    starting.then(
      (server) => server.close(),
      () => undefined,
    ),
  );
  return starting;
}

function newFolder(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}
