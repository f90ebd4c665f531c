import { setImmediate as signals } from 'node:timers/promises';
import type { NewBundle } from '../../src/ctia/client.ts';
import { makeDocuments } from '../../src/embedded-ctia/documents.ts';
import { longId, newShortId, shortIdOf } from '../../src/embedded-ctia/ids.ts';
import type { Stored } from '../../src/embedded-ctia/kinds.ts';
import { openStore, type SqlValue, type Store } from '../../src/embedded-ctia/store.ts';
import { address, pairs, tokenFor } from '../embedded-ctia/fixture.ts';
import { postBare } from './bare-loop.ts';
import { atLeast, atMost, type Measure, median, plain } from './measure.ts';
import type { BenchServer } from './server.ts';

export interface EmbeddedBench {
  readonly newFolder: (name: string) => string;
  readonly startServer: (dataDir: string) => Promise<BenchServer>;
  /** Pairs that are imported over HTTP, and listed in one view. */
  readonly ingestN: number;
  /** Pairs in the large store. */
  readonly storeN: number;
  /** Imports of which medians are taken. */
  readonly rounds: number;
}

const PAIRS_IN_BUNDLE = 1000;
const SMALL_N = 10_000;
const KEY_PREFIXES = 'acme-judgement-,acme-link-';

/** How fast the embedded server takes what it is sent, and how fast a firewall has it. */
export async function measureImport(bench: EmbeddedBench): Promise<Measure[]> {
  const rounds: Ingested[] = [];
  for (let round = 0; round < bench.rounds; round += 1) rounds.push(await ingest(bench, round));
  const last = rounds.at(-1);
  if (last === undefined) throw new Error('at least one round is needed');
  const { cold, coldCpu, unchanged } = await views(bench, last);
  const { ingestN } = bench;
  const middle = (of: (round: Ingested) => number) => median(rounds.map(of));
  return [
    atLeast(
      'import over HTTP, the same rows into the bare database = 1',
      middle(({ seconds, bareSeconds }) => bareSeconds / seconds),
      'ratio',
      0.3,
    ),
    plain(
      'import over HTTP: pairs a second',
      middle(({ seconds }) => ingestN / seconds),
      '1/s',
    ),
    plain(
      'the same rows into the bare database: pairs a second',
      middle(({ bareSeconds }) => ingestN / bareSeconds),
      '1/s',
    ),
    plain(
      `import over HTTP: CPU of the server for ${PAIRS_IN_BUNDLE} pairs`,
      middle(({ cpuMs }) => (cpuMs * PAIRS_IN_BUNDLE) / ingestN),
      'ms',
    ),
    atMost(`view.txt of ${ingestN}, first after a start`, median(cold), 'ms', 1000),
    plain(`view.txt of ${ingestN}, first after a start: CPU of the server`, median(coldCpu), 'ms'),
    atMost(`view.txt of ${ingestN}, unchanged by ETag`, median(unchanged), 'ms', 5),
  ];
}

interface Ingested {
  readonly dataDir: string;
  readonly viewUrl: string;
  readonly seconds: number;
  readonly cpuMs: number;
  readonly bareSeconds: number;
}

/** An import right before its bare counterpart, so that a machine that is slow for a while is so for both. */
async function ingest({ newFolder, startServer, ingestN }: EmbeddedBench, round: number): Promise<Ingested> {
  const dataDir = newFolder(`ingest-${round}`);
  const server = await startServer(dataDir);
  const { indicatorId, viewUrl } = await makeFeed(server.url);
  const prepared = [];
  for (let at = 0; at < ingestN; at += PAIRS_IN_BUNDLE) {
    const bundle = pairs(Math.min(PAIRS_IN_BUNDLE, ingestN - at), indicatorId, at);
    prepared.push({ bundle: bundle as unknown as NewBundle, externalKeyPrefixes: KEY_PREFIXES });
  }
  const before = await server.used();
  const seconds = await postBare(server.url, prepared);
  const cpuMs = (await server.used()).cpuMs - before.cpuMs;
  await server.close();
  return { dataDir, viewUrl, seconds, cpuMs, bareSeconds: replay(dataDir, newFolder(`bare-database-${round}`)) };
}

const STARTS = 5;
const ASKED_AGAIN = 50;

