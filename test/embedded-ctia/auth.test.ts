import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grants } from '../../src/embedded-ctia/capability.ts';
import { call, judgement, started, tokenFor } from './fixture.ts';

test('token: Basic credentials, a JWT of 600 seconds with the claims that CTIA reads', async (t) => {
  const session = await started(t);
  const { id, password } = session.server.credentials ?? { id: '', password: '' };
  const ask = (credentials: string, body = 'grant_type=client_credentials') =>
    fetch(`${session.url}/iroh/oauth2/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body,
    });
  const answer = (await (await ask(`${id}:${password}`)).json()) as Record<string, unknown>;
  assert.deepEqual(Object.keys(answer).sort(), ['access_token', 'expires_in', 'scope', 'token_type']);
  assert.deepEqual([answer.token_type, answer.expires_in], ['bearer', 600]);
  const claims = JSON.parse(Buffer.from(String(answer.access_token).split('.')[1] ?? '', 'base64url').toString());
  const prefix = 'https://schemas.cisco.com/iroh/identity/claims';
  assert.equal(claims[`${prefix}/org/id`], 'local');
  assert.ok(claims[`${prefix}/scopes`].includes('private-intel'));
  assert.equal(claims.exp - claims.iat, 600);
  assert.equal((await ask(`${id}:wrong`)).status, 401);
  assert.equal((await ask('nobody:wrong')).status, 401);
  assert.equal((await ask(`${id}:${password}`, 'grant_type=password')).status, 400);
});

test('10.11 10.59 401 without, with a broken and with an expired token, before routing; owner, groups, client_id', async (t) => {
  const session = await started(t);
  const anonymous = { ...session, token: '' };
  const none = await call(anonymous, 'GET', '/ctia/nowhere');
  assert.deepEqual(
    [none.status, none.json],
    [401, { error: 'not_authenticated', message: 'Only authenticated users allowed' }],
  );
  assert.equal(none.headers.get('x-ctia-version'), null);
  assert.equal((await call(session, 'GET', '/ctia/nowhere')).status, 404);
  assert.equal(
    (await call({ ...session, token: 'abc' }, 'GET', '/ctia/status')).json.error,
    'jwt_decode_failed_exception',
  );
  const forged = `${session.token.slice(0, -8)}AAAAAAAA`;
  assert.equal((await call({ ...session, token: forged }, 'GET', '/ctia/status')).json.error, 'jwt_invalid_signature');
  const token = await session.tokenOf({ id: 'client-1', login: 'analyst', org: 'org-1' });
  const made = await call({ ...session, token }, 'POST', '/ctia/judgement', judgement('a'));
  assert.deepEqual([made.json.owner, made.json.groups, made.json.client_id], ['analyst', ['org-1'], 'client-1']);
  session.clock.step(782_000);
  const expired = await call(session, 'GET', '/ctia/status');
  assert.equal(expired.status, 401);
  assert.deepEqual(expired.json, {
    error: 'jwt_expired',
    error_description: 'This JWT max lifetime has expired 3min 2s ago',
  });
});

test('10.61 scopes to capabilities', () => {
  const table: [scope: string, capability: string, granted: boolean][] = [
    ['private-intel', 'create-judgement', true],
    ['private-intel', 'list-judgements', true],
    ['private-intel', 'import-bundle', true],
    ['private-intel', 'developer', false],
    ['private-intel', 'specify-id', false],
    ['private-intel:read', 'search-judgement', true],
    ['private-intel:read', 'create-judgement', false],
    ['private-intel:read', 'import-bundle', false],
    ['private-intel:write', 'delete-feed', true],
    ['private-intel:write', 'import-bundle', true],
    ['private-intel:write', 'read-judgement', false],
    ['private-intel/feed:read', 'read-feed', true],
    ['private-intel/feed:read', 'read-judgement', false],
    ['private-intel/attack-pattern:read', 'list-attack-patterns', true],
    ['private-intel/import-bundle', 'import-bundle', true],
    ['private-intel/import-bundle', 'create-judgement', false],
    ['casebook', 'create-casebook', true],
    ['casebook', 'create-judgement', false],
    ['asset', 'create-target-record', true],
    ['global-intel:read', 'read-judgement', false],
  ];
  for (const [scope, capability, granted] of table)
    assert.equal(grants([scope], capability), granted, `${scope} ${capability}`);
});

test('10.11 403 names the missing capability', async (t) => {
  const session = await started(t);
  const token = await session.tokenOf({ login: 'reader', scopes: ['private-intel:read'] });
  const refused = await call({ ...session, token }, 'POST', '/ctia/judgement', judgement('a'));
  assert.equal(refused.status, 403);
  assert.deepEqual(refused.json, {
    message: 'Missing capability',
    error: 'missing_capability',
    capabilities: 'create-judgement',
    owner: 'reader',
  });
});

test('10.60 10.70 version without a token, status with one, headers', async (t) => {
  const session = await started(t);
  const version = await call({ ...session, token: '' }, 'GET', '/ctia/version');
  assert.equal(version.json.base, '/ctia');
  assert.equal(version.headers.get('x-content-type-options'), 'nosniff');
  const status = await call(session, 'GET', '/ctia/status');
  assert.deepEqual(status.json, { status: 'ok' });
  assert.equal(status.headers.get('x-ctim-version'), '1.3.30');
  assert.equal(status.headers.get('date'), 'Wed, 25 Nov 2026 08:00:00 GMT');
});

test('10.57 rate limit: for the whole organisation, in a sliding hour', async (t) => {
  const session = await started(t, { rateLimitPerHour: 3 });
  const colleague = { ...session, token: await session.tokenOf({ login: 'colleague' }) };
  const stranger = { ...session, token: await session.tokenOf({ org: 'elsewhere' }) };
  const first = await call(session, 'GET', '/ctia/status');
  assert.equal(first.headers.get('x-ratelimit-group-limit'), '3');
  session.clock.step(60_000);
  await call(colleague, 'GET', '/ctia/status');
  await call(session, 'GET', '/ctia/status');
  const refused = await call(colleague, 'GET', '/ctia/status');
  assert.deepEqual([refused.status, refused.text], [429, '{"error": "Too Many Requests"}']);
  assert.equal(refused.headers.get('retry-after'), '3540');
  assert.equal(refused.headers.get('content-type'), 'application/json');
  assert.equal(refused.headers.get('x-ratelimit-group-limit'), null);
  assert.equal((await call(stranger, 'GET', '/ctia/status')).status, 200);
  session.clock.step(3_540_000);
  const { id, password } = session.server.credentials ?? { id: '', password: '' };
  const fresh = { ...session, token: await tokenFor(session.url, id, password) };
  assert.equal((await call(fresh, 'GET', '/ctia/status')).status, 200);
  assert.equal((await call(fresh, 'GET', '/ctia/status')).status, 429);
});

test('§7.6 §7.7 every ordinary answer tells the limit, what has a body the versions; what is made of an exception neither', async (t) => {
  const session = await started(t, { rateLimitPerHour: 100 });
  const { json } = await call(session, 'POST', '/ctia/indicator', { producer: 'acme' });
  const unknown = json.id.replace(/.{4}$/, '0000');
  const table: [method: string, path: string, status: number, limit: boolean, versions: boolean][] = [
    ['GET', json.id, 200, true, true],
    ['GET', '/ctia/indicator/search?query=nothing', 200, true, true],
    ['GET', unknown, 404, true, false],
    ['GET', '/ctia/ip/198.51.100.7/verdict', 404, true, true],
    ['PATCH', json.id, 404, true, true],
    ['DELETE', '/ctia/indicator/search', 403, true, true],
    ['PUT', json.id, 400, false, false],
    ['GET', '/ctia/indicator/search?query=a:b:c', 400, false, false],
    ['DELETE', json.id, 204, true, false],
    ['DELETE', json.id, 404, true, false],
  ];
  for (const [method, path, status, limit, versions] of table) {
    const { headers, ...answer } = await call(session, method, path);
    const told = [headers.has('x-ratelimit-group-limit'), headers.has('x-ctia-version'), headers.has('x-ctim-version')];
    assert.deepEqual([answer.status, ...told], [status, limit, versions, versions], `${method} ${path}`);
  }
});

test('§0.1 a token is asked for below /ctia and nowhere else; a path that nobody can read is a plain 400', async (t) => {
  const session = { ...(await started(t)), token: '' };
  for (const path of ['/ctia', '/ctia/', '/ctia/nothing', '/ctia?s=1', '/ctia/feed/f/view/more'])
    assert.equal((await call(session, 'GET', path)).status, 401, path);
  for (const path of ['/ctiax', '/', '/ctia.json', '/other/ctia/judgement']) {
    const { status, headers } = await call(session, 'GET', path);
    assert.deepEqual([status, headers.get('content-type')], [404, 'text/html; charset=utf-8'], path);
  }
  const unreadable = await call(session, 'GET', '/ctia/judgement/%zz');
  assert.deepEqual([unreadable.status, unreadable.text], [400, 'Bad Request']);
});

test('inspect: the observables of a text', async (t) => {
  const session = await started(t);
  const sha256 = 'a'.repeat(64);
  const content = `Seen 198.51.100.7, 2001:db8::7 and evil.example.com (https://bad.example.org/a?b=c). Mail joe@example.net
    ${sha256} ${'b'.repeat(32)} ${'C'.repeat(40)} version 1.2.3 readme.nosuchtld 999.1.1.1`;
  const { status, json } = await call(session, 'POST', '/iroh/iroh-inspect/inspect', { content });
  assert.equal(status, 200);
  assert.deepEqual(json, [
    { type: 'ip', value: '198.51.100.7' },
    { type: 'ipv6', value: '2001:db8::7' },
    { type: 'domain', value: 'evil.example.com' },
    { type: 'url', value: 'https://bad.example.org/a?b=c' },
    { type: 'email', value: 'joe@example.net' },
    { type: 'sha256', value: sha256 },
    { type: 'md5', value: 'b'.repeat(32) },
    { type: 'sha1', value: 'C'.repeat(40) },
  ]);
  const token = await session.tokenOf({ scopes: ['private-intel'] });
  const refused = await call({ ...session, token }, 'POST', '/iroh/iroh-inspect/inspect', { content });
  assert.deepEqual([refused.status, refused.json.error], [403, 'missing_scope']);
});
