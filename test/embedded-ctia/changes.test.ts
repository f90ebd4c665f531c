import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeChanges } from '../../src/embedded-ctia/changes.ts';
import type { Stored } from '../../src/embedded-ctia/kinds.ts';
import type { Write } from '../../src/embedded-ctia/refresh.ts';

const OURS = 'https://ctia/ctia/indicator/indicator-Ours';
const OTHER = 'https://ctia/ctia/indicator/indicator-other';

function entity(type: string, more: object = {}): Stored {
  return { type, ...more } as Stored;
}

/** What is kept of a view is used again as long as the state is the same: that is what makes an unchanged view cheap. */
const WRITES: [what: string, write: Write, ours: 'the same' | 'another'][] = [
  ['a link to another indicator', { create: [entity('relationship', { target_ref: OTHER })] }, 'the same'],
  ['a judgement without a link', { create: [entity('judgement')] }, 'the same'],
  ['a link to it', { create: [entity('judgement'), entity('relationship', { target_ref: OURS })] }, 'another'],
  ['a link to it in capitals', { create: [entity('relationship', { target_ref: OURS.toUpperCase() })] }, 'another'],
  ['a judgement replaced', { put: [entity('indicator'), entity('judgement')] }, 'another'],
  ['a link replaced', { put: [entity('relationship', { target_ref: OTHER })] }, 'another'],
  ['an indicator replaced', { put: [entity('indicator')] }, 'the same'],
  ['a judgement deleted', { remove: { type: 'judgement', ids: ['judgement-1'] } }, 'another'],
  ['a sighting deleted', { remove: { type: 'sighting', ids: ['sighting-1'] } }, 'the same'],
];

for (const [what, write, ours] of WRITES) {
  test(`the list of a feed after ${what}: ${ours}`, () => {
    const changes = makeChanges();
    const before = changes.stateOf(OURS);
    changes.note(write);
    assert.equal(changes.stateOf(OURS) === before ? 'the same' : 'another', ours);
  });
}

test('the list of a feed after links to more indicators than are counted: another, and counting goes on', () => {
  const changes = makeChanges();
  const linkTo = (target: string) => changes.note({ create: [entity('relationship', { target_ref: target })] });
  linkTo(OURS);
  const states = new Set([changes.stateOf(OURS)]);
  for (let n = 0; n < 10_001; n += 1) linkTo(`${OTHER}-${n}`);
  states.add(changes.stateOf(OURS));
  linkTo(OURS);
  states.add(changes.stateOf(OURS));
  assert.equal(states.size, 3);
});
