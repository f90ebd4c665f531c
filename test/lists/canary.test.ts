import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canaryFinder } from '../../src/lists/canary.ts';

/** What a list holds, the canaries that its upstream names, and the one that is found. */
const CASES: readonly (readonly [values: string[], own: string[], found: string | undefined])[] = [
  [['11.22.33.44', 'evil.example'], [], undefined],
  [['192.0.2.254'], [], '192.0.2.254'],
  [['192.0.2.0/24', '192.0.0.0/8'], [], undefined],
  [['128.0.0.0/1'], [], '192.0.2.254'],
  [['0.0.0.0/0'], [], '192.0.2.254'],
  [['canary.example'], [], 'canary.example'],
  [['example'], [], 'canary.example'],
  [['11.22.33.0/24'], ['11.22.33.44'], '11.22.33.44'],
  [['::/0'], ['2a0b:22::1'], '2a0b:22::1'],
  [['corp.test'], ['WWW.corp.test'], 'www.corp.test'],
  [['a.corp.test'], ['corp.test'], undefined],
];

test('T29 the canary is found as itself, in a range, below a name; bogon lists are honest', () => {
  for (const [values, own, found] of CASES)
    assert.equal(canaryFinder(own)(new Set(values)), found, `${values} · ${own}`);
});
