import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FoundLink, makeLinkColumns } from '../../src/plan/link-columns.ts';

const uuids = ['0b3f6c2a-0000-4000-8000-000000000001', '0b3f6c2a-0000-4000-8000-000000000002'];
/** Two servers of one uuid, an id without one. */
const sources = ['https://ctia.test/ctia/judgement/judgement-', 'https://ctia.test:443/ctia/judgement/judgement-']
  .flatMap((prefix) => uuids.map((uuid) => prefix + uuid))
  .concat('judgement-7');
const found: fc.Arbitrary<FoundLink> = fc
  .tuple(
    fc.constantFrom('tor', 'manual').map((it) => createHash('sha256').update(it).digest('hex')),
    fc.oneof(fc.constantFrom(...uuids), fc.constant('7')),
    fc.nat(5),
    fc.constantFrom('indicator-ip', 'indicator-domain'),
    fc.constantFrom('amber' as const, 'green' as const),
  )
  .map(([h, id, g, target, tlp]) => ({ h, link: { id: `https://ctia.test/relationship-${id}`, g, target, tlp } }));
const inOrder = (links: Iterable<FoundLink>) => Array.from(links, (it) => JSON.stringify(it)).sort();

test('of links that wait for their judgements each is taken once, by its own, and the rest is what nobody took', () => {
  const added = fc.array(fc.tuple(fc.constantFrom(...sources), found), { maxLength: 8 });
  fc.assert(
    fc.property(added, fc.subarray(sources), (links, taken) => {
      const columns = makeLinkColumns();
      const model = new Map<string, FoundLink[]>();
      for (const [source, link] of links) {
        columns.add(source, link);
        model.set(source, [...(model.get(source) ?? []), link]);
      }
      for (const source of [...taken, ...taken]) {
        assert.deepEqual(inOrder(columns.take(source)), inOrder(model.get(source) ?? []));
        model.delete(source);
      }
      assert.deepEqual(inOrder(columns.rest()), inOrder([...model.values()].flat()));
    }),
    { seed: 20261125 },
  );
});
