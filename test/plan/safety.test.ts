import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FeedLimits, Limits } from '../../src/plan/limits.ts';
import { makePlan, type Plan } from '../../src/plan/plan.ts';
import { heldBy, NO_APPROVAL, type SafetyInput } from '../../src/plan/safety.ts';
import { situation } from './situation.ts';

const OF_MANUAL = 'manual 203.0.113.1 g0 +6d link0\nmanual 203.0.113.2 g0 +6d link0';
const REPOSITORY = 'https://git.acme.test/blocklists';

/** A tenant that was applied to before, lists without errors: nothing is held unless a test says why. */
function planned(desired: string, actual: string, more: Partial<SafetyInput> = {}): Plan {
  const base = situation(desired, actual);
  const input: SafetyInput = {
    ...base,
    problems: 0,
    standing: 'newer',
    limits: undefined,
    consumers: new Map(),
    feedsOfOthers: new Set(),
    allowChannels: new Set(['firewall-allow']),
    lists: new Set([...base.desired.values()].map(({ list }) => list)),
    unattended: false,
    state: { revision: 'before', repository: REPOSITORY },
    repository: REPOSITORY,
    approval: NO_APPROVAL,
    released: new Set(),
    ...more,
  };
  const { lists: _, ...rest } = input;
  return makePlan(
    { ...rest, owner: 'acme', tenant: 'https://ctia.test (org)', revision: '4f2a9c1', makings: [] },
    heldBy(input),
  );
}

function limits(all: FeedLimits): Limits {
  return { all, channels: new Map(), lists: new Map() };
}

function rules(plan: Plan): string {
  return plan.held.map(({ rule }) => rule).join(' ');
}

function tenLive(): string {
  return Array.from({ length: 10 }, (_, n) => `tor 198.51.100.${n} g0 +6d link0`).join('\n');
}

const BY_HAND = 'adhoc-block 198.51.100.9 g0 once=+1h link0';
const DIGEST = planned('tor 198.51.100.7', '').digest;

