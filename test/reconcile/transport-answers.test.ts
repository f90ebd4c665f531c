import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCtiaError } from '../../src/ctia/error.ts';
import { BULK_KINDS } from '../../src/embedded-ctia/kinds.ts';
import { withShortTimeouts } from '../ctia/raw-client.ts';
import { DAY } from '../plan/situation.ts';
import { asked, assertSettled, assertVerified, isOurs, judgementOn, type Tenant, tenant } from './tenant.ts';

/** The rows of writes.md §5 that any request may meet. */
const LISTS = 'tor 198.51.100.1\ntor 198.51.100.2\ntor 198.51.100.3';
const VIEW = '198.51.100.1\n198.51.100.2\n198.51.100.3';
const IMPORT = /bundle\/import/;

async function assertOnce(world: Tenant): Promise<void> {
  assert.equal(await world.view(), VIEW);
  assert.equal((await world.all('judgement')).filter(isOurs).length, 3);
  assert.equal((await world.all('relationship')).filter(isOurs).length, 3);
  await assertSettled(world, LISTS);
}

for (const kind of ['reset-before', 'reset-after'] as const) {
  test(`§5 any: ${kind} of an import → the same import again after 2 s, no duplicate survives`, async (t) => {
    const world = await tenant(t);
    world.server.faults.push({ on: { path: IMPORT }, kind });
    assertVerified(await world.sync(LISTS));
    assert.equal(asked(world, 'POST /ctia/bundle/import'), 2);
    assert.ok(world.time.slept.includes(2000));
    await assertOnce(world);
  });

  test(`§5 any: ${kind} of a bulk PUT → the same PUT again`, async (t) => {
    const world = await tenant(t);
    assertVerified(await world.sync(LISTS));
    world.time.step(5 * DAY);
    world.server.faults.push({ on: { method: 'PUT' }, kind });
    assertVerified(await world.sync(LISTS));
    assert.equal(asked(world, 'PUT /ctia/bulk'), 2);
    await assertOnce(world);
  });

  test(`§5 any: ${kind} of a read → read again`, async (t) => {
    const world = await tenant(t);
    assertVerified(await world.sync(LISTS));
    world.server.faults.push({ on: { method: 'GET', path: /external_id/ }, kind, times: 2 });
    await assertOnce(world);
  });
}

test('§5 any: a time-out that succeeded → the same import again, no duplicate survives', async (t) => {
  const world = await tenant(t);
  withShortTimeouts(world.connection);
  world.server.faults.push({ on: { path: IMPORT }, kind: 'slow', ms: 60_000 });
  assertVerified(await world.sync(LISTS));
  assert.equal(asked(world, 'POST /ctia/bundle/import'), 2);
  await assertOnce(world);
});

test('§5 any: 5xx three times → the run fails as unknown; the next one finds what was made', async (t) => {
  const world = await tenant(t);
  world.server.faults.push({ on: { path: IMPORT }, kind: 'reset-after', times: 3 });
  await assert.rejects(world.sync(LISTS), (error) => isCtiaError(error, 'unknown'));
  assertVerified(await world.sync(LISTS));
  await assertOnce(world);
});

for (const status of [500, 502, 503, 504]) {
  test(`§5 any: ${status} once → again after 2 s`, async (t) => {
    const world = await tenant(t);
    world.server.faults.push({ on: { path: IMPORT }, kind: 'status', status, body: { type: 'unknown-exception' } });
    assertVerified(await world.sync(LISTS));
    await assertOnce(world);
  });
}

test('§5 any: 400 errors with positions → the entries at those positions are problems, the rest once more', async (t) => {
  const world = await tenant(t);
  const errors = { judgements: [null, { severity: '(not (#{"Low"} "Huge"))' }] };
  world.server.faults.push({ on: { path: IMPORT }, kind: 'status', status: 400, body: { errors } });
  const report = await world.sync(LISTS);
  assert.deepEqual(
    report.failures.map(({ kind, message, position }) => [kind, message, position?.file]),
    [['entry', 'ip 198.51.100.2: CTIA refused it: {"severity":"(not (#{\\"Low\\"} \\"Huge\\"))"}', 'feeds/tor.yaml']],
  );
  assert.equal(asked(world, 'POST /ctia/bundle/import'), 2);
  assert.equal(await world.view(), '198.51.100.1\n198.51.100.3');
  assertVerified(await world.sync(LISTS));
  await assertOnce(world);
});

