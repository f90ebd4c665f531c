import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemsOf, readingOf } from './reading-of.ts';

/** Each trap of YAML that somebody fell into: the file, and the beginning of what is said of it, place first. */
const TRAPS: Readonly<Record<string, { text: string; says: readonly string[] }>> = {
  'an unquoted *.name is an alias': {
    text: 'action: allow\nobservables:\n  - *.partner.example\n',
    says: [
      'feeds/list.yaml:3:5 error yaml-alias *.partner.example without quotes is a YAML alias: write "*.partner.example" in quotes',
    ],
  },
  '1.10 is a number': {
    text: 'action: block\nobservables:\n  - 1.10\n',
    says: ['feeds/list.yaml:3:5 error invalid-address "1.10" is a number, not an observable'],
  },
  'a number where a text is meant': {
    text: 'action: block\ndefaults: { reason: 1.10 }\n',
    says: ['feeds/list.yaml:2:21 error invalid-key reason is "1.10": a text is expected; quote it'],
  },
  'a boolean where a text is meant': {
    text: 'action: block\nname: true\n',
    says: ['feeds/list.yaml:2:7 error invalid-key name is "true": a text is expected; quote it'],
  },
  'a duplicate key': {
    text: 'action: block\nchannel: firewall-block\naction: allow\n',
    says: ['feeds/list.yaml:3:1 error yaml-duplicate-key the key "action" stands twice: first at line 1'],
  },
  'an unknown key': {
    text: 'action: block\nobservabels: []\n',
    says: ['feeds/list.yaml:2:1 error unknown-key "observabels" is no key of a list; did you mean "observables"?'],
  },
  'an unknown key of an entry': {
    text: 'action: block\nobservables:\n  - { value: 45.66.35.11, sourceUri: x }\n',
    says: ['feeds/list.yaml:3:27 error unknown-key "sourceUri" is no key of an entry; did you mean "source_uri"?'],
  },
  'a key in the wrong place': {
    text: 'action: block\nreason: Tor\n',
    says: [
      'feeds/list.yaml:2:1 error unknown-key "reason" is no key of a list; it stands below defaults: or in an entry',
    ],
  },
  'entries by the name that a newcomer guesses': {
    text: 'action: block\nentries: [ 45.66.35.11 ]\n',
    says: [
      'feeds/list.yaml:2:1 error unknown-key "entries" is no key of a list; the entries of a list stand below observables:',
    ],
  },
  'a key that every object has': {
    text: 'action: block\nconstructor: x\n__proto__: x\n',
    says: [
      'feeds/list.yaml:2:1 error unknown-key "constructor" is no key of a list (known:',
      'feeds/list.yaml:3:1 error unknown-key "__proto__" is no key of a list (known:',
    ],
  },
  'a null key': {
    text: 'action: block\nchannel:\nname: ~\nlifetime: null\n',
    says: [
      'feeds/list.yaml:2:1 error null-key the key "channel" has no value',
      'feeds/list.yaml:3:1 error null-key the key "name" has no value',
      'feeds/list.yaml:4:1 error null-key the key "lifetime" has no value',
    ],
  },
  'a null entry': {
    text: 'action: block\nobservables:\n  -\n  - 45.66.35.11\n  - ~\n',
    says: [
      'feeds/list.yaml:3:4 error null-entry an entry without a value',
      'feeds/list.yaml:5:5 error null-entry an entry without a value',
    ],
  },
  'the required key missing': {
    text: 'name: tor\n',
    says: ['feeds/list.yaml:1:1 error missing-key a list needs the key "action": expected is block or allow'],
  },
  'a value that ends in a colon': {
    text: 'action: block\nobservables:\n  - evil.partner.com:\n',
    says: [
      'feeds/list.yaml:3:5 error unknown-key "evil.partner.com" is no key of an entry; a value that ends in ":" needs quotes',
    ],
  },
  'a conflict marker': {
    text: 'action: block\n<<<<<<< HEAD\nname: a\n=======\nname: b\n>>>>>>> theirs\n',
    says: ['feeds/list.yaml:2:1 error conflict-marker "<<<<<<< HEAD" is a conflict marker of git'],
  },
  'an anchor': {
    text: 'action: block\ndefaults: &d { reason: x }\n',
    says: ['feeds/list.yaml:2:14 error yaml-anchor "&d" is a YAML anchor'],
  },
  'a tag': {
    text: 'action: !!str block\n',
    says: ['feeds/list.yaml:1:15 error yaml-tag "!!str" is a YAML tag'],
  },
  'a directive': {
    text: '%YAML 1.1\n---\naction: block\n',
    says: ['feeds/list.yaml:1:1 error yaml-directive a %YAML line changes how the file is read'],
  },
  'two documents': {
    text: 'action: block\n---\naction: allow\n',
    says: ['feeds/list.yaml:2:1 error yaml-syntax no YAML at "---"'],
  },
  'a tab': {
    text: 'action: block\nobservables:\n\t- 45.66.35.11\n',
    says: [
      'feeds/list.yaml:3:1 error yaml-syntax no YAML at "\\t- 45.66.35.11": tabs are not allowed as indentation; indent with blanks',
    ],
  },
  'a value that begins with a bracket': {
    text: 'action: block\nobservables:\n  - [.]evil\n',
    says: ['feeds/list.yaml:3:8 error yaml-syntax'],
  },
  'a value that begins with @': {
    text: 'action: block\nobservables:\n  - @evil\n',
    says: [
      'feeds/list.yaml:3:5 error yaml-syntax no YAML at "@evil": plain value cannot start with reserved character @; quote the value',
    ],
  },
  'NUL, as UTF-16 read for UTF-8 has it': {
    text: 'a\0c\0t\0',
    says: ['feeds/list.yaml:1:2 error not-text the file holds NUL characters'],
  },
  'an empty file': {
    text: '# nothing yet\n',
    says: ['feeds/list.yaml:1:1 error empty-list-file the file is empty'],
  },
  'a bare list': {
    text: '- 45.66.35.11\n',
    says: [
      'feeds/list.yaml:1:1 error not-a-list-file a list file is a map of keys, and this is a bare list of entries',
    ],
  },
  'a list where a map is meant': {
    text: 'action: block\noverrides: [45.66.35.11]\n',
    says: ['feeds/list.yaml:2:12 error invalid-key overrides is a map from values to words'],
  },
  'a map where a list is meant': {
    text: 'action: block\nobservables: { value: 45.66.35.11 }\n',
    says: ['feeds/list.yaml:2:14 error invalid-key observables is a list'],
  },
};

