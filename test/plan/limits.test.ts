import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONSUMER_NAMES, CONSUMERS, type ConsumerName } from '../../src/ctim/consumer.ts';
import type { FeedLimits, ListLimits } from '../../src/plan/limits.ts';
import { makePlan, type Plan } from '../../src/plan/plan.ts';
import { heldBy, NO_APPROVAL, type SafetyInput } from '../../src/plan/safety.ts';
import { INDICATORS, situation } from './situation.ts';

interface Wish extends Partial<SafetyInput> {
  all?: FeedLimits;
  channel?: FeedLimits;
  list?: ListLimits;
  pulledBy?: ConsumerName[];
}

function planned(desired: string, actual: string, { all = {}, channel, list, pulledBy, ...more }: Wish = {}): Plan {
  const base = situation(desired, actual);
  const input: SafetyInput = {
    ...base,
    problems: 0,
    standing: 'newer',
    limits: {
      all,
      channels: new Map(channel ? [['firewall-block', channel]] : []),
      lists: new Map(list ? [['tor', list]] : []),
    },
    consumers: new Map(pulledBy ? [['firewall-block', pulledBy]] : []),
    feedsOfOthers: new Set(),
    allowChannels: new Set(['mail']),
    lists: new Set(['tor', 'manual', 'own']),
    unattended: false,
    state: { revision: 'before', repository: undefined },
    repository: undefined,
    approval: NO_APPROVAL,
    released: new Set(),
    ...more,
  };
  return makePlan(
    { ...input, owner: 'acme', tenant: 'https://ctia.test', revision: '4f2a9c1', makings: [] },
    heldBy(input),
  );
}

function heldOf(plan: Plan): string {
  return plan.held.map(({ rule, message }) => `${rule} ${message}`).join('\n');
}

/** So many addresses of one list, from 10.0.0.0 on. */
function addresses(list: string, count: number, said = ''): string {
  return Array.from({ length: count }, (_, n) => `${list} 10.${n >> 16}.${(n >> 8) & 255}.${n & 255}${said}`).join(
    '\n',
  );
}
const live = (list: string, count: number) => addresses(list, count, ' g0 +6d link0');

