import type { NewBundle } from '../../src/ctia/client.ts';
import { makeDocuments } from '../../src/embedded-ctia/documents.ts';
import type { Stored } from '../../src/embedded-ctia/kinds.ts';
import { openStore, type SqlValue, type Store } from '../../src/embedded-ctia/store.ts';
import { pairs, tokenFor } from '../embedded-ctia/fixture.ts';
import { address } from './addresses.ts';
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
}

const PAIRS_IN_BUNDLE = 1000;
const SMALL_N = 10_000;
const KEY_PREFIXES = 'acme-judgement-,acme-link-';

/** The embedded server by itself: writing, views, searching, memory. */
export async function measureEmbedded(bench: EmbeddedBench): Promise<Measure[]> {
  return [...(await ingestAndViews(bench)), ...(await searches(bench))];
}

async function ingestAndViews({ newFolder, startServer, ingestN }: EmbeddedBench): Promise<Measure[]> {
  const dataDir = newFolder('ingest');
  const server = await startServer(dataDir);
  const { indicatorId, viewUrl } = await makeFeed(server.url);
  const prepared = [];
  for (let at = 0; at < ingestN; at += PAIRS_IN_BUNDLE) {
    const bundle = pairs(Math.min(PAIRS_IN_BUNDLE, ingestN - at), indicatorId, at);
    prepared.push({ bundle: bundle as unknown as NewBundle, externalKeyPrefixes: KEY_PREFIXES });
  }
  const seconds = await postBare(server.url, prepared);
  await server.close();
  const bareSeconds = replay(dataDir, newFolder('bare-database'));

  const cold: number[] = [];
  let unchanged: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const started = await startServer(dataDir);
    const first = await timed(() => get(viewUrl));
    cold.push(first.ms);
    const etag = first.value.headers.get('ETag') ?? '';
    unchanged = [];
    for (let n = 0; n < 50; n += 1) unchanged.push((await timed(() => get(viewUrl, { 'If-None-Match': etag }))).ms);
    await started.close();
  }
  return [
    atLeast('import over HTTP, the same rows into the bare database = 1', bareSeconds / seconds, 'ratio', 0.3),
    plain('import over HTTP: pairs a second', ingestN / seconds, '1/s'),
    plain('the same rows into the bare database: pairs a second', ingestN / bareSeconds, '1/s'),
    atMost(`view.txt of ${ingestN}, first after a start`, median(cold), 'ms', 1000),
    atMost(`view.txt of ${ingestN}, unchanged by ETag`, median(unchanged), 'ms', 5),
  ];
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
async function searches({ newFolder, startServer, storeN }: EmbeddedBench): Promise<Measure[]> {
  const small = await lookUps(newFolder('small-store'), SMALL_N, startServer);
  const large = await lookUps(newFolder('large-store'), storeN, startServer);
  const ratio = (name: string, of: (from: typeof small) => readonly number[]) => [
    plain(`${name}: ${SMALL_N} judgements`, median(of(small)), 'ms'),
    plain(`${name}: ${storeN} judgements`, median(of(large)), 'ms'),
    atMost(`${name}: ${storeN} judgements, ${SMALL_N} = 1`, median(of(large)) / median(of(small)), 'ratio', 2),
  ];
  return [
    ...ratio('look-up by external id', ({ byExternalId }) => byExternalId),
    ...ratio('look-up by observable', ({ byObservable }) => byObservable),
    plain(`import of ${PAIRS_IN_BUNDLE} pairs into ${storeN}`, large.importMs, 'ms'),
    atMost(`server with ${storeN} judgements: peak memory`, large.peakMiB, 'MiB', 1024),
  ];
}

const LOOKS = 300;

async function lookUps(dataDir: string, count: number, startServer: EmbeddedBench['startServer']) {
  const first = await startServer(dataDir);
  const { indicatorId, viewUrl } = await makeFeed(first.url);
  await first.close();
  fill(dataDir, new URL(indicatorId).origin, indicatorId, count);
  const server = await startServer(dataDir);
  const token = await tokenFor(server.url, 'client-1', 'secret');
  const look = async (path: string) => {
    const { ms, value } = await timed(() => get(`${server.url}${path}`, { authorization: `Bearer ${token}` }));
    if (value.found !== 1) throw new Error(`${path} found ${value.found}`);
    return ms;
  };
  const byExternalId: number[] = [];
  const byObservable: number[] = [];
  for (let n = 0; n < LOOKS; n += 1) {
    const at = Math.floor((n * count) / LOOKS);
    byExternalId.push(await look(`/ctia/judgement/external_id/acme-judgement-${at}-0`));
    byObservable.push(await look(`/ctia/ip/${address(at)}/judgements`));
  }
  await get(viewUrl);
  const bundle = pairs(PAIRS_IN_BUNDLE, indicatorId, count) as unknown as NewBundle;
  const importMs = 1000 * (await postBare(server.url, [{ bundle, externalKeyPrefixes: KEY_PREFIXES }]));
  const { peakMiB } = await server.used();
  await server.close();
  return { byExternalId, byObservable, importMs, peakMiB };
}

/** As if they had been imported, without the hours that a million requests' worth of HTTP would take. */
function fill(dataDir: string, url: string, indicatorId: string, count: number): void {
  const store = openStore(dataDir);
  const documents = makeDocuments(store);
  const login = documents.get('indicator', indicatorId.slice(indicatorId.lastIndexOf('/') + 1));
  if (login === undefined) throw new Error('there is no indicator');
  const { owner, groups, schema_version, timestamp, created, modified } = login;
  const base = { owner, groups, schema_version, timestamp, created, modified };
  for (let at = 0; at < count; at += PAIRS_IN_BUNDLE) {
    const { judgements, relationships } = pairs(Math.min(PAIRS_IN_BUNDLE, count - at), indicatorId, at);
    const idOf = (type: string, n: number) =>
      `${url}/ctia/${type}/${type}-00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
    const stored = [
      ...judgements.map((document, n) => ({
        ...document,
        ...base,
        type: 'judgement',
        id: idOf('judgement', at + n),
        observable: { type: 'ip', value: address(at + n) },
      })),
      ...relationships.map((document, n) => ({
        ...document,
        ...base,
        type: 'relationship',
        id: idOf('relationship', at + n),
        source_ref: idOf('judgement', at + n),
      })),
    ] as unknown as Stored[];
    store.transaction(() => documents.create(stored));
  }
  store.close();
}

async function get(url: string, headers: Record<string, string> = {}) {
  const answer = await fetch(url, { headers });
  const text = await answer.text();
  if (answer.status !== 200 && answer.status !== 304) throw new Error(`${url}: ${answer.status} ${text.slice(0, 200)}`);
  const found = answer.headers.get('X-Total-Hits');
  return { headers: answer.headers, found: found === null ? undefined : Number(found) };
}

async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; value: T }> {
  const began = performance.now();
  const value = await work();
  return { ms: performance.now() - began, value };
}
