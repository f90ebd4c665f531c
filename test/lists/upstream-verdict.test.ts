import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SourceFormat } from '../../src/lists/formats/formats.ts';
import { surveySource } from '../../src/lists/source-survey.ts';
import { type Suspicion, suspect, type UpstreamAnswer, type UpstreamBounds } from '../../src/lists/upstream-verdict.ts';

const TEXT: SourceFormat = { format: 'text' };
const pause = async () => undefined;

/** Addresses of one network, one a line, from `first` on. */
function addresses(count: number, { net = '11.22', first = 0 } = {}): string {
  const lines = Array.from({ length: count }, (_, n) => `${net}.${(n + first) >> 8}.${(n + first) & 255}\n`);
  return lines.join('');
}

interface Case extends Partial<UpstreamBounds> {
  readonly text: string;
  readonly before?: string;
  readonly others?: Readonly<Record<string, string>>;
  readonly contentType?: string;
  readonly format?: SourceFormat;
  readonly canary?: string;
}

async function verdictOn(it: Case): Promise<Suspicion | undefined> {
  const { text, before, others = {}, contentType = 'text/plain', format = TEXT, canary } = it;
  const survey = await surveySource(text, format, pause);
  const ofOthers: [string, ReadonlySet<string>][] = [];
  for (const [name, other] of Object.entries(others)) {
    ofOthers.push([name, (await surveySource(other, TEXT, pause)).values]);
  }
  const answer: UpstreamAnswer = {
    text,
    contentType,
    survey,
    before: before === undefined ? undefined : { text: before, survey: await surveySource(before, format, pause) },
    others: new Map(ofOthers),
    findCanary: (values) => (canary !== undefined && values.has(canary) ? canary : undefined),
    bounds: { minEntries: it.minEntries ?? 1, maxShrink: it.maxShrink ?? 0.2 },
  };
  return suspect(answer);
}

const COPY = `# exits\n${addresses(100)}`;
const PAGE = '<!DOCTYPE html>\n<html><head><title>Just a moment...</title></head><body>11.22.0.1</body></html>\n';
const CONFLICT = `${addresses(50)}<<<<<<< ours\n11.22.9.1\n=======\n11.22.9.2\n>>>>>>> theirs\n${addresses(50, { first: 50 })}`;

