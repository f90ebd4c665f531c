import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const PAGE = readFileSync(path.resolve('docs', 'safety.md'), 'utf8');
const ROWS = [...PAGE.matchAll(/^\| ((?:\d+(?:, )?)+) \|(.*)$/gm)].map(([, numbers = '', rest = '']) => ({
  numbers: numbers.split(', ').map(Number),
  // A file without a folder is one of guards.
  files: [...rest.matchAll(/`([\w./-]+\.test\.ts)`/g)].map(([, file = '']) =>
    file.includes('/') ? file : `test/lists/guards/${file}`,
  ),
}));

/** The stories by which the tests of a file are named: `T3 T4 firehol…`. */
const storiesOf = (file: string) => {
  const titles = readFileSync(path.resolve(file), 'utf8').matchAll(/['"`]((?:T\d+ )+)(?=\S)/g);
  return new Set([...titles].flatMap(([, stories = '']) => stories.trim().split(' ')));
};

test('docs/safety.md has each story once, and names for it a file with a test that begins with its number', () => {
  assert.deepEqual(
    ROWS.flatMap(({ numbers }) => numbers).sort((a, b) => a - b),
    Array.from({ length: 45 }, (_, n) => n + 1),
  );
  for (const { numbers, files } of ROWS) {
    for (const file of files)
      assert.ok(existsSync(path.resolve(file)), `${file}, which docs/safety.md names, is not there`);
    const told = new Set(files.flatMap((file) => [...storiesOf(file)]));
    for (const number of numbers)
      assert.ok(told.has(`T${number}`), `T${number}: no test in ${files.join(', ') || 'no file'} begins with it`);
    for (const file of files)
      assert.ok(
        numbers.some((number) => storiesOf(file).has(`T${number}`)),
        `${file} has no test for ${numbers.join(', ')}`,
      );
  }
});

test('each test that is named for a story is named for one of that page', () => {
  const known = new Set(ROWS.flatMap(({ numbers }) => numbers.map((number) => `T${number}`)));
  for (const file of readdirSync(path.resolve('test'), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.test.ts')) continue;
    for (const story of storiesOf(path.join('test', file)))
      assert.ok(known.has(story), `${file}: ${story} is no story`);
  }
});
