import assert from 'node:assert/strict';
import type { Case } from './contract.ts';
import { foreignRef, judgement, KINDS, type Kind, relationship, unknownId } from './documents.ts';
import { assertHolds } from './holds.ts';
import { eventually, path, pause, query, shortId } from './session.ts';

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}';
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
/** §2.1: no ordinary client may PUT one judgement. */
const PUTTABLE = KINDS.filter(({ type }) => type !== 'judgement');

export const entityCases: Case[] = [
  ...KINDS.map(createdAndRead),
  ...KINDS.map(externalId),
  ...PUTTABLE.map(replaced),
  ...KINDS.map(overLong),
  ...KINDS.map(schemaVersion),
  ...KINDS.map(deleted),
  ...KINDS.map(waitFor),
  ...PUTTABLE.map(keptOnUpdate),
  {
    number: 64,
    name: 'a relationship with a reference that is no long id is refused with 400',
    async run(session) {
      for (const bad of [
        'http://example.com/',
        unknownId('judgement'),
        'not a url',
        foreignRef('judgement').toUpperCase(),
      ]) {
        const body = relationship(session, bad, foreignRef('indicator'));
        const { json } = await session.expect(400, 'POST', '/ctia/relationship', body);
        assert.equal(json.error, 'Spec Validation Client Error', bad);
        assert.equal(json.type, 'Invalid Entity Error');
      }
    },
  },
  {
    number: 73,
    name: 'an entity is found by its short id and by its percent-encoded long id; a hyphenated type and a foreign host may be referred to',
    async run(session) {
      const link = await session.create(
        'relationship',
        relationship(session, foreignRef('attack-pattern'), foreignRef('indicator')),
      );
      for (const id of [shortId(link.id), encodeURIComponent(link.id)]) {
        assert.deepEqual((await session.expect(200, 'GET', `/ctia/relationship/${id}`)).json, link);
      }
    },
  },
  {
    number: 73,
    name: 'POST with a transient id makes a new one, with an explicit id is 403',
    async run(session) {
      for (const kind of KINDS) {
        const { id } = await session.create(kind.type, kind.make(session, { id: 'transient:mine' }));
        assert.match(shortId(id), new RegExp(`^${kind.type}-${UUID}$`));
        const refused = kind.make(session, { id: unknownId(kind.type) });
        const { json } = await session.expect(403, 'POST', `/ctia/${kind.type}`, refused);
        assert.equal(json.error, 'Missing capability to specify entity ID');
        assert.equal(json.entity.id, refused.id);
      }
    },
  },
  {
    number: 'extra',
    name: 'PATCH of a judgement is no route: 404 that is not JSON',
    async run(session) {
      const answer = await session.expect(404, 'PATCH', `/ctia/judgement/${unknownId('judgement')}`, { reason: 'x' });
      assert.match(answer.headers.get('content-type') ?? '', /text\/html/);
    },
  },
];

function createdAndRead(kind: Kind): Case {
  return {
    number: 1,
    name: `${kind.type}: POST answers 201 with the full entity and its Location, GET answers the same`,
    async run(session) {
      const submitted = kind.make(session);
      const { json, headers } = await session.expect(201, 'POST', `/ctia/${kind.type}?wait_for=true`, submitted);
      assertHolds(json, { ...submitted, type: kind.type });
      const id = new RegExp(`^https?://[^/]+(/.+)?/ctia/${kind.type}/${kind.type}-${UUID}$`);
      assert.match(json.id, id);
      // The port is not compared: production ids carry :443.
      assert.equal(new URL(json.id).hostname, new URL(session.url).hostname);
      assert.equal(headers.get('location'), json.id);
      for (const field of ['created', 'modified', 'timestamp']) assert.match(json[field], INSTANT, field);
      for (const field of ['owner', 'schema_version']) assert.equal(typeof json[field], 'string', field);
      assert.ok(Array.isArray(json.groups) && json.groups.length > 0);
      const read = await session.expect(200, 'GET', path(json.id));
      assert.deepEqual(read.json, json);
      for (const header of ['x-ctia-version', 'x-ctia-config', 'x-ctim-version']) {
        assert.ok(read.headers.has(header), header);
      }
    },
  };
}

