import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeListCache } from '../../src/lists/list-cache.ts';
import { type Folder, readingOf } from './reading-of.ts';

/** Lines of every fate: accepted in normal form and not, twice, guarded, of an undeclared type, invalid, a comment. */
const LINES = [
  '45.66.35.11',
  '45.66.35.12 # seen twice',
  '45.66.35.0/24',
  '45.66.35.9/24',
  'Paypal-Login.icu',
  'paypal-login.icu',
  'paypal-login.icu.',
  'http://paypal-login.icu',
  'http://paypal-login.icu/',
  '8.8.8.8',
  '172.66.0.227',
  '10.0.0.1',
  'd41d8cd98f00b204e9800998ecf8427e',
  'not an observable',
  '# a comment',
  '',
  '2001:4:112::1',
  '2001:4:112:0::1',
];
const text = fc.array(fc.constantFrom(...LINES), { maxLength: 8 }).map((lines) => lines.join('\n'));
const yaml = fc
  .record({
    lifetime: fc.constantFrom('7d', '14d'),
    refang: fc.boolean(),
    override: fc.constantFrom('', '8.8.8.8: { force: "ours is 9.9.9.9" }', '45.66.35.11: { lifetime: 30d }'),
    also: fc.constantFrom('45.66.35.11', '{ value: 45.66.35.11, expires: 2027-01-31 }', '45.66.36.1'),
  })
  .map(
    ({ lifetime, refang, override, also }) =>
      `action: block\nlifetime: ${lifetime}\nrefang: ${refang}\nobservables: [${also}]\nentries_from: [a.txt, b.txt]\n${override && `overrides: {${override}}\n`}`,
  );
const folder: fc.Arbitrary<Folder> = fc.record({
  'block.yaml': yaml,
  'a.txt': text,
  'b.txt': text,
  'allow.yaml': fc.constantFrom(
    'action: allow\nchannel: firewall-allow\nobservables: [45.66.35.11]\n',
    'action: allow\nchannel: firewall-allow\nobservables: [paypal-login.icu]\n',
  ),
  'settings.yaml': fc.constantFrom('owner: acme\n', 'owner: acme\nprotect: [45.66.35.12]\n'),
});

const PLAIN: Folder = {
  'settings.yaml': 'owner: acme\n',
  'block.yaml': 'action: block\nobservables: [45.66.36.1]\nentries_from: [a.txt, b.txt]\n',
  'allow.yaml': 'action: allow\nchannel: firewall-allow\nobservables: [paypal-login.icu]\n',
  'a.txt': '45.66.35.11',
  'b.txt': '',
};

const MOVING: Folder = { ...PLAIN, 'b.txt': '45.66.35.12' };

test('whatever was read before, a reading with a cache says what one without says', async () => {
  let reused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(folder, { minLength: 2, maxLength: 3 }), text, async (folders, edit) => {
      const cache = makeListCache();
      for (const before of folders) {
        for (const now of [before, { ...before, 'b.txt': edit }]) {
          const known = cache.knownLines('block.yaml', filesOf(now));
          if (known?.of('feeds/a.txt')({ value: '45.66.35.11', line: 1, column: 1 }) !== undefined) reused += 1;
          assert.deepEqual(await readingOf(now, { cache }), await readingOf(now));
        }
      }
    }),
    // By chance alone most lists have an error, and are not kept.
    {
      numRuns: 150,
      examples: [
        [[PLAIN, PLAIN], '45.66.35.12'],
        // A line that is new has the value of one that stands in another file, after it and before it.
        [[PLAIN, PLAIN], '45.66.35.11'],
        [[MOVING, { ...MOVING, 'a.txt': '45.66.35.11\n45.66.35.12' }], '45.66.35.12'],
      ],
    },
  );
  assert.ok(reused > 0, 'no line was ever known: the comparison compared nothing');
});

test('an observable that stood in a text file before is the same object, whatever line it stands in now', async () => {
  const cache = makeListCache();
  const list = 'action: block\nentries_from: [a.txt]\n';
  const before = await readingOf({ 'block.yaml': list, 'a.txt': '45.66.35.11\n45.66.35.12' }, { cache });
  const after = await readingOf({ 'block.yaml': list, 'a.txt': '45.66.35.10\n45.66.35.11' }, { cache });
  assert.equal(after.entries[1]?.observable, before.entries[0]?.observable);
  assert.equal(after.entries[1]?.position.line, 2);
});

