import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY } from '../plan/situation.ts';
import {
  asked,
  assertSettled,
  assertVerified,
  externalIds,
  isOurs,
  judgementOn,
  pathOf,
  type Tenant,
  tenant,
} from './tenant.ts';

/** The rows of writes.md §5 for bulk PUT and bulk DELETE. */
const VALUES = ['198.51.100.1', '198.51.100.2', '198.51.100.3', '198.51.100.4'];
const LISTS = VALUES.map((value) => `tor ${value}`).join('\n');
const VIEW = VALUES.join('\n');
const PUT = 'PUT /ctia/bulk';

/** Four entries, all due for renewal. */
async function due(t: Parameters<typeof tenant>[0], options: Parameters<typeof tenant>[1] = {}): Promise<Tenant> {
  const world = await tenant(t, options);
  assertVerified(await world.sync(LISTS));
  world.time.step(5 * DAY);
  world.server.requests.reset();
  return world;
}

/** Changes the answer of the first bulk PUT. */
function answering(world: Tenant, edit: (body: { judgements: Answered }) => void, times = 1): void {
  let left = times;
  world.intercept = async (request, send) => {
    const answer = await send(request);
    if (request.method !== 'PUT' || left === 0) return answer;
    left -= 1;
    const body = JSON.parse(answer.text);
    edit(body);
    return { ...answer, text: JSON.stringify(body) };
  };
}

interface Answered {
  updated?: string[];
  errors?: Record<string, string[]>;
}

test('§5 PUT: updated → one request', async (t) => {
  const world = await due(t);
  const report = await world.sync(LISTS);
  assertVerified(report);
  assert.deepEqual([report.counts.renew, asked(world, PUT)], [4, 1]);
  await assertSettled(world, LISTS);
});

test('§5 PUT: not-found, and gone → made anew with g + 1, and the drift is told', async (t) => {
  const world = await due(t);
  const { id } = await judgementOn(world, '198.51.100.2');
  world.intercept = async (request, send) => {
    if (request.method === 'PUT') await world.call('DELETE', `${pathOf(id)}?wait_for=true`);
    return send(request);
  };
  const report = await world.sync(LISTS);
  assertVerified(report);
  assert.match(report.notices.join('\n'), /^198\.51\.100\.2: somebody deleted it; made anew$/m);
  assert.equal(report.counts.renew, 4);
  assert.match(externalIds(await judgementOn(world, '198.51.100.2'))[0] ?? '', /-1$/);
  world.intercept = undefined;
  await assertSettled(world, LISTS);
});

test('§5 PUT: not-found, and only not visible yet → the same again after the refresh, no duplicate', async (t) => {
  const world = await due(t);
  answering(world, ({ judgements }) => {
    judgements.errors = { 'not-found': judgements.updated?.splice(0, 2) ?? [] };
  });
  assertVerified(await world.sync(LISTS));
  assert.equal(asked(world, PUT), 2);
  assert.equal((await world.all('judgement')).length, 4);
  await assertSettled(world, LISTS);
});

test('§5 PUT: not-found, and not to be read before the refresh either → looked for after it, no duplicate', async (t) => {
  const world = await due(t);
  let visibleAt = 0;
  world.intercept = async (request, send) => {
    const { now } = world.time.clock;
    if (request.method === 'GET' && request.url.includes('/bulk?judgements') && now() < visibleAt)
      return { ...(await send(request)), text: '{"judgements":[]}' };
    const answer = await send(request);
    if (request.method !== 'PUT' || visibleAt > 0) return answer;
    visibleAt = now() + 1000;
    const body = JSON.parse(answer.text);
    return { ...answer, text: JSON.stringify({ judgements: { errors: { 'not-found': body.judgements.updated } } }) };
  };
  assertVerified(await world.sync(LISTS));
  assert.equal((await world.all('judgement')).length, 4);
  await assertSettled(world, LISTS);
});