const TABLE: { row: string; plan: () => Plan; held: RegExp }[] = [
  { row: 'ten of forty may leave', plan: () => planned(addresses('tor', 30), live('tor', 40)), held: /^$/ },
  {
    row: 'eleven of forty are over the share that protects without being set',
    plan: () => planned(addresses('tor', 29), live('tor', 40)),
    held: /^over-limit over the limits: firewall-block\/ip withdrawals 11 of 40, 27.5 % \(limit 20 %\); if the plan is right, --force or --digest [0-9a-f]{16} /,
  },
  { row: 'just the share may leave', plan: () => planned(addresses('tor', 48), live('tor', 60)), held: /^$/ },
  {
    row: 'of fewer than ten entries no share is taken',
    plan: () => planned(addresses('tor', 2), live('tor', 9), { all: { withdrawals_share: 0.1 } }),
    held: /^$/,
  },
  {
    row: 'what a person blocks by hand too does not leave',
    plan: () =>
      planned('', 'tor 10.0.0.0 g0 +6d link0\nadhoc-block 10.0.0.0 g0 once=+1h link0', { all: { withdrawals: 0 } }),
    held: /^$/,
  },
  {
    row: 'nor does its list lose it',
    plan: () =>
      planned('', 'tor 10.0.0.0 g0 +6d link0\nadhoc-block 10.0.0.0 g0 once=+1h link0\nmanual 10.0.0.9 g0 +6d link0', {
        list: { withdrawals: 0 },
      }),
    held: /^$/,
  },
  {
    row: 'who goes and who comes is no growth',
    plan: () => planned(`${addresses('tor', 4)}\ntor 10.9.9.9`, live('tor', 5), { all: { growth: 1 } }),
    held: /^$/,
  },
  {
    row: 'a share that the settings lift',
    plan: () => planned(addresses('tor', 29), live('tor', 40), { all: { withdrawals_share: 'off' } }),
    held: /^$/,
  },
  {
    row: 'a channel lifts what the settings say of all',
    plan: () =>
      planned(addresses('tor', 29), live('tor', 40), {
        all: { withdrawals_share: 0.1 },
        channel: { withdrawals_share: 'off' },
      }),
    held: /^$/,
  },
  {
    row: 'a number of a channel holds for all its feeds together',
    plan: () =>
      planned('tor 10.0.0.0\ntor evil.example', '', {
        channel: { additions: 1 },
        indicators: new Map([...INDICATORS, ['firewall-block/domain', 'indicator-block-domain']]),
      }),
    held: /^over-limit over the limits: channel firewall-block additions 2 \(limit 1\);/,
  },
  {
    row: 'a number of a list',
    plan: () =>
      planned('tor 10.0.0.0', 'tor 10.0.0.0 g0 +6d link0\ntor 10.0.0.1 g0 +6d link0', { list: { withdrawals: 0 } }),
    held: /list tor withdrawals 1 \(limit 0\)/,
  },
  {
    row: 'T33 entries of a list',
    plan: () => planned(addresses('tor', 6), '', { list: { entries: 5 } }),
    held: /list tor entries 6 \(limit 5\)/,
  },
  {
    row: 'T12 a list that was emptied hides in a large feed',
    plan: () =>
      planned(
        addresses('manual', 100),
        `${live('manual', 100)}\n${live('tor', 112).split('\n').slice(100).join('\n')}`,
      ),
    held: /^over-limit over the limits: list tor withdrawals 12 of 12, 100 % \(limit 50 %\);/,
  },
  {
    row: 'a list that moved is no withdrawal, whatever its size',
    plan: () => planned(addresses('manual', 60), live('tor', 60), { all: { withdrawals: 0, additions: 0 } }),
    held: /^$/,
  },
  {
    row: 'what moved from list to list enters and leaves for neither, nor do its addresses',
    plan: () =>
      planned('tor 45.0.0.0/11', 'manual 45.0.0.0/11 g0 +6d link0\nmanual 10.0.0.1 g0 +6d link0', {
        list: { additions: 0 },
      }),
    held: /^$/,
  },
  {
    row: 'what was not in its feed yet does not leave it',
    plan: () => planned('manual 10.0.0.9', 'tor 10.0.0.1 g0 +6d link0 start=+1d', { list: { withdrawals: 0 } }),
    held: /^$/,
  },
  {
    row: 'T10 a list that went wild',
    plan: () => planned(addresses('tor', 13_001), live('tor', 3000).replaceAll('tor 10.0', 'tor 11.0')),
    held: /firewall-block\/ip additions 13001 of 3000, 433.4 % \(limit 30 %\)/,
  },
  {
    row: 'T36 a feed that doubled',
    plan: () => planned(addresses('tor', 2000), live('tor', 1000)),
    held: /^over-limit over the limits: firewall-block\/ip grows from 1000 to 2000 entries \(limit: 2 times\);/,
  },
  { row: 'T36 a small feed may double', plan: () => planned(addresses('tor', 1300), live('tor', 60)), held: /^$/ },
  {
    row: 'T13 allow entries lost',
    plan: () => planned(addresses('mail:own', 89), live('mail:own', 100), { all: { allow_losses: 10 } }),
    held: /^over-limit over the limits: mail\/ip allow entries lost 11 \(limit 10\);/,
  },
  {
    row: 'T4 a mistyped prefix: the addresses that one plan adds',
    plan: () => planned('tor 45.0.0.0/11', ''),
    held: /firewall-block\/ip 2,097,152 addresses more \(limit: a \/12, 1,048,576 addresses\)/,
  },
  { row: 'as many addresses as are allowed', plan: () => planned('tor 45.0.0.0/12', ''), held: /^$/ },
  {
    row: 'ranges that overlap count once, and what leaves as other ranges does not enter',
    plan: () => planned('tor 45.0.0.0/11\ntor 45.1.0.0/16', 'tor 45.0.0.0/12 g0 +6d link0'),
    held: /^$/,
  },
  {
    row: 'a network as the settings have it',
    plan: () => planned('tor 45.0.0.0/24', '', { all: { address_space_ip: '/25' } }),
    held: /256 addresses more \(limit: a \/25, 128 addresses\)/,
  },
  {
    row: 'nothing was ever applied: a person approves all of it',
    plan: () => planned('tor 45.0.0.0/11', '', { state: undefined, approval: { ...NO_APPROVAL, yes: true } }),
    held: /^$/,
  },
  {
    row: 'nothing was ever applied: entries of a list are asked all the same',
    plan: () =>
      planned(addresses('tor', 6), '', {
        state: undefined,
        approval: { ...NO_APPROVAL, yes: true },
        list: { entries: 5 },
      }),
    held: /list tor entries 6 \(limit 5\)/,
  },
  {
    row: 'a channel that becomes empty, and what its consumers do then',
    plan: () => planned('', live('tor', 2), { pulledBy: ['cisco-fmc', 'fortigate-7.2'] }),
    held: /^becomes-empty a channel would become empty: firewall-block \(2 leave\): cisco-fmc: it keeps its old entries: nothing is unblocked, fortigate-7.2: it applies the empty file and unblocks everything; if you mean that, --force/,
  },
  {
    row: 'a channel that becomes empty, and nobody said who pulls it',
    plan: () => planned('', live('tor', 2)),
    held: /firewall-block \(2 leave\): Cisco FMC keeps its old entries, FortiGate unblocks everything;/,
  },
  { row: 'the one entry that somebody took out', plan: () => planned('', live('tor', 1)), held: /^$/ },
  {
    row: 'T31 one more than a firewall takes',
    plan: () => planned(addresses('tor', 10_001), live('tor', 10_000), { pulledBy: ['cisco-dac'] }),
    held: /^over-consumer more than a consumer takes: cisco-dac takes 10000 entries of firewall-block\/ip, which holds 10001 \(100 %\): it takes 10,000 entries of a file\./,
  },
  {
    row: 'T31 a feed that was too long before is not held for ever',
    plan: () => planned(addresses('tor', 10_001), live('tor', 10_002), { pulledBy: ['cisco-dac'] }),
    held: /^$/,
  },
];

