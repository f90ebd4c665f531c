import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Observable } from '../../src/ctim/observable.ts';
import { makeGuards } from '../../src/lists/guards/guards.ts';
import { normalise } from '../../src/lists/normalise.ts';
import type { HistoryRow } from '../../src/why/history.ts';
import type { KnownFeed, KnownJudgement } from '../../src/why/judgements.ts';
import type { Why, WhyFacts } from '../../src/why/known.ts';
import { renderWhy } from '../../src/why/render.ts';
import { explain } from '../../src/why/why.ts';
import { type Folder, NOW, readingOf } from '../lists/reading-of.ts';

const DAY = 24 * 60 * 60 * 1000;
const SETTINGS = { 'settings.yaml': 'owner: acme\nguards: { documentation: allow }\n' };
const FEEDS = (['block', 'allow'] as const).flatMap((action) =>
  (['ip', 'domain'] as const).map(
    (type): KnownFeed => ({
      ...{
        channel: `firewall-${action}`,
        type,
        action,
        title: `Feed_${type}`,
        indicatorId: `indicator-${action}-${type}`,
      },
      viewUrl: `https://ctia.example/ctia/feed/feed-1/view.txt?s=secret`,
    }),
  ),
);

function observableOf(text: string): Observable {
  const said = normalise(text);
  assert('observable' in said, text);
  return said.observable;
}

function judgement(list: string | undefined, more: Partial<KnownJudgement> = {}): KnownJudgement {
  return {
    ...{ id: `https://ctia.example/ctia/judgement/judgement-of-${list ?? 'others'}`, ours: list !== undefined },
    ...{ live: true, once: false, created: NOW - DAY, start: NOW - DAY - 300_000, end: NOW + 6 * DAY },
    ...{ disposition: 'Malicious', priority: 95, source: list ?? 'somebody', reason: undefined, uri: undefined },
    ...{ list, revision: 'c0ffee', place: `feeds/${list}.yaml:3`, lifetimeMs: 7 * DAY },
    links: [{ id: `https://ctia.example/ctia/relationship/relationship-of-${list}`, feed: 'firewall-block/ip' }],
    ...more,
  };
}

async function why(
  value: string,
  folder: Folder,
  more: Partial<Omit<WhyFacts, 'views'>> & { views?: Record<string, string[]> } = {},
): Promise<Why> {
  const reading = await readingOf({ ...SETTINGS, ...folder });
  const { views = {}, ...rest } = more;
  return explain({
    ...{ observable: observableOf(value), now: NOW, feeds: FEEDS, judgements: [], verdict: undefined },
    lists: {
      entries: reading.entries,
      problems: reading.problems,
      summaries: new Map(reading.lists.map((list) => [list.name, list])),
      revision: 'c0ffee',
    },
    views: new Map(Object.entries(views).map(([feed, values]) => [feed, values.map(observableOf)])),
    guard: makeGuards(reading.settings).judge(observableOf(value))?.message,
    applied: { revision: 'c0ffee', at: '2026-11-24T12:00:00.000Z' },
    ...{ held: [], failures: [], history: [], journalBegins: undefined, notices: [], ...rest },
  });
}

const TOR = 'action: block\nobservables:\n  - 198.51.100.7\n';
const MORE = 'action: block\nobservables: [198.51.100.7]\n';

