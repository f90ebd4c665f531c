import assert from 'node:assert/strict';
import type { Case } from './contract.ts';
import { casebook, judgement, unknownId } from './documents.ts';
import { assertHolds } from './holds.ts';
import { eventually, path, type Session } from './session.ts';

const A = { type: 'ip', value: '198.51.100.1' };
const B = { type: 'domain', value: 'evil.example' };
const TEXT = { type: 'some', text: 'text' };
const OTHER = { type: 'other', text: 'words' };

export const casebookCases: Case[] = [
  {
    number: 69,
    name: 'observables and texts of a casebook are added, removed and replaced',
    async run(session) {
      for (const [key, first, second] of [
        ['observables', A, B],
        ['texts', TEXT, OTHER],
      ] as [string, object, object][]) {
        const made = await session.create('casebook', casebook(session, { [key]: [first] }));
        const steps: [string, object[], object[]][] = [
          ['add', [second], [first, second]],
          ['remove', [first], [second]],
          ['replace', [first, second], [first, second]],
          ['remove', [first, second], []],
        ];
        for (const [operation, items, expected] of steps) {
          const { json } = await session.expect(200, 'POST', `${path(made.id)}/${key}`, { operation, [key]: items });
          assert.deepEqual(sorted(json[key]), sorted(expected), `${operation} ${key}`);
          assert.equal(json.title, made.title);
          await seen(session, made.id, json.modified);
        }
      }
    },
  },
  {
    number: 69,
    name: 'the bundle of a casebook is added to, removed from and replaced',
    async run(session) {
      const own = (value: string) => {
        const { source: _, tlp: __, ...rest } = judgement(session, { observable: { type: 'domain', value } });
        return { ...rest, source: session.run, id: `transient:${value}`, ...STORED };
      };
      const [first, second] = [own(`${session.name()}.example`), own(`${session.name()}.example`)];
      const bundle = (...judgements: object[]) => ({ type: 'bundle', source: session.run, judgements });
      const made = await session.create('casebook', casebook(session, { bundle: bundle(first) }));
      const step = async (operation: string, ...judgements: object[]) => {
        const body = { operation, bundle: bundle(...judgements) };
        const { json } = await session.expect(200, 'POST', `${path(made.id)}/bundle`, body);
        await seen(session, made.id, json.modified);
        return (json.bundle.judgements ?? []).map(({ id }: { id: string }) => id).sort();
      };
      assert.deepEqual(await step('add', second), [first.id, second.id].sort());
      assert.deepEqual(await step('remove', first), [second.id]);
      assert.deepEqual(await step('replace', first), [first.id]);
    },
  },
  {
    number: 69,
    name: 'PATCH replaces; an unknown casebook is a 404 that says so, an unknown operation 400',
    async run(session) {
      const made = await session.create('casebook', casebook(session, { observables: [A, B] }));
      const { json } = await session.expect(200, 'PATCH', `${path(made.id)}?wait_for=true`, { observables: [B] });
      assertHolds(json, { observables: [B], title: made.title });
      const unknown = `/ctia/casebook/${unknownId('casebook')}`;
      for (const [method, at, body] of [
        ['POST', `${unknown}/observables`, { operation: 'add', observables: [A] }],
        ['POST', `${unknown}/texts`, { operation: 'add', texts: [TEXT] }],
        ['POST', `${unknown}/bundle`, { operation: 'add', bundle: { type: 'bundle', source: 'x' } }],
        ['PATCH', unknown, { title: 'x' }],
      ] as [string, string, object][]) {
        assert.deepEqual((await session.expect(404, method, at, body)).json, { error: 'casebook not found' }, at);
      }
      const body = { operation: 'drop', observables: [A] };
      const refused = await session.expect(400, 'POST', `${path(made.id)}/observables`, body);
      assert.deepEqual(Object.keys(refused.json.errors), ['operation']);
    },
  },
];

/** What entities within a bundle have beside what is sent to create one. */
const STORED = { type: 'judgement', schema_version: '1.3.30', disposition_name: 'Malicious', valid_time: {} };

function sorted(items: readonly object[]): object[] {
  return [...items].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** The operations' `wait_for` has no effect (§2.2), and the next one reads what the last one wrote. */
async function seen(session: Session, id: string, modified: string): Promise<void> {
  await eventually(async () => assert.equal((await session.call('GET', path(id))).json.modified, modified));
}
