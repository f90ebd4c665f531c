import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sizeOf, spaceAdded } from '../../src/plan/address-space.ts';

const keys = (values: readonly string[]) => new Map(values.map((value) => [value, true]));

test('sizes of addresses and ranges', () => {
  assert.equal(sizeOf('45.66.35.11'), 1n);
  assert.equal(sizeOf('45.66.35.0/24'), 256n);
  assert.equal(sizeOf('0.0.0.0/0'), 1n << 32n);
  assert.equal(sizeOf('2001:db8::/32'), 1n << 96n);
  assert.equal(
    spaceAdded(keys(['2001:db8::1', '2001:db8::/64', '::/127', '::1']), keys(['2001:db8::2'])),
    (1n << 64n) + 1n,
  );
});

test('T23 what enters and was not just there, against counting address by address', () => {
  const value = fc.tuple(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 26, max: 32 })).map(([host, prefix]) => {
    const first = host & ~(2 ** (32 - prefix) - 1);
    return prefix === 32 ? `10.0.0.${first}` : `10.0.0.${first}/${prefix}`;
  });
  const expand = (values: readonly string[]) => {
    const found = new Set<number>();
    for (const it of values) {
      const [, first = 0, prefix = 32] = (/\.(\d+)(?:\/(\d+))?$/.exec(it) ?? []).map(
        (part) => part && Number(part),
      ) as number[];
      for (let n = 0; n < 2 ** (32 - prefix); n++) found.add(first + n);
    }
    return found;
  };
  fc.assert(
    fc.property(fc.array(value), fc.array(value), (entering, some) => {
      const leaving = some.filter((it) => !entering.includes(it));
      const gone = expand(leaving);
      const naive = [...expand(entering)].filter((address) => !gone.has(address)).length;
      assert.equal(spaceAdded(keys(entering), keys(leaving)), BigInt(naive));
    }),
    { numRuns: 500 },
  );
});
