import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { BULK_KINDS } from '../../src/embedded-ctia/kinds.ts';
import { verdictSchema } from '../../src/embedded-ctia/schema.ts';
import { withoutServerSet } from './entities.ts';
import { call, started } from './fixture.ts';
import { REFERENCES, reference, withReferences } from './references.ts';

/**
 * CTIM's own examples: of each kind one document with every field that CTIM knows. Nothing of them is copied here; what they
 * taught has fixtures in `entities.ts`.
 */
const EXAMPLES = path.resolve('..', 'shared', 'data', 'ctim');
const needsExamples = existsSync(EXAMPLES) ? {} : { skip: 'needs ../shared/data' };

type Document = Record<string, unknown>;

function example(name: string): Document {
  return JSON.parse(readFileSync(path.join(EXAMPLES, `${name}.json`), 'utf8')) as Document;
}

/** Of a relationship too, whose ends may be of any kind. */
const ALL = { ...REFERENCES, source_ref: reference('malware'), target_ref: reference('tool') };

/** The id is a bare word too. */
function validOf(document: Document): Document {
  const { id: _, ...rest } = withReferences(document, ALL);
  return rest;
}

test('CTIM’s examples post and read back equal but for what the server sets', needsExamples, async (t) => {
  const session = await started(t);
  const names = readdirSync(EXAMPLES).map((file) => path.basename(file, '.json'));
  assert.equal(names.length, 22);
  let posted = 0;
  for (const name of names) {
    const document = validOf(example(name));
    const kind = BULK_KINDS.find((candidate) => candidate.name === document.type);
    if (kind === undefined) {
      assert.ok(['bundle', 'verdict'].includes(name), name);
      continue;
    }
    const created = await call(session, 'POST', `/ctia/${kind.name}`, document);
    assert.equal(created.status, 201, `${name} ${created.text}`);
    const read = await call(session, 'GET', created.json.id);
    assert.deepEqual(withoutServerSet(read.json), withoutServerSet(document), name);
    posted += 1;
  }
  assert.equal(posted, 20);
});

test('CTIM’s verdict is one, and is no longer one without its disposition', needsExamples, () => {
  const verdict = example('verdict');
  assert.deepEqual(verdictSchema.parse(verdict), verdict);
  const { disposition: _, ...incomplete } = verdict;
  assert.equal(verdictSchema.safeParse(incomplete).success, false);
});

test('CTIM’s bundle imports with every entity created, and reads back equal', needsExamples, async (t) => {
  const session = await started(t);
  const bundle: Document = withReferences(example('bundle'), ALL);
  const sent = new Map<string, Document>();
  for (const { plural, name } of BULK_KINDS) {
    const list = bundle[plural] as Document[] | undefined;
    if (list === undefined) continue;
    bundle[plural] = list.map((document, i) => {
      const id = `transient:${name}-${i}`;
      sent.set(id, document);
      return { ...document, id };
    });
  }
  assert.ok(sent.size >= 20);
  const { status, json, text } = await call(session, 'POST', '/ctia/bundle/import', bundle);
  assert.equal(status, 200, text);
  assert.equal(json.results.length, sent.size);
  for (const { id, original_id: original, result } of json.results) {
    assert.equal(result, 'created', original);
    const { json: stored } = await call(session, 'GET', id);
    assert.deepEqual(withoutServerSet(stored), withoutServerSet(sent.get(original) ?? {}), original);
  }
});
