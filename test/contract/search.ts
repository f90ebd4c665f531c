import assert from 'node:assert/strict';
import type { Case } from './contract.ts';
import { foreignRef, indicator, judgement, KINDS, type Kind, relationship } from './documents.ts';
import { type Answer, eventually, path, pause, query, type Session, shortId } from './session.ts';

export const searchCases: Case[] = [
  ...KINDS.map(pages),
  ...KINDS.map(walked),
  ...KINDS.map(chosenFields),
  ...KINDS.map(createdWithin),
  ...KINDS.map(deletedBySearch),
  {
    number: 18,
    name: 'the external_id route and the lists of an observable have the same pages',
    async run(session) {
      const externalId = session.name();
      const observable = { type: 'domain', value: `${session.name()}.example` };
      const { ids } = await several(session, 'judgement', 5, { external_ids: [externalId], observable });
      for (const at of [
        `/ctia/judgement/external_id/${externalId}`,
        `/ctia/domain/${encodeURIComponent(observable.value)}/judgements`,
      ]) {
        const first = await session.expect(200, 'GET', `${at}?sort_by=id&limit=2`);
        assert.deepEqual(idsOf(first), ids.slice(0, 2));
        assertPaging(first, { total: 5, next: { offset: 2, after: ids[1] }, sort: ids[1] });
        const last = await session.expect(200, 'GET', `${at}?sort_by=id&limit=2&offset=4`);
        assert.deepEqual(idsOf(last), ids.slice(4));
        assertPaging(last, { total: 5, previous: 2, sort: ids[4] });
        assert.deepEqual(await walk(session, at, 'sort_by=id&limit=2'), [2, 2, 1]);
      }
    },
  },
  {
    number: 18,
    name: 'offset and limit beyond the window of 10,000 are 400',
    async run(session) {
      for (const parameters of ['limit=10001', 'limit=1&offset=10000', 'limit=5000&offset=5001']) {
        const at = `/ctia/judgement/search?source=${session.run}&${parameters}`;
        const { json } = await session.expect(400, 'GET', at);
        assert.equal(json.type, 'ES Invalid Request', parameters);
      }
    },
  },
  {
    number: 19,
    name: 'a walk whose total is a multiple of the limit ends with an empty page',
    async run(session) {
      const { filter } = await several(session, 'judgement', 4);
      const sizes = await walk(session, '/ctia/judgement/search', `${filter}&sort_by=id&limit=2`);
      assert.deepEqual(sizes, [2, 2, 0]);
    },
  },
  ...KINDS.map(sortedBy),
  {
    number: 20,
    name: 'several fields with an order each; sort_order for those without; other spellings are 400',
    async run(session) {
      // At one time, so that only priority and id tell them apart.
      const timestamp = '2026-01-01T00:00:00.000Z';
      const documents = [3, 1, 2, 1].map((priority) => ({ priority, timestamp }));
      const { filter } = await several(session, 'judgement', 4, (i) => documents[i] ?? {});
      const found = async (parameters: string) =>
        (await session.expect(200, 'GET', `/ctia/judgement/search?${filter}&${parameters}`)).json;
      const priorities = async (parameters: string) =>
        (await found(parameters)).map(({ priority }: { priority: number }) => priority);
      assert.deepEqual(await priorities('sort_by=priority'), [1, 1, 2, 3]);
      assert.deepEqual(await priorities('sort_by=priority&sort_order=desc'), [3, 2, 1, 1]);
      assert.deepEqual(await priorities('sort_by=priority:desc&sort_order=asc'), [3, 2, 1, 1]);
      const composite = `/ctia/judgement/search?${filter}&sort_by=priority:asc,timestamp,id:desc`;
      const both = await session.expect(200, 'GET', composite);
      const [first, second] = both.json.map(({ id }: { id: string }) => shortId(id));
      assert.ok(first > second, 'equal priorities by falling id');
      const last = both.json[3];
      const sort = `[${last.priority} ${Date.parse(last.timestamp)} "${shortId(last.id)}"]`;
      assert.equal(both.headers.get('x-sort'), sort, 'in EDN, dates as milliseconds');
      const spelt = await session.expect(400, 'GET', `/ctia/judgement/search?${filter}&sort_order=DESC`);
      assert.equal(typeof spelt.json.errors.sort_order, 'string');
      const listed = `/ctia/judgement/external_id/x?sort_by=priority:desc`;
      assert.equal(typeof (await session.expect(400, 'GET', listed)).json.errors.sort_by, 'string');
    },
  },
  {
    number: 23,
    name: 'words are joined by AND, stemmed and without stop words; an unescaped URL is 400',
    async run(session) {
      const source = session.name();
      const [one, two] = [session.name(), session.name()];
      const documents = [
        indicator(session, { source, description: `${one} attacking the gates of ${two}` }),
        indicator(session, { source, description: `${one} only` }),
      ];
      const { json: made } = await session.expect(201, 'POST', '/ctia/bulk?wait_for=true', { indicators: documents });
      const [both, first] = made.indicators;
      const found = async (text: string) => {
        const { json } = await session.expect(200, 'GET', `/ctia/indicator/search${query({ source, query: text })}`);
        return json.map(({ id }: { id: string }) => id).sort();
      };
      for (const [text, ids] of [
        [one, [both, first]],
        [`${one} ${two}`, [both]],
        [`${one} OR ${two}`, [both, first]],
        [`${two} the`, [both]],
        [`description:"gates of ${two}"`, [both]],
        [`description:(attacks AND gate)`, [both]],
        [`description:attacked`, [both]],
        [`${one} -${two}`, [first]],
        [`${one} NOT description:gate`, [first]],
        [`description:(${two} || only)`, [both, first]],
        [`${one} && ${two}`, [both]],
      ] as [string, string[]][]) {
        assert.deepEqual(await found(text), [...ids].sort(), text);
      }
      const url = query({ source, query: 'https://example.com/a?b=c' });
      assert.equal((await session.expect(400, 'GET', `/ctia/indicator/search${url}`)).json.type, 'ES Invalid Request');
      assert.deepEqual(await found('"https://example.com/a?b=c"'), []);
    },
  },
  {
    number: 24,
    name: 'an IPv6 address is 400 in a query of search and count unless it is quoted',
    async run(session) {
      const value = '2001:db8:85a3::8a2e:370:7334';
      const made = await session.create('judgement', judgement(session, { observable: { type: 'ipv6', value } }));
      const { source } = made;
      for (const bare of [value, `observable.value:${value}`]) {
        for (const route of ['search', 'search/count']) {
          const { json } = await session.expect(
            400,
            'GET',
            `/ctia/judgement/${route}${query({ source, query: bare })}`,
          );
          assert.equal(json.type, 'ES Invalid Request', bare);
        }
      }
      const quoted = query({ source, query: `observable.value:"${value}"` });
      const { json } = await session.expect(200, 'GET', `/ctia/judgement/search${quoted}`);
      assert.ok(json.some(({ id }: { id: string }) => id === made.id));
      assert.equal((await session.expect(200, 'GET', `/ctia/judgement/search/count${quoted}`)).json, json.length);
    },
  },
  {
    number: 26,
    name: 'DELETE search takes what the caller may read, also what it may not write',
    needs: ['a second organisation'],
    async run(session) {
      const source = session.name();
      const made: string[] = [];
      for (const tlp of ['green', 'amber']) {
        made.push((await session.create('judgement', judgement(session, { source, tlp }))).id);
      }
      const stranger = await session.lab.stranger();
      const asked = query({ source, wait_for: 'true', REALLY_DELETE_ALL_THESE_ENTITIES: 'true' });
      assert.equal((await stranger.expect(200, 'DELETE', `/ctia/judgement/search${asked}`)).json, 1);
      await eventually(async () => {
        const { json } = await session.expect(200, 'GET', `/ctia/judgement/search${query({ source })}`);
        assert.deepEqual(
          json.map(({ id }: { id: string }) => id),
          [made[1]],
        );
      });
    },
  },
  {
    number: 27,
    name: 'search_fields narrows the text search, an unknown one is 400; simple_query alone and with query',
    async run(session) {
      const source = session.name();
      const [word, other] = [session.name(), session.name()];
      const documents = [
        indicator(session, { source, title: word, description: other }),
        indicator(session, { source, title: other, description: word }),
      ];
      const { json: made } = await session.expect(201, 'POST', '/ctia/bulk?wait_for=true', { indicators: documents });
      const [titled, described] = made.indicators;
      const found = async (parameters: Parameters<typeof query>[0]) => {
        const { json } = await session.expect(200, 'GET', `/ctia/indicator/search${query({ source, ...parameters })}`);
        return json.map(({ id }: { id: string }) => id).sort();
      };
      const all = [titled, described].sort();
      assert.deepEqual(await found({ query: word }), all);
      assert.deepEqual(await found({ query: word, search_fields: 'title' }), [titled]);
      assert.deepEqual(await found({ query: word, search_fields: ['description'] }), [described]);
      assert.deepEqual(await found({ query: word, search_fields: ['title', 'description'] }), all);
      assert.deepEqual(await found({ simple_query: word, search_fields: 'title' }), [titled]);
      assert.deepEqual(await found({ simple_query: `"${word}" | nothing` }), all);
      assert.deepEqual(await found({ simple_query: `${word} -${session.name()}` }), all);
      assert.deepEqual(await found({ query: `title:${word}`, simple_query: other }), [titled]);
      assert.deepEqual(await found({ query: `title:${word}`, simple_query: session.name() }), []);
      const unknown = query({ query: word, search_fields: 'producer.name' });
      const { json } = await session.expect(400, 'GET', `/ctia/indicator/search${unknown}`);
      assert.ok(json.errors.search_fields !== undefined);
      const counted = query({ source, query: word, search_fields: 'title' });
      const refused = await session.expect(400, 'GET', `/ctia/indicator/search/count${counted}`);
      assert.deepEqual(refused.json, { errors: { search_fields: 'disallowed-key' } });
    },
  },
  {
    number: 28,
    name: '`field:*type-uuid` in a query means the long id of this server',
    async run(session) {
      const target = (await session.create('indicator', indicator(session))).id;
      const source = (await session.create('judgement', judgement(session))).id;
      const made = await session.create('relationship', relationship(session, source, target));
      const away = foreignRef('judgement').replace(/judgement-.*/, shortId(source));
      await session.create('relationship', relationship(session, away, target));
      const found = async (text: string) =>
        (await session.expect(200, 'GET', `/ctia/relationship/search${query({ query: text })}`)).json;
      assert.deepEqual(await found(`source_ref:*${shortId(source)}`), [made]);
      assert.deepEqual(await found(`source_ref:*${shortId(source)} AND target_ref:*${shortId(target)}`), [made]);
      assert.deepEqual(await found(`source_ref:"${source}"`), [made]);
    },
  },
  {
    number: 'extra',
    name: 'a query parameter that a GET does not know is 400, a repeated scalar and a foreign enum too',
    async run(session) {
      const source = session.run;
      for (const [route, parameters, field] of [
        ['judgement/search', { nocache: '1' }, 'nocache'],
        ['judgement/search/count', { limit: 1 }, 'limit'],
        ['judgement/search/count', { sort_by: 'id' }, 'sort_by'],
        ['incident/search/count', { severity: 'High' }, 'severity'],
        ['incident/search/count', { tactics: 'TA0001' }, 'tactics'],
        ['judgement/search', { limit: ['1', '2'] }, 'limit'],
        ['judgement/search', { limit: 'many' }, 'limit'],
        ['judgement/search', { tlp: 'purple' }, 'tlp'],
        ['judgement/search', { 'fields[]': 'id' }, 'fields[]'],
        ['judgement/external_id/x', { query: 'a' }, 'query'],
      ] as [string, Parameters<typeof query>[0], string][]) {
        // What a query holds beside the parameter in question is fine where the route filters.
        const filter = route.includes('external_id') ? {} : { source };
        const { json } = await session.expect(400, 'GET', `/ctia/${route}${query({ ...filter, ...parameters })}`);
        assert.deepEqual(Object.keys(json.errors), [field], route);
      }
    },
  },
  {
    number: 'extra',
    name: 'filters are exact and joined by AND, in any case where a token is meant',
    async run(session) {
      const { ids, filter } = await several(session, 'judgement', 3, (i) => ({
        severity: ['High', 'Low', 'High'][i],
        priority: [10, 10, 20][i],
        disposition: [2, 2, 1][i],
      }));
      const found = async (parameters: string) =>
        (await session.expect(200, 'GET', `/ctia/judgement/search?${filter}&${parameters}`)).json.length;
      assert.equal(ids.length, 3);
      assert.equal(await found('severity=High'), 2);
      assert.equal(await found('severity=High&priority=10'), 1);
      assert.equal(await found('disposition_name=Clean'), 1);
      assert.equal(await found('disposition=2&priority=10'), 2);
      assert.equal(await found('confidence=Low'), 0);
    },
  },
];