async function views({ startServer, ingestN }: EmbeddedBench, { dataDir, viewUrl }: Ingested) {
  const cold: number[] = [];
  const coldCpu: number[] = [];
  const unchanged: number[] = [];
  for (let round = 0; round < STARTS; round += 1) {
    const started = await startServer(dataDir);
    const before = await started.used();
    const first = await timed(() => get(viewUrl));
    coldCpu.push((await started.used()).cpuMs - before.cpuMs);
    if (first.value.lines !== ingestN) throw new Error(`${first.value.lines} entries in the view`);
    cold.push(first.ms);
    const etag = first.value.headers.get('ETag') ?? '';
    for (let n = 0; n < ASKED_AGAIN; n += 1) {
      const again = await timed(() => get(viewUrl, { 'If-None-Match': etag }));
      if (again.value.status !== 304) throw new Error(`the view answers ${again.value.status} to its own ETag`);
      unchanged.push(again.ms);
    }
    await started.close();
  }
  return { cold, coldCpu, unchanged };
}

async function makeFeed(url: string): Promise<{ indicatorId: string; viewUrl: string }> {
  const token = await tokenFor(url, 'client-1', 'secret');
  const post = async (path: string, body: object) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const answer = await fetch(`${url}/ctia/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (answer.status !== 201) throw new Error(await answer.text());
    return (await answer.json()) as { id: string; feed_view_url: string };
  };
  const { id: indicatorId } = await post('indicator', { producer: 'acme', title: 'bench', tlp: 'amber' });
  const lifetime = { start_time: '2026-01-01T00:00:00.000Z', end_time: '2030-01-01T00:00:00.000Z' };
  const feed = { feed_type: 'indicator', output: 'observables', title: 'bench', indicator_id: indicatorId, lifetime };
  return { indicatorId, viewUrl: (await post('feed', feed)).feed_view_url };
}

/** The rows of a store into an empty one with the same tables, as many in a transaction as one bundle brings. Seconds. */
function replay(from: string, into: string): number {
  const source = openStore(from);
  const target = openStore(into);
  makeDocuments(target);
  const tables = source
    .rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'reader'")
    .map(({ name }) => String(name))
    .map((name) => ({ name, columns: columnsOf(source, name) }))
    .filter(({ columns }) => columns.includes('seq'));
  const batches = new Map<number, { into: string; rows: SqlValue[][] }[]>();
  for (const { name, columns } of tables) {
    // Keys are numbers of 64 bits, which a JavaScript number cannot hold: they travel as text, as the server binds them.
    const values = columns.map((column) => (column === 'key' ? 'CAST(key AS TEXT) AS key' : column));
    const rowsOf = new Map<number, SqlValue[][]>();
    for (const row of source.each(`SELECT ${values.join(', ')} FROM ${name} ORDER BY seq`)) {
      const batch = Math.floor(Number(row.seq) / (2 * PAIRS_IN_BUNDLE));
      const rows = rowsOf.get(batch) ?? [];
      rows.push(columns.map((column) => row[column] ?? null));
      rowsOf.set(batch, rows);
    }
    for (const [batch, rows] of rowsOf) {
      const insert = { into: `INSERT INTO ${name} (${columns.join(', ')})`, rows };
      batches.set(batch, [...(batches.get(batch) ?? []), insert]);
    }
  }
  const began = performance.now();
  for (const inserts of batches.values()) {
    target.transaction(() => {
      for (const { into, rows } of inserts) target.insert(into, rows);
    });
  }
  const seconds = (performance.now() - began) / 1000;
  source.close();
  target.close();
  return seconds;
}

function columnsOf(store: Store, table: string): string[] {
  return store.rows('SELECT name FROM pragma_table_info(?)', [table]).map(({ name }) => String(name));
}

/** Look-ups in a small and in a large store, each a server of its own that has just started, and what the large one needs. */
export async function measureSize(bench: EmbeddedBench): Promise<Measure[]> {
  const { storeN } = bench;
  const small = await serve(bench, 'small-store', SMALL_N);
  const large = await serve(bench, 'large-store', storeN);
  const ratios = Object.keys(LOOKS_UP).flatMap((name) => {
    const [ofSmall, ofLarge] = [small, large].map(({ looks }) => median(looks[name] ?? []));
    return [
      plain(`${name}: ${SMALL_N} judgements`, ofSmall ?? Number.NaN, 'ms'),
      plain(`${name}: ${storeN} judgements`, ofLarge ?? Number.NaN, 'ms'),
      atMost(`${name}: ${storeN} judgements, ${SMALL_N} = 1`, Number(ofLarge) / Number(ofSmall), 'ratio', 2),
    ];
  });
  return [
    ...ratios,
    plain(`search that finds all of ${storeN}, first page`, large.searchMs, 'ms'),
    plain(`view.txt of ${storeN}, first after a start`, large.viewMs, 'ms'),
    plain(`import of ${PAIRS_IN_BUNDLE} pairs into ${storeN}`, large.importMs, 'ms'),
    atMost(`server with ${storeN} judgements: peak memory`, large.peakMiB, 'MiB', 1024),
  ];
}

/** Of the judgement with this number; each finds exactly one. */
const LOOKS_UP: Readonly<Record<string, (n: number) => string>> = {
  'look-up by external id': (n) => `judgement/external_id/acme-judgement-${n}-0`,
  'search by external id': (n) =>
    `judgement/search?query=${encodeURIComponent(`external_ids:"acme-judgement-${n}-0"`)}`,
  'look-up by observable': (n) => `ip/${address(n)}/judgements`,
  'search by observable': (n) => `judgement/search?query=${encodeURIComponent(`observable.value:"${address(n)}"`)}`,
};
const LOOKS = 300;
const IMPORTS = 10;

/** Everything that a server does, to one that holds `count` pairs. */
async function serve({ newFolder, startServer }: EmbeddedBench, name: string, count: number) {
  const dataDir = newFolder(name);
  const first = await startServer(dataDir);
  const { indicatorId, viewUrl } = await makeFeed(first.url);
  await first.close();
  await fill(dataDir, indicatorId, count);
  const server = await startServer(dataDir);
  const authorization = `Bearer ${await tokenFor(server.url, 'client-1', 'secret')}`;
  const look = async (path: string, finds: number) => {
    const { ms, value } = await timed(() => get(`${server.url}/ctia/${path}`, { authorization }));
    if (value.found !== finds) throw new Error(`${path} found ${value.found}`);
    return ms;
  };
  const looks: Record<string, number[]> = {};
  // They take turns, so that a machine that is slow for a while is so for all of them.
  for (let n = 0; n < LOOKS; n += 1) {
    for (const [of, path] of Object.entries(LOOKS_UP)) {
      const times = looks[of] ?? [];
      times.push(await look(path(Math.floor((n * count) / LOOKS)), 1));
      looks[of] = times;
    }
  }
  const searchMs = await look(`judgement/search?query=${encodeURIComponent('source:"check.torproject.org"')}`, count);
  const view = await timed(() => get(viewUrl));
  if (view.value.lines !== count) throw new Error(`${view.value.lines} entries in the view`);
  const prepared = Array.from({ length: IMPORTS }, (_, n) => ({
    bundle: pairs(PAIRS_IN_BUNDLE, indicatorId, count + n * PAIRS_IN_BUNDLE) as unknown as NewBundle,
    externalKeyPrefixes: KEY_PREFIXES,
  }));
  const importMs = (1000 * (await postBare(server.url, prepared))) / IMPORTS;
  // Once more, now that what was kept of it is old.
  await get(viewUrl);
  const { peakMiB } = await server.used();
  await server.close();
  return { looks, searchMs, viewMs: view.ms, importMs, peakMiB };
}

const FILLED_AT_ONCE = 20_000;

/** As if they had been imported, without the time that a million of them would take over HTTP. */
async function fill(dataDir: string, indicatorId: string, count: number): Promise<void> {
  const store = openStore(dataDir);
  // What is lost with a machine that dies now is of no use to anybody.
  store.exec('PRAGMA synchronous = OFF');
  const documents = makeDocuments(store);
  const indicator = documents.get('indicator', shortIdOf(indicatorId) ?? '');
  if (indicator === undefined) throw new Error('there is no indicator');
  const { owner, groups, schema_version, timestamp, created, modified } = indicator;
  const base = { owner, groups, schema_version, timestamp, created, modified };
  const { origin } = new URL(indicatorId);
  for (let at = 0; at < count; at += FILLED_AT_ONCE) {
    const { judgements, relationships } = pairs(Math.min(FILLED_AT_ONCE, count - at), indicatorId, at);
    const ids = judgements.map(() => longId(origin, newShortId('judgement')));
    const stored = [
      ...judgements.map((document, n) => ({ ...document, ...base, type: 'judgement', id: ids[n] })),
      ...relationships.map((document, n) => {
        const id = longId(origin, newShortId('relationship'));
        return { ...document, ...base, type: 'relationship', id, source_ref: ids[n] };
      }),
    ] as unknown as Stored[];
    store.transaction(() => documents.create(stored));
    // For whoever wants to stop the bench.
    await signals();
  }
  store.close();
}

async function get(url: string, headers: Record<string, string> = {}) {
  const answer = await fetch(url, { headers });
  const text = await answer.text();
  if (answer.status !== 200 && answer.status !== 304) throw new Error(`${url}: ${answer.status} ${text.slice(0, 200)}`);
  const found = answer.headers.get('X-Total-Hits');
  const { status, headers: told } = answer;
  return { status, headers: told, lines: text.split('\n').length, found: found === null ? undefined : Number(found) };
}

async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; value: T }> {
  const began = performance.now();
  const value = await work();
  return { ms: performance.now() - began, value };
}
