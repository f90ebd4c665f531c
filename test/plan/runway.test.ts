import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeJudgementColumns } from '../../src/plan/judgement-columns.ts';
import { type Ending, type Runway, runways } from '../../src/plan/runway.ts';
import { BLOCK_IP, DAY, HOUR, NOW, situation } from './situation.ts';

function told(found: ReadonlyMap<string, Runway>) {
  const ending = (it: Ending | undefined) => it && { at: it.at, value: it.value };
  return Object.fromEntries(
    [...found].map(([name, { live, lapses, ends }]) => [name, { live, lapses: ending(lapses), ends: ending(ends) }]),
  );
}

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
  assert.deepEqual(told(found), {
    'firewall-block': {
      live: 3,
      lapses: { at: NOW + 2 * HOUR, value: '198.51.100.2' },
      ends: { at: NOW + HOUR, value: '198.51.100.3' },
    },
    mail: { live: 1, lapses: { at: NOW + 4 * DAY, value: '198.51.100.6' }, ends: undefined },
  });
});

test('a value that is held for longer by another judgement does not leave when the first of them ends', () => {
  const lines = `
      tor 198.51.100.1 g0 +1h link0
      tor 198.51.100.1 g1 +9h link1
      tor 198.51.100.2 g0 +5h link0
      spam 198.51.100.3 g0 +2h link0
      tor 198.51.100.3 g0 once=+3d link0
      mail:tor 198.51.100.2 g0 +4d link0
      mail:tor 198.51.100.1 g0 +7h link0`;
  const { actual } = situation('', lines);
  const columns = makeJudgementColumns();
  for (const those of actual.judgements.values()) for (const it of those) columns.add(it);
  for (const judgements of [actual.judgements, columns]) {
    const found = runways({ ...actual, judgements }, NOW, (id) => (id === BLOCK_IP ? 'firewall-block' : 'mail'));
    assert.deepEqual(told(found), {
      'firewall-block': {
        live: 5,
        lapses: { at: NOW + 5 * HOUR, value: '198.51.100.2' },
        ends: { at: NOW + 3 * DAY, value: '198.51.100.3' },
      },
      mail: { live: 2, lapses: { at: NOW + 7 * HOUR, value: '198.51.100.1' }, ends: undefined },
    });
  }
});

test('at its end, to the millisecond, an entry is still in its feed', () => {
  const { actual } = situation('', 'tor 198.51.100.1 g0 +1h link0');
  const live = (now: number) => runways(actual, now, () => 'firewall-block').get('firewall-block')?.live;
  assert.deepEqual([live(NOW + HOUR), live(NOW + HOUR + 1)], [1, undefined]);
});