test('a value of two lists: the answer first, then both lists, feed without secret, ids, since and until', async () => {
  const judgements = [judgement('tor'), judgement('more', { end: NOW + DAY })];
  const verdict = { disposition: 'Malicious', judgement: judgement('tor').id };
  const known = await why('198.51.100.7', { 'tor.yaml': TOR, 'more.yaml': MORE }, { judgements, verdict });
  assert.equal(known.answer, 'blocked');
  const [first, ...rest] = renderWhy(known).split('\n');
  assert.equal(
    first,
    '198.51.100.7 is blocked by list tor (feeds/tor.yaml:3) and 1 more, in firewall-block/ip since 2026-11-24T12:00:00.000Z until 2026-12-01T12:00:00.000Z, renewed while listed',
  );
  const text = rest.join('\n');
  for (const says of [
    /listed {4}feeds\/more\.yaml:2 in block list more \(lifetime 7d\)/,
    /listed {4}feeds\/tor\.yaml:3 in block list tor/,
    /firewall-block\/ip, Feed_ip, https:\/\/ctia\.example\/ctia\/feed\/feed-1\/view\.txt\?s=…/,
    /judgement judgement-of-tor, link relationship-of-tor, made for c0ffee/,
    /by list more, since .* until 2026-11-26T12:00/,
    /verdict {3}Malicious, by ours, of list tor/,
  ])
    assert.match(text, says);
  assert.doesNotMatch(text + JSON.stringify(known), /secret/);
});

test('not blocked, and why not', async () => {
  const cases: [what: string, known: Why, says: RegExp][] = [
    [
      'allowed by a range',
      await why('198.51.100.7', {
        'tor.yaml': TOR,
        'never.yaml': 'action: allow\nobservables: [{ value: 198.51.100.0/24, expires: 2026-12-31 }]\n',
      }),
      /198\.51\.100\.0\/24 is allowed by feeds\/never\.yaml:2 \(list never\) until 2026-12-31T23:59:59\.999Z/,
    ],
    [
      'refused by a guard',
      await why('8.8.8.8', { 'tor.yaml': 'action: block\nobservables: [8.8.8.8]\n' }),
      /feeds\/tor\.yaml:2 guard-resolver: .*public resolver/,
    ],
    [
      'its day has passed',
      await why('198.51.100.7', {
        'tor.yaml': MORE.replace('198.51.100.7', '{ value: 198.51.100.7, expires: 2026-11-01 }'),
      }),
      /feeds\/tor\.yaml:2 expired: .*ran out on 2026-11-01/,
    ],
    [
      'its day is to come',
      await why('198.51.100.7', {
        'tor.yaml': MORE.replace('198.51.100.7', '{ value: 198.51.100.7, starts: 2026-12-24 }'),
      }),
      /starts-later: .*not published before 2026-12-24/,
    ],
    [
      'it ran out once',
      await why(
        '198.51.100.7',
        { 'tor.yaml': `${MORE}renew: false\n` },
        { judgements: [judgement('tor', { once: true, live: false, end: NOW - DAY })] },
      ),
      /feeds\/tor\.yaml:2 ran out at 2026-11-24T12:00:00\.000Z: renew: false publishes it once; /,
    ],
    [
      'let through by hand',
      await why(
        '198.51.100.7',
        { 'tor.yaml': TOR },
        { judgements: [judgement('adhoc-allow', { reason: 'a customer', disposition: 'Clean', links: [] })] },
      ),
      /allowed by a person, by hand \(a customer\) until 2026-12-01/,
    ],
    [
      'let through by hand, a range around it',
      await why('198.51.100.7', { 'tor.yaml': TOR }, { views: { 'firewall-allow/ip': ['198.51.100.0/24'] } }),
      /198\.51\.100\.0\/24 is allowed by feed firewall-allow\/ip, as it is published now/,
    ],
    [
      'held',
      await why('198.51.100.7', { 'tor.yaml': TOR }, { held: ['over the limits: 9 of 10 leave'] }),
      /the last plan is held: over the limits/,
    ],
    [
      'errors in the lists',
      await why('198.51.100.7', { 'tor.yaml': TOR, 'bad.yaml': 'action: block\nobservables: [1.2.3]\n' }),
      /the lists have 1 error, and nothing but renewals/,
    ],
    [
      'not applied yet',
      await why(
        '198.51.100.7',
        { 'tor.yaml': TOR },
        { applied: { revision: 'decade', at: '2026-11-20T12:00:00.000Z' } },
      ),
      /these lists \(c0ffee\) are not applied yet; decade is, since 2026-11-20/,
    ],
    [
      'never applied',
      await why('198.51.100.7', { 'tor.yaml': TOR }, { applied: undefined }),
      /nothing was ever applied/,
    ],
    [
      'the last run could not',
      await why('198.51.100.7', { 'tor.yaml': TOR }, { failures: ['the last run could not make it: refused'] }),
      /could not make it: refused/,
    ],
    [
      'missing for no reason',
      await why('198.51.100.7', { 'tor.yaml': TOR }),
      /should be in its feed and is not: enqueue sync --wait/,
    ],
    [
      'withdrawn',
      await why(
        '198.51.100.7',
        { 'tor.yaml': MORE.replace('.7', '.8') },
        {
          judgements: [
            judgement('tor', {
              live: false,
              end: NOW - DAY,
              reason: 'withdrawn 0123456789abcdef0123456789abcdef01234567',
              uri: undefined,
            }),
          ],
        },
      ),
      /its judgement of list tor ended 2026-11-24T12:00:00\.000Z, withdrawn by 0123456789ab$/,
    ],
    [
      'nobody names it',
      await why('198.51.100.9', { 'tor.yaml': TOR }),
      /no list names it, and no feed of ours shows it/,
    ],
  ];
  for (const [what, known, says] of cases) {
    assert.equal(known.answer, 'not-blocked', what);
    const [first = ''] = renderWhy(known).split('\n');
    assert.match(first, /^\S+ is not blocked: /, what);
    assert.match(first, says, what);
  }
});

