import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeListCache } from '../../src/lists/list-cache.ts';
import { NOW, problemsOf, publishedIn, readingOf } from './reading-of.ts';

/** First days, last days, lists that run out once, and what the settings allow. Now is noon of 2026-11-25. */
const DAY = 24 * 3_600_000;

const wrong: { row: string; list: string; settings?: string; says: RegExp }[] = [
  {
    row: 'a start that is no date',
    list: 'action: block\nobservables:\n  - { value: 45.66.35.11, starts: soon }',
    says: /^feeds\/l\.yaml:3:27 error invalid-key starts: "soon" is no date: write year-month-day/,
  },
  {
    row: 'a start after the end',
    list: 'action: block\nobservables:\n  - { value: 45.66.35.11, starts: 2027-02-01, expires: 2027-01-31 }',
    says: /error invalid-key starts: 2027-02-01 is after 2027-01-31, when the entry has run out/,
  },
  {
    row: 'renew: false on an allow list',
    list: 'action: allow\nrenew: false\nobservables: [45.66.35.11]',
    says: /^feeds\/l\.yaml:2:1 error invalid-key renew: false stands on block lists only/,
  },
  {
    row: 'renew in an entry',
    list: 'action: block\nobservables:\n  - { value: 45.66.35.11, renew: false }',
    says: /unknown-key "renew" is no key of an entry/,
  },
  {
    row: 'a lifetime of a list above the most',
    list: 'action: block\nlifetime: 60d\nobservables: [45.66.35.11]',
    settings: 'lifetime: { max: 30d }',
    says: /^feeds\/l\.yaml:2:1 error invalid-key lifetime: a lifetime of 60d is more than 30d, the most that settings\.yaml allows/,
  },
  {
    row: 'a lifetime of an entry below the least',
    list: 'action: block\nobservables:\n  - { value: 45.66.35.11, lifetime: 30m }',
    settings: 'lifetime: { min: 12h }',
    says: /^feeds\/l\.yaml:3:27 error invalid-key lifetime: a lifetime of 30m is less than 12h/,
  },
  {
    row: 'a date beyond the most',
    list: 'action: block\nobservables:\n  - { value: 45.66.35.11, expires: 2027-01-31 }',
    settings: 'lifetime: { max: 30d }',
    says: /expires: 2027-01-31 is more than 30d away, the most that settings\.yaml allows/,
  },
  {
    row: 'the least above the most',
    list: 'action: block\nobservables: [45.66.35.11]',
    settings: 'lifetime: { min: 30d, max: 7d }',
    says: /settings\.yaml:1:11 error invalid-key lifetime: the least, 30d, is more than the most, 7d/,
  },
  {
    row: 'a bound that is none',
    list: 'action: block\nobservables: [45.66.35.11]',
    settings: 'lifetime: { min: ages }',
    says: /error invalid-key min: "ages" is no lifetime/,
  },
  {
    row: 'a time to collect after that is none',
    list: 'action: block\nobservables: [45.66.35.11]',
    settings: 'collect: { after: never }',
    says: /error invalid-key after: "never" is no time after which to collect/,
  },
];
for (const { row, list, settings, says } of wrong) {
  test(`wrong: ${row}`, async () => {
    const problems = await problemsOf({ 'l.yaml': list, ...(settings !== undefined && { 'settings.yaml': settings }) });
    assert.match(problems.join('\n'), says);
  });
}

async function lifetimesOf(list: string, settings = ''): Promise<string[]> {
  const { entries, problems } = await readingOf({ 'l.yaml': list, 'settings.yaml': settings });
  assert.deepEqual(problems, []);
  return entries.map(({ terms: { lifetime } }) => `${lifetime.kind} ${lifetime.text}`);
}

test('renew: false turns every lifetime of its list into one that runs out; dates stay dates', async () => {
  const list = `action: block
lifetime: 3d
renew: false
overrides: { 45.66.35.14: { lifetime: 2d } }
observables: [45.66.35.11, { value: 45.66.35.12, lifetime: 9d }, { value: 45.66.35.13, expires: 2027-01-31 }, 45.66.35.14]`;
  assert.deepEqual(await lifetimesOf(list), ['runs-out 3d', 'runs-out 9d', 'once 2027-01-31', 'runs-out 2d']);
  assert.deepEqual(await lifetimesOf('action: block\nrenew: false\nobservables: [45.66.35.11]'), ['runs-out 7d']);
  assert.deepEqual(await lifetimesOf('action: block\nrenew: true\nobservables: [45.66.35.11]'), ['renewed 7d']);
});