/** What came, why it is not believed, and what the message says. Without `kind` it is the list. */
const CASES: readonly (readonly [name: string, it: Case, kind?: string, says?: RegExp])[] = [
  ['the copy itself', { text: COPY, before: COPY }],
  ['a first answer', { text: COPY }],
  ['some come, some go', { text: `# exits\n${addresses(100, { first: 10 })}`, before: COPY }],
  ['T12 nothing', { text: '', before: COPY }, 'empty', /nothing came/],
  ['T12 a head without a list', { text: '# exits\n', before: COPY }, 'empty', /no entry.*min_entries: 0/],
  ['T12 nothing, at the first time', { text: '' }, 'empty'],
  ['T12 nothing, where that is said to be right', { text: '# none\n', minEntries: 0 }],
  ['T12 nothing, where that is right and much was there', { text: '# none\n', before: COPY, minEntries: 0 }, 'shrunk'],
  ['T14 a web page', { text: PAGE, before: COPY, contentType: 'text/html' }, 'web-page', /"Just a moment\.\.\."/],
  ['T14 a web page that is called text', { text: PAGE }, 'web-page'],
  ['T14 a page of XML', { text: '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>' }, 'web-page'],
  ['T14 a piece of a page', { text: '<p>11.22.33.44</p>\n', contentType: 'text/html' }, 'web-page'],
  ['T14 words with few addresses in them', { text: `see below\nour samples\n${addresses(20)}` }, 'few-valid', /line 1/],
  ['an error in words', { text: 'Internal Server Error', before: COPY }, 'cut-off'],
  ['a rate limit', { text: 'Too many requests, try again in 10 minutes.\n', before: COPY }, 'rate-limit', /Too many/],
  [
    'a rate limit in JSON',
    { text: '{"error":"rate limit exceeded"}', format: { format: 'json', column: 'ip' } },
    'rate-limit',
  ],
  ['a conflict marker', { text: CONFLICT, before: COPY }, 'conflict-marker', /conflict marker/],
  ['UTF-16', { text: '1\u00001\u0000.\u00002\u00002\u0000' }, 'not-text'],
  [
    'cut in the middle of a line',
    { text: `${addresses(95)}11.22.0.`, before: addresses(100) },
    'cut-off',
    /11\.22\.0\./,
  ],
  ['cut where the rest is an address', { text: addresses(90).slice(0, -1), before: addresses(100) }, 'cut-off'],
  [
    'cut where the rest is an address, of a list without a last newline',
    { text: addresses(20, { first: 100 }).slice(0, -2), before: addresses(20, { first: 100 }).trim() },
    'cut-off',
    /11\.22\.0\.11"/,
  ],
  ['no newline at its end, and never had one', { text: addresses(100).trim(), before: addresses(99).trim() }],
  ['no newline at its end, at the first time', { text: addresses(100).trim() }],
  [
    'version numbers that look like addresses',
    { text: '10.0.1\n2.4.1.0\n1.20.3\n3.1.4.15\n', before: COPY },
    'few-valid',
  ],
  [
    'version numbers of four parts',
    { text: addresses(100, { net: '3.1' }), before: COPY },
    'replaced',
    /of 100 entries only 0/,
  ],
  ['under 95 % valid', { text: `${addresses(94)}${'what?\n'.repeat(6)}`, before: COPY }, 'few-valid', /94 %.*95 %/],
  ['95 % valid', { text: `${addresses(95)}${'what?\n'.repeat(5)}`, before: COPY }],
  ['T29 lists the canary', { text: COPY, canary: '11.22.0.7' }, 'canary', /11\.22\.0\.7/],
  [
    "another list's content",
    { text: addresses(100, { net: '11.33' }), before: COPY, others: { drop: addresses(100, { net: '11.33' }) } },
    'other-list',
    /"drop"/,
  ],
  ["another list's content, at the first time", { text: addresses(60), others: { drop: COPY } }, 'other-list'],
  ['much in common with another list, and its own as before', { text: COPY, before: COPY, others: { drop: COPY } }],
  ['fewer than min_entries', { text: addresses(49), minEntries: 50 }, 'too-few', /49 .* min_entries is 50/],
  [
    'shrunk',
    { text: addresses(79), before: COPY },
    'shrunk',
    /79 entries came where 100 were, 21 % less; max_shrink is 20 %/,
  ],
  ['shrunk as far as it may', { text: addresses(80), before: COPY }],
  ['shrunk, and may', { text: addresses(60), before: COPY, maxShrink: 0.5 }],
  ['a short list that loses most', { text: addresses(2), before: addresses(9) }],
  [
    'few survivors',
    { text: `${addresses(40)}${addresses(60, { net: '11.44' })}`, before: COPY },
    'replaced',
    /only 40 are still there/,
  ],
  ['T36 more than doubled', { text: addresses(201), before: COPY }, 'grown', /201 entries came where 100 were/],
  ['T36 doubled', { text: addresses(200), before: COPY }],
  [
    'other types alone',
    { text: 'evil.example\n', format: { format: 'text', type: 'ip' } },
    'empty',
    /1 lines of other kinds/,
  ],
];

describe('what comes from an upstream', () => {
  for (const [name, answer, kind, says] of CASES) {
    it(kind === undefined ? `is the list: ${name}` : `is not believed: ${name}`, async () => {
      const found = await verdictOn(answer);
      assert.equal(found?.kind, kind, found?.message);
      if (says !== undefined) assert.match(found?.message ?? '', says);
    });
  }

  it('T33 is no list where nobody could hold it', async () => {
    const survey = await surveySource(COPY, TEXT, pause);
    const values = { size: 1_000_001, has: () => true } as unknown as ReadonlySet<string>;
    const bounds = { minEntries: 1, maxShrink: 0.2 };
    const answer = {
      text: COPY,
      contentType: '',
      survey: { ...survey, values },
      before: undefined,
      others: new Map(),
      bounds,
    };
    assert.equal(suspect({ ...answer, findCanary: () => undefined })?.kind, 'too-many');
  });
});
