import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ActualJudgement } from '../../src/plan/actual.ts';
import { changesFound } from '../../src/plan/found.ts';
import { judgementOf, NOW } from './situation.ts';

const DAY = 24 * 60 * 60 * 1000;
const IT = judgementOf('tor 198.51.100.7 g0 +6d link0');
const DEAD = { ...IT, end: NOW - DAY };
const [LINK] = IT.links;
assert(LINK);

test('what became of an entry whose writer died, by what was known of it and what is there', () => {
  const cases: [what: string, before: ActualJudgement[], after: ActualJudgement[], changes: string][] = [
    ['made', [], [IT], 'create'],
    ['as it was', [IT], [IT], ''],
    ['deleted', [IT], [], 'collect'],
    ['ended', [IT], [{ ...IT, end: NOW - 2000 }], 'withdraw'],
    ['lapsed by itself', [DEAD], [DEAD], ''],
    ['made valid again', [DEAD], [IT], 'revive'],
    ['another end', [IT], [{ ...IT, end: IT.end + DAY }], 'renew'],
    ['other words', [IT], [{ ...IT, end: IT.end + DAY, words: { ...IT.words, reason: 'another' } }], 'change'],
    ['linked', [{ ...IT, links: [] }], [IT], 'link'],
    ['linked elsewhere', [IT], [{ ...IT, links: [{ ...LINK, id: 'other' }] }], 'link, unlink'],
    ['succeeded', [IT], [IT, { ...IT, id: 'next', g: 1, end: IT.end + DAY }], 'create'],
  ];
  for (const [what, judgements, left, changes] of cases) {
    const [before, after] = [judgements, left].map((those) => ({ judgements: those, dangling: [] }));
    assert(before && after);
    const found = changesFound(IT.h, before, after, { at: NOW - 60_000, now: NOW });
    assert.equal(found.map(({ kind }) => kind).join(', '), changes, what);
    for (const it of found) assert.deepEqual([it.found, it.value, it.list], [true, '198.51.100.7', 'tor'], what);
  }
  const links = { judgements: [], dangling: [LINK] };
  const [unlinked] = changesFound(IT.h, links, { judgements: [], dangling: [] }, { at: NOW, now: NOW });
  assert.deepEqual(unlinked, { kind: 'unlink', h: IT.h, found: true });
  const [changed] = changesFound(
    IT.h,
    { judgements: [IT], dangling: [] },
    { judgements: [{ ...IT, words: { ...IT.words, reason: 'another' } }], dangling: [] },
    { at: NOW, now: NOW },
  );
  assert.deepEqual([changed?.words, changed?.wordsBefore], [{ reason: 'another' }, { reason: IT.words.reason }]);
});