function pages(kind: Kind): Case {
  return {
    number: 18,
    name: `${kind.type}: offset, limit and the four paging headers; past the end there is []`,
    async run(session) {
      const { ids, filter } = await several(session, kind.type, 5);
      const page = (parameters: string) =>
        session.expect(200, 'GET', `/ctia/${kind.type}/search?${filter}&sort_by=id${parameters}`);
      const first = await page('&limit=2');
      assert.deepEqual(idsOf(first), ids.slice(0, 2));
      assertPaging(first, { total: 5, next: { offset: 2, after: ids[1] }, sort: ids[1] });
      const middle = await page('&limit=2&offset=2');
      assert.deepEqual(idsOf(middle), ids.slice(2, 4));
      assertPaging(middle, { total: 5, next: { offset: 4, after: ids[3] }, previous: 0, sort: ids[3] });
      const last = await page('&limit=2&offset=4');
      assert.deepEqual(idsOf(last), ids.slice(4));
      assertPaging(last, { total: 5, previous: 2, sort: ids[4] });
      const odd = await page('&limit=2&offset=1');
      assertPaging(odd, { total: 5, next: { offset: 3, after: ids[2] }, previous: 0, sort: ids[2] }, 2);
      const beyond = await page('&offset=10');
      assert.deepEqual(beyond.json, []);
      assert.equal(beyond.headers.get('x-total-hits'), '5');
      for (const absent of ['x-sort', 'x-next']) assert.equal(beyond.headers.has(absent), false, absent);
      for (const whole of ['', '&limit=5']) {
        const all = await page(whole);
        assert.deepEqual(idsOf(all), ids);
        assertPaging(all, { total: 5, sort: ids[4] });
      }
      const { json: number } = await session.expect(200, 'GET', `/ctia/${kind.type}/search/count?${filter}`);
      assert.equal(number, 5);
    },
  };
}