test('§5 PUT: not-found of a withdrawal, and gone → done', async (t) => {
  const world = await due(t);
  const { id } = await judgementOn(world, '198.51.100.2');
  world.intercept = async (request, send) => {
    if (request.method === 'PUT') await world.call('DELETE', `${pathOf(id)}?wait_for=true`);
    return send(request);
  };
  const lists = LISTS.replace('tor 198.51.100.2\n', '');
  assertVerified(await world.sync(lists));
  world.intercept = undefined;
  // Its link leads nowhere now, and goes with the next run.
  assertVerified(await world.sync(lists));
  await assertSettled(world, lists);
});

test('§5 PUT: forbidden → a failure with the date it lapses; not tried again', async (t) => {
  const world = await due(t);
  const { id, valid_time: validTime } = await judgementOn(world, '198.51.100.2');
  world.intercept = async (request, send) => {
    if (request.method !== 'PUT') return send(request);
    const documents: { id: string }[] = JSON.parse(String(request.body)).judgements;
    const others = Buffer.from(JSON.stringify({ judgements: documents.filter((it) => it.id !== id) }));
    const answer = await send({ ...request, body: others });
    const body = JSON.parse(answer.text);
    return { ...answer, text: JSON.stringify({ judgements: { ...body.judgements, errors: { forbidden: [id] } } }) };
  };
  const report = await world.sync(LISTS);
  assert.equal(report.result, 'not-verified');
  assert.deepEqual(
    report.failures.map(({ kind, message }) => [kind, message]),
    [
      [
        'forbidden',
        `ip 198.51.100.2: we may not write it; it lapses on ${(validTime as { end_time: string }).end_time}`,
      ],
    ],
  );
  assert.equal(asked(world, PUT), 1);
});

test('§5 PUT: not-found, there and not readable (403) → as forbidden, no duplicate', async (t) => {
  const world = await due(t);
  const { id } = await judgementOn(world, '198.51.100.2');
  const short = id.split('/').at(-1) ?? '';
  world.intercept = async (request, send) => {
    const answer = await send(request);
    if (request.url.endsWith(`/ctia/judgement/${short}`))
      return { status: 403, headers: {}, text: '{"type":"Access Control Error"}' };
    if (!request.url.includes('/ctia/bulk')) return answer;
    const body = JSON.parse(answer.text);
    if (request.method === 'GET') return { ...answer, text: JSON.stringify({ judgements: [null] }) };
    body.judgements.errors = { 'not-found': [id] };
    body.judgements.updated = body.judgements.updated.filter((it: string) => it !== id);
    return { ...answer, text: JSON.stringify(body) };
  };
  const report = await world.sync(LISTS);
  assert.deepEqual(
    report.failures.map(({ kind }) => kind),
    ['forbidden'],
  );
  assert.equal((await world.all('judgement')).length, 4);
});

test('§5 PUT: internal-error → the same documents again', async (t) => {
  const world = await due(t);
  world.server.faults.push({ on: { method: 'PUT', path: /bulk/ }, kind: 'entity-errors', every: 2 });
  assertVerified(await world.sync(LISTS));
  assert.equal(asked(world, PUT), 2);
  await assertSettled(world, LISTS);
});

test('§5 PUT: in no list of the answer → unknown, the same documents again', async (t) => {
  const world = await due(t);
  answering(world, ({ judgements }) => judgements.updated?.splice(0, 3));
  assertVerified(await world.sync(LISTS));
  assert.equal(asked(world, PUT), 2);
  await assertSettled(world, LISTS);
});

test('§5 PUT: internal-error again and again → unknown, named, and the next run renews', async (t) => {
  const world = await due(t);
  world.server.faults.push({ on: { method: 'PUT', path: /bulk/ }, kind: 'entity-errors', every: 1, times: 4 });
  const report = await world.sync(LISTS);
  assert.equal(report.result, 'not-verified');
  assert.deepEqual(
    report.failures.map(({ kind }) => kind),
    ['unknown', 'unknown', 'unknown', 'unknown'],
  );
  assertVerified(await world.sync(LISTS));
  await assertSettled(world, LISTS);
});