const table: { row: string; plan: Plan; held: string }[] = [
  { row: 'nothing to hold it', plan: planned('tor 198.51.100.7', ''), held: '' },
  { row: 'first contact', plan: planned('tor 198.51.100.7', '', { state: undefined }), held: 'first-contact' },
  { row: 'first contact with nothing to do', plan: planned('', '', { state: undefined }), held: 'first-contact' },
  {
    row: 'another repository',
    plan: planned('tor 198.51.100.7', '', { state: { revision: 'x', repository: 'https://git.acme.test/other' } }),
    held: 'first-contact',
  },
  {
    row: 'no repository where there was one',
    plan: planned('tor 198.51.100.7', '', { repository: undefined }),
    held: 'first-contact',
  },
  {
    row: 'first contact, approved',
    plan: planned('tor 198.51.100.7', '', { state: undefined, approval: { ...NO_APPROVAL, yes: true } }),
    held: '',
  },
  {
    row: 'first contact: force lifts limits, not this',
    plan: planned('tor 198.51.100.7', '', { state: undefined, approval: { ...NO_APPROVAL, force: true } }),
    held: 'first-contact',
  },
  {
    row: 'first contact, approved by digest',
    plan: planned('tor 198.51.100.7', '', { state: undefined, approval: { ...NO_APPROVAL, digest: DIGEST } }),
    held: '',
  },
  {
    row: 'the embedded server that we started ourselves',
    plan: planned('tor 198.51.100.7', '', { state: undefined, unattended: true }),
    held: '',
  },
  {
    row: 'errors in the lists',
    plan: planned('tor 198.51.100.7', '', { problems: 2 }),
    held: 'problems',
  },
  {
    row: 'errors in the lists cannot be approved away',
    plan: planned('tor 198.51.100.7', '', {
      problems: 1,
      unattended: true,
      approval: { yes: true, force: true, digest: DIGEST },
    }),
    held: 'problems',
  },
  {
    row: 'another plan than the one approved, whatever else is said',
    plan: planned('tor 198.51.100.8', '', { approval: { yes: true, force: true, digest: DIGEST } }),
    held: 'other-plan',
  },
  {
    row: 'all reasons at once',
    plan: planned('tor 198.51.100.8', 'manual 198.51.100.9 g0 +6d link0', {
      state: undefined,
      approval: { ...NO_APPROVAL, digest: DIGEST },
    }),
    held: 'other-plan first-contact list-vanished',
  },
  {
    row: 'a list that does not parse is not one that was deleted, and what it holds is not withdrawn: no way out that is none',
    plan: planned('tor 198.51.100.8', OF_MANUAL, { problems: 1, state: undefined, limits: limits({ withdrawals: 1 }) }),
    held: 'problems first-contact',
  },
  {
    row: 'the same, deleted',
    plan: planned('tor 198.51.100.8', OF_MANUAL, { limits: limits({ withdrawals: 1 }) }),
    held: 'list-vanished over-limit',
  },
  {
    row: 'tlp red in a feed of another login',
    plan: planned('tor 198.51.100.7 tlp=red', '', { feedsOfOthers: new Set(['firewall-block/ip']) }),
    held: 'red-in-feed-of-others',
  },
  {
    row: 'tlp red in a feed of ours',
    plan: planned('tor 198.51.100.7 tlp=red', '', { feedsOfOthers: new Set(['firewall-block/url']) }),
    held: '',
  },
  {
    row: 'an older commit that would change something',
    plan: planned('tor 198.51.100.7', '', { standing: 'older' }),
    held: 'older-commit',
  },
  {
    row: 'a checkout that leaves out files of its commit, also where nobody watches',
    plan: planned('tor 198.51.100.7', '', { leftOut: ['feeds/settings.yaml'], unattended: true, state: undefined }),
    held: 'partial-checkout',
  },
  { row: 'the same with nothing to do', plan: planned('', '', { leftOut: ['feeds/settings.yaml'] }), held: '' },
  {
    row: 'the same, forced',
    plan: planned('tor 198.51.100.7', '', {
      leftOut: ['feeds/settings.yaml'],
      approval: { ...NO_APPROVAL, force: true },
    }),
    held: '',
  },
  { row: 'an older commit with nothing to do', plan: planned('', '', { standing: 'older' }), held: '' },
  {
    row: 'an older commit, forced',
    plan: planned('tor 198.51.100.7', '', { standing: 'older', approval: { ...NO_APPROVAL, force: true } }),
    held: '',
  },
  {
    row: 'a commit of another branch',
    plan: planned('tor 198.51.100.7', '', { standing: 'apart' }),
    held: 'other-history',
  },
  {
    row: 'an applied commit that this checkout does not know',
    plan: planned('tor 198.51.100.7', '', { standing: 'unknown' }),
    held: 'other-history',
  },
  {
    row: 'another history, forced',
    plan: planned('tor 198.51.100.7', '', { standing: 'apart', approval: { ...NO_APPROVAL, force: true } }),
    held: '',
  },
  { row: 'another history with nothing to do', plan: planned('', '', { standing: 'unknown' }), held: '' },
  { row: 'no commit, or none applied', plan: planned('tor 198.51.100.7', '', { standing: undefined }), held: '' },
  {
    row: 'within the limits',
    plan: planned('tor 198.51.100.7', '', { limits: limits({ additions: 1, entries_per_feed: 1, withdrawals: 0 }) }),
    held: '',
  },
  {
    row: 'more additions than the limit',
    plan: planned('tor 198.51.100.7\ntor 198.51.100.8', '', { limits: limits({ additions: 1 }) }),
    held: 'over-limit',
  },
  {
    row: 'a value that moves between lists is neither',
    plan: planned('tor 198.51.100.7', 'manual 198.51.100.7 g0 +6d link0', {
      limits: limits({ additions: 0, withdrawals: 0 }),
    }),
    held: '',
  },
  {
    row: 'more than a share of the feed leaves',
    plan: planned('tor 198.51.100.0', tenLive(), { limits: limits({ withdrawals_share: 0.5 }) }),
    held: 'over-limit',
  },
  {
    row: 'over a limit: yes is no force',
    plan: planned('tor 198.51.100.7', '', {
      limits: limits({ additions: 0 }),
      approval: { ...NO_APPROVAL, yes: true },
    }),
    held: 'over-limit',
  },
  {
    row: 'over a limit, forced',
    plan: planned('tor 198.51.100.7', '', {
      limits: limits({ additions: 0 }),
      approval: { ...NO_APPROVAL, force: true },
    }),
    held: '',
  },
  {
    row: 'a list that vanished',
    plan: planned('tor 198.51.100.7', 'manual 198.51.100.9 g0 +6d link0'),
    held: 'list-vanished',
  },
  { row: 'every list vanished', plan: planned('', 'manual 198.51.100.9 g0 +6d link0'), held: 'list-vanished' },
  {
    row: 'the last list of a channel vanished, and the channel with it',
    plan: planned('', 'manual 198.51.100.9 g0 +6d link0', { indicators: new Map() }),
    held: 'list-vanished',
  },
  {
    row: 'a list that vanished, forced',
    plan: planned('', 'manual 198.51.100.9 g0 +6d link0', { approval: { ...NO_APPROVAL, force: true } }),
    held: '',
  },
  {
    row: 'a list that vanished: yes is no force',
    plan: planned('', 'manual 198.51.100.9 g0 +6d link0', { approval: { ...NO_APPROVAL, yes: true } }),
    held: 'list-vanished',
  },
  {
    row: 'a list that was renamed: its values stay',
    plan: planned('renamed 198.51.100.9', 'manual 198.51.100.9 g0 +6d link0'),
    held: '',
  },
  {
    row: 'a list that was renamed and moved to another channel: its values leave their feed',
    plan: planned('mail:renamed 198.51.100.9', 'manual 198.51.100.9 g0 +6d link0'),
    held: 'list-vanished',
  },
  {
    row: 'a list that is there and holds nothing any more',
    plan: planned('', 'manual 198.51.100.9 g0 +6d link0', { lists: new Set(['manual']) }),
    held: '',
  },
  {
    row: 'a list that vanished long ago: nothing of it is live',
    plan: planned('', 'manual 198.51.100.9 g0 -1d link0'),
    held: '',
  },
  {
    row: 'of a list that vanished: what is in no feed, or not yet, leaves none',
    plan: planned('', 'manual 198.51.100.9 g0 +6d\nmanual 198.51.100.10 g0 +6d start=+1d link0'),
    held: '',
  },
  {
    row: 'a list that vanished while its channel was on hold, which a person has just lifted',
    plan: planned('', 'manual 198.51.100.9 g0 +6d link0', { released: new Set(['firewall-block']) }),
    held: '',
  },
  {
    row: 'what a person added by hand has no list to vanish',
    plan: planned('', BY_HAND),
    held: '',
  },
  {
    row: 'nor where a list allows it since',
    plan: planned('', BY_HAND, { overruled: new Set(situation('', BY_HAND).actual.judgements.keys()) }),
    held: '',
  },
];

for (const { row, plan, held } of table) test(`safety: ${row}`, () => assert.equal(rules(plan), held));

test('a held plan says the numbers and the way out', () => {
  const [held] = planned(
    'tor 198.51.100.7',
    'manual 198.51.100.9 g0 +6d link0\nmanual 198.51.100.10 g0 +6d link0',
  ).held;
  assert.match(
    held?.message ?? '',
    /manual \(2\) of 2 entries would leave their feeds; if you deleted them, --force or --digest [0-9a-f]{16}$/,
  );
  const [first] = planned('', 'tor 198.51.100.9 g0 +6d link0', { state: undefined, lists: new Set(['tor']) }).held;
  assert.match(
    first?.message ?? '',
    /\(1 live judgements with its mark were found\); if the plan is right, --yes or --digest/,
  );
});