for (const { row, plan, held } of TABLE) test(`limits: ${row}`, () => assert.match(heldOf(plan()), held));

test('limits: a message names a dozen of them', () => {
  const lists = Array.from({ length: 40 }, (_, n) => `list-${n}`);
  const limits = { all: {}, channels: new Map(), lists: new Map(lists.map((list) => [list, { entries: 0 }])) };
  const held = heldOf(planned(lists.map((list, n) => `${list} 10.0.0.${n}`).join('\n'), '', { limits }));
  assert.match(held, /list list-11 entries 1 \(limit 0\) and 28 more; if the plan is right/);
});

test('limits: force, or the digest of the plan that was seen, lets it go', () => {
  const { digest } = planned('', live('tor', 2));
  for (const approval of [
    { ...NO_APPROVAL, force: true },
    { ...NO_APPROVAL, digest },
  ])
    assert.equal(heldOf(planned('', live('tor', 2), { approval, pulledBy: ['cisco-dac'] })), '');
  assert.match(heldOf(planned('', live('tor', 2), { approval: { ...NO_APPROVAL, yes: true } })), /^becomes-empty/);
});

test('consumers: each row says where it is known from, and when', () => {
  for (const name of CONSUMER_NAMES) {
    assert.match(CONSUMERS[name].date, /^20\d\d-\d\d$/, name);
    assert.ok(CONSUMERS[name].source.length > 5, name);
  }
});