test('T30 a list that says nothing lives as long as the settings allow', async () => {
  const list = 'action: block\nobservables: [45.66.35.11]';
  assert.deepEqual(await lifetimesOf(list, 'lifetime: { max: 3d }'), ['renewed 3d']);
  assert.deepEqual(await lifetimesOf(list, 'lifetime: { min: 14d }'), ['renewed 14d']);
  assert.deepEqual(await lifetimesOf(list, 'lifetime: { min: 1d, max: 30d }'), ['renewed 7d']);
});

test('settings say after what time is collected', async () => {
  const afterOf = async (text: string) =>
    (await readingOf({ 'l.yaml': 'action: block', 'settings.yaml': text })).settings.collectAfterMs;
  assert.equal(await afterOf(''), undefined);
  assert.equal(await afterOf('collect: { after: 14d }'), 14 * DAY);
  assert.equal(await afterOf('collect: { after: 0 }'), 0);
});

test('an entry is published from its first day on, and the cache knows when that is', async () => {
  const folder = { 'l.yaml': 'action: block\nobservables:\n  - { value: 45.66.35.11, starts: 2026-11-27 }' };
  const cache = makeListCache();
  const begins = Date.parse('2026-11-27T00:00:00.000Z');
  const before = await readingOf(folder, { cache, now: begins - 1 });
  assert.deepEqual(publishedIn(before), []);
  assert.match(before.problems[0]?.message ?? '', /"45\.66\.35\.11" is not published before 2026-11-27/);
  const after = await readingOf(folder, { cache, now: begins });
  assert.deepEqual(publishedIn(after), ['ip 45.66.35.11']);
  assert.deepEqual(after.problems, []);
});

test('an entry is published to the last millisecond of its last day, and the cache knows when that is', async () => {
  const folder = { 'l.yaml': 'action: block\nobservables:\n  - { value: 45.66.35.11, expires: 2026-11-27 }' };
  const cache = makeListCache();
  const [entry] = (await readingOf(folder, { cache })).entries;
  assert.ok(entry?.terms.lifetime.kind === 'once');
  const { end } = entry.terms.lifetime;
  assert.ok(end < Date.parse('2026-11-28T00:00:00.000Z'));
  assert.deepEqual(publishedIn(await readingOf(folder, { now: end })), ['ip 45.66.35.11']);
  assert.deepEqual(publishedIn(await readingOf(folder, { cache, now: end + 1 })), []);
});

test('an allow entry protects from its first day to its last, and its last week is announced', async () => {
  const folder = {
    'allow.yaml': 'action: allow\nobservables:\n  - { value: 45.66.35.11, starts: 2026-11-20, expires: 2026-12-09 }',
    'block.yaml': 'action: block\nobservables: [45.66.35.11]',
  };
  const cache = makeListCache();
  const codes: string[] = [];
  for (let day = -7; day < 17; day += 1) {
    const reading = await readingOf(folder, { cache, now: NOW + day * DAY });
    const blocked = publishedIn(reading).length === 2 || reading.entries.some(({ list }) => list === 'block');
    const said = reading.problems.map(({ code }) => code).join('+');
    codes.push(`${blocked ? 'blocked' : 'allowed'} ${said}`);
  }
  const runs = codes.reduce<[string, number][]>((runs, code) => {
    const last = runs.at(-1);
    if (last?.[0] === code) last[1] += 1;
    else runs.push([code, 1]);
    return runs;
  }, []);
  assert.deepEqual(runs, [
    ['blocked starts-later', 2],
    ['allowed shadowed', 13],
    ['allowed allow-ends-soon+shadowed', 7],
    ['blocked allow-ended', 2],
  ]);
});

test('what ran out is told as listed still', async () => {
  const { expired } = await readingOf({
    'l.yaml': 'action: block\nobservables:\n  - { value: 45.66.35.11, expires: 2026-11-24 }\n  - 45.66.35.12',
  });
  assert.deepEqual(
    expired.map(({ observable }) => observable.value),
    ['45.66.35.11'],
  );
});
