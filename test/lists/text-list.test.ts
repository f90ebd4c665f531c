import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { textLines } from '../../src/lists/text-list.ts';
import { countsIn, problemsOf, publishedIn, readingOf } from './reading-of.ts';

const WRAPPER = 'action: block\nentries_from: [list.txt]\n';

function shown(text: string): string[] {
  return [...textLines(text)].map(({ line, column, value }) => `${line}:${column} ${value}`);
}

test('comments, columns and line ends', () => {
  assert.deepEqual(shown('45.66.35.11\n'), ['1:1 45.66.35.11']);
  assert.deepEqual(shown('\ufeff45.66.35.11\r\n\r\n  evil.partner.com  \r\n'), [
    '1:2 45.66.35.11',
    '3:3 evil.partner.com',
  ]);
  assert.deepEqual(shown('# a\n; b\n! c\n// d\n   # e\n\t; f\n\n   \n'), []);
  assert.deepEqual(shown('45.66.35.0/24 ; SBL1\n45.66.35.11 # x\n45.66.35.12\t# y'), [
    '1:1 45.66.35.0/24',
    '2:1 45.66.35.11',
    '3:1 45.66.35.12',
  ]);
  assert.deepEqual(shown('45.66.35.11\t7\tx\n\t45.66.35.12\t1'), ['1:1 45.66.35.11', '2:2 45.66.35.12']);
  assert.deepEqual(shown('http://evil.partner.com/#frag\nhttp://evil.partner.com/;p=1'), [
    '1:1 http://evil.partner.com/#frag',
    '2:1 http://evil.partner.com/;p=1',
  ]);
  assert.deepEqual(shown('no newline at the end'), ['1:1 no newline at the end']);
  assert.deepEqual(shown(''), []);
});

test('every line ends as one of four, with its place', async () => {
  const text =
    '# head\n45.66.35.11\n45.66.35.11\t3\nda39a3ee5e6b4b0d3255bfef95601890afd80709\n10.0.0.1\n300.1.1.1\n\nevil.partner.com ; x\n';
  const reading = await readingOf({ 'list.yaml': WRAPPER, 'list.txt': text });
  assert.deepEqual(countsIn(reading), [{ accepted: 2, duplicates: 1, unsupported: 1, invalid: 2 }]);
  assert.deepEqual(
    reading.problems.map(({ file, line, column, severity, code }) => `${file}:${line}:${column} ${severity} ${code}`),
    [
      'feeds/list.txt:3:1 notice duplicate',
      'feeds/list.txt:4:1 notice unsupported-type',
      'feeds/list.txt:5:1 error guard-private',
      'feeds/list.txt:6:1 error invalid-address',
    ],
  );
  assert.deepEqual(publishedIn(reading), ['domain evil.partner.com', 'ip 45.66.35.11']);
});

test('a text that is no list is refused whole', async () => {
  assert.match(
    (await problemsOf({ 'list.yaml': WRAPPER, 'list.txt': '4\0' })).join(),
    /^feeds\/list\.txt:1:2 error not-text/,
  );
  assert.match(
    (await problemsOf({ 'list.yaml': WRAPPER, 'list.txt': '45.66.35.11\n<<<<<<< ours\n' })).join(),
    /^feeds\/list\.txt:2:1 error conflict-marker/,
  );
  assert.match(
    (await problemsOf({ 'list.yaml': WRAPPER })).join(),
    /^feeds\/list\.yaml:2:16 error unreadable "list\.txt"/,
  );
  assert.match(
    (await problemsOf({ 'list.yaml': 'action: block\nentries_from: ../../keys\n' })).join(),
    /^feeds\/list\.yaml:2:15 error path-outside/,
  );
  assert.match(
    (await problemsOf({ 'list.yaml': 'action: block\nentries_from: /etc/passwd\n' })).join(),
    /error path-outside/,
  );
});

test('a path is relative to its list', async () => {
  const reading = await readingOf({
    'a/b/list.yaml': 'action: block\nentries_from: ../x/./list.txt\n',
    'a/x/list.txt': '45.66.35.11\n',
  });
  assert.deepEqual(reading.problems, []);
  assert.equal(reading.entries[0]?.position.file, 'feeds/a/x/list.txt');
});

test('the four counts add up to the lines that are no comments, whatever stands in them', async () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '45.66.35.11',
      '10.0.0.0/8',
      '# c',
      '; c',
      '! c',
      '// c',
      '',
      '  ',
      'evil.partner.com',
      'x',
      '\t',
      ' # x',
      'com',
      '1.1.1.1',
      '*.partner.com',
    ),
    fc.string({ maxLength: 12 }),
    fc.ipV4(),
    fc.ipV6(),
    fc.domain(),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
      const lines = pieces.map((line) => line.replace(/[\r\n\0]/g, ''));
      fc.pre(!lines.some((line) => /^[<=>|]{7}/.test(line)));
      const reading = await readingOf({ 'list.yaml': WRAPPER, 'list.txt': lines.join('\n') });
      const expected = lines.filter(
        (line) => line.replace(/^\ufeff/, '').trim() !== '' && !/^\s*(?:[#;!]|\/\/)/.test(line),
      ).length;
      const [counts] = reading.lists;
      assert.ok(counts !== undefined);
      assert.equal(counts.accepted + counts.duplicates + counts.unsupported + counts.invalid, expected);
      assert.equal(
        Object.values(counts.by_type).reduce((a, b) => a + b, 0),
        counts.accepted,
      );
      assert.equal(reading.entries.length, counts.accepted);
    }),
    { numRuns: 300 },
  );
});

test('an unknown list of a hundred thousand lines gives way to others', async () => {
  const { readLists } = await import('../../src/lists/reading.ts');
  let pauses = 0;
  const text = Array.from({ length: 100_000 }, (_, i) => `45.${i >> 16}.${(i >> 8) & 255}.${i & 255}`).join('\n');
  await readLists(
    { folder: 'feeds', lists: new Map([['list.yaml', { text: WRAPPER }]]), textFile: async () => ({ text }) },
    {
      now: 0,
      pause: async () => {
        pauses++;
      },
    },
  );
  assert.ok(pauses >= 20, `${pauses} pauses`);
});