function walked(kind: Kind): Case {
  return {
    number: 19,
    name: `${kind.type}: following X-Next yields each entity once, by id and in the order that nobody chose`,
    async run(session) {
      const { ids, filter } = await several(session, kind.type, 5);
      for (const sort of ['&sort_by=id', '']) {
        const seen: string[] = [];
        const sizes = await walk(session, `/ctia/${kind.type}/search`, `${filter}${sort}&limit=2`, seen);
        assert.deepEqual(sizes, [2, 2, 1]);
        assert.deepEqual(seen.sort(), ids);
      }
    },
  };
}

/** What varies from document to document; a kind takes of it what it has. Field by field the order is another one. */
const VARIED = [
  { confidence: 'Low', language: 'de', revision: 2, priority: 30, severity: 'Medium', disposition: 3, count: 7 },
  { confidence: 'High', language: 'en', revision: 0, priority: 9, severity: 'Critical', disposition: 1, count: 70 },
  { confidence: 'Medium', language: 'Cs', revision: 10, priority: 100, severity: 'Low', disposition: 2, count: 8 },
];
const OWN_FIELDS: Record<string, readonly string[]> = {
  judgement: ['confidence', 'language', 'revision', 'priority', 'disposition', 'observable.value', 'reason'],
  indicator: ['confidence', 'language', 'revision', 'title'],
  relationship: ['language', 'revision', 'title', 'source_ref', 'target_ref', 'relationship_type'],
  sighting: ['confidence', 'language', 'revision', 'count', 'title', 'observed_time.start_time'],
  incident: ['confidence', 'language', 'revision', 'severity', 'title', 'incident_time.opened'],
  feed: ['language', 'revision'],
  casebook: ['language', 'revision', 'title'],
};
const EVERYWHERE = ['id', 'timestamp'];
const NUMBERS = ['revision', 'priority', 'disposition', 'count'];
const SEVERITIES = ['Low', 'Medium', 'High', 'Critical'];

