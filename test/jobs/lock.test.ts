import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LockLost, makeWriterLock } from '../../src/jobs/lock.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { redisForTests } from './redis-for-tests.ts';
import { until } from './workbench.ts';

const { redis, other } = await redisForTests();

test('T45 of two that want to write one waits, and goes on when the other has done', async () => {
  const [first, second] = [makeWriterLock(redis, 'turns', systemClock), makeWriterLock(other, 'turns', systemClock)];
  const order: string[] = [];
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const writing = first.exclusively(async () => {
    order.push('first begins');
    await held;
    order.push('first ends');
  });
  await until('the first one has it', () => order.length === 1);
  const waiting = second.exclusively(async () => order.push('second'));
  await assert.rejects(second.assertHeld(), LockLost, 'who waits may not write');
  await first.assertHeld();
  release();
  await Promise.all([writing, waiting]);
  assert.deepEqual(order, ['first begins', 'first ends', 'second']);
  assert.equal(await redis.get('turns'), null);
});

test('who lost the lock is told before it writes, and does not take it from the next one', async () => {
  const [stopped, next] = [makeWriterLock(redis, 'lost', systemClock), makeWriterLock(other, 'lost', systemClock)];
  await stopped.exclusively(async () => {
    // What a pause of a minute does: the lock ends by itself.
    await redis.pexpire('lost', 1);
    await next.exclusively(async () => {
      await assert.rejects(stopped.assertHeld(), LockLost);
      await next.assertHeld();
    });
    await assert.rejects(stopped.assertHeld(), LockLost);
  });
});

test('who lost the lock and ends leaves it to who has it by then', async () => {
  const [stopped, next] = [makeWriterLock(redis, 'left', systemClock), makeWriterLock(other, 'left', systemClock)];
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const stopping = stopped.exclusively(() => ended);
  await until('it has the lock', async () => (await redis.get('left')) === stopped.token);
  await redis.pexpire('left', 1);
  await next.exclusively(async () => {
    end();
    await stopping;
    await next.assertHeld();
  });
});

test('asking before a write prolongs the lock beyond the time-out of a write', async () => {
  const lock = makeWriterLock(redis, 'prolonged', systemClock);
  await lock.exclusively(async () => {
    await redis.pexpire('prolonged', 20_000);
    await lock.assertHeld();
    assert((await redis.pttl('prolonged')) > 40_000);
  });
});

test('a failure inside gives the lock back', async () => {
  const lock = makeWriterLock(redis, 'failed', systemClock);
  await assert.rejects(
    lock.exclusively(() => Promise.reject(new Error('the write failed'))),
    /the write failed/,
  );
  assert.equal(await redis.get('failed'), null);
});

test('who is told to stop while it waits stops waiting', async () => {
  const stop = new AbortController();
  await redis.set('busy', 'somebody');
  const waiting = makeWriterLock(other, 'busy', systemClock, stop.signal).exclusively(async () => assert.fail());
  stop.abort(new Error('stopped'));
  await assert.rejects(waiting, /stopped/);
});