test('§5 PUT: 400 of a spec that names one → that one fails with its entry, the rest is written', async (t) => {
  const world = await due(t);
  const lists = LISTS.replace('198.51.100.3', `198.51.100.3 reason=${'x'.repeat(1025)}`);
  const report = await world.sync(lists);
  assert.equal(report.result, 'not-verified');
  assert.deepEqual(
    report.failures.map(({ kind, message }) => [kind, message.slice(0, 16)]),
    [['entry', 'ip 198.51.100.3:']],
  );
  assert.equal(await world.view(), VIEW, 'what the list wanted before stays until it lapses');
  const renewed = await judgementOn(world, '198.51.100.4');
  assert.match((renewed.valid_time as { end_time: string }).end_time, /^2026-12-07/);
});

/** A server that does not say which document is bad, as a 400 may. */
function namelessly(world: Tenant, isBad: (document: Record<string, unknown>) => boolean): { puts: number[] } {
  const seen: { puts: number[] } = { puts: [] };
  world.intercept = async (request, send) => {
    if (request.method !== 'PUT') return send(request);
    const documents: Record<string, unknown>[] = JSON.parse(String(request.body)).judgements;
    seen.puts.push(documents.length);
    if (!documents.some(isBad)) return send(request);
    return { status: 400, headers: {}, text: '{"error":"Spec Validation Client Error"}' };
  };
  return seen;
}

test('§5 PUT: 400 that names none → halves, the bad one anew with g + 1 from its list', async (t) => {
  const world = await due(t);
  const { id } = await judgementOn(world, '198.51.100.3');
  const seen = namelessly(world, (document) => document.id === id && document.reason === undefined);
  const report = await world.sync(LISTS);
  assert.deepEqual(seen.puts.slice(0, 5).sort(), [1, 1, 2, 2, 4]);
  assert.ok(report.notices.some((it) => it.startsWith('198.51.100.3: ') && it.endsWith('made anew')));
  assertVerified(report);
  assert.equal(await world.view(), VIEW);
  assert.equal((await world.all('judgement')).filter(isOurs).length, 5);
  world.intercept = undefined;
  assertVerified(await world.sync(LISTS));
  await assertSettled(world, LISTS);
});

test('§5 PUT: 400 of a withdrawal → it stays, and the run says so', async (t) => {
  const world = await due(t);
  const { id } = await judgementOn(world, '198.51.100.3');
  namelessly(world, (document) => document.id === id);
  const report = await world.sync(LISTS.replace('tor 198.51.100.3\n', ''));
  assert.equal(report.result, 'not-verified');
  assert.match(report.failures[0]?.message ?? '', /198\.51\.100\.3: it cannot be withdrawn/);
  assert.deepEqual(report.feeds.find(({ type }) => type === 'ip')?.extra, { count: 1, some: ['198.51.100.3'] });
});

test('§5 DELETE: not-found → done', async (t) => {
  const world = await due(t);
  const link = (await world.all('relationship'))[0];
  const elsewhere = 'http://127.0.0.1/ctia/indicator/indicator-00000000-0000-4000-8000-000000000000';
  await world.call('PUT', `${pathOf(link?.id ?? '')}?wait_for=true`, { ...link, target_ref: elsewhere });
  world.intercept = async (request, send) => {
    if (request.method === 'DELETE') await world.call('DELETE', `${pathOf(link?.id ?? '')}?wait_for=true`);
    return send(request);
  };
  const report = await world.sync(LISTS);
  assertVerified(report);
  assert.equal(asked(world, 'DELETE /ctia/bulk'), 1);
  assert.equal((await world.all('relationship')).length, 4);
  world.intercept = undefined;
  await assertSettled(world, LISTS);
});
