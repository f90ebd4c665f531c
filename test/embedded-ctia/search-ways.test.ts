import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { type Documents, makeDocuments } from '../../src/embedded-ctia/documents.ts';
import { kindNamed, type Stored } from '../../src/embedded-ctia/kinds.ts';
import type { Search } from '../../src/embedded-ctia/matching.ts';
import { parseLucene } from '../../src/embedded-ctia/query-language.ts';
import { count, find } from '../../src/embedded-ctia/search.ts';
import { openStore, type Store } from '../../src/embedded-ctia/store.ts';
import { call, judgement, link, started, tempFolder } from './fixture.ts';

/** More than an index may leave for the first of the ways in search.ts, and enough for several slices of each. */
const MANY = 11_000;
const ANYBODY = { login: 'ada', groups: ['elsewhere'] };
const NOW = Date.parse('2026-11-25T08:00:00.000Z');

function stored(type: string, i: number, more: object): Stored {
  // Runs of equal times, going up, with an exception here and there.
  const time = new Date(NOW + Math.floor(i / 700) * 1000 - (i % 997 === 0 ? 3_600_000 : 0)).toISOString();
  return {
    id: `http://ctia.example/ctia/${type}/${type}-${randomUUID()}`,
    type,
    schema_version: '1.3.30',
    owner: 'eve',
    groups: ['local'],
    tlp: i % 11 === 0 ? 'amber' : 'green',
    timestamp: time,
    created: time,
    modified: time,
    ...more,
  };
}

function filled(t: TestContext): { store: Store; documents: Documents; judgements: Stored[] } {
  const store = openStore(tempFolder(t));
  t.after(() => store.close());
  const documents = makeDocuments(store);
  const judgements = Array.from({ length: MANY }, (_, i) =>
    stored('judgement', i, {
      external_ids: ['acme-all', `acme-${i}`],
      observable: { type: 'ip', value: `11.0.${i >> 8}.${i & 255}` },
      source: i % 500 === 3 ? 'rare.example' : 'check.torproject.org',
      reason: i % 3 === 0 ? 'Exit node' : 'Botnet addresses',
      priority: (i * 7919) % 100,
      severity: i % 2 === 0 ? 'High' : 'Low',
      disposition: 2,
      valid_time: { start_time: '2026-01-01T00:00:00.000Z', end_time: '2027-01-01T00:00:00.000Z' },
    }),
  );
  store.transaction(() => documents.create(judgements));
  store.transaction(() =>
    documents.create([stored('indicator', 1, { title: 'acme ip', source: 'check.torproject.org' })]),
  );
  return { store, documents, judgements };
}

const search = (more: Partial<Search>): Search => ({
  kind: kindNamed('judgement'),
  identity: ANYBODY,
  filters: {},
  created: { from: undefined, to: undefined },
  query: undefined,
  now: NOW,
  ...more,
});

const lower = (text: string) => text.slice(text.lastIndexOf('/') + 1);
type Model = { priority: number; source: string; severity: string; reason: string } & Stored;

/** What is sorted and found has to be what a plain filter and sort of the same documents give, whichever way is taken. */
test('10.19 search: few, many in the order of an index, many in another order: walked to the end they are all there, in order', async (t) => {
  const { store, documents, judgements } = filled(t);
  const readable = (judgements as Model[]).filter(({ tlp }) => tlp === 'green');
  const created = { from: new Date(NOW + 2000).toISOString(), to: new Date(NOW + 5000).toISOString() };
  const searches: readonly (readonly [string, Partial<Search>, (document: Model) => boolean])[] = [
    ['everything', {}, () => true],
    ['an id that all bear', { externalId: 'ACME-all' }, () => true],
    ['a frequent source', { filters: { source: ['Check.Torproject.org'] } }, ({ source }) => source !== 'rare.example'],
    ['a rare source', { filters: { source: ['rare.example'] } }, ({ source }) => source === 'rare.example'],
    ['a filter without an index', { filters: { severity: ['high'] } }, ({ severity }) => severity === 'High'],
    ['text', { query: parseLucene('bots OR botnets') }, ({ reason }) => reason.startsWith('Botnet')],
    ['a time', { created }, (one) => one.created >= created.from && one.created < created.to],
  ];
  const sorts: readonly (readonly [string[], boolean])[] = [
    [['timestamp', 'created', 'id'], false],
    [['timestamp', 'created', 'id'], true],
    [['created', 'id'], false],
    [['id'], false],
    [['id'], true],
    [['priority', 'id'], true],
  ];
  for (const [told, more, keeps] of searches) {
    const expected = readable.filter(keeps);
    for (const [names, descending] of sorts) {
      const key = (one: Model) =>
        names.map((name) => (name === 'id' ? lower(one.id) : String(one[name]).padStart(30))).join(' ');
      const sorted = expected.map((one) => [key(one), one.id] as const).sort(([a], [b]) => (a < b ? -1 : 1));
      if (descending) sorted.reverse();
      const walked: string[] = [];
      let after: string[] | undefined;
      for (;;) {
        const sort = names.map((name) => ({ name, descending }));
        const page = await find({ store, documents }, search(more), { sort, limit: 4000, offset: 0, after });
        assert.equal(page.total, expected.length, told);
        walked.push(...page.documents.map((document) => (JSON.parse(document) as Stored).id));
        if (page.hits < 4000) break;
        after = page.sortValues?.map(String);
      }
      assert.deepEqual(
        walked,
        sorted.map(([, id]) => id),
        `${told} ${names} ${descending}`,
      );
    }
    assert.equal(await count({ store, documents }, search(more)), expected.length);
  }
});