for (const [name, { text, says }] of Object.entries(TRAPS)) {
  test(`T41 trap: ${name}`, async () => {
    const problems = await problemsOf({ 'list.yaml': text });
    assert.equal(problems.length, says.length, problems.join('\n'));
    for (const [index, said] of says.entries()) {
      assert.equal(problems[index]?.slice(0, said.length), said);
    }
  });
}

test('what looks like a trap and is none', async () => {
  const digits = '12345678901234567890123456789012';
  const reading = await readingOf({
    'settings.yaml': 'channels: { hashes: { action: block, types: [md5, domain, ipv6] } }',
    'list.yaml': `\ufeffaction: block\r\nchannel: hashes\r\nobservables:\r\n  - ${digits}\r\n  - { value: 1234567890e123456789012345678901 }\r\n  - no.evil.partner.com  # a comment\r\n  - 2001:67c:289c::9\r\n`,
  });
  assert.deepEqual(reading.problems, []);
  assert.deepEqual(
    reading.entries.map(({ observable, position }) => `${observable.value} ${position.line}:${position.column}`),
    [`${digits} 4:5`, '1234567890e123456789012345678901 5:14', 'no.evil.partner.com 6:5', '2001:67c:289c::9 7:5'],
  );
});

test('an alias bomb costs nothing', async () => {
  const rows = Array.from(
    { length: 30 },
    (_, i) =>
      `x${i}: &x${i} [${Array(9)
        .fill(i === 0 ? 'lol' : `*x${i - 1}`)
        .join(', ')}]`,
  );
  const started = performance.now();
  const problems = await problemsOf({ 'list.yaml': `action: block\n${rows.join('\n')}\n` });
  assert.ok(problems.some((line) => line.includes('yaml-anchor')));
  assert.ok(performance.now() - started < 2000);
});

test('deep nesting is refused, not a crash', async () => {
  const [problem] = await problemsOf({ 'list.yaml': `action: block\nobservables: ${'['.repeat(5000)}` });
  assert.match(problem ?? '', /error yaml-syntax/);
});

test('a map with twenty thousand keys is read in linear time', async () => {
  const rows = Array.from({ length: 20_000 }, (_, i) => `  45.${i >> 12}.${(i >> 4) & 255}.${i & 15}: { reason: x }`);
  const started = performance.now();
  const { problems } = await readingOf({ 'list.yaml': `action: block\noverrides:\n${rows.join('\n')}\n` });
  assert.equal(problems.filter(({ code }) => code === 'unused-override').length, 20_000);
  assert.ok(performance.now() - started < 10_000);
});

test('one slip does not print a thousand echoes', async () => {
  const problems = await problemsOf({ 'list.yaml': `HEADING\n${'  - url: evil.partner.com\n'.repeat(1000)}` });
  assert.equal(problems.length, 11);
  assert.match(problems[0] ?? '', /^feeds\/list\.yaml:1:1 error yaml-syntax no YAML at "HEADING"/);
  assert.match(problems.at(-1) ?? '', /and \d+ more/);
});
