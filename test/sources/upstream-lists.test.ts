import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { type KnownUpstreams, readUpstreamLists } from '../../src/sources/upstream-lists.ts';

test('a list whose text is the same is not parsed again; one that changed is, one that went is forgotten', async (t) => {
  const dir = mkdtempSync(path.join(tmpdir(), 'upstream-lists-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const write = (name: string, host: string) =>
    writeFileSync(
      path.join(dir, `${name}.yaml`),
      `action: block\nupstream: { url: "https://${host}/a.txt", format: text }\n`,
    );
  const known: KnownUpstreams = new Map();
  const read = async () => {
    const { lists, isWhole } = await readUpstreamLists(dir, { ownEmbedded: false }, known);
    assert.deepEqual({ lists, isWhole }, await readUpstreamLists(dir, { ownEmbedded: false }));
    return { isWhole, lists: new Map(lists.map((list) => [list.name, list])) };
  };
  write('first', 'one.example');
  write('second', 'two.example');
  writeFileSync(path.join(dir, 'plain.yaml'), 'action: block\nobservables: [45.66.35.11]\n');
  const before = await read();
  assert.deepEqual([...before.lists.keys()], ['first', 'second']);
  write('second', 'three.example');
  const after = await read();
  assert.equal(after.lists.get('first'), before.lists.get('first'));
  assert.equal(after.lists.get('second')?.upstream.url, 'https://three.example/a.txt');
  writeFileSync(path.join(dir, 'first.yaml'), 'upstream: [');
  assert.equal((await read()).isWhole, false);
  rmSync(path.join(dir, 'first.yaml'));
  assert.deepEqual([(await read()).isWhole, [...known.keys()]], [true, ['second.yaml']]);
});
