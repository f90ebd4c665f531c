import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { listSchema, overrideSchema } from '../../src/lists/list-schema.ts';
import { upstreamSchema } from '../../src/lists/upstream-schema.ts';
import { problemsOf } from './reading-of.ts';

const TEXT = readFileSync(path.resolve('docs', 'lists.md'), 'utf8');
const BLOCKS = [...TEXT.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block]) => block ?? '');

test('what docs/lists.md shows is what check takes', async () => {
  const [short, whole, pulled, settings] = BLOCKS;
  assert.equal(BLOCKS.length, 4);
  assert.deepEqual(await problemsOf({ 'list.yaml': short ?? '' }), []);
  const files = { 'settings.yaml': 'guards: { documentation: allow }', 'tor-exits.txt': '203.0.113.9\n' };
  assert.deepEqual(await problemsOf({ ...files, 'list.yaml': whole ?? '' }), []);
  assert.deepEqual(await problemsOf({ 'list.yaml': pulled ?? '' }), []);
  assert.deepEqual(await problemsOf({ 'settings.yaml': settings ?? '', 'list.yaml': short ?? '' }), []);
});

test('docs/lists.md names every key', () => {
  const keys = [listSchema, overrideSchema, upstreamSchema].flatMap(({ shape }) => Object.keys(shape));
  for (const key of keys) assert.ok(TEXT.includes(`\`${key}\``), key);
});