test('search: a total is counted again once that kind has been written to', async (t) => {
  const { store, documents, judgements } = filled(t);
  const total = () => count({ store, documents }, search({ filters: { source: ['check.torproject.org'] } }));
  const before = await total();
  const [first] = judgements.filter(({ tlp, source }) => tlp === 'green' && source === 'check.torproject.org');
  assert.ok(first !== undefined);
  documents.remove('judgement', [lower(first.id)]);
  assert.equal(await total(), before - 1);
  documents.put([{ ...first, source: 'elsewhere.example' }]);
  assert.equal(await total(), before - 1);
  documents.put([first]);
  assert.equal(await total(), before);
});

test('search: another request is answered while one reads everything', async (t) => {
  const { store, documents } = filled(t);
  const slow = find({ store, documents }, search({ query: parseLucene('nothing') }), {
    sort: [{ name: 'id', descending: false }],
    limit: 10,
    offset: 0,
    after: undefined,
  });
  let done = false;
  void slow.then(() => {
    done = true;
  });
  let turns = 0;
  for (; !done; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(turns > 20, `${turns} turns of the loop`);
  const gone = find({ store, documents }, search({ query: parseLucene('none'), abandoned: () => true }), {
    ...{ sort: [{ name: 'id', descending: false }], limit: 10, offset: 0, after: undefined },
  });
  await assert.rejects(gone, { status: 499 });
});

test('a store of the first format gets what its searches need at its first opening', async (t) => {
  const folder = tempFolder(t);
  const old = openStore(folder);
  const gone = stored('judgement', 1, {});
  const sighting = stored('sighting', 2, { source: 'Acme', observables: [{ type: 'ip', value: '198.51.100.7' }] });
  const relation = stored('relationship', 3, {
    ...{ relationship_type: 'element-of', source: 'Acme', source_ref: gone.id, target_ref: sighting.id },
  });
  makeDocuments(old).create([sighting, relation]);
  old.exec('DROP TABLE term; DROP INDEX entity_created; DROP INDEX entity_timestamp');
  old.setMeta('format', '1');
  old.close();

  const store = openStore(folder);
  t.after(() => store.close());
  const documents = makeDocuments(store);
  assert.equal(store.meta('format'), '2');
  const found = async (kind: string, filters: Search['filters']) => {
    const page = { sort: [{ name: 'timestamp', descending: false }], limit: 10, offset: 0, after: undefined };
    const { documents: texts } = await find({ store, documents }, search({ kind: kindNamed(kind), filters }), page);
    return texts.map((document) => (JSON.parse(document) as Stored).id);
  };
  assert.deepEqual(await found('sighting', { source: ['acme'] }), [sighting.id]);
  assert.deepEqual(await found('sighting', { 'observables.value': ['198.51.100.7'] }), [sighting.id]);
  assert.deepEqual(await found('relationship', { source_ref: [gone.id] }), [relation.id]);
});

test('relationships are found by what they lead from: there, deleted, come back, of another host', async (t) => {
  const session = await started(t);
  const { json: source } = await call(session, 'POST', '/ctia/judgement', judgement('198.51.100.7'));
  const foreign = source.id.replace(session.url, 'https://intel.example:443');
  const { json: made } = await call(session, 'POST', '/ctia/relationship', link(source.id, source.id));
  const { json: far } = await call(session, 'POST', '/ctia/relationship', link(foreign, source.id));
  const found = async (ref: string) => {
    const filtered = await call(session, 'GET', `/ctia/relationship/search?source_ref=${encodeURIComponent(ref)}`);
    const query = encodeURIComponent(`source_ref:"${ref}"`);
    const queried = await call(session, 'GET', `/ctia/relationship/search?query=${query}`);
    assert.deepEqual(queried.json, filtered.json);
    return filtered.json.map(({ id }: { id: string }) => id);
  };
  assert.deepEqual([await found(source.id), await found(foreign)], [[made.id], [far.id]]);
  await call(session, 'DELETE', source.id);
  assert.deepEqual([await found(source.id), await found(foreign)], [[made.id], [far.id]]);
  const nobody = `${session.url}/ctia/judgement/judgement-00000000-0000-4000-8000-000000000000`;
  await call(session, 'PUT', made.id, link(nobody, source.id));
  assert.deepEqual([await found(source.id), await found(nobody)], [[], [made.id]]);
  assert.equal((await call(session, 'DELETE', made.id)).status, 204);
  assert.deepEqual(await found(nobody), []);
});

test('10.7 delete by search becomes visible with the next refresh, also where it is waited for', async (t) => {
  const session = await started(t, { refreshMs: 1000 });
  await call(session, 'POST', '/ctia/judgement?wait_for=true', judgement('198.51.100.7'));
  const counted = async () => (await call(session, 'GET', '/ctia/judgement/search/count')).text;
  for (const wait of ['true', 'false']) {
    const query = `source=check.torproject.org&REALLY_DELETE_ALL_THESE_ENTITIES=true&wait_for=${wait}`;
    assert.equal((await call(session, 'DELETE', `/ctia/judgement/search?${query}`)).text, '1');
    assert.equal(await counted(), '1');
  }
  session.clock.step(1000);
  assert.equal(await counted(), '0');
});
