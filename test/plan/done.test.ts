import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ActualJudgement } from '../../src/plan/actual.ts';
import type { Batch } from '../../src/plan/batch.ts';
import { changesDone, type Done } from '../../src/plan/done.ts';
import type { Learned } from '../../src/plan/learned.ts';
import { DAY, entryOf, h, judgementOf, NOW } from './situation.ts';

const NONE: ReadonlySet<string> = new Set();
const FEED = { channel: 'firewall-block', type: 'ip' } as const;
const ENTRY = entryOf('tor 198.51.100.7');
const STORED = judgementOf('tor 198.51.100.7 g0 +1d link0');
const H = h(ENTRY);

function told(batch: Batch, learned: readonly Learned[], failed = NONE, unknown = NONE): Done[] {
  return changesDone(batch, learned, { failed, unknown });
}

const written = (judgement: ActualJudgement): Learned => ({ h: judgement.h, judgement });
const later = { ...STORED, end: NOW + 7 * DAY };

test('a change is told by what was learned of its entry: its end, and of its words those that changed', () => {
  const [changed] = told(
    { kind: 'replace', changes: [{ kind: 'change', feed: FEED, entry: ENTRY, stored: STORED, next: 1 }] },
    [written({ ...later, words: { ...STORED.words, reason: 'case 4711', severity: 'High' } })],
  );
  assert.deepEqual(changed, {
    ...{ kind: 'change', type: 'ip', value: '198.51.100.7', list: 'tor', feed: 'firewall-block/ip' },
    ...{ endBefore: NOW + DAY, end: NOW + 7 * DAY, place: 'feeds/tor.yaml:12', judgement: STORED.id },
    wordsBefore: { severity: 'Medium', reason: undefined },
    words: { reason: 'case 4711', severity: 'High' },
  });
});

test('a renewal in place names no judgement, its successor where it was followed by one', () => {
  const batch: Batch = {
    kind: 'replace',
    changes: [{ kind: 'renew', feed: undefined, stored: STORED, lifetimeMs: 7 * DAY, next: 1 }],
  };
  assert.equal(told(batch, [written(later)])[0]?.judgement, undefined);
  assert.equal(told(batch, [written(later)])[0]?.end, later.end);
  const [followed] = told(batch, [{ h: H, gone: STORED.id, lost: true }, written({ ...later, id: 'the next', g: 1 })]);
  assert.deepEqual([followed?.judgement, followed?.end], ['the next', later.end]);
});

test('what failed or was left as it was is not told; what nobody knows is marked', () => {
  const batch: Batch = {
    kind: 'withdraw',
    changes: [{ kind: 'withdraw', feed: FEED, stored: STORED, after: [] }],
  };
  assert.deepEqual(told(batch, [{ h: H, unchanged: true }]), []);
  assert.deepEqual(told(batch, []), []);
  assert.deepEqual(told(batch, [written(later)], new Set([H])), []);
  const [unsure] = told(batch, [], NONE, new Set([H]));
  assert.deepEqual([unsure?.kind, unsure?.unknown, unsure?.end], ['withdraw', true, undefined]);
  const [deleted] = told(batch, [{ h: H, gone: STORED.id, lost: true }]);
  assert.deepEqual([deleted?.kind, deleted?.end], ['withdraw', undefined], 'somebody deleted it');
});

test('of two judgements of one entry each change is told with its own', () => {
  const other = judgementOf('tor 198.51.100.7 g1 +3d link1');
  const ended = [STORED, other].map((it, n) => ({ ...it, end: NOW - n - 1 }));
  const changes = [STORED, other].map((stored) => ({ kind: 'withdraw', feed: FEED, stored, after: [] }) as const);
  const done = told({ kind: 'withdraw', changes }, ended.map(written));
  assert.deepEqual(
    done.map(({ judgement, endBefore, end }) => [judgement, endBefore, end]),
    [
      [STORED.id, NOW + DAY, NOW - 1],
      [other.id, NOW + 3 * DAY, NOW - 2],
    ],
  );
});

test('a link that was deleted is told with its value and list; where its judgement is gone too, by its entry alone', () => {
  const [link] = STORED.links;
  assert(link);
  const done = told({ kind: 'unlink', changes: [{ kind: 'unlink', feed: FEED, h: H, link }] }, [
    { h: H, gone: link.id },
  ]);
  assert.deepEqual(done, [{ kind: 'unlink', feed: 'firewall-block/ip', h: H }]);
  const of = { observable: STORED.observable, list: 'tor' };
  const [withValue] = told({ kind: 'unlink', changes: [{ kind: 'unlink', feed: FEED, h: H, link, of }] }, [
    { h: H, gone: link.id },
  ]);
  assert.deepEqual([withValue?.value, withValue?.list, withValue?.h], [STORED.observable.value, 'tor', H]);
});
