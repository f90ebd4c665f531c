import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findsInOrder } from '../../src/lists/in-order.ts';

const BEFORE = Array.from({ length: 2000 }, (_, n) => n);

function missed(now: readonly number[]): number[] {
  const find = findsInOrder(BEFORE);
  return now.filter((item) => {
    const at = find((it) => it === item);
    assert.ok(at === undefined || BEFORE[at] === item);
    return at === undefined;
  });
}

test('what stood before is found again whatever was put in, taken out or replaced between', () => {
  const added = Array.from({ length: 700 }, (_, n) => -1 - n);
  assert.deepEqual(missed(BEFORE), []);
  assert.deepEqual(missed([...added, ...BEFORE]), added);
  assert.deepEqual(missed(BEFORE.filter((n) => n < 10 || n > 500)), []);
  assert.deepEqual(missed([...added.slice(0, 200), ...BEFORE.slice(200)]), added.slice(0, 200));
});

test('where all is new, next to nothing is compared', () => {
  const find = findsInOrder(BEFORE);
  let compared = 0;
  for (let n = 0; n < 100_000; n += 1) {
    find(() => {
      compared += 1;
      return false;
    });
  }
  assert.ok(compared < 300_000, `${compared}`);
});
