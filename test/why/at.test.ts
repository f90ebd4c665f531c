import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChangeKind } from '../../src/plan/change.ts';
import { type AtFacts, inFeedAt } from '../../src/why/at.ts';
import type { HistoryRow } from '../../src/why/history.ts';
import type { KnownJudgement } from '../../src/why/judgements.ts';

const DAY = 24 * 60 * 60 * 1000;
/** Days are counted from here. */
const ORIGIN = Date.parse('2026-11-01T00:00:00Z');
const day = (n: number) => ORIGIN + n * DAY;
const text = (n: number) => new Date(day(n)).toISOString();

/** `1 create 8`: on day 1, valid until day 8. `3 withdraw 8 3`: from an end on day 8 to one on day 3. */
function rows(...told: string[]): HistoryRow[] {
  return told.map((one) => {
    const [at, kind, ...ends] = one.split(' ');
    const [end, before] = ends.map(Number).reverse();
    return {
      ...{ at: text(Number(at)), run: 'run', who: 'sync', revision: `commit-${at}`, kind: kind as ChangeKind },
      ...{ type: 'ip', value: '198.51.100.7', list: 'tor', feed: 'firewall-block/ip', place: 'feeds/tor.yaml:3' },
      ...(end !== undefined && { end: text(end) }),
      ...(before !== undefined && { end_before: text(before) }),
    };
  });
}

function judgement(created: number, start: number, end: number, more: Partial<KnownJudgement> = {}): KnownJudgement {
  return {
    ...{
      id: 'https://ctia.example/ctia/judgement/judgement-1',
      ours: true,
      live: true,
      lifetimeMs: undefined,
      once: false,
    },
    ...{ created: day(created), start: day(start), end: day(end), disposition: 'Malicious', priority: 95 },
    ...{
      source: 'tor',
      reason: undefined,
      uri: undefined,
      list: 'tor',
      revision: 'commit-of-ctia',
      place: 'feeds/tor.yaml:3',
    },
    links: [{ id: 'link-1', feed: 'firewall-block/ip' }],
    ...more,
  };
}

const FACTS = { now: day(50), rows: [], judgements: [], journalBegins: day(0), collectAfterMs: 30 * DAY };
const at = (n: number, more: Partial<AtFacts>) => inFeedAt({ ...FACTS, at: day(n), ...more });

test('the journal: in from its creation until its end, renewed or withdrawn', () => {
  const told = rows('10 create 17', '14 renew 17 21', '20 withdraw 21 20', '30 revive 20 37');
  for (const [n, answer] of [
    [9, 'no'],
    [10, 'yes'],
    [19, 'yes'],
    [20, 'no'],
    [29, 'no'],
    [30, 'yes'],
    [36, 'yes'],
    [38, 'no'],
  ] as const)
    assert.equal(at(n, { rows: told }).answer, answer, `day ${n}`);
  const [holding] = at(15, { rows: told }).by;
  assert.deepEqual([holding?.feed, holding?.list, holding?.revision], ['firewall-block/ip', 'tor', 'commit-14']);
  assert.equal(at(9, { rows: told.reverse() }).answer, 'no', 'in whatever order it comes');
});

test('a change that names no feed is of the feed that others name for its list: what a person took out is out', () => {
  const [created, { feed: _, ...withdrawn }] = rows('10 create 17', '12 withdraw 17 12') as [HistoryRow, HistoryRow];
  const told = { rows: [created, withdrawn] };
  assert.equal(at(11, told).answer, 'yes');
  assert.deepEqual([at(13, told).answer, at(13, told).why], ['no', 'the journal says so']);
});

test('a journal that reaches back, with nothing before that moment: what the next change found had been so', () => {
  assert.equal(at(5, { rows: rows('10 withdraw 12 10') }).answer, 'yes');
  assert.equal(at(5, { rows: rows('10 renew 17') }).answer, 'yes');
  assert.equal(at(5, { rows: rows('10 revive 3 17') }).answer, 'no', 'it had ended by then');
  assert.equal(at(2, { rows: rows('10 revive 3 17') }).answer, 'yes');
  assert.equal(at(5, { rows: rows('10 create 17') }).answer, 'no');
  const before = at(5, { rows: rows('10 create 17'), journalBegins: day(8), now: day(60) });
  assert.equal(before.answer, 'unknown', 'a journal that begins later tells nothing');
  assert.equal(at(5, { rows: rows('10 withdraw 12 10'), journalBegins: day(8), now: day(60) }).answer, 'unknown');
});

test('CTIA: a judgement that was valid then and is linked, from when it was made', () => {
  const journalBegins = undefined;
  const judgements = [judgement(10, 9, 40)];
  assert.equal(at(20, { judgements, journalBegins }).answer, 'yes');
  assert.equal(at(20, { judgements, journalBegins }).by[0]?.from, 'CTIA');
  assert.equal(
    at(9.5, { judgements: [judgement(10, 9, 40)], journalBegins, now: day(20) }).answer,
    'no',
    'it starts a little in the past',
  );
  assert.equal(
    at(20, { judgements: [judgement(10, 9, 40, { links: [] })], now: day(30) }).answer,
    'no',
    'it is in no feed',
  );
  const foreign = judgement(10, 9, 40, { ours: false, list: undefined });
  assert.equal(at(20, { judgements: [foreign] }).by[0]?.list, undefined);
});

test('what cannot be known is said, with the reason', () => {
  const journalBegins = day(30);
  const revived = at(25, { judgements: [judgement(10, 28, 60)], journalBegins });
  assert.equal(revived.answer, 'unknown');
  assert.match(revived.why, /the journal is whole only since 2026-12-01.*made valid anew at 2026-11-29/);
  const collected = at(10, { journalBegins });
  assert.equal(collected.answer, 'unknown');
  assert.match(collected.why, /what ended so long ago is deleted from CTIA/);
  assert.equal(at(25, { journalBegins }).answer, 'no', 'what ended since is still there');
  assert.match(at(10, { journalBegins: undefined }).why, /the journal is empty/);
  assert.match(at(51, {}).why, /still to come/);
  const unsure = rows('10 create 17').map((row) => ({ ...row, unknown: true as const }));
  assert.match(at(12, { rows: unsure }).why, /did not say what became of the create/);
  assert.equal(at(9, { rows: unsure }).answer, 'no');
});
