import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseYamlList } from '../../src/lists/yaml-list.ts';
import { parseYaml, type YamlNode } from '../../src/lists/yaml-tree.ts';
import { problemsOf, readingOf } from './reading-of.ts';

/** The file as the library reads it in one piece is what the cut one has to be, to the last column. */
async function checkAsOnePiece(text: string): Promise<'cut' | 'one piece'> {
  const { tree, entries, faults } = await parseYamlList(text, async () => {});
  const whole = entries === undefined ? tree : withEntries(tree, [...entries]);
  const expected = parseYaml(text);
  assert.deepEqual({ tree: whole, faults }, expected, JSON.stringify(text));
  return entries === undefined ? 'one piece' : 'cut';
}

function withEntries(tree: YamlNode | undefined, items: readonly YamlNode[]): YamlNode {
  assert.ok(tree?.kind === 'map');
  const first = tree.pairs.findIndex(({ key }) => key.text === 'observables');
  const pairs = tree.pairs.map((pair, index) =>
    index === first && pair.value.kind === 'list' ? { ...pair, value: { ...pair.value, items } } : pair,
  );
  return { ...tree, pairs };
}

const PLAIN = [
  '- 45.66.35.11',
  '- evil.partner.com',
  '- 2001:67c:289c::9',
  '- https://bad.partner.com:81/a?b=c&d#e',
  '-   b',
];
/** One line or a few, that stand at the indentation of the list. What is below them stands two blanks deeper. */
const ENTRIES = [
  '- { value: 45.66.35.12, reason: "a, b" }',
  '- value: 45.66.35.13\n  reason: seen twice\n  tlp: red',
  '- "quoted"',
  "- 'it''s'",
  '- "quoted over\n   two lines"',
  '- plain over\n  two lines',
  '- plain\n\n  after a blank line',
  '- |\n  block\n\n  - 1.2.3.4\n  # none\n',
  '- >-\n  folded\n  scalar',
  '- |+\n  kept\n\n\n',
  '- [x, y]',
  '- [x,\n   y]',
  '- - nested\n  - list',
  '-\n  deeper',
  '-',
  '- ~',
  '- null',
  '- 1.10',
  '- a: b',
  '- evil.partner.com:',
  '- *.partner.com',
  '- &anchor x',
  '- !!str x',
  '- ? explicit\n  : key',
  '- a # comment',
  '- a #',
  '- a#b',
  '- a\n  # comment\n',
  '- a\n  # comment\n  b',
  '- # comment\n  below',
  '- bücher.partner.com',
  '- two words',
];
const BROKEN = [
  '- "open',
  '- { open: [',
  '- @evil',
  '- %evil',
  '- `evil',
  '- [.]evil',
  '- a: b: c',
  '-\ttab',
  '- tab\tx',
  '\t- tab',
  '-x',
  'text',
  'key: value',
  '---',
  '...',
  '%YAML 1.1',
  '<<<<<<< HEAD',
  '? x',
  ': x',
  '- - a\n - b',
  '- a\r- b',
  '- a\u2028- b',
  '- a\u0085- b',
  '# \u2028 comment',
  '- |3\n   x',
];
const SPACE = ['', '', '   ', '# comment', '      # deep', '#', '# grüße'];
const HEADS = [
  'action: block',
  '# comment',
  '',
  '---',
  'name: tor',
  'defaults: { reason: x }',
  'defaults:\n  reason: |\n    observables:\n      - a',
  'overrides:\n  45.66.35.11: { reason: x }',
  'entries_from:\n- a.txt\n- b.txt',
  'name: "over\n  two lines"',
  'observables: [a]',
  'observables:',
  '"observables":\n  - a',
];
const BROKEN_HEADS = [
  '"open',
  'name: "open',
  'defaults: {',
  '- a',
  '%YAML 1.1',
  '%TAG ! x:',
  '\ufeff',
  'x: &a b',
  '...',
  '|',
];
const KEYS = [
  'observables:',
  'observables:',
  'observables:   # all of them',
  'observables: ',
  'observables: !!seq',
  'observables: |',
  ' observables:',
];

