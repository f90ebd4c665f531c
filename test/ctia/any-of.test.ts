import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anyOf, perSearch } from '../../src/ctia/any-of.ts';

test('values go into one search up to forty, or as many as fit a request line', () => {
  const short = Array.from({ length: 81 }, (_, n) => `198.51.100.${n}`);
  assert.deepEqual(
    Array.from(perSearch(short), (group) => group.length),
    [40, 40, 1],
  );
  const long = Array.from({ length: 5 }, (_, n) => `https://example.org/${'ä'.repeat(400)}${n}`);
  const groups = [...perSearch(long)];
  assert.deepEqual(groups.flat(), long);
  for (const group of groups) assert.ok(encodeURIComponent(anyOf(group)).length < 7000, `${group.length} values`);
  assert.deepEqual([...perSearch([])], []);
  // One that fits nowhere is asked for all the same: the server says what it thinks of it.
  assert.deepEqual([...perSearch(['x'.repeat(9000)])].length, 1);
});

test('quotes and backslashes of a value stay its own', () => {
  assert.equal(anyOf(['a"b', 'c\\d']), '("a\\"b" OR "c\\\\d")');
});
