import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCtiaError } from '../../src/ctia/error.ts';
import { redisKeys } from '../../src/jobs/keys.ts';
import { makeRateBudget, requestsFor } from '../../src/jobs/rate-budget.ts';
import { HOUR, MINUTE, SECOND } from '../../src/runtime/clock.ts';
import { steppedClock } from '../embedded-ctia/fixture.ts';
import { redisForTests } from './redis-for-tests.ts';

const { redis, other } = await redisForTests();
let tenants = 0;

/** Two workers of one organisation, one of them for another owner. */
function twoWorkers(perHour: number) {
  const tenant = `https://private.intel.example org-${++tenants}`;
  const clock = steppedClock();
  return {
    clock,
    first: makeRateBudget(redis, redisKeys(tenant, 'acme'), clock, perHour),
    second: makeRateBudget(other, redisKeys(tenant, 'umbrella'), clock, perHour),
  };
}

async function waitOf(taking: Promise<void>): Promise<number> {
  try {
    await taking;
    return 0;
  } catch (error) {
    assert(isCtiaError(error, 'throttled'), String(error));
    return error.facts.retryAfterMs ?? Number.NaN;
  }
}

test('workers share one budget; the window rolls with the hour', async () => {
  const { clock, first, second } = twoWorkers(3);
  assert.equal(await waitOf(first.take()), 0);
  clock.step(10 * MINUTE);
  assert.equal(await waitOf(second.take()), 0);
  assert.equal(await waitOf(first.take()), 0);
  assert.equal(await waitOf(second.take()), 50 * MINUTE, 'until the first request is an hour old');
  clock.step(50 * MINUTE);
  assert.equal(await waitOf(second.take()), 0, 'the first one is out of the window');
  assert.equal(await waitOf(first.take()), 10 * MINUTE, 'the next two are not');
  clock.step(HOUR);
  for (let n = 0; n < 3; n += 1) assert.equal(await waitOf(first.take()), 0);
});

test('two requests in one millisecond count as two', async () => {
  const { first, second } = twoWorkers(10);
  await Promise.all(Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? first : second).take()));
  assert.equal(await waitOf(first.take()), HOUR);
});

test('a short wait is waited out in place', async () => {
  const { clock, first, second } = twoWorkers(1);
  await first.take();
  clock.step(HOUR - 3 * SECOND);
  const taking = second.take();
  let taken = false;
  const noted = taking.then(() => {
    taken = true;
  });
  await redis.ping();
  await other.ping();
  assert.equal(taken, false);
  clock.step(3 * SECOND);
  await noted;
});

test('a 429 that one worker saw pauses all of them', async () => {
  const { first, second } = twoWorkers(100);
  await first.pause(10 * MINUTE);
  for (const worker of [first, second]) {
    const waitMs = await waitOf(worker.take());
    assert(waitMs > 9 * MINUTE && waitMs <= 10 * MINUTE, `waits ${waitMs} ms`);
  }
});

test('who only looks waits as who takes, and counts nothing', async () => {
  const { first, second } = twoWorkers(1);
  for (let n = 0; n < 3; n += 1) assert.equal(await waitOf(first.room()), 0);
  assert.equal(await waitOf(second.take()), 0);
  assert.equal(await waitOf(first.room()), HOUR);
});

test('another organisation has its own budget', async () => {
  const one = twoWorkers(1);
  const two = twoWorkers(1);
  await one.first.take();
  assert.equal(await waitOf(two.first.take()), 0);
});

test('of the hour each errand leaves the later ones less: by hand, renewal, sync', async () => {
  const tenant = `https://private.intel.example org-${++tenants}`;
  const clock = steppedClock();
  const keys = redisKeys(tenant, 'acme');
  const perHour = 1300;
  const budgetOf = (errand: Parameters<typeof requestsFor>[0]) =>
    makeRateBudget(redis, keys, clock, requestsFor(errand, perHour));
  const [sync, renewal, hand] = [budgetOf('sync'), budgetOf('renewal'), budgetOf('panic')];
  const untilRefused = async (budget: typeof sync) => {
    for (let count = 0; ; count += 1) {
      clock.step(1);
      if ((await waitOf(budget.take())) > 0) return count;
    }
  };
  assert.deepEqual([await untilRefused(sync), await untilRefused(renewal), await untilRefused(hand)], [100, 1000, 200]);
  assert.deepEqual(await Promise.all([sync, renewal, hand].map((budget) => budget.left())), [0, 0, 0]);
  const waits = [await waitOf(sync.take()), await waitOf(hand.take())];
  assert.ok((waits[0] ?? 0) > (waits[1] ?? 0), 'a sync waits until there is room for a sync');
  clock.step(HOUR);
  assert.deepEqual(await Promise.all([sync, renewal, hand].map((budget) => budget.left())), [100, 1100, 1300]);
});