const oneOf = (...values: readonly string[]) => fc.constantFrom(...values);
const mostly = (usual: readonly string[], seldom: readonly string[]) =>
  fc.oneof({ weight: 30, arbitrary: oneOf(...usual) }, { weight: 1, arbitrary: oneOf(...seldom) });

interface Drawn {
  heads: string[];
  key: string;
  indent: number;
  body: { text: string; shift: number }[];
  tails: string[];
  newline: string;
  last: string;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  heads: fc.array(mostly(HEADS, BROKEN_HEADS), { maxLength: 3 }),
  key: oneOf(...KEYS, 'observables:', 'observables:', 'observables:'),
  indent: fc.constantFrom(0, 1, 2, 2, 4),
  body: fc.array(
    fc.record({
      text: fc.oneof(
        { weight: 40, arbitrary: oneOf(...PLAIN) },
        { weight: 25, arbitrary: oneOf(...ENTRIES) },
        { weight: 20, arbitrary: oneOf(...SPACE) },
        { weight: 1, arbitrary: oneOf(...BROKEN) },
      ),
      shift: fc.oneof(
        { weight: 150, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.constantFrom(-2, -1, 1, 2) },
      ),
    }),
    { maxLength: 14 },
  ),
  tails: fc.array(mostly(HEADS, BROKEN_HEADS), { maxLength: 2 }),
  newline: fc.oneof({ weight: 4, arbitrary: fc.constant('\n') }, { weight: 1, arbitrary: fc.constant('\r\n') }),
  last: fc.constantFrom('\n', '\n', '', '\n\n  \n', '\n# end', ' '),
});

function textOf({ heads, key, indent, body, tails, newline, last }: Drawn): string {
  const below = body.map(({ text, shift }) => text.replace(/^(?=.)/gm, ' '.repeat(Math.max(0, indent + shift))));
  return ([...heads, key, ...below, ...tails].join('\n') + last).replaceAll('\n', newline);
}

/** `YAML_RUNS=60000` for a long night. */
const RUNS = Number(process.env.YAML_RUNS ?? 1500);

test('a list that is cut reads as one piece does, whatever stands in it', async () => {
  const ways = { cut: 0, 'one piece': 0 };
  await fc.assert(
    fc.asyncProperty(drawn, async (list) => {
      ways[await checkAsOnePiece(textOf(list))]++;
    }),
    { numRuns: RUNS },
  );
  assert.ok(ways.cut > RUNS / 4, `${ways.cut} of ${RUNS} lists were cut: the test proves little`);
});

/** Slips of the keyboard: a few characters removed, doubled, moved or put in. */
const slip = fc.record({
  at: fc.nat(),
  remove: fc.nat(3),
  put: fc.constantFrom(
    '',
    '',
    ' ',
    '  ',
    '\n',
    '\n  ',
    '- ',
    ':',
    ': ',
    '#',
    ' #',
    '"',
    "'",
    '[',
    '{',
    '}',
    '|',
    '&',
    '*',
    '!',
    '%',
    '\t',
    '\r',
    '\u2028',
    '\u0085',
    '\ufeff',
    '\n- ',
    '\n---\n',
    'x',
  ),
});

test('a list with slips of the keyboard reads as one piece does', async () => {
  await fc.assert(
    fc.asyncProperty(drawn, fc.array(slip, { minLength: 1, maxLength: 4 }), async (list, slips) => {
      let text = textOf(list);
      for (const { at, remove, put } of slips) {
        const offset = at % (text.length + 1);
        text = text.slice(0, offset) + put + text.slice(offset + remove);
      }
      await checkAsOnePiece(text);
    }),
    { numRuns: RUNS },
  );
});

