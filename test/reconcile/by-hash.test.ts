import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Entry } from '../../src/ctim/entry.ts';
import { entryDigest, entryHash } from '../../src/ctim/external-id.ts';
import { byHash } from '../../src/reconcile/by-hash.ts';
import { entryOf, h } from '../plan/situation.ts';

const POOL = ['tor', 'manual', 'mail:tor'].flatMap((list) =>
  [1, 2, 3, 4].map((n) => entryOf(`${list} 198.51.100.${n}`)),
);

test('whatever entries came before, each stands under its own hash', async () => {
  const some = fc.shuffledSubarray(POOL);
  await fc.assert(
    fc.asyncProperty(some, some, fc.boolean(), async (before, now, renamed) => {
      await byHash(before);
      // One observable may be an entry of another list: the same object, and another hash.
      const entries: Entry[] = renamed ? now.map((entry) => ({ ...entry, list: 'renamed' })) : now;
      const expected = new Map(entries.map((entry) => [h(entry), entry]));
      assert.deepEqual([...(await byHash(entries))], [...expected]);
    }),
  );
});

test('an h is the digest of the JSON array of channel, list, type and value, whatever stands in them', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('a"b', 'a\\b', 'a\nb', 'é', '\ud800'),
  );
  fc.assert(
    fc.property(text, text, text, (channel, list, value) => {
      const json = JSON.stringify([channel, list, 'ip', value]);
      const observable = { type: 'ip', value } as const;
      assert.equal(entryHash(channel, list, observable), createHash('sha256').update(json).digest('hex'));
      assert.equal(entryDigest(channel, list, observable), createHash('sha256').update(json).digest('binary'));
    }),
  );
});
