import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { makeRandom } from '../../src/embedded-ctia/random.ts';
import { openStore } from '../../src/embedded-ctia/store.ts';
import { child } from './child-process.ts';
import { call, channel, IMPORT, judgement, pairs, type Session, tempFolder, tokenFor } from './fixture.ts';

/**
 * Some clients write at once: bundles, single posts, bulk PUTs, bulk DELETEs, each to entries of its own. The
 * server dies at a statement that the seed says, or is killed after a number of acknowledgements. What was acknowledged
 * is there afterwards, exactly; of a request in flight all or nothing; and every way to read tells the same.
 */
/** What a client sees of a server that was killed. */
const CUT_OFF = new Set(['ECONNRESET', 'ECONNREFUSED', 'EPIPE']);
const SEED = 20261125;
const ROUNDS = 4;
const WRITERS = 4;

/** By the judgement's first external id. */
type Entries = Map<string, Entry>;
interface Entry {
  readonly id: string;
  /** Another one with each PUT. */
  readonly reason: string | undefined;
  /** The link to the feed's indicator; a single post has none. */
  readonly link: string | undefined;
}

interface Writer {
  readonly known: Entries;
  /** What the entries that the request in flight is about become by it; undefined: they are gone. */
  inFlight: Map<string, Omit<Entry, 'id' | 'link'> | undefined>;
}

test('kill -9 at any moment of concurrent writes: what was acknowledged is there, the rest entirely or not at all', async (t) => {
  const dataDir = tempFolder(t);
  const random = makeRandom(SEED);
  const below = (n: number) => Math.floor(random() * n);
  const lastStatement = () => 100 + below(800);
  let { process: victim, url } = await child(t, dataDir, lastStatement());
  const session = { url, token: await tokenFor(url, 'client-1', 'secret') };
  const { indicator, feed } = await channel(session);
  const writers = Array.from({ length: WRITERS }, (): Writer => ({ known: new Map(), inFlight: new Map() }));
  let made = 0;
  const written = { posts: 0, imports: 0, puts: 0, deletes: 0 };

  async function write(writer: Writer): Promise<void> {
    const { known } = writer;
    const keys = [...known.keys()];
    const few = [...new Set(Array.from({ length: 1 + below(8) }, () => keys[below(keys.length)] ?? ''))];
    switch (keys.length < 20 ? below(2) : below(4)) {
      case 0: {
        const count = 1 + below(20);
        const bundle = pairs(count, indicator, made);
        const numbers = Array.from({ length: count }, (_, i) => made + i);
        made += count;
        writer.inFlight = new Map(numbers.map((i) => [`acme-judgement-${i}-0`, { reason: undefined }]));
        const { json } = await call(session, 'POST', IMPORT, bundle);
        const ids = new Map<string, string>(json.results.map((result: Result) => [result.original_id, result.id]));
        for (const i of numbers) {
          const entry = { id: String(ids.get(`transient:j${i}`)), link: String(ids.get(`transient:l${i}`)) };
          known.set(`acme-judgement-${i}-0`, { ...entry, reason: undefined });
        }
        written.imports += 1;
        break;
      }
      case 1: {
        const key = `acme-judgement-${made}-0`;
        made += 1;
        writer.inFlight = new Map([[key, { reason: 'posted' }]]);
        const { json } = await call(session, 'POST', '/ctia/judgement', document(key, 'posted'));
        known.set(key, { id: json.id, reason: 'posted', link: undefined });
        written.posts += 1;
        break;
      }
      case 2: {
        const reason = `put ${written.puts}`;
        writer.inFlight = new Map(few.map((key) => [key, { reason }]));
        const judgements = few.map((key) => ({ ...document(key, reason), id: known.get(key)?.id }));
        const { json } = await call(session, 'PUT', '/ctia/bulk', { judgements });
        assert.equal(json.judgements.updated.length, few.length);
        for (const key of few) known.set(key, { ...(known.get(key) as Entry), reason });
        written.puts += 1;
        break;
      }
      default: {
        writer.inFlight = new Map(few.map((key) => [key, undefined]));
        const gone = few.map((key) => known.get(key) as Entry);
        const judgements = gone.map(({ id }) => id);
        const relationships = gone.flatMap(({ link }) => link ?? []);
        const { json } = await call(session, 'DELETE', '/ctia/bulk', { judgements, relationships });
        assert.equal(json.judgements.deleted.length, few.length);
        for (const key of few) known.delete(key);
        written.deletes += 1;
      }
    }
    writer.inFlight = new Map();
  }

  for (let round = 0; round < ROUNDS; round += 1) {
    let left = 100;
    const writing = writers.map(async (writer) => {
      for (;;) {
        await write(writer);
        left -= 1;
        if (left === 0) victim.kill('SIGKILL');
      }
    });
    for (const { status, reason } of (await Promise.allSettled(writing)) as PromiseRejectedResult[]) {
      assert.ok(status === 'rejected' && CUT_OFF.has(reason.code), `seed ${SEED}: ${reason}`);
    }
    if (victim.exitCode === null && victim.signalCode === null) await once(victim, 'exit');
    ({ process: victim, url } = await child(t, dataDir, lastStatement()));
    assert.equal(url, session.url);
    const found = await allEntries(session);
    for (const writer of writers) settle(writer, found);
    const wanted = new Map(writers.flatMap(({ known }) => [...known]));
    assert.deepEqual(sorted(found), sorted(wanted), `seed ${SEED}, round ${round}`);
    const linked = [...wanted].filter(([, { link }]) => link !== undefined).map(([key]) => address(key));
    assert.equal((await call(session, 'GET', feed.feed_view_url)).text, linked.sort().join('\n'));
    assert.equal((await call(session, 'GET', '/ctia/judgement/search/count')).text, String(wanted.size));
  }
  assert.ok(
    Object.values(written).every((times) => times > 2),
    JSON.stringify(written),
  );

  victim.kill('SIGKILL');
  await once(victim, 'exit');
  const store = openStore(dataDir);
  t.after(() => store.close());
  assert.deepEqual(store.rows('PRAGMA integrity_check'), [{ integrity_check: 'ok' }]);
  for (const table of ['document', 'judgement', 'relationship', 'external_id', 'term']) {
    const lost = store.rows(`SELECT count(*) AS lost FROM ${table} WHERE seq NOT IN (SELECT seq FROM entity)`);
    assert.deepEqual(lost, [{ lost: 0 }], table);
  }
});

