import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeChanges } from '../../src/embedded-ctia/changes.ts';
import type { Stored } from '../../src/embedded-ctia/kinds.ts';
import type { Write } from '../../src/embedded-ctia/refresh.ts';

const OURS = 'https://ctia/ctia/indicator/indicator-Ours';
const OTHER = 'https://ctia/ctia/indicator/indicator-other';

const JUDGEMENT = 'judgement-11111111-1111-4111-8111-111111111111';

function entity(type: string, more: object = {}): Stored {
  const fields = {
    judgement: { observable: { type: 'ip', value: '192.0.2.1' } },
    relationship: { source_ref: `https://ctia/ctia/judgement/${JUDGEMENT}` },
  };
  return { type, ...fields[type as keyof typeof fields], ...more } as unknown as Stored;
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
    changes.note(write, []);
    assert.equal(changes.stateOf(OURS) === before ? 'the same' : 'another', ours);
  });
}

test('the list of a feed after links to more indicators than are counted: another, and counting goes on', () => {
  const changes = makeChanges();
  const linkTo = (target: string) => changes.note({ create: [entity('relationship', { target_ref: target })] }, []);
  linkTo(OURS);
  const states = new Set([changes.stateOf(OURS)]);
  for (let n = 0; n < 10_001; n += 1) linkTo(`${OTHER}-${n}`);
  states.add(changes.stateOf(OURS));
  linkTo(OURS);
  states.add(changes.stateOf(OURS));
  assert.equal(states.size, 3);
});

function judgementOf(value: string): Stored {
  return entity('judgement', { observable: { type: 'ip', value } });
}

test('what was touched since a state: values before and after, judgements behind links, and nothing of other kinds', () => {
  const changes = makeChanges();
  changes.note({ put: [judgementOf('192.0.2.9')] }, []);
  const state = changes.stateOf(OURS);
  changes.note({ create: [judgementOf('192.0.2.8'), entity('relationship', { target_ref: OURS })] }, []);
  changes.note({ put: [judgementOf('192.0.2.2'), entity('indicator')] }, [judgementOf('192.0.2.1')]);
  changes.note({ remove: { type: 'judgement', ids: ['any'] } }, [judgementOf('192.0.2.3')]);
  changes.note({ remove: { type: 'relationship', ids: ['any'] } }, [entity('relationship'), entity('sighting')]);
  const touched = changes.touchedSince(state);
  assert.deepEqual([...(touched?.values ?? [])].sort(), ['192.0.2.1', '192.0.2.2', '192.0.2.3']);
  assert.deepEqual([...(touched?.judgements ?? [])], [JUDGEMENT]);
  assert.deepEqual(changes.touchedSince(changes.stateOf(OURS)), { values: new Set(), judgements: new Set() });
});

test('what was touched is not remembered for ever', () => {
  const changes = makeChanges();
  const state = changes.stateOf(OURS);
  const many = Array.from({ length: 9000 }, (_, n) => judgementOf(String(n)));
  changes.note({ put: many }, []);
  assert.equal(changes.touchedSince(state)?.values.size, 9000);
  const after = changes.stateOf(OURS);
  changes.note({ put: many }, many);
  assert.equal(changes.touchedSince(state), undefined);
  assert.equal(changes.touchedSince(after)?.values.size, 9000);
});
