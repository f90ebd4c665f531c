import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { errorOf, PASSWORD, rawClient } from './raw-client.ts';
import { TOKEN_PATH, tokenAnswer } from './raw-server.ts';

const LIST = { body: [], headers: { 'x-total-hits': '0' } };
const MINUTE = 60_000;

function tokenRequests(seen: readonly string[]): number {
  return seen.filter((request) => request === `POST ${TOKEN_PATH}`).length;
}

test('one request for a token, however many ask', async (t) => {
  const { client, server } = await rawClient(t, (path) => (path === TOKEN_PATH ? undefined : LIST));
  await Promise.all(Array.from({ length: 20 }, () => client.allByExternalId('judgement', 'acme-owned')));
  assert.equal(tokenRequests(server.seen), 1);
  assert.equal(server.bodies[0], 'grant_type=client_credentials');
  const { organisation, login, scopes } = await client.identity();
  assert.deepEqual(
    { organisation, login, scopes },
    { organisation: 'acme-org', login: 'token-1', scopes: ['private-intel'] },
  );
});

test('a token is renewed a minute before its end, not before', async (t) => {
  const { client, server, time } = await rawClient(t, (path) => (path === TOKEN_PATH ? undefined : LIST));
  await client.allByExternalId('judgement', 'acme-owned');
  time.step(9 * MINUTE - 1);
  await client.allByExternalId('judgement', 'acme-owned');
  assert.equal(tokenRequests(server.seen), 1);
  time.step(1);
  await client.allByExternalId('judgement', 'acme-owned');
  assert.equal(tokenRequests(server.seen), 2);
});

test('a 401 gets one new token, shared by all that wait, and each request goes once more', async (t) => {
  const { client, server } = await rawClient(t, (path, { headers }) => {
    if (path === TOKEN_PATH) return undefined;
    const isFirst = headers.authorization?.includes(tokenOf('token-1'));
    return isFirst ? { status: 401, body: { error: 'jwt_expired' } } : LIST;
  });
  await Promise.all(Array.from({ length: 10 }, () => client.allByExternalId('judgement', 'acme-owned')));
  assert.equal(tokenRequests(server.seen), 2);
  assert.equal(server.seen.length, 2 + 20);
});

test('a 401 with a fresh token is an error of kind token, after exactly one renewal', async (t) => {
  const { client, server, waits } = await rawClient(t, (path) =>
    path === TOKEN_PATH ? undefined : { status: 401, body: { error: 'jwt_revoked' } },
  );
  const error = await errorOf(client.allByExternalId('judgement', 'acme-owned'));
  assert.equal(error.kind, 'token');
  assert.equal(tokenRequests(server.seen), 2);
  assert.equal(server.seen.length, 4);
  assert.deepEqual(waits, []);
});

for (const status of [400, 401, 403]) {
  test(`a wrong password (${status}) is of kind credentials, says so at once, and is not tried again`, async (t) => {
    const body = { error: 'invalid_client', error_description: 'wrong client_id or client_password' };
    const { client, server } = await rawClient(t, () => ({ status, body }));
    const error = await errorOf(client.identity());
    assert.equal(error.kind, 'credentials');
    assert.match(error.message, /check the client id and password/);
    assert.deepEqual(server.seen, [`POST ${TOKEN_PATH}`]);
  });
}

test('after a token request that failed the next one asks again', async (t) => {
  let asked = 0;
  const { client } = await rawClient(t, (path) => {
    if (path !== TOKEN_PATH) return LIST;
    asked += 1;
    return asked === 1 ? { status: 403 } : undefined;
  });
  assert.equal((await errorOf(client.identity())).kind, 'credentials');
  assert.equal((await client.identity()).login, 'token-1');
});

test('a token service that stumbles is waited for, within the request that needs the token', async (t) => {
  let asked = 0;
  const { client, waits } = await rawClient(t, (path) => {
    if (path !== TOKEN_PATH) return LIST;
    asked += 1;
    return asked === 1 ? { status: 503 } : undefined;
  });
  await client.allByExternalId('judgement', 'acme-owned');
  assert.deepEqual(waits, ['unknown 2000']);
});

const unreadable: { name: string; answer: { body: unknown } }[] = [
  { name: 'a login page', answer: { body: '<html>please sign in</html>' } },
  {
    name: 'half a token',
    answer: { body: '{"access_token":"eyJhbGciOiJSUzI1NiJ9.c2VjcmV0.dG9rZW4" "expires_in":600}' },
  },
  { name: 'no token', answer: { body: { expires_in: 600 } } },
];

for (const { name, answer } of unreadable) {
  test(`a token service that answers 200 with ${name} is of kind unexpected, and its text is not quoted`, async (t) => {
    const { client } = await rawClient(t, () => answer);
    const error = await errorOf(client.identity());
    assert.equal(error.kind, 'unexpected');
    assert.doesNotMatch(inspect(error, { depth: 10 }), /eyJ|sign in|dG9rZW4/);
  });
}

test('no error of any kind shows the password, the token or a feed secret, however it is printed', async (t) => {
  const answers = [{ status: 400, body: { errors: {} } }, { status: 401 }, { status: 403 }, { status: 404 }] as const;
  const others = [{ status: 429 }, { status: 500 }, { status: 302 }, 'hang', 'reset'] as const;
  let answer: (typeof answers)[number] | (typeof others)[number] = answers[0];
  const { client, server } = await rawClient(t, (path) => (path === TOKEN_PATH ? undefined : answer), {
    patienceMs: 0,
  });
  const secret = '6c1d3f2e-secret';
  const told: string[] = [];
  for (answer of [...answers, ...others]) {
    const attempts = [
      () => client.judgementsById([`${server.url}/ctia/judgement/judgement-1`]),
      () => client.expire(`${server.url}/ctia/judgement/judgement-1`, 'why'),
      () => client.view(`${server.url}/ctia/feed/feed-1/view.txt?s=${secret}`),
    ];
    for (const attempt of attempts) {
      const error = await errorOf(attempt());
      told.push(inspect(error, { depth: 10, showHidden: true }), JSON.stringify(error));
    }
  }
  const all = told.join('\n');
  for (const hidden of [PASSWORD, Buffer.from(`client-7:${PASSWORD}`).toString('base64'), tokenOf('token-1'), secret]) {
    assert.equal(all.includes(hidden), false, `an error shows ${hidden}`);
  }
});

function tokenOf(name: string): string {
  return String((tokenAnswer(name).body as { access_token: string }).access_token);
}