test('§5 any: 400 errors at a link → its entry', async (t) => {
  const world = await tenant(t);
  const errors = { relationships: [{ tlp: 'disallowed-key' }] };
  world.server.faults.push({ on: { path: IMPORT }, kind: 'status', status: 400, body: { errors } });
  const report = await world.sync(LISTS);
  assert.deepEqual(
    report.failures.map(({ message }) => message.split(':')[0]),
    ['ip 198.51.100.1'],
  );
});

test('§5 any: 400 errors without positions → the run stops, nothing is guessed', async (t) => {
  const world = await tenant(t);
  const body = { errors: '(not (map? nil))' };
  world.server.faults.push({ on: { path: IMPORT }, kind: 'status', status: 400, body });
  await assert.rejects(world.sync(LISTS), (error) => isCtiaError(error, 'invalid'));
});

test('§5 any: 400 max entities N → learned and split, for imports, renewals, withdrawals, look-ups and links', async (t) => {
  const world = await tenant(t, { bulkMax: 10 });
  const many = Array.from({ length: 24 }, (_, n) => `tor 11.0.0.${n}`);
  assertVerified(await world.sync(many.join('\n')));
  // One refusal; what it says is remembered, and 24 pairs go as 5 + 5 + 5 + 5 + 4.
  assert.equal(asked(world, 'POST /ctia/bundle/import'), 1 + 5);
  world.time.step(5 * DAY);
  world.server.requests.reset();
  assertVerified(await world.sync(many.slice(0, 12).join('\n')));
  // All 24 are due and renewed, before the lists say that half of them go.
  assert.equal(asked(world, 'PUT /ctia/bulk'), 1 + 3 + 2);
  const links = await world.all('relationship');
  for (const link of links) {
    await world.call('PUT', `/ctia/relationship/${link.id.split('/').at(-1)}`, {
      ...link,
      target_ref: 'http://127.0.0.1/ctia/indicator/indicator-00000000-0000-4000-8000-000000000000',
    });
  }
  const report = await world.sync(many.slice(0, 12).join('\n'));
  assertVerified(report);
  assert.deepEqual([report.counts.link, report.counts.unlink], [12, 12]);
  await assertSettled(world, many.slice(0, 12).join('\n'));
});

test('§5 any: 400 max entities N, and look-ups of what exists → split too', async (t) => {
  const world = await tenant(t, { bulkMax: 10 });
  const many = Array.from({ length: 24 }, (_, n) => `tor 11.0.0.${n}`).join('\n');
  world.server.faults.push({ on: { path: IMPORT }, kind: 'reset-after', skip: 2, times: 2 });
  assertVerified(await world.sync(many));
  await assertSettled(world, many);
});

test('§5 any: 401 midway → one new token, then the request again', async (t) => {
  const world = await tenant(t);
  world.server.faults.push({ on: { path: IMPORT }, kind: 'token' });
  assertVerified(await world.sync(LISTS));
  assert.equal(asked(world, 'POST /iroh/oauth2/token') <= 3, true);
  assert.equal(asked(world, 'POST /ctia/bundle/import'), 2);
  await assertOnce(world);
});

test('§5 any: 401 with a fresh token → the run stops', async (t) => {
  const world = await tenant(t);
  world.server.faults.push({ on: { path: IMPORT }, kind: 'token', times: 2 });
  await assert.rejects(world.sync(LISTS), (error) => isCtiaError(error, 'token'));
});

test('§5 any: a token that runs out between two requests of a run', async (t) => {
  const world = await tenant(t);
  world.intercept = async (request, send) => {
    world.time.step(5 * 60_000);
    return send(request);
  };
  assertVerified(await world.sync(LISTS));
  world.intercept = undefined;
  await assertOnce(world);
});

