import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemsOf, publishedIn, readingOf } from './reading-of.ts';

/** Ranges that are published in parts around what is allowed. */
function folder(block: string, allow: string): Record<string, string> {
  return {
    'block.yaml': `action: block\nobservables:\n  - { value: "${block}", carve_out: true }`,
    'ours.yaml': `action: allow\nobservables:\n${allow
      .split(' ')
      .map((value) => `  - "${value}"`)
      .join('\n')}`,
  };
}

const table: { row: string; block: string; allow: string; parts: string[] }[] = [
  {
    row: 'around one address',
    block: '45.66.35.0/29',
    allow: '45.66.35.5',
    parts: ['45.66.35.0/30', '45.66.35.4', '45.66.35.6/31'],
  },
  { row: 'around a range', block: '45.66.32.0/22', allow: '45.66.34.0/24', parts: ['45.66.32.0/23', '45.66.35.0/24'] },
  {
    row: 'around two addresses side by side',
    block: '45.66.35.0/29',
    allow: '45.66.35.2 45.66.35.3',
    parts: ['45.66.35.0/31', '45.66.35.4/30'],
  },
  {
    row: 'of IPv6',
    block: '2a0b:f4c0::/45',
    allow: '2a0b:f4c0:2::/48',
    parts: ['2a0b:f4c0:3::/48', '2a0b:f4c0:4::/46', '2a0b:f4c0::/47'],
  },
];
for (const { row, block, allow, parts } of table) {
  test(`carve_out: ${row}`, async () => {
    const reading = await readingOf(folder(block, allow));
    const blocked = reading.entries.filter(({ list }) => list === 'block');
    assert.deepEqual(blocked.map(({ observable }) => observable.value).sort(), parts);
    assert.ok(blocked.every(({ position }) => position.line === 3));
    assert.deepEqual(
      reading.problems.map(({ code, severity }) => `${severity} ${code}`),
      ['notice carved-out'],
    );
    assert.match(reading.problems[0]?.message ?? '', /in \d+ parts around .* allowed \(feeds\/ours\.yaml:3\)/);
  });
}

test('T23 carve_out: every address of the range but the allowed ones is in exactly one part', async () => {
  const reading = await readingOf(folder('45.66.35.0/24', '45.66.35.7 45.66.35.128/26 45.66.35.255'));
  const covered = new Array(256).fill(0);
  for (const { observable, list } of reading.entries) {
    if (list !== 'block') continue;
    const [address = '', prefix = '32'] = observable.value.split('/');
    const first = Number(address.split('.')[3]);
    for (let n = first; n < first + 2 ** (32 - Number(prefix)); n += 1) covered[n] += 1;
  }
  const allowed = (n: number) => n === 7 || (n >= 128 && n < 192) || n === 255;
  assert.deepEqual(
    covered,
    covered.map((_, n) => (allowed(n) ? 0 : 1)),
  );
});

test('carve_out at the list holds for all of its ranges, and an entry may say otherwise', async () => {
  const lists = {
    'block.yaml':
      'action: block\ncarve_out: true\nobservables:\n  - 45.66.35.0/30\n  - { value: 45.66.36.0/30, carve_out: false }',
    'ours.yaml': 'action: allow\nobservables: [45.66.35.1, 45.66.36.1]',
  };
  const problems = await problemsOf(lists);
  assert.equal(problems.length, 2);
  assert.match(problems[0] ?? '', /block\.yaml:4:5 notice carved-out/);
  assert.match(
    problems[1] ?? '',
    /block\.yaml:5:14 error blocks-allowed .*write instead 45\.66\.36\.0, 45\.66\.36\.2\/31, or "carve_out: true"/,
  );
});

test('carve_out cuts out what people allowed by hand, and shadows what is allowed whole', async () => {
  const adhocAllow = [{ type: 'ip', value: '45.66.35.1' } as const];
  const lists = { 'block.yaml': 'action: block\ncarve_out: true\nobservables: [45.66.35.0/30]' };
  assert.deepEqual(publishedIn(await readingOf(lists, { adhocAllow })), ['ip 45.66.35.0', 'ip 45.66.35.2/31']);
  const whole = await readingOf(folder('45.66.35.0/30', '45.66.35.0/24'));
  assert.deepEqual(
    whole.problems.map(({ code }) => code),
    ['shadowed'],
  );
});

test('carve_out: a name above an allowed one is an error all the same', async () => {
  const problems = await problemsOf(folder('mallory-soft.com', 'www.mallory-soft.com'));
  assert.match(problems.join(), /error blocks-allowed/);
});

test('carve_out: more parts than 1024 are an error, and nothing of the range is published', async () => {
  const holes = Array.from({ length: 2048 }, (_, n) => `45.66.${16 + Math.floor(n / 128)}.${(n % 128) * 2}`);
  const reading = await readingOf(folder('45.66.16.0/20', holes.join(' ')));
  assert.deepEqual(
    reading.problems.map(({ code, severity }) => `${severity} ${code}`),
    ['error carve-out'],
  );
  assert.ok(reading.entries.every(({ list }) => list === 'ours'));
});
