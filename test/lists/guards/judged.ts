import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GuardKnowledge, type Guards, makeGuards } from '../../../src/lists/guards/guards.ts';
import { normalise } from '../../../src/lists/normalise.ts';
import { readSettings } from '../../../src/lists/settings.ts';

export function guardsOf(settings = '', knowledge?: GuardKnowledge): Guards {
  const read = readSettings(settings);
  assert.deepEqual(read.faults, []);
  return makeGuards(read.settings, knowledge);
}

/** `refuse guard-private`, `warn …`, `never …`, or `published`. */
export function judged(value: string, guards: Guards = guardsOf()): string {
  const normal = normalise(value);
  assert.ok('observable' in normal, value);
  const finding = guards.judge(normal.observable);
  return finding === undefined ? 'published' : `${finding.weight} ${finding.code}`;
}

/** One test for each row: what is judged so, and the values. */
export function checkTable(
  about: string,
  rows: Readonly<Record<string, readonly string[]>>,
  guards: Guards = guardsOf(),
): void {
  for (const [expected, values] of Object.entries(rows)) {
    test(`${about}: ${expected}`, () => {
      for (const value of values) assert.equal(judged(value, guards), expected, value);
    });
  }
}