function sortedBy(kind: Kind): Case {
  return {
    number: 20,
    name: `${kind.type}: sorted by each field, rising and falling`,
    async run(session) {
      const [title, reason] = [session.name(), session.name()];
      const own = OWN_FIELDS[kind.type] ?? [];
      const { filter, documents } = await several(session, kind.type, VARIED.length, (i) => {
        const letter = ['b', 'C', 'a'][i];
        const day = `2026-01-0${[2, 3, 1][i]}T00:00:00.000Z`;
        const all: Record<string, unknown> = {
          ...VARIED[i],
          title: `${letter} ${title}`,
          reason: `${letter} ${reason}`,
          observable: { type: 'domain', value: `${letter}.${title}.example` },
          relationship_type: ['uses', 'based-on', 'detects'][i],
          observed_time: { start_time: day },
          incident_time: { opened: day },
        };
        const taken = own.map((field) => field.split('.')[0] ?? '').filter((field) => field in all);
        return { timestamp: day, ...Object.fromEntries(taken.map((field) => [field, all[field]])) };
      });
      for (const field of [...EVERYWHERE, ...own]) {
        const rising = [...documents].sort((a, b) => compared(kind, field, a, b)).map(({ id }) => id);
        const ask = (parameters: string) =>
          session.expect(200, 'GET', `/ctia/${kind.type}/search?${filter}&sort_by=${field}${parameters}`);
        assert.deepEqual(
          (await ask('')).json.map(({ id }: { id: string }) => id),
          rising,
          field,
        );
        assert.deepEqual(
          (await ask('&sort_order=desc')).json.map(({ id }: { id: string }) => id),
          rising.reverse(),
          `${field} falling`,
        );
      }
    },
  };
}

