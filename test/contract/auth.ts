import assert from 'node:assert/strict';
import type { Case } from './contract.ts';
import { judgement, unknownId } from './documents.ts';
import { assertHolds } from './holds.ts';
import { path, query, type Session } from './session.ts';

const CLAIMS = 'https://schemas.cisco.com/iroh/identity/claims';

export const authCases: Case[] = [
  {
    number: 11,
    name: 'without a token and with one that is none: 401, before it is known whether the path exists',
    async run(session) {
      for (const at of ['/ctia/judgement/search?limit=1', path(unknownId('judgement')), '/ctia/nowhere']) {
        const none = await session.as('').expect(401, 'GET', at);
        assert.deepEqual(none.json, { error: 'not_authenticated', message: 'Only authenticated users allowed' });
        for (const token of ['nonsense', 'a.b.c']) {
          const { json } = await session.as(token).expect(401, 'GET', at);
          assert.deepEqual(Object.keys(json).sort(), ['error', 'error_description']);
        }
      }
      assert.equal(
        (await session.as('').expect(401, 'POST', '/ctia/judgement', judgement(session))).json.id,
        undefined,
      );
      const nowhere = await session.expect(404, 'GET', '/ctia/nowhere');
      assert.match(nowhere.headers.get('content-type') ?? '', /text\/html/);
    },
  },
  {
    number: 11,
    name: 'a token without the capability is 403, which names it',
    needs: ['other scopes'],
    async run(session) {
      const reader = await session.lab.withScopes(['private-intel:read']);
      const { json } = await reader.expect(403, 'POST', '/ctia/judgement', judgement(session));
      assertHolds(json, {
        message: 'Missing capability',
        error: 'missing_capability',
        capabilities: 'create-judgement',
      });
      assert.equal(typeof json.owner, 'string');
    },
  },
  {
    number: 59,
    name: 'owner, group and client of what is created are those of the token; an explicit id is 403',
    async run(session) {
      const made = await session.create('judgement', judgement(session));
      const claims = JSON.parse(Buffer.from((await session.token()).split('.')[1] ?? '', 'base64url').toString());
      assert.equal(made.owner, claims.sub);
      assert.deepEqual(made.groups, [claims[`${CLAIMS}/org/id`]]);
      assert.equal(made.client_id, claims[`${CLAIMS}/oauth/client/id`]);
      const explicit = judgement(session, { id: unknownId('judgement') });
      const { json } = await session.expect(403, 'POST', '/ctia/judgement', explicit);
      assert.equal(json.error, 'Missing capability to specify entity ID');
    },
  },
  {
    number: 59,
    name: 'a token whose signature does not fit its claims is 401',
    async run(session) {
      const [header = '', payload = '', signature = ''] = (await session.token()).split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
      const forged = Buffer.from(JSON.stringify({ ...claims, iss: 'somebody else', sub: 'somebody else' }));
      const token = [header, forged.toString('base64url'), signature].join('.');
      const { json } = await session.as(token).expect(401, 'GET', '/ctia/judgement/search?limit=1');
      assert.match(json.error, /^(jwt_|invalid_jwt)/);
    },
  },
  {
    number: 61,
    name: 'scopes become capabilities: of all entities or one, to read or to write, and never developer',
    needs: ['other scopes'],
    async run(session) {
      const made = await session.create('judgement', judgement(session));
      const read = (who: Session) => who.call('GET', path(made.id));
      const search = (who: Session) => who.call('GET', `/ctia/judgement/search/count${query({ id: made.id })}`);
      const create = (who: Session) => who.call('POST', '/ctia/judgement', judgement(session));
      const link = (who: Session) => who.call('GET', path(unknownId('relationship')));
      const bulk = (who: Session) => who.call('POST', '/ctia/bulk', {});
      const bundle = (who: Session) => who.call('POST', '/ctia/bundle/import', { source: session.run });
      const put = (who: Session) => who.call('PUT', path(made.id), judgement(session));
      const table: [scopes: string[], statuses: number[]][] = [
        // read search create link bulk bundle put
        [['private-intel'], [200, 200, 201, 404, 201, 200, 403]],
        [['private-intel:read'], [200, 200, 403, 404, 403, 403, 403]],
        [['private-intel:write'], [403, 403, 201, 403, 201, 200, 403]],
        [['private-intel/judgement'], [200, 200, 201, 403, 403, 403, 403]],
        [['private-intel/judgement:read'], [200, 200, 403, 403, 403, 403, 403]],
        [['private-intel/judgement:write'], [403, 403, 201, 403, 403, 403, 403]],
        [['private-intel/import-bundle'], [403, 403, 403, 403, 403, 403, 403]],
        [['casebook'], [403, 403, 403, 403, 403, 403, 403]],
        [['inspect:read'], [403, 403, 403, 403, 403, 403, 403]],
      ];
      for (const [scopes, statuses] of table) {
        const who = await session.lab.withScopes(scopes);
        const answers: number[] = [];
        for (const ask of [read, search, create, link, bulk, bundle, put]) answers.push((await ask(who)).status);
        assert.deepEqual(answers, statuses, scopes.join());
      }
    },
  },
  {
    number: 57,
    name: 'above the limit of the organisation: 429 with its body and the seconds to wait; the limit is told before',
    needs: ['a rate limit'],
    async run(session) {
      const limited = await session.lab.rateLimited(3);
      for (let request = 1; request <= 3; request++) {
        const { headers } = await limited.expect(200, 'GET', '/ctia/judgement/search?limit=1');
        assert.equal(headers.get('x-ratelimit-group-limit'), '3');
      }
      const refused = await limited.expect(429, 'GET', '/ctia/judgement/search?limit=1');
      assert.equal(refused.text, '{"error": "Too Many Requests"}');
      assert.match(refused.headers.get('content-type') ?? '', /^application\/json/);
      const seconds = Number(refused.headers.get('retry-after'));
      assert.ok(seconds > 3500 && seconds <= 3600, `Retry-After: ${seconds}`);
      // Neither the views of feeds nor the version are anybody's.
      await limited.expect(200, 'GET', '/ctia/version');
    },
  },
  {
    number: 58,
    name: 'ETag and 304 where the server has them switched on; without them If-None-Match changes nothing',
    async run(session) {
      const made = await session.create('judgement', judgement(session));
      const first = await session.expect(200, 'GET', path(made.id));
      const etag = first.headers.get('etag');
      const again = await session.call('GET', path(made.id), undefined, { 'if-none-match': etag ?? '"any"' });
      if (etag === null) {
        assert.deepEqual([again.status, again.json], [200, made]);
      } else {
        assert.match(etag, /^"[0-9a-f]{40}"$/);
        assert.deepEqual([again.status, again.text], [304, '']);
      }
    },
  },
  {
    number: 60,
    name: 'CORS lets a page read the paging headers; nosniff on everything; a page of HTML may not be framed',
    async run(session) {
      const at = '/ctia/judgement/search?limit=1';
      const origin = 'https://page.example';
      const found = await session.call('GET', at, undefined, { origin });
      assert.ok([origin, '*'].includes(found.headers.get('access-control-allow-origin') ?? ''));
      const exposed = (found.headers.get('access-control-expose-headers') ?? '').toLowerCase().split(/\s*,\s*/);
      for (const name of ['retry-after', 'x-total-hits', 'x-next', 'x-previous', 'x-sort', 'etag']) {
        assert.ok(exposed.includes(name), name);
      }
      assert.equal(exposed.includes('x-search_after'), false);
      assert.equal(found.headers.get('x-content-type-options'), 'nosniff');
      assert.equal(found.headers.has('content-security-policy'), false);
      const html = await session.expect(404, 'GET', '/ctia/nowhere');
      assert.ok(html.headers.has('content-security-policy'));
      assert.equal(html.headers.get('x-frame-options'), 'DENY');
    },
  },
  {
    number: 70,
    name: 'the version needs no token and names base, build and CTIM; the status does; what an exception answers has no version',
    async run(session) {
      const { json } = await session.as('').expect(200, 'GET', '/ctia/version');
      assert.deepEqual(Object.keys(json).sort(), [
        'base',
        'beta',
        'ctia-build',
        'ctia-config',
        'ctia-supported_features',
        'ctim-version',
      ]);
      assertHolds(json, { base: '/ctia', beta: true });
      assert.ok(Array.isArray(json['ctia-supported_features']));
      const status = await session.expect(200, 'GET', '/ctia/status');
      assert.deepEqual(status.json, { status: 'ok' });
      assert.equal(status.headers.get('x-ctim-version'), json['ctim-version']);
      await session.as('').expect(401, 'GET', '/ctia/status');
      const refused = await session.expect(400, 'POST', '/ctia/judgement', {});
      for (const header of ['x-ctia-version', 'x-ctia-config', 'x-ctim-version']) {
        assert.equal(refused.headers.has(header), false, header);
      }
    },
  },
  {
    number: 'extra',
    name: 'a body that is no JSON, none at all, null and a foreign key are each 400 in their own words',
    async run(session) {
      const at = '/ctia/judgement';
      assert.equal((await session.expect(400, 'POST', at, '{"a":')).json.type, 'json-parse-exception');
      assert.deepEqual((await session.expect(400, 'POST', at)).json, { errors: '(not (map? nil))' });
      const foreign = await session.expect(400, 'POST', at, judgement(session, { title: 'x' }));
      assert.deepEqual(foreign.json, { errors: { title: 'disallowed-key' } });
      const typed = await session.expect(400, 'POST', at, judgement(session, { priority: '90', reason: 1 }));
      assert.deepEqual(typed.json, {
        errors: { priority: '(not (integer? "90"))', reason: '(not (instance? java.lang.String 1))' },
      });
      const empty = await session.expect(400, 'POST', at, judgement(session, { reason: null }));
      assert.deepEqual(Object.keys(empty.json.errors), ['reason']);
      const huge = await session.expect(400, 'POST', at, judgement(session, { severity: 'Huge' }));
      assert.match(huge.json.errors.severity, /^\(not \(#\{.*"High".*\} "Huge"\)\)$/);
    },
  },
];