function externalId(kind: Kind): Case {
  return {
    number: 2,
    name: `${kind.type}: the external_id route finds exactly the entity, case-insensitively, and answers [] for none`,
    async run(session) {
      const externalId = `${session.name()}/a b:c?d`;
      const made = await session.create(kind.type, kind.make(session, { external_ids: ['x', externalId] }));
      const at = (id: string) => `/ctia/${kind.type}/external_id/${encodeURIComponent(id)}`;
      assert.deepEqual((await session.expect(200, 'GET', at(externalId))).json, [made]);
      assert.deepEqual((await session.expect(200, 'GET', at(externalId.toUpperCase()))).json, [made]);
      assert.deepEqual((await session.expect(200, 'GET', at(`${externalId}-`))).json, []);
    },
  };
}

function replaced(kind: Kind): Case {
  return {
    number: 3,
    name: `${kind.type}: PUT replaces the whole document, GET answers its result, PUT of an unknown id is an empty 404`,
    async run(session) {
      const made = await session.create(
        kind.type,
        kind.make(session, { external_ids: [session.name()], language: 'en' }),
      );
      await pause(5);
      const body = kind.make(session, kind.change);
      const put = await session.expect(200, 'PUT', `${path(made.id)}?wait_for=true`, body);
      assertHolds(put.json, { ...body, id: made.id, created: made.created });
      assert.notEqual(put.json.modified, made.modified);
      for (const dropped of ['external_ids', 'language']) assert.equal(dropped in put.json, false, dropped);
      // On a feed wait_for has no effect (§2.2).
      await eventually(async () => assert.deepEqual((await session.call('GET', path(made.id))).json, put.json));
      const unknown = await session.expect(404, 'PUT', `/ctia/${kind.type}/${unknownId(kind.type)}`, body);
      // §2.6: casebook answers JSON to PATCH; that its PUT answers as all others do is our reading.
      assert.equal(unknown.text, '');
    },
  };
}

function overLong(kind: Kind): Case {
  return {
    number: 4,
    name: `${kind.type}: a ${kind.short} of 1025 characters is refused with 400 on POST and PUT, one of 1024 is not`,
    async run(session) {
      const long = (length: number) => `${session.name()} `.padEnd(length, 'x');
      const { id } = await session.create(kind.type, kind.make(session, { [kind.short]: long(1024) }));
      const body = kind.make(session, { [kind.short]: long(1025) });
      const puts: [string, string][] = kind.type === 'judgement' ? [] : [['PUT', path(id)]];
      for (const [method, at] of [['POST', `/ctia/${kind.type}`] as [string, string], ...puts]) {
        const { json } = await session.expect(400, method, at, body);
        assert.equal(json.error, 'Spec Validation Client Error');
        assert.match(json.message, new RegExp(`failed: .*in: \\[:${kind.short}\\]`, 's'));
        assert.equal(json.entity[kind.short].length, 1025);
      }
    },
  };
}

function schemaVersion(kind: Kind): Case {
  return {
    number: 5,
    name: `${kind.type}: an outdated schema_version in the body is ignored`,
    async run(session) {
      const made = await session.create(kind.type, kind.make(session, { schema_version: '0.0.1' }));
      const { json } = await session.expect(200, 'GET', '/ctia/version');
      assert.equal(made.schema_version, json['ctim-version']);
    },
  };
}

function deleted(kind: Kind): Case {
  return {
    number: 6,
    name: `${kind.type}: DELETE answers 204, then GET and DELETE are an empty 404`,
    async run(session) {
      const { id } = await session.create(kind.type, kind.make(session));
      assert.equal((await session.expect(204, 'DELETE', `${path(id)}?wait_for=true`)).text, '');
      assert.equal((await session.expect(404, 'GET', path(id))).text, '');
      assert.equal((await session.expect(404, 'DELETE', path(id))).text, '');
    },
  };
}