type Document = { id: string; [field: string]: unknown };

function compared(kind: Kind, field: string, a: Document, b: Document): number {
  const of = (document: Document) => {
    const value = field.split('.').reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], document);
    if (NUMBERS.includes(field)) return Number(value);
    // An incident's severity has an order of its own (§4.1).
    if (kind.type === 'incident' && field === 'severity') return SEVERITIES.indexOf(String(value));
    return field === 'id' ? shortId(String(value)) : String(value).toLowerCase();
  };
  const [first, second] = [of(a), of(b)];
  assert.notEqual(first, second, `${field} does not tell the documents apart`);
  return first < second ? -1 : 1;
}

function chosenFields(kind: Kind): Case {
  return {
    number: 21,
    name: `${kind.type}: fields chooses, and adds nothing but who may see it`,
    async run(session) {
      const externalId = session.name();
      const who = { authorized_users: [session.name()], authorized_groups: [session.name()] };
      const made = await session.create(kind.type, kind.make(session, { external_ids: [externalId], ...who }));
      const always = ['id', 'owner', 'groups', 'tlp', 'authorized_users', 'authorized_groups'];
      const dotted = kind.fields.filter((field) => field.includes('.'));
      for (const fields of [['timestamp'], ['schema_version', 'tlp'], dotted.slice(0, 2), kind.fields]) {
        if (fields.length === 0) continue;
        const expected = Object.fromEntries(always.map((field) => [field, made[field]]));
        for (const field of fields) include(expected, made, field.split('.'));
        const asked = query({ fields });
        const byId = (await session.expect(200, 'GET', `${path(made.id)}${asked}`)).json;
        assert.deepEqual(byId, expected, fields.join());
        const listed = `/ctia/${kind.type}/external_id/${externalId}${asked}`;
        assert.deepEqual((await session.expect(200, 'GET', listed)).json, [expected], fields.join());
      }
      const asked = query({ id: shortId(made.id), fields: 'timestamp' });
      const [found] = (await session.expect(200, 'GET', `/ctia/${kind.type}/search${asked}`)).json;
      assert.deepEqual(Object.keys(found).sort(), [...always, 'timestamp'].sort());
      for (const unknown of ['external_ids', 'nothing']) {
        const { json } = await session.expect(400, 'GET', `${path(made.id)}${query({ fields: unknown })}`);
        assert.deepEqual(Object.keys(json.errors), ['fields']);
      }
    },
  };
}

