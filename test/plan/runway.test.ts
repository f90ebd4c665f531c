import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runways } from '../../src/plan/runway.ts';
import { BLOCK_IP, DAY, HOUR, NOW, situation } from './situation.ts';

test('the runway of a channel is the end of the first that should go on; what is to end is told beside it', () => {
  const { actual } = situation(
    '',
    `
      tor 198.51.100.1 g0 +3h link0
      tor 198.51.100.2 g0 +2h link0
      tor 198.51.100.3 g0 once=+1h link0
      tor 198.51.100.4 g0 -1m link0
      tor 198.51.100.5 g0 +1m
      mail:tor 198.51.100.6 g0 +4d link0`,
  );
  const found = runways(actual, NOW, (id) => (id === BLOCK_IP ? 'firewall-block' : 'mail'));
  assert.deepEqual(Object.fromEntries(found), {
    'firewall-block': {
      live: 3,
      lapses: { at: NOW + 2 * HOUR, value: '198.51.100.2' },
      ends: { at: NOW + HOUR, value: '198.51.100.3' },
    },
    mail: { live: 1, lapses: { at: NOW + 4 * DAY, value: '198.51.100.6' }, ends: undefined },
  });
});

test('at its end, to the millisecond, an entry is still in its feed', () => {
  const { actual } = situation('', 'tor 198.51.100.1 g0 +1h link0');
  const live = (now: number) => runways(actual, now, () => 'firewall-block').get('firewall-block')?.live;
  assert.deepEqual([live(NOW + HOUR), live(NOW + HOUR + 1)], [1, undefined]);
});

test('renewed by succession it is one entry, and lapses with the last of its judgements', () => {
  const { actual } = situation(
    '',
    `
      tor 198.51.100.1 g0 +1m link0
      tor 198.51.100.1 g1 +3h link1
      tor 198.51.100.2 g0 +2h link0
      tor 198.51.100.3 g3 +4h link3
      tor 198.51.100.3 g4 +5m link4`,
  );
  assert.deepEqual(runways(actual, NOW, () => 'firewall-block').get('firewall-block'), {
    live: 3,
    lapses: { at: NOW + 2 * HOUR, value: '198.51.100.2' },
    ends: undefined,
  });
});