interface Result {
  readonly original_id: string;
  readonly id: string;
}

function document(key: string, reason: string): Record<string, unknown> {
  return judgement(address(key), {
    external_ids: [key, 'acme-owned'],
    reason,
    valid_time: { start_time: '2026-11-25T07:55:00.000Z', end_time: '2026-12-02T08:00:00.000Z' },
  });
}

function address(key: string): string {
  const i = Number(key.split('-')[2]);
  return `11.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
}

/** The request in flight took effect for all of its entries or for none; from now on that is known. */
function settle({ known, inFlight }: Writer, found: Entries): void {
  const states = [...inFlight].map(([key, after]) => {
    const [before, now] = [known.get(key), found.get(key)];
    const [was, is] = [before && { reason: before.reason }, now && { reason: now.reason }];
    assert.ok(
      [was, after].some((state) => JSON.stringify(state) === JSON.stringify(is)),
      `seed ${SEED}: ${key}`,
    );
    if (now === undefined) known.delete(key);
    else known.set(key, now);
    return JSON.stringify(is) === JSON.stringify(after);
  });
  assert.ok(new Set(states).size < 2, `seed ${SEED}: half of a request is there: ${JSON.stringify([...inFlight])}`);
}

/** As they are read back through external ids and the links to them. */
async function allEntries(session: Session): Promise<Entries> {
  const links = new Map<string, string>();
  for await (const { id, source_ref: source } of owned(session, 'relationship')) links.set(String(source), String(id));
  const entries: Entries = new Map();
  for await (const { id, reason, external_ids: keys } of owned(session, 'judgement')) {
    const key = (keys as string[])[0] ?? '';
    assert.ok(!entries.has(key), `${key} is there twice`);
    entries.set(key, { id: String(id), reason: reason as string | undefined, link: links.get(String(id)) });
    links.delete(String(id));
  }
  assert.deepEqual([...links], [], 'links without a judgement');
  return entries;
}

async function* owned(session: Session, kind: string): AsyncGenerator<Record<string, unknown>> {
  for (let next: string | null = 'limit=500'; next !== null; ) {
    const page = await call(session, 'GET', `/ctia/${kind}/external_id/acme-owned?sort_by=id&${next}`);
    yield* page.json;
    next = page.headers.get('x-next');
  }
}

function sorted(entries: Entries): [string, Entry][] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
}