/** Copies `made`'s value at this path, if it has one, as a nested object. */
function include(into: Record<string, unknown>, made: Record<string, unknown>, [key = '', ...rest]: string[]): void {
  const value = made[key];
  if (value === undefined) return;
  if (rest.length === 0) {
    into[key] = value;
    return;
  }
  const nested = (into[key] ?? {}) as Record<string, unknown>;
  include(nested, value as Record<string, unknown>, rest);
  if (Object.keys(nested).length > 0) into[key] = nested;
}

function createdWithin(kind: Kind): Case {
  return {
    number: 22,
    name: `${kind.type}: from is inclusive and to exclusive, on created; the id filter takes a short and a long id`,
    async run(session) {
      const { filter, more } = filterOf(session, kind.type);
      const first = await session.create(kind.type, kind.make(session, more));
      await pause(5);
      const second = await session.create(kind.type, kind.make(session, more));
      const found = async (parameters: Parameters<typeof query>[0]) => {
        const asked = `${filter}&sort_by=id&${query(parameters).slice(1)}`;
        const { json } = await session.expect(200, 'GET', `/ctia/${kind.type}/search?${asked}`);
        return json.map(({ id }: { id: string }) => id);
      };
      assert.deepEqual(await found({ from: second.created }), [second.id]);
      assert.deepEqual(await found({ to: second.created }), [first.id]);
      assert.deepEqual(await found({ from: first.created, to: second.created }), [first.id]);
      assert.deepEqual(await found({ id: first.id }), [first.id]);
      assert.deepEqual(await found({ id: shortId(second.id) }), [second.id]);
    },
  };
}

function deletedBySearch(kind: Kind): Case {
  return {
    number: 25,
    name: `${kind.type}: DELETE search is 403 without a filter, counts without the flag, deletes with it`,
    async run(session) {
      const { filter } = await several(session, kind.type, 2);
      const at = `/ctia/${kind.type}/search`;
      const unfiltered = await session.expect(403, 'DELETE', at);
      assert.deepEqual(unfiltered.json, {
        error: 'you must provide at least one of from, to, query or any field filter.',
      });
      const flag = 'REALLY_DELETE_ALL_THESE_ENTITIES';
      for (const dry of ['', `&${flag}=false`]) {
        assert.equal((await session.expect(200, 'DELETE', `${at}?${filter}${dry}`)).json, 2);
      }
      assert.equal((await session.expect(200, 'GET', `${at}/count?${filter}`)).json, 2);
      const unknown = await session.expect(400, 'DELETE', `${at}?${filter}&limit=1`);
      assert.deepEqual(unknown.json, { errors: { limit: 'disallowed-key' } });
      assert.equal((await session.expect(200, 'DELETE', `${at}?${filter}&${flag}=true&wait_for=true`)).json, 2);
      await eventually(async () => assert.deepEqual((await session.expect(200, 'GET', `${at}?${filter}`)).json, []));
    },
  };
}

