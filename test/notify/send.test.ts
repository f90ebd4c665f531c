import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from '../../src/notify/message.ts';
import { send } from '../../src/notify/send.ts';
import { startListener } from './listener.ts';

const MESSAGE: Message = {
  state: 'raised',
  condition: { kind: 'source', about: 'tor', text: 'upstream "tor" failed' },
  owner: 'acme',
  tenant: 'https://ctia.example (org)',
  since: '2026-11-25T10:00:00.000Z',
  at: '2026-11-25T10:00:00.000Z',
};

test('what a target answers decides what becomes of a message, and none of it shows the address', async (t) => {
  const listener = await startListener();
  t.after(() => listener.close());
  const target = { format: 'json', url: listener.url } as const;
  const host = `${new URL(listener.url).host} (json)`;
  assert.deepEqual(await send(target, MESSAGE), { is: 'sent' });
  assert.equal(listener.heard[0]?.about, 'tor');

  listener.answer = { status: 404 };
  assert.deepEqual(await send(target, MESSAGE), { is: 'refused', message: `${host} answers 404: see NOTIFY_URLS` });
  listener.answer = { status: 302, headers: { Location: 'http://127.0.0.1:1/' } };
  assert.equal((await send(target, MESSAGE)).is, 'refused', 'a message goes to no other address than the one given');
  listener.answer = { status: 500 };
  assert.deepEqual(await send(target, MESSAGE), { is: 'failed', message: `${host} answers 500` });
  listener.answer = { status: 429, headers: { 'Retry-After': '30' } };
  const throttled = await send(target, MESSAGE);
  assert.deepEqual(throttled, { is: 'failed', message: `${host} answers 429`, retryAfterMs: 30_000 });
  listener.answer = { status: 503, headers: { 'Retry-After': '999999' } };
  assert.deepEqual((await send(target, MESSAGE)) as unknown, {
    is: 'failed',
    message: `${host} answers 503`,
    retryAfterMs: 3_600_000,
  });
  await listener.close();
  const gone = await send(target, MESSAGE);
  assert(gone.is === 'failed');
  assert.match(gone.message, /^127\.0\.0\.1:\d+ \(json\) does not answer \(ECONN[A-Z]+\)$/);
});
