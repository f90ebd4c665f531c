import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startEmbeddedCtia } from '../../src/embedded-ctia/server.ts';
import { silentLog } from '../../src/runtime/log.ts';
import {
  call,
  channel,
  IMPORT,
  judgement,
  pairs,
  SIGNING_KEY,
  started,
  steppedClock,
  tempFolder,
  tokenFor,
} from './fixture.ts';

test('10.7 a write is invisible until the refresh, to reads and to the look-ups of writes', async (t) => {
  const session = await started(t, { refreshMs: 1000 });
  const { json } = await call(session, 'POST', '/ctia/indicator', { producer: 'acme', title: 'one' });
  assert.equal((await call(session, 'GET', json.id)).status, 404);
  assert.equal((await call(session, 'PUT', json.id, { producer: 'acme' })).status, 404);
  assert.equal((await call(session, 'DELETE', json.id)).status, 404);
  session.clock.step(999);
  assert.equal((await call(session, 'GET', json.id)).status, 404);
  session.clock.step(1);
  assert.equal((await call(session, 'GET', json.id)).status, 200);

  assert.equal((await call(session, 'PUT', json.id, { producer: 'acme', title: 'two' })).json.title, 'two');
  assert.equal((await call(session, 'GET', json.id)).json.title, 'one');
  assert.equal((await call(session, 'DELETE', json.id)).status, 204);
  // Still found, so deleted once more.
  assert.equal((await call(session, 'DELETE', json.id)).status, 204);
  session.clock.step(1000);
  assert.equal((await call(session, 'GET', json.id)).status, 404);
});

test('10.7 10.35 wait_for makes this and all before it visible; not on a feed’s PUT, nor on expire', async (t) => {
  const session = await started(t, { refreshMs: 1000 });
  const { json: early } = await call(session, 'POST', '/ctia/indicator?wait_for=false', { producer: 'acme' });
  const { json: late } = await call(session, 'POST', '/ctia/judgement?wait_for=true', judgement('a'));
  assert.equal((await call(session, 'GET', early.id)).status, 200);
  await call(session, 'POST', `${late.id}/expire?reason=x&wait_for=true`);
  assert.equal((await call(session, 'GET', late.id)).json.reason, undefined);
  const { feed } = await channel(session);
  await call(session, 'PUT', `${feed.id}?wait_for=true`, {
    feed_type: 'indicator',
    output: 'observables',
    title: 'new',
  });
  assert.equal((await call(session, 'GET', feed.id)).json.title, 'acme ip feed');
  assert.equal((await call(session, 'POST', '/ctia/judgement?wait_for=1', judgement('a'))).status, 400);
  const bulk = await call(session, 'POST', '/ctia/bulk?wait_for=true', { judgements: [judgement('b')] });
  assert.equal((await call(session, 'GET', bulk.json.judgements[0])).status, 200);
});

test('bundle import waits for the refresh, and does not see what is not refreshed', async (t) => {
  const session = await started(t, { refreshMs: 1000 });
  const { indicator, feed } = await channel(session);
  const pair = pairs(1, indicator);
  await call(session, 'POST', '/ctia/bulk', { judgements: pair.judgements });
  const { json } = await call(session, 'POST', IMPORT, pair);
  assert.ok(json.results.every(({ result }: { result: string }) => result === 'created'));
  assert.equal((await call(session, 'GET', '/ctia/judgement/external_id/acme-owned')).json.length, 2);
  assert.equal((await call(session, 'GET', feed.feed_view_url)).text, '11.0.0.0');
});

test('10.7 10.35 §2.2 which writes wait for the refresh when they are asked to, and which never do', async (t) => {
  const session = await started(t, { refreshMs: 1000 });
  const incident = { confidence: 'High', status: 'New', incident_time: { opened: '2026-11-25' } };
  const made = async (kind: string, body: object) =>
    (await call(session, 'POST', `/ctia/${kind}?wait_for=true`, body)).json.id as string;
  const one = await made('judgement', judgement('a'));
  const patched = await made('incident', incident);
  const casebook = await made('casebook', { title: 'old' });
  const indicator = await made('indicator', { producer: 'acme' });
  const link = { casebook_id: casebook };
  const texts = { operation: 'add', texts: [{ type: 'note', text: 'new' }] };
  const renewed = { ...judgement('a'), id: one, reason: 'new' };

  /** In an order in which no row needs what the ones before it did. */
  const table: [method: string, path: string, body: object | undefined, waits: boolean][] = [
    ['PUT', indicator, { producer: 'acme', title: 'new' }, true],
    ['PATCH', patched, { title: 'new' }, true],
    ['POST', `${patched}/status`, { status: 'Open' }, false],
    ['POST', `${patched}/link`, link, false],
    ['POST', `${casebook}/texts`, texts, false],
    ['POST', '/ctia/bulk', { judgements: [judgement('c')] }, true],
    ['PUT', '/ctia/bulk', { judgements: [renewed] }, true],
    ['PATCH', '/ctia/bulk', { incidents: [{ id: patched, title: 'newer' }] }, true],
    ['POST', `${one}/expire?reason=x`, undefined, false],
    ['DELETE', indicator, undefined, true],
    ['DELETE', '/ctia/bulk', { judgements: [one] }, true],
  ];
  /** Everything that anybody can read, as one text. */
  async function everything(): Promise<string> {
    const kinds = ['indicator', 'incident', 'casebook', 'judgement', 'relationship'];
    const answers = kinds.map((kind) => call(session, 'GET', `/ctia/${kind}/search?sort_by=id`));
    return (await Promise.all(answers)).map(({ text }) => text).join();
  }
  for (const waitFor of [undefined, false, true]) {
    for (const [method, path, body, waits] of table) {
      // What is deleted without waiting would be missing from the next round.
      if (method === 'DELETE' && waitFor !== true) continue;
      session.clock.step(1000);
      const before = await everything();
      const asked = waitFor === undefined ? path : `${path}${path.includes('?') ? '&' : '?'}wait_for=${waitFor}`;
      const answer = await call(session, method, asked, body);
      assert.ok(answer.status < 300, `${method} ${asked} ${answer.text}`);
      assert.equal((await everything()) !== before, waits && waitFor === true, `${method} ${asked}`);
    }
  }
});

test('what was acknowledged and not yet refreshed when the server ended is there when it starts again', async (t) => {
  const dataDir = tempFolder(t);
  const client = { id: 'c', password: 'p' };
  const options = {
    dataDir,
    client,
    clock: steppedClock(),
    log: silentLog,
    signingKey: SIGNING_KEY,
    refreshMs: 60_000,
  };
  const first = await startEmbeddedCtia({ ...options, port: 0 });
  const session = { url: first.url, token: await tokenFor(first.url, 'c', 'p') };
  const { json } = await call(session, 'POST', '/ctia/judgement', judgement('a', { external_ids: ['acme-1'] }));
  assert.equal((await call(session, 'GET', json.id)).status, 404);
  await first.close();
  const second = await startEmbeddedCtia({ ...options, host: 'localhost', publicUrl: first.url });
  t.after(() => second.close());
  const local = { ...session, url: second.localUrl };
  assert.deepEqual((await call(local, 'GET', '/ctia/judgement/external_id/acme-1')).json, [json]);
});