/** A filter that only the entities of one case pass, and the fields that make them do. A feed has no source. */
function filterOf(session: Session, type: string): { filter: string; more: Record<string, unknown> } {
  const name = session.name();
  if (type === 'feed') return { filter: query({ query: `title:${name}` }).slice(1), more: { title: name } };
  return { filter: query({ source: name }).slice(1), more: { source: name } };
}

/** Entities of one kind, and what only they pass; ids and documents in the order of their short ids. */
async function several(
  session: Session,
  type: string,
  count: number,
  vary: Record<string, unknown> | ((i: number) => Record<string, unknown>) = {},
): Promise<{ ids: string[]; documents: Document[]; filter: string }> {
  const kind = KINDS.find((candidate) => candidate.type === type);
  assert.ok(kind !== undefined);
  const { filter, more } = filterOf(session, type);
  const sent = Array.from({ length: count }, (_, i) =>
    kind.make(session, { ...more, ...(typeof vary === 'function' ? vary(i) : vary) }),
  );
  if (type === 'feed') for (const document of sent) await session.create('feed', document);
  else await session.expect(201, 'POST', '/ctia/bulk?wait_for=true', { [`${type}s`]: sent });
  const { json } = await session.expect(200, 'GET', `/ctia/${type}/search?${filter}`);
  assert.equal(json.length, count);
  const documents: Document[] = json.sort((a: Document, b: Document) => (shortId(a.id) < shortId(b.id) ? -1 : 1));
  return { ids: documents.map(({ id }) => id), documents, filter };
}

function idsOf({ json }: Answer): string[] {
  return json.map(({ id }: { id: string }) => id);
}

interface Paging {
  readonly total: number;
  readonly next?: { readonly offset: number; readonly after: string | undefined };
  readonly previous?: number;
  /** The last entity of the page. */
  readonly sort: string | undefined;
}

/** The four headers of §4.2, of a page that was sorted by id. */
function assertPaging({ headers }: Answer, { total, next, previous, sort }: Paging, limit = 2): void {
  const parameters = (name: string) =>
    Object.fromEntries(new URLSearchParams(headers.get(name) ?? undefined).entries());
  assert.equal(headers.get('x-total-hits'), String(total));
  assert.deepEqual(
    parameters('x-next'),
    next === undefined
      ? {}
      : { limit: String(limit), offset: String(next.offset), search_after: shortId(next.after ?? '') },
  );
  assert.deepEqual(
    parameters('x-previous'),
    previous === undefined ? {} : { limit: String(limit), offset: String(previous) },
  );
  assert.equal(headers.get('x-sort'), `["${shortId(sort ?? '')}"]`);
  assert.equal(headers.has('link'), false);
}

const LONGEST_WALK = 20;

/** Follows X-Next as §4.2 tells clients to; the sizes of the pages. */
async function walk(session: Session, at: string, base: string, seen: string[] = []): Promise<number[]> {
  const unpaged = base.replace(/&limit=\d+$/, '');
  const sizes: number[] = [];
  let parameters = base;
  while (sizes.length < LONGEST_WALK) {
    const answer = await session.expect(200, 'GET', `${at}?${parameters}`);
    sizes.push(answer.json.length);
    seen.push(...idsOf(answer));
    const next = answer.headers.get('x-next');
    if (next === null) return sizes;
    parameters = `${unpaged}&${next}`;
  }
  throw new Error(`${at} does not end after ${LONGEST_WALK} pages`);
}
