import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Batch, makeBatches, takesAway } from '../../src/plan/batch.ts';
import { computeChanges } from '../../src/plan/changes.ts';
import { situation } from './situation.ts';

function address(n: number): string {
  return `11.0.${n >> 8}.${n & 255}`;
}

function lines(count: number, line: (value: string) => string): string {
  return Array.from({ length: count }, (_, n) => line(address(n))).join('\n');
}

function sizes(batches: readonly Batch[]): string {
  return batches.map(({ kind, changes }) => `${kind} ${changes.length}`).join(', ');
}

test('an import holds pairs: 1000 of them are the 2000 entities that CTIA takes', () => {
  const batches = makeBatches(
    computeChanges(
      situation(
        lines(2500, (v) => `tor ${v}`),
        '',
      ),
    ),
  );
  assert.equal(sizes(batches), 'import 1000, import 1000, import 500');
});

test('a tenant that takes fewer gets fewer', () => {
  const changes = computeChanges(
    situation(
      lines(5, (v) => `tor ${v}`),
      lines(5, (v) => `manual ${v} g0 +6d link0`),
    ),
  );
  assert.equal(sizes(makeBatches(changes, 4)), 'import 2, import 2, import 1, withdraw 4, withdraw 1');
  assert.equal(sizes(makeBatches(changes, 5)), 'import 2, import 2, import 1, withdraw 5');
});

test('kinds never share a request, renewals are their own and first, takings last', () => {
  const desired = ['tor 10.0.0.1', 'tor 10.0.0.2', 'tor 10.0.0.3', 'tor 10.0.0.4 reason=x', 'tor 10.0.0.5'];
  const actual = [
    'tor 10.0.0.1 g0 +1d link0',
    'tor 10.0.0.2 g0 +6d wrong0',
    'tor 10.0.0.3 g0 -1d link0',
    'tor 10.0.0.4 g0 +6d link0',
    'tor 10.0.0.6 g0 +6d link0',
  ];
  const batches = makeBatches(computeChanges(situation(desired.join('\n'), actual.join('\n'))));
  const told = batches.map(({ kind, changes }) => `${kind}: ${changes.map((change) => change.kind).join(' ')}`);
  assert.deepEqual(told, [
    'replace: renew',
    'import: create link',
    'replace: revive change',
    'withdraw: withdraw',
    'unlink: unlink',
  ]);
  assert.deepEqual(batches.map(takesAway), [false, false, false, true, true]);
});

test('an external id stands in one bundle once', () => {
  const desired = lines(1200, (v) => `tor ${v}\nmanual ${v}`);
  const actual = lines(600, (v) => `tor ${v} g0 +6d wrong0\nmanual ${v} g0 -1d`);
  for (const batch of makeBatches(computeChanges(situation(desired, actual)))) {
    if (batch.kind !== 'import') continue;
    const ids = batch.changes.flatMap(({ judgement, link }) => [
      `judgement ${judgement.h} ${judgement.g}`,
      `link ${link.h} ${link.g}`,
    ]);
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(ids.length <= 2000);
  }
});