test('§5 any: 403 missing_capability of bulk PUT at a withdrawal → one by one, by expire, and it says why', async (t) => {
  const world = await tenant(t);
  assertVerified(await world.sync(LISTS));
  world.server.faults.push({ on: { method: 'PUT' }, kind: 'forbidden', capabilities: ['create-casebook'], times: 9 });
  const report = await world.sync('tor 198.51.100.2');
  assertVerified(report);
  assert.equal(asked(world, 'POST /ctia/judgement/:id/expire'), 2);
  assert.equal(await world.view(), '198.51.100.2');
  assert.match(report.notices.join(), /withdrawn one by one: .*lacks create-casebook/);
  assert.equal((await judgementOn(world, '198.51.100.1')).reason, ' withdrawn 4f2a9c1');
});

test('§5 any: the same with a token that really lacks casebook, investigation and target-record', async (t) => {
  const world = await tenant(t);
  assertVerified(await world.sync(LISTS));
  const kinds = [...new Set([...BULK_KINDS.map(({ name }) => name), 'feed'])];
  const lacking = ['casebook', 'investigation', 'target-record'];
  world.server.addClient({
    ...{ id: 'client-7', password: 'correct-horse-battery-staple', login: 'ctim-feeds', org: 'acme-org' },
    scopes: ['import-bundle', ...kinds.filter((kind) => !lacking.includes(kind))].map((it) => `private-intel/${it}`),
  });
  world.time.step(11 * 60_000);
  assertVerified(await world.sync('tor 198.51.100.2\ntor 198.51.100.4'));
  assert.equal(await world.view(), '198.51.100.2\n198.51.100.4');
  assert.equal(asked(world, 'POST /ctia/judgement/:id/expire'), 2);
  world.time.step(5 * DAY);
  // A renewal is due, which is an import here: test/reconcile/succession.test.ts.
  const report = await world.sync('tor 198.51.100.2\ntor 198.51.100.4\ntor 198.51.100.5');
  assertVerified(report);
  assert.match(report.notices.join(), /by succession.*casebook/);
  assert.equal(await world.view(), '198.51.100.2\n198.51.100.4\n198.51.100.5');
});

const refused: [what: string, method: string, path: RegExp, lists: string][] = [
  ['an import', 'POST', IMPORT, `${LISTS}\ntor 198.51.100.9`],
  ['a read', 'GET', /external_id/, LISTS],
];
for (const [what, method, path, lists] of refused) {
  test(`§5 any: 403 missing_capability of ${what} → stops and names the capability`, async (t) => {
    const world = await tenant(t);
    assertVerified(await world.sync(LISTS));
    world.server.faults.push({ on: { method, path }, kind: 'forbidden', capabilities: ['create-incident'], times: 9 });
    await assert.rejects(world.sync(lists), /lacks create-incident/);
    assert.equal(await world.view(), VIEW);
  });
}

test('§5 any: 404 where the route must exist → stops: hosts of two services or regions are mixed', async (t) => {
  const world = await tenant(t);
  Object.assign(world.connection, { ctiaUrl: `${world.server.url}/iroh` });
  await assert.rejects(world.sync(LISTS), /hosts of two services or regions are mixed/);
});

for (const retryAfter of ['3', '3s']) {
  test(`§5 any: 429 with Retry-After ${retryAfter} → everybody waits that long`, async (t) => {
    const world = await tenant(t);
    world.server.faults.push({
      on: { path: IMPORT },
      kind: 'status',
      status: 429,
      retryAfter,
      body: { error: 'Too Many Requests' },
    });
    assertVerified(await world.sync(LISTS));
    assert.ok(world.time.slept.includes(3000));
    await assertOnce(world);
  });
}

test('§5 any: 429 while feeds are made → waited for too', async (t) => {
  const world = await tenant(t);
  world.server.faults.push({ on: { method: 'POST', path: /feed$/ }, kind: 'status', status: 429, retryAfter: '5' });
  assertVerified(await world.sync(LISTS));
  await assertOnce(world);
});

test('§5 any: 429 of the organisation’s real quota for longer than the patience → rises; later all is well', async (t) => {
  const world = await tenant(t, { rateLimitPerHour: 8 });
  await assert.rejects(world.sync(LISTS), (error) => isCtiaError(error, 'throttled'));
  for (let hour = 0; hour < 4; hour += 1) {
    world.time.step(61 * 60_000);
    await world.sync(LISTS).catch((error: unknown) => assert.ok(isCtiaError(error, 'throttled')));
  }
  assert.equal(await world.view(), VIEW);
});
