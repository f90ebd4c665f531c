import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { listJsonSchema } from '../../src/lists/json-schema.ts';

const FILE = path.resolve('docs', 'lists.schema.json');

test('docs/lists.schema.json is what the schemas say (UPDATE_SCHEMA=1 writes it anew)', () => {
  const text = `${JSON.stringify(listJsonSchema(), null, 2)}\n`;
  if (process.env.UPDATE_SCHEMA === '1') writeFileSync(FILE, text);
  assert.equal(readFileSync(FILE, 'utf8'), text);
});

test('the schema is of draft 2020-12, names every key and requires the action alone', () => {
  const schema = listJsonSchema() as {
    $schema: string;
    required: string[];
    additionalProperties: boolean;
    properties: object;
  };
  assert.equal(schema.$schema, 'https://json-schema.org/draft/2020-12/schema');
  assert.deepEqual(schema.required, ['action']);
  assert.equal(schema.additionalProperties, false);
  assert.deepEqual(Object.keys(schema.properties), [
    ...['action', 'name', 'channel', 'lifetime', 'renew', 'carve_out', 'disposition', 'refang', 'example', 'defaults'],
    ...['upstream', 'entries_from', 'overrides', 'observables'],
  ]);
});
