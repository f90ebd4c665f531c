import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type AddressRange,
  formatV6,
  makeRangeTable,
  parseRange,
  parseV4,
  v4Range,
  v6Bits,
  v6Groups,
  v6Text,
  without,
} from '../../src/lists/address.ts';

test('IPv4 by character agrees with a plain reading of the rule', () => {
  const naive = (text: string): number | undefined => {
    const parts = text.split('.');
    if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) < 256))
      return undefined;
    return parts.reduce((bits, part) => bits * 256 + Number(part), 0);
  };
  const near = fc.array(fc.constantFrom(...'0123456789.'), { maxLength: 16 }).map((characters) => characters.join(''));
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV4Extended(), near), (text) => assert.equal(parseV4(text), naive(text))),
    { numRuns: 5000 },
  );
});

test('IPv6 by character takes what net.isIP takes, reads it as the URL parser does, and writes it as RFC 5952 says', () => {
  const group = fc.constantFrom('', '0', '00', 'ffff', 'FFFF', '12345', 'g', '1.2.3.4', '01.2.3.4', '::');
  const near = fc
    .tuple(
      fc.array(
        fc.oneof(
          group,
          fc.nat(65_535).map((n) => n.toString(16)),
        ),
        { maxLength: 9 },
      ),
      fc.constantFrom(':', '::', '.'),
    )
    .chain(([groups, other]) =>
      fc.nat(9).map((n) => groups.slice(0, n).join(':') + (n < groups.length ? other : '') + groups.slice(n).join(':')),
    );
  fc.assert(
    fc.property(fc.oneof(fc.ipV6(), near, fc.string({ maxLength: 46 })), (text) => {
      const taken = isIP(text) === 6 && !text.includes('%');
      const groups = v6Groups(text);
      assert.equal(groups !== undefined, taken, text);
      if (groups === undefined) return;
      const [high = '', low] = new URL(`http://[${text}]/`).hostname.slice(1, -1).split('::');
      const [front, back] = [high, low ?? ''].map((part) => part.split(':').filter((it) => it !== '')) as [
        string[],
        string[],
      ];
      const expected = [...front, ...Array<string>(8 - front.length - back.length).fill('0'), ...back];
      assert.deepEqual(
        groups.map((it) => it.toString(16)),
        expected,
        text,
      );
      assert.equal(v6Text(groups), new URL(`http://[${text}]/`).hostname.slice(1, -1));
      assert.equal(formatV6(v6Bits(groups)), v6Text(groups));
    }),
    { numRuns: 3000 },
  );
});

/** All 256 addresses of 45.66.35.0/24, so that brute force can count. */
const BASE = 45 * 2 ** 24 + 66 * 2 ** 16 + 35 * 256;
const range = fc
  .tuple(fc.nat(255), fc.integer({ min: 24, max: 32 }))
  .map(([low, prefix]) => v4Range(BASE + low, prefix));

function members(of: AddressRange): Set<number> {
  const found = new Set<number>();
  for (let bits = Number(of.first); bits <= Number(of.last); bits++) found.add(bits);
  return found;
}

test('T23 splitting a range around holes leaves exactly the rest, each address once', () => {
  fc.assert(
    fc.property(range, fc.array(range, { maxLength: 6 }), (whole, holes) => {
      const expected = members(whole);
      for (const hole of holes) for (const bits of members(hole)) expected.delete(bits);
      const found: number[] = [];
      for (const text of without(whole, holes)) {
        const part = parseRange(text);
        assert.ok(part !== undefined);
        found.push(...members(part));
      }
      assert.equal(found.length, expected.size);
      assert.deepEqual(new Set(found), expected);
    }),
    { numRuns: 500 },
  );
});

test('a range table answers as a walk over all its rows does', () => {
  fc.assert(
    fc.property(fc.array(range, { maxLength: 12 }), range, (rows, asked) => {
      const table = makeRangeTable(rows.map((row) => ({ range: row, label: row })));
      const covered = rows.some((row) => row.first <= asked.first && row.last >= asked.last);
      const inside = rows.some((row) => row.first >= asked.first && row.last <= asked.last);
      assert.equal(table.covering(asked) !== undefined, covered);
      if (!covered) assert.equal(table.inside(asked).length > 0, inside);
      for (const row of table.inside(asked)) assert.ok(row.range.first >= asked.first && row.range.last <= asked.last);
    }),
    { numRuns: 1000 },
  );
});
