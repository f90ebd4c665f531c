import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConsumerName } from '../../src/ctim/consumer.ts';
import { normalise } from '../../src/lists/normalise.ts';
import type { FeedLimits } from '../../src/plan/limits.ts';
import { overByHand } from '../../src/plan/over-by-hand.ts';

function over(
  value: string,
  said: { consumers?: ConsumerName[]; limits?: FeedLimits; held?: readonly string[] },
): string[] {
  const normal = normalise(value);
  assert('observable' in normal);
  const { consumers = [], limits = {}, held = ['45.66.35.1', '45.66.35.2'] } = said;
  const channel = { name: 'cases', action: 'block', titles: new Map(), consumers } as const;
  return overByHand({ channel, observable: normal.observable, held, limits });
}

const FULL = Array.from({ length: 10_000 }, (_, n) => `45.66.${Math.floor(n / 250)}.${n % 250}`);

test('one value by hand: what may not enter its feed unasked, with the numbers', () => {
  for (const [value, said, expected] of [
    ['45.66.35.3', {}, []],
    ['45.66.36.0/24', { consumers: ['cisco-fmc'] }, []],
    [
      '45.66.36.0/24',
      { consumers: ['cisco-fmc', 'cisco-tid'] },
      ['cisco-tid, which pulls its feeds, takes single addresses only'],
    ],
    ['2a00:1450::1', { consumers: ['sophos'] }, ['of those who pull its feeds (sophos) none takes ipv6']],
    ['2a00:1450::1', { consumers: ['sophos', 'panos'] }, []],
    [
      '45.67.0.1',
      { consumers: ['cisco-dac'], held: FULL },
      ['cisco-dac takes 10000 entries of cases/ip, which holds 10001 (100 %): it takes 10,000 entries of a file'],
    ],
    ['45.66.0.7', { consumers: ['cisco-dac'], held: FULL }, []],
    ['45.66.35.3', { limits: { additions: 0 } }, ['over the limits: cases/ip additions 1 (limit 0)']],
    ['45.66.35.3', { limits: { entries_per_feed: 2 } }, ['over the limits: cases/ip entries 3 (limit 2)']],
    ['45.66.35.2', { limits: { entries_per_feed: 2 } }, []],
    [
      '2a00::/19',
      {},
      [
        'over the limits: cases/ipv6 35,184,372,088,832 subnets (/64) more (limit: a /28, 68,719,476,736 subnets (/64))',
      ],
    ],
    ['2a00::/19', { limits: { address_space_ipv6: '/16' } }, []],
  ] as const)
    assert.deepEqual(
      over(value, said as Parameters<typeof over>[1]),
      expected,
      `${value} ${JSON.stringify(said).slice(0, 80)}`,
    );
});
