import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { KINDS, type Kind } from '../../src/embedded-ctia/kinds.ts';
import { ENTITIES } from './entities.ts';
import { call, type Session, type Started, started } from './fixture.ts';

/**
 * What holds for the search of every kind, on one server. Each gets five documents, a second apart; `source` tells them apart
 * where the kind has one, which only a feed has not. They are read only, until the last case deletes them.
 */
const FEED = { feed_type: 'indicator', output: 'observables' };
const COUNT = 5;

async function five(session: Started, { name, plural }: Kind): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < COUNT; i += 1) {
    session.clock.step(1000);
    const body = name === 'feed' ? { ...FEED, title: `feed ${i}` } : { ...ENTITIES[plural], source: `acme-${i}` };
    const created = await call(session, 'POST', `/ctia/${name}`, {
      ...body,
      external_ids: [`acme/${i}?a=b`, 'acme-all'],
      tlp: i === 4 ? 'amber' : 'green',
    });
    assert.equal(created.status, 201, `${name} ${created.text}`);
    ids.push(created.json.id);
  }
  return ids;
}

async function found(session: Session, path: string): Promise<string[]> {
  const { status, json, text } = await call(session, 'GET', path);
  assert.equal(status, 200, `${path} ${text}`);
  return json.map(({ id }: { id: string }) => id);
}

const shortOf = (id: string) => id.slice(id.lastIndexOf('/') + 1);

test('the search of every kind', async (t) => {
  const session = await started(t);
  for (const kind of KINDS) await t.test(kind.name, (of) => searchOf(of, session, kind));
});

