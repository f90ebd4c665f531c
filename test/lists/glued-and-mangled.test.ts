import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countsIn, problemsOf, publishedIn, readingOf } from './reading-of.ts';

const LIST = 'action: block\nentries_from: list.txt\n';

test('T24 two addresses glued on one line are refused, and neither half is published', async () => {
  const reading = await readingOf({ 'list.yaml': LIST, 'list.txt': '176.221.42.3254.174.140.223\n45.66.35.11\n' });
  assert.deepEqual(publishedIn(reading), ['ip 45.66.35.11']);
  assert.deepEqual(countsIn(reading), [{ accepted: 1, duplicates: 0, unsupported: 0, invalid: 1 }]);
});

test('T25 IPv6 in two spellings is one entry, and what is malformed is refused', async () => {
  const text = '2a0e:b100:0:0::/64\n2a0e:b100::/64\n1000:::\n2001:41d0\n';
  const reading = await readingOf({ 'list.yaml': LIST, 'list.txt': text });
  assert.deepEqual(publishedIn(reading), ['ipv6 2a0e:b100::/64']);
  assert.deepEqual(countsIn(reading), [{ accepted: 1, duplicates: 1, unsupported: 0, invalid: 2 }]);
});

test('T26 host bits are cleared, and the notice says so', async () => {
  const problems = await problemsOf({ 'list.yaml': LIST, 'list.txt': '45.66.35.5/24\n' });
  assert.match(
    problems.join(),
    /notice host-bits "45\.66\.35\.5\/24" has host bits: all of 45\.66\.35\.0\/24 is published/,
  );
});