test('entries with words that fill several windows read as one piece does', async () => {
  const many = fc.record({
    entries: fc.array(oneOf(...ENTRIES, ...SPACE), { minLength: 5, maxLength: 12 }),
    indent: fc.constantFrom(0, 2),
    newline: fc.constantFrom('\n', '\r\n'),
  });
  await fc.assert(
    fc.asyncProperty(many, async ({ entries, indent, newline }) => {
      const body = entries.join('\n').replace(/^(?=.)/gm, ' '.repeat(indent));
      const times = Math.ceil((20 * 1024) / (body.length + 1));
      const text = `action: block\nobservables:\n${`${body}\n`.repeat(times)}name: tor\n`;
      await checkAsOnePiece(text.replaceAll('\n', newline));
    }),
    { numRuns: Math.ceil(RUNS / 50) },
  );
});

const LONG = Array.from({ length: 120_000 }, (_, i) => `  - 45.${i >> 16}.${(i >> 8) & 255}.${i & 255}\n`).join('');

test('a long YAML list gives way to others, and has its entries where they stand', async () => {
  const { readLists } = await import('../../src/lists/reading.ts');
  const text = `action: block\nobservables:\n${LONG}  - { value: 46.0.0.1, reason: x }\n# end\nname: tor\n`;
  let longestMs = 0;
  let last = performance.now();
  const { entries, problems, lists } = await readLists(
    { folder: 'feeds', lists: new Map([['list.yaml', { text }]]), textFile: async () => ({ text: '' }) },
    {
      now: 0,
      pause: async () => {
        longestMs = Math.max(longestMs, performance.now() - last);
        last = performance.now();
      },
    },
  );
  assert.deepEqual(problems, []);
  assert.equal(lists[0]?.name, 'tor');
  assert.deepEqual(
    [entries[0], entries[119_999], entries.at(-1)].map((entry) => [entry?.observable.value, entry?.position.line]),
    [
      ['45.0.0.0', 3],
      ['45.1.212.191', 120_002],
      ['46.0.0.1', 120_003],
    ],
  );
  // In one piece it took two seconds.
  assert.ok(longestMs < 1000, `${longestMs} ms between two pauses`);
});

test('slips in a file that is too large for one piece have their places', async () => {
  const text = `action: block\nobservables:\n${LONG}  - @evil\n${LONG}  - "open\n  - 45.66.35.11\nlifetime: {\n`;
  const problems = await problemsOf({ 'list.yaml': text });
  assert.deepEqual(
    problems.map((line) => line.split(': ', 1)[0]),
    [
      'feeds/list.yaml:120003:5 error yaml-syntax no YAML at "@evil"',
      'feeds/list.yaml:240005:1 error yaml-syntax no YAML at ""',
      'feeds/list.yaml:240007:1 error yaml-syntax no YAML at ""',
    ],
  );
});

const TOO_LARGE: Readonly<Record<string, string>> = {
  'a list between brackets': `action: block\nobservables: [${'45.66.35.11, '.repeat(120_000)}]\n`,
  'a text of a megabyte': `action: block\nname: ${'x'.repeat(1_000_000)}\n`,
  'commas without end': `action: block\nobservables: [${'a,'.repeat(200_000)}]\n`,
};

for (const [name, text] of Object.entries(TOO_LARGE)) {
  test(`too large for one piece: ${name}`, async () => {
    const started = performance.now();
    const problems = await problemsOf({ 'list.yaml': text });
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', /^feeds\/list\.yaml:1:1 error yaml-too-large .* move entries into a text file/);
    assert.ok(performance.now() - started < 1000);
  });
}

test('an entry of a megabyte is refused at its place', async () => {
  const text = `action: block\nobservables:\n  - 45.66.35.11\n  - value: 45.66.35.12\n    reason: ${'x'.repeat(1_000_000)}\n`;
  const { problems, entries } = await readingOf({ 'list.yaml': text });
  assert.deepEqual(
    problems.map(({ code, line }) => `${line} ${code}`),
    ['4 yaml-too-large'],
  );
  assert.equal(entries.length, 0);
});