test('of a line that a guard only warns of, and that an allow list takes out, the last word is told', async () => {
  const known = await why('172.66.0.227', {
    'cloud.yaml': 'action: block\nobservables: [172.66.0.227]\n',
    'never.yaml': 'action: allow\nobservables: [172.66.0.227]\n',
  });
  assert.deepEqual(
    known.listed.map(({ file, state }) => `${file} ${state.split(':')[0]}`),
    ['feeds/never.yaml in force', 'feeds/cloud.yaml shadowed'],
  );
  assert.match(known.guard ?? '', /172\.64\.0\.0\/13 \(Cloudflare\)/);
});

test('a range around it, a name above it, or the host of a URL blocks it: in a feed, or so far in a list only', async () => {
  const folder = { 'tor.yaml': 'action: block\nobservables: [198.51.100.0/24, evil.example]\n' };
  const views = { 'firewall-block/ip': ['198.51.100.0/24', '203.0.113.1'], 'firewall-block/domain': ['evil.example'] };
  for (const [value, wider, feed] of [
    ['198.51.100.7', '198.51.100.0/24', 'firewall-block/ip'],
    ['a.evil.example', 'evil.example', 'firewall-block/domain'],
    ['https://a.evil.example/page', 'evil.example', 'firewall-block/domain'],
  ] as const) {
    const known = await why(value, folder, { views });
    assert.equal(known.answer, 'blocked-by-wider');
    assert.equal(known.says, `${value} is blocked by ${wider}, which contains it, in ${feed}`);
    assert.deepEqual(known.wider[1], { value: wider, list: 'tor (feeds/tor.yaml:2)' });
  }
  const notYet = await why('198.51.100.7', folder);
  assert.equal(notYet.answer, 'not-blocked');
  assert.match(
    notYet.says,
    /^198\.51\.100\.7 is not blocked yet: 198\.51\.100\.0\/24 of list tor \(feeds\/tor\.yaml:2\) would/,
  );
});