async function searchOf(t: TestContext, session: Started, kind: Kind): Promise<void> {
  const ids = await five(session, kind);
  const path = `/ctia/${kind.name}`;
  const hasSource = kind.name !== 'feed';

  await t.test(`10.2 10.18 10.19 10.22 ${kind.name}: looked up, paged, walked, filtered by id and time`, async () => {
    assert.deepEqual(await found(session, `${path}/external_id/${encodeURIComponent('ACME/3?a=b')}`), [ids[3]]);

    // The default sort begins with a time, so it is the order in which they were made.
    for (const list of [`${path}/search?`, `${path}/external_id/acme-all?`]) {
      const first = await call(session, 'GET', `${list}limit=2`);
      assert.deepEqual(
        first.json.map(({ id }: { id: string }) => id),
        ids.slice(0, 2),
      );
      assert.equal(first.headers.get('x-total-hits'), '5');
      const second = Date.parse(first.json[1].created);
      const times = kind.defaultSort.map((name) => (name === 'id' ? shortOf(ids[1] ?? '') : String(second)));
      const edn = times.map((value) => (/^\d+$/.test(value) ? value : `"${value}"`)).join(' ');
      if (!kind.defaultSort.includes('timestamp') || first.json[1].timestamp === first.json[1].created) {
        assert.equal(first.headers.get('x-sort'), `[${edn}]`);
        const cursor = times.map((value) => `&search_after=${value}`).join('');
        assert.equal(first.headers.get('x-next'), `limit=2&offset=2${cursor}`);
      }
      assert.equal(first.headers.get('x-previous'), null);
      const third = await call(session, 'GET', `${list}limit=2&offset=4`);
      assert.deepEqual(
        third.json.map(({ id }: { id: string }) => id),
        [ids[4]],
      );
      assert.equal(third.headers.get('x-next'), null);
      assert.equal(third.headers.get('x-previous'), 'limit=2&offset=2');
      const beyond = await call(session, 'GET', `${list}limit=2&offset=6`);
      assert.deepEqual([beyond.text, beyond.headers.get('x-sort')], ['[]', null]);

      for (const sort of ['', 'sort_by=id', 'sort_by=id&sort_order=desc']) {
        const walked: string[] = [];
        for (let next: string | null = 'limit=2'; next !== null; ) {
          const page = await call(session, 'GET', `${list}${sort}&${next}`);
          walked.push(...page.json.map(({ id }: { id: string }) => id));
          next = page.headers.get('x-next');
          assert.ok(walked.length <= COUNT);
        }
        const sorted = sort === '' ? ids : [...ids].sort();
        assert.deepEqual(walked, sort.endsWith('desc') ? sorted.reverse() : sorted, sort);
      }
    }
    assert.equal((await call(session, 'GET', `${path}/search?limit=10001`)).json.type, 'ES Invalid Request');

    const { json: second } = await call(session, 'GET', ids[1] ?? '');
    const { json: fourth } = await call(session, 'GET', ids[3] ?? '');
    const range = `from=${second.created}&to=${fourth.created}`;
    assert.deepEqual(await found(session, `${path}/search?${range}`), ids.slice(1, 3));
    assert.equal((await call(session, 'GET', `${path}/search/count?${range}`)).text, '2');
    for (const id of [ids[2] ?? '', shortOf(ids[2] ?? '')]) {
      assert.deepEqual(await found(session, `${path}/search?id=${encodeURIComponent(id)}`), [ids[2]]);
    }
    if (hasSource) {
      assert.deepEqual(await found(session, `${path}/search?source=ACME-1`), [ids[1]]);
      assert.deepEqual(
        await found(session, `${path}/search?query=${encodeURIComponent('source:"acme-1" OR source:acme-3')}`),
        [ids[1], ids[3]],
      );
    }
    assert.deepEqual(await found(session, `${path}/search?tlp=amber`), [ids[4]]);
  });

  await t.test(`10.20 10.21 ${kind.name}: every name of its lists sorts and projects`, async () => {
    const sortable = [...kind.sortNames, ...(kind.name === 'feed' ? [] : kind.fields)];
    for (const name of new Set(sortable)) {
      for (const order of ['asc', 'desc']) {
        const sorted = await found(session, `${path}/search?sort_by=${name}&sort_order=${order}`);
        assert.deepEqual(new Set(sorted), new Set(ids), name);
        if (['id', 'source'].includes(name)) {
          const expected = name === 'id' ? [...ids].sort() : ids;
          assert.deepEqual(sorted, order === 'asc' ? expected : [...expected].reverse(), name);
        }
      }
    }
    for (const name of kind.fields) {
      for (const list of [`${path}/search`, `${path}/external_id/acme-all`]) {
        const { json, text } = await call(session, 'GET', `${list}?fields=${name}`);
        assert.equal(json.length, COUNT, text);
        const { json: whole } = await call(session, 'GET', json[0].id);
        const [outer = '', inner] = name.split('.');
        const value = inner === undefined ? whole[outer] : whole[outer]?.[inner];
        const expected = ['groups', 'id', 'owner', 'tlp', ...(value === undefined ? [] : [outer])];
        assert.deepEqual(Object.keys(json[0]).sort(), [...new Set(expected)].sort(), name);
      }
    }
    const { status, json } = await call(session, 'GET', `${path}/search?fields=external_ids`);
    assert.deepEqual([status, Object.keys(json.errors)], [400, ['fields']]);
  });

  await t.test(`10.24 10.27 10.28 ${kind.name}: both languages, where they look, and what they refuse`, async () => {
    const query = (text: string) => `query=${encodeURIComponent(text)}`;
    for (const bad of ['2001:db8::1', 'http://example.com/a', '"open', '(a', 'a AND']) {
      for (const route of ['search', 'search/count']) {
        const { status, json } = await call(session, 'GET', `${path}/${route}?${query(bad)}`);
        assert.deepEqual(
          [status, json.type, json.class],
          [400, 'ES Invalid Request', 'clojure.lang.ExceptionInfo'],
          bad,
        );
      }
    }
    const short = shortOf(ids[2] ?? '');
    assert.deepEqual(await found(session, `${path}/search?${query(`id:*${short}`)}`), [ids[2]]);
    assert.deepEqual(
      await found(session, `${path}/search?simple_query=${encodeURIComponent(`"${short}" | http://x`)}`),
      [ids[2]],
    );
    assert.equal((await found(session, `${path}/search?simple_query=${encodeURIComponent('"')}`)).length, 0);
    const both = `${query('tlp:green')}&simple_query=${short}`;
    assert.deepEqual(await found(session, `${path}/search?${both}`), [ids[2]]);
    const counted = await call(session, 'GET', `${path}/search/count?simple_query=${short}`);
    const unknown = await call(session, 'GET', `${path}/search?search_fields=no_such_field`);
    assert.equal(unknown.status, 400);
    assert.ok('search_fields' in unknown.json.errors);
    if (!hasSource) {
      assert.equal(counted.status, 400);
      assert.equal((await call(session, 'GET', `${path}/search?search_fields=id`)).status, 400);
      assert.equal((await call(session, 'GET', `${path}/search?sort_by=id,created`)).status, 400);
      return;
    }
    assert.equal(counted.text, '1');
    assert.deepEqual(await found(session, `${path}/search?${query('acme-1')}&search_fields=source`), [ids[1]]);
    assert.deepEqual(await found(session, `${path}/search?${query('acme-1')}&search_fields=id`), []);
    assert.deepEqual(await found(session, `${path}/search?simple_query=acme-1&search_fields=source&search_fields=id`), [
      ids[1],
    ]);
    assert.equal((await call(session, 'GET', `${path}/search/count?search_fields=id`)).status, 400);
  });

  await t.test(
    `10.7 10.25 10.26 ${kind.name}: delete by search wants a filter, tries first, deletes what may be read`,
    async () => {
      const other: Session = { url: session.url, token: await session.tokenOf({ org: 'elsewhere' }) };
      const remove = (by: Session, query: string) => call(by, 'DELETE', `${path}/search?${query}`);
      const count = async () => (await call(session, 'GET', `${path}/search/count`)).text;

      for (const query of ['', 'REALLY_DELETE_ALL_THESE_ENTITIES=true', 'wait_for=true']) {
        const refused = await remove(session, query);
        assert.deepEqual(
          [refused.status, refused.json],
          [403, { error: 'you must provide at least one of from, to, query or any field filter.' }],
        );
      }
      const one = `id=${shortOf(ids[1] ?? '')}`;
      for (const dry of [one, `${one}&REALLY_DELETE_ALL_THESE_ENTITIES=false`]) {
        assert.deepEqual([(await remove(session, dry)).text, await count()], ['1', '5']);
      }
      assert.equal((await remove(session, `${one}&limit=1`)).status, 400);
      assert.equal((await remove(session, `${one}&REALLY_DELETE_ALL_THESE_ENTITIES=1`)).status, 400);
      const really = 'REALLY_DELETE_ALL_THESE_ENTITIES=true&wait_for=true';
      assert.deepEqual([(await remove(session, `${one}&${really}`)).text, await count()], ['1', '4']);
      // Another organisation reads, and so deletes, all but the amber one.
      const { json: last } = await call(session, 'GET', ids[4] ?? '');
      assert.equal((await remove(other, `to=${last.created}Z`)).status, 400);
      assert.equal((await remove(other, `query=*&${really}`)).text, '3');
      assert.deepEqual(await found(session, `${path}/search`), [ids[4]]);
      assert.deepEqual(await found(session, `${path}/external_id/acme-all`), [ids[4]]);
      const readOnly = {
        url: session.url,
        token: await session.tokenOf({ scopes: [`private-intel/${kind.name}:read`] }),
      };
      assert.equal((await remove(readOnly, one)).status, 403);
    },
  );

  if (!kind.searchFields.includes('description')) return;
  await t.test(
    `10.23 ${kind.name}: descriptions are found by their stems, all words have to be there, stop words do not count`,
    async () => {
      await call(session, 'DELETE', ids[4] ?? '');
      const described: string[] = [];
      for (const description of [
        'Blocking the hostile addresses',
        'A hostile host, see http://example.com/a',
        'Quiet',
      ]) {
        const { json } = await call(session, 'POST', `/ctia/${kind.name}`, { ...ENTITIES[kind.plural], description });
        described.push(json.id);
      }
      const cases: readonly (readonly [query: string, hits: readonly number[]])[] = [
        ['description:hostile', [0, 1]],
        ['hostile address', [0]],
        ['description:(blocked AND address)', [0]],
        ['description:"hostile the address"', [0]],
        ['description:"address hostile"', []],
        ['hostile missing', []],
        ['description:the', []],
        ['the hosts', [1]],
        ['description:"http://example.com/a"', [1]],
      ];
      for (const [query, hits] of cases) {
        const expected = hits.map((hit) => described[hit]).sort();
        for (const language of ['query', 'simple_query']) {
          if (language === 'simple_query' && /[:(]/.test(query)) continue;
          const told = await found(session, `${path}/search?${language}=${encodeURIComponent(query)}`);
          assert.deepEqual(told.sort(), expected, `${language} ${query}`);
        }
        const counted = await call(session, 'GET', `${path}/search/count?query=${encodeURIComponent(query)}`);
        assert.equal(counted.text, String(hits.length), query);
      }
      const raw = await call(
        session,
        'GET',
        `${path}/search?query=${encodeURIComponent('description:http://example.com/a')}`,
      );
      assert.deepEqual([raw.status, raw.json.type], [400, 'ES Invalid Request']);
    },
  );
}