test('of a file of which there is nothing to say only what changed is looked at, and the reading is the same', async () => {
  const item = fc.constantFrom('2a0b:f4c2::1', 'paypal-login.icu', '# a comment', '', '  45.66.35.4  ', '45.66.35.7');
  const lines = ['# first', '45.66.35.1', '2a0b:f4c2::2', '45.66.35.2', '', 'evil-login.icu', '45.66.35.3'];
  const edit = fc
    .record({
      ...{ at: fc.nat(lines.length), taken: fc.nat(3), put: fc.uniqueArray(item, { maxLength: 3 }) },
      ...{ end: fc.constantFrom('\n', '\n', '\r\n'), last: fc.boolean(), bom: fc.boolean() },
    })
    .map(({ at, taken, put, end, last, bom }) => {
      const edited = lines.toSpliced(at, taken, ...put);
      return `${bom ? '\ufeff' : ''}${edited.join(end)}${last ? end : ''}`;
    });
  let laid = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 2, maxLength: 4 }), item, async (texts, other) => {
      const cache = makeListCache();
      for (const text of texts) {
        const now = { ...PLAIN, 'a.txt': text, 'b.txt': other };
        const source = { file: 'feeds/a.txt', path: 'a.txt', text };
        const around = cache.knownLines('block.yaml', filesOf(now))?.around(source);
        laid += (around?.head.length ?? 0) + (around?.tail.length ?? 0);
        assert.deepEqual(await readingOf(now, { cache }), await readingOf(now));
      }
    }),
    // By chance there is mostly something to say of the file: this one is quiet, whatever else is drawn.
    { numRuns: 100, examples: [[[lines.join('\n'), lines.toSpliced(3, 1, '45.66.35.9').join('\n')], '45.66.35.7']] },
  );
  assert.ok(laid > 0, 'no line was taken over: the comparison compared nothing');
});

test('a line in the middle of others that changes leaves all of them the same objects, and moves those behind it', async () => {
  const cache = makeListCache();
  const list = 'action: block\nentries_from: [a.txt]\n';
  const read = (text: string) => readingOf({ 'block.yaml': list, 'a.txt': text }, { cache });
  const before = await read('45.66.35.1\n45.66.35.2\n45.66.35.3\n');
  const replaced = await read('45.66.35.1\n45.66.35.9\n45.66.35.3\n');
  assert.deepEqual(
    [replaced.entries[0] === before.entries[0], replaced.entries[2] === before.entries[2]],
    [true, true],
  );
  const inserted = await read('45.66.35.1\n# why\n45.66.35.9\n45.66.35.3\n');
  assert.deepEqual(
    inserted.entries.map(({ observable, position }) => [observable.value, position.line]),
    [
      ['45.66.35.1', 1],
      ['45.66.35.9', 3],
      ['45.66.35.3', 4],
    ],
  );
});

const TYPED = 'action: block\nentries_from: [{ file: a.txt, format: csv, column: dst_ip, type: ip }]\n';
const PLAINLY = 'action: block\nentries_from: [a.txt]\n';
for (const { what, list = PLAINLY, before, now, more } of [
  { what: 'warned of', before: '45.66.35.1\n172.66.0.227', now: '45.66.35.2\n172.66.0.227' },
  { what: 'there twice', before: '45.66.35.1\n45.66.35.1\n45.66.35.3', now: '45.66.35.1\n45.66.35.1\n45.66.35.4' },
  {
    what: 'of another type than its file is to have',
    list: TYPED,
    before: 'dst_ip\nevil.icu\n45.66.35.1\n45.66.35.2',
    now: 'dst_ip\nevil.icu\n45.66.35.1\n45.66.35.3',
  },
  {
    what: 'let through by hand since',
    before: '45.66.35.1',
    now: '45.66.35.1',
    more: { adhocAllow: [{ type: 'ip', value: '45.66.35.1' }] as const },
  },
  { what: 'an error of time', list: ofDay('2031-12-31'), before: '', now: '', more: { now: Date.parse('2027-11-25') } },
  {
    what: 'past, and the clock was set back',
    list: ofDay('2026-11-24'),
    before: '',
    now: '',
    more: { now: Date.parse('2026-11-23') },
  },
]) {
  test(`known before, and ${what}: read again as without a cache`, async () => {
    const cache = makeListCache();
    const folder = (text: string) => ({ 'block.yaml': list, 'a.txt': text });
    const first = await readingOf(folder(before), { cache });
    const found = await readingOf(folder(now), { ...more, cache });
    assert.deepEqual(found, await readingOf(folder(now), more));
    assert.notDeepEqual([found.entries, found.problems], [[], []], 'it has something to say');
    if (more !== undefined) assert.notDeepEqual(found, first, 'it differs from what is kept');
  });
}

function ofDay(day: string): string {
  return `${PLAINLY}observables: [{ value: 45.66.35.11, expires: ${day} }]\n`;
}

function filesOf(folder: Folder) {
  const text = (path: string) => ({ text: folder[path] ?? '' });
  return {
    folder: 'feeds',
    settings: text('settings.yaml'),
    lists: new Map(['block.yaml', 'allow.yaml'].map((path) => [path, text(path)])),
    textFile: async (path: string) => text(path),
  };
}