test("an endless Unknown of another's wins the verdict, and is told with its priority and its feeds", async () => {
  const foreign = judgement(undefined, {
    disposition: 'Unknown',
    source: 'securex-orchestration',
    end: Date.parse('2525-01-01T00:00:00Z'),
  });
  const known = await why(
    '198.51.100.7',
    { 'tor.yaml': TOR },
    {
      judgements: [judgement('tor', { priority: 90 }), foreign],
      verdict: { disposition: 'Unknown', judgement: foreign.id },
    },
  );
  const text = renderWhy(known);
  assert.match(
    text,
    /others {4}securex-orchestration says Unknown, priority 95, for ever, in firewall-block\/ip \(judgement-of-others\)/,
  );
  assert.match(text, /verdict {3}Unknown, by another's, of source securex-orchestration, priority 95/);
  const alone = await why('198.51.100.7', { 'other.yaml': MORE.replace('.7', '.8') }, { judgements: [foreign] });
  assert.match(alone.says, /^198\.51\.100\.7 is blocked by a judgement that others made, in firewall-block\/ip since/);
  const cursor = await why('198.51.100.7', {}, { judgements: [{ ...foreign, source: 'a\u001b[2J\nb' }] });
  assert(!renderWhy(cursor).includes('\u001b'), 'what others wrote moves no cursor');
});

test('what a person blocked by hand is said to be so; what no list names any more and is still there, too', async () => {
  const byHand = judgement('adhoc-block', { once: true, priority: 100, reason: 'case 4711' });
  const hand = await why('198.51.100.7', {}, { judgements: [byHand] });
  assert.match(
    hand.says,
    /^198\.51\.100\.7 is blocked by a person, by hand \(case 4711\), in firewall-block\/ip .* until \S+Z$/,
  );
  assert.deepEqual(hand.because, []);
  const left = await why(
    '198.51.100.7',
    { 'tor.yaml': TOR.replace('.7', '.8') },
    { judgements: [judgement('tor')], held: ['over the limits'] },
  );
  assert.equal(left.answer, 'blocked');
  assert.deepEqual(left.because, ['list tor does not name it any more', 'the last plan is held: over the limits']);
});

test('where CTIA could not be asked, lists, guards, allow entries and journal are told, and that the rest is not known', async () => {
  const created: HistoryRow = {
    ...{ at: '2026-11-20T12:00:00.000Z', run: '1', who: 'sync', revision: 'c0ffee', kind: 'create' },
    ...{ type: 'ip', value: '198.51.100.7', list: 'tor', feed: 'firewall-block/ip', end: '2026-12-01T12:00:00.000Z' },
  };
  const withdrawn: HistoryRow = { ...created, at: '2026-11-21T12:00:00.000Z', kind: 'withdraw', end: created.at };
  const allow = 'action: allow\nobservables: [198.51.100.7]\n';
  const away = { notAsked: 'the token service refused the API client (401)', feeds: [], applied: undefined };
  const cases: [known: Why, says: RegExp][] = [
    [
      await why('198.51.100.7', { 'tor.yaml': TOR }, { ...away, history: [created] }),
      /by the lists it is, in list tor \(feeds\/tor\.yaml:3\); by the journal it is in firewall-block\/ip$/,
    ],
    [
      await why('198.51.100.7', { 'tor.yaml': TOR, 'ok.yaml': allow }, { ...away, history: [withdrawn, created] }),
      /by the lists it is not: 198\.51\.100\.7 is allowed by feeds\/ok\.yaml:2 .*; by the journal it is in no feed$/,
    ],
    [
      await why('198.51.100.9', { 'tor.yaml': TOR.replace('.7', '.0/24') }, away),
      /by the lists 198\.51\.100\.0\/24, which contains it, is, in list tor .*; the journal does not tell$/,
    ],
    [await why('8.8.8.8', { 'tor.yaml': TOR }, away), /: no list names it; the journal does not tell$/],
  ];
  for (const [known, says] of cases) {
    assert.equal(known.answer, 'unknown');
    assert.match(known.says, /^whether \S+ is blocked now is not known, since CTIA could not be asked: /);
    assert.match(known.says, says);
    const text = renderWhy(known);
    assert.match(text, /not asked CTIA: the token service refused/);
    assert.doesNotMatch(text, /verdict|nothing was ever applied|should be in its feed/);
  }
  assert.match(renderWhy(cases[3]?.[0] as Why), /guard {5}.*public resolver/);
});
