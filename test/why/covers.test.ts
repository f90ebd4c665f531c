import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Observable } from '../../src/ctim/observable.ts';
import { normalise } from '../../src/lists/normalise.ts';
import { blocks, letsThrough } from '../../src/why/covers.ts';

function observable(text: string): Observable {
  const said = normalise(text);
  assert('observable' in said, text);
  return said.observable;
}

const TABLE: [wider: string, it: string, blocks: boolean, letsThrough: boolean][] = [
  ['198.51.100.7', '198.51.100.7', true, true],
  ['198.51.100.0/24', '198.51.100.7', true, true],
  ['198.51.100.0/24', '198.51.100.128/25', true, true],
  ['198.51.100.128/25', '198.51.100.0/24', false, false],
  ['2001:db8::/32', '2001:db8::1', true, true],
  ['198.51.100.0/24', '2001:db8::1', false, false],
  ['evil.example', 'a.evil.example', true, true],
  ['a.evil.example', 'evil.example', false, false],
  ['evil.example', 'notevil.example', false, false],
  ['*.evil.example', 'a.evil.example', true, true],
  ['*.evil.example', 'evil.example', false, false],
  ['evil.example', 'https://a.evil.example/', true, true],
  ['evil.example', 'https://a.evil.example/page', true, false],
  ['198.51.100.0/24', 'http://198.51.100.7/page', true, false],
  ['https://a.evil.example/page', 'https://a.evil.example/page', true, true],
  ['https://a.evil.example/', 'a.evil.example', false, false],
];

test('what is around an address, above a name or hosts a URL decides on it', () => {
  for (const [wider, it, blocked, through] of TABLE) {
    assert.equal(blocks(observable(wider), observable(it)), blocked, `${wider} blocks ${it}`);
    assert.equal(letsThrough(observable(wider), observable(it)), through, `${wider} lets ${it} through`);
  }
});