function waitFor(kind: Kind): Case {
  return {
    number: 7,
    name: `${kind.type}: wait_for=true shows a write at once, false and absent within the refresh; 1 and True are 400`,
    async run(session) {
      for (const wait of ['?wait_for=true', '?wait_for=false', '']) {
        const made = (await session.expect(201, 'POST', `/ctia/${kind.type}${wait}`, kind.make(session))).json;
        const visible = async () => assert.equal((await session.call('GET', path(made.id))).status, 200);
        await (wait === '?wait_for=true' ? visible() : eventually(visible));
        if (kind.type !== 'judgement') {
          await session.expect(200, 'PUT', `${path(made.id)}${wait}`, kind.make(session, kind.change));
        }
        if (kind.type === 'incident' || kind.type === 'casebook') {
          await session.expect(200, 'PATCH', `${path(made.id)}${wait}`, { short_description: 'patched' });
        }
        await session.expect(204, 'DELETE', `${path(made.id)}${wait}`);
        const gone = async () => assert.equal((await session.call('GET', path(made.id))).status, 404);
        await (wait === '?wait_for=true' ? gone() : eventually(gone));
      }
      for (const wait of ['1', 'True', 'yes']) {
        const { json } = await session.expect(400, 'POST', `/ctia/${kind.type}?wait_for=${wait}`, kind.make(session));
        assert.equal(typeof json.errors.wait_for, 'string');
      }
    },
  };
}

function keptOnUpdate(kind: Kind): Case {
  return {
    number: 72,
    name: `${kind.type}: a PUT keeps created, owner, groups and tlp, and moves modified and the timestamp it does not send`,
    async run(session) {
      const made = await session.create(kind.type, kind.make(session, { timestamp: '2026-01-01T00:00:00.000Z' }));
      assert.equal(made.timestamp, '2026-01-01T00:00:00.000Z');
      await pause(5);
      const { tlp: _, ...body } = kind.make(session);
      const { json } = await session.expect(200, 'PUT', `${path(made.id)}?wait_for=true`, body);
      for (const field of ['created', 'owner', 'groups', 'tlp']) assert.deepEqual(json[field], made[field], field);
      assert.ok(Date.parse(json.modified) > Date.parse(made.modified));
      // Incident alone keeps the timestamp it had (§1.2).
      if (kind.type === 'incident') assert.equal(json.timestamp, made.timestamp);
      else assert.ok(Date.parse(json.timestamp) >= Date.parse(made.modified), 'timestamp becomes now');
      // What GET answers may be sent back as it is.
      const read = await eventually(async () => {
        const { json: current } = await session.call('GET', path(made.id));
        assert.equal(current.modified, json.modified);
        return current;
      });
      const again = await session.expect(200, 'PUT', `${path(made.id)}?wait_for=true`, read);
      assert.deepEqual({ ...again.json, modified: '' }, { ...read, modified: '' });
    },
  };
}

/** Metrics are the one route group that a CTIA-compatible server may leave out (§9.6). */
export const metricCase: Case = {
  number: 29,
  name: 'a metric counts by a field, under the filters of search, and looks back one year at most',
  async run(session) {
    const source = session.name();
    for (const severity of ['High', 'High', 'Low']) {
      await session.create('judgement', judgement(session, { source, severity }));
    }
    const ask = (parameters: Parameters<typeof query>[0]) =>
      session.call('GET', `/ctia/judgement/metric/topn${query({ source, 'aggregate-on': 'severity', ...parameters })}`);
    const to = new Date(Date.now() + 60_000).toISOString();
    const { status, json, headers } = await ask({ from: '2020-01-01T00:00:00.000Z', to });
    assert.equal(status, 200);
    assert.equal(json.type, 'topn');
    assert.deepEqual(json.data, {
      severity: [
        { key: 'high', value: 2 },
        { key: 'low', value: 1 },
      ],
    });
    assert.equal(headers.get('x-total-hits'), '3');
    const daysBack = (Date.parse(json.filters.to) - Date.parse(json.filters.from)) / 86_400_000;
    assert.equal(json.filters.to, to);
    assert.ok(daysBack >= 365 && daysBack <= 366, json.filters.from);
    const none = await ask({});
    assert.deepEqual([none.status, none.json], [400, { errors: { from: 'missing-required-key' } }]);
  },
};
