import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Entry } from '../../src/ctim/entry.ts';
import type { Problem } from '../../src/ctim/problem.ts';
import { MARKDOWN_BYTES_MAX, renderMarkdown } from '../../src/plan/markdown.ts';
import { type Overview, type OverviewParts, overviewOf } from '../../src/plan/overview.ts';
import { makePlan } from '../../src/plan/plan.ts';
import { planJson } from '../../src/plan/plan-json.ts';
import { renderPlan } from '../../src/plan/render.ts';
import { misfits } from '../embedded-ctia/json-schema.ts';
import { entryOf, h, situation } from './situation.ts';

const BUDGET = { requestsPerHour: 5800, oneByOnePerHour: 700 };

function overviewFor(
  desired: string,
  actual: string,
  { entries = [], held = [], ...more }: Partial<OverviewParts> & { entries?: Entry[]; held?: string[] } = {},
): Overview {
  const base = situation(desired, actual);
  const wanted = new Map([...base.desired, ...entries.map((entry) => [h(entry), entry] as const)]);
  const input = { ...base, desired: wanted, ...more.situation };
  const plan = makePlan(
    { ...input, owner: 'acme', tenant: 'https://ctia.test (org)', revision: '4f2a9c1', makings: [] },
    () => held.map((message) => ({ rule: 'over-limit', message })),
  );
  return overviewOf({
    ...{ plan, situation: input, consumers: new Map(), allowChannels: new Set<string>(), budget: BUDGET },
    ...{ problems: [], notices: [] },
    ...more,
  });
}

function entryWith(value: string, words: Partial<Entry['terms']>, list = 'tor'): Entry {
  const entry = entryOf(`tor ${value}`);
  return { ...entry, list, terms: { ...entry.terms, ...words } };
}

function addresses(count: number, said = ''): string {
  return Array.from({ length: count }, (_, n) => `tor 10.${n >> 16}.${(n >> 8) & 255}.${n & 255}${said}`).join('\n');
}

const AGAINST = {
  ...{ log: 'access.log', lines: 9, unread: 1, successful: 7, blocked: 3 },
  values: [{ value: '45.66.35.11', list: 'tor', requests: 3, paths: ['/shop'] }],
};

test('what a guard warns of is told of what enters now, not of what is there', () => {
  const warned = (value: string, line: number): Problem => ({
    ...{ severity: 'notice', code: 'guard-content-network', message: `${value} is warned of`, file: 'feeds/a.yaml' },
    ...{ line, column: 1, observable: { type: 'ip', value } },
  });
  const { findings } = overviewFor('tor 45.66.35.11\nmanual 45.66.35.12', 'manual 45.66.35.12 g0 +6d link0', {
    problems: [warned('45.66.35.11', 3), warned('45.66.35.12', 4), warned('45.66.35.13', 5)],
  });
  assert.deepEqual(
    findings.map(({ line }) => line),
    [3],
  );
});

test('why a value that is listed leaves is told, both lines of it; why others are not published `check` tells', () => {
  const said = (code: string, value: string, line: number): Problem => ({
    ...{ severity: 'notice', code, message: `${value} is allowed by feeds/allow.yaml:3`, file: 'feeds/a.yaml' },
    ...{ line, column: 1, observable: { type: 'ip', value } },
  });
  const overview = overviewFor('', 'tor 45.66.35.11 g0 +6d link0\ntor 45.66.35.12 g0 +6d link0', {
    problems: [
      said('shadowed', '45.66.35.11', 3),
      said('duplicate', '45.66.35.11', 4),
      said('expired', '45.66.35.12', 5),
      said('shadowed', '45.66.35.13', 6),
    ],
  });
  const text = renderPlan(overview);
  assert.match(
    text,
    /^feeds\/a\.yaml:3 shadowed 45\.66\.35\.11 is allowed by feeds\/allow\.yaml:3\nfeeds\/a\.yaml:5 expired/m,
  );
  assert.deepEqual(
    overview.findings.map(({ line }) => line),
    [3, 5],
  );
});

test('what an allow list lets through is no address blocked', () => {
  const overview = overviewFor('tor 45.0.0.0/24', '', { allowChannels: new Set(['firewall-block']) });
  assert.deepEqual([overview.space, overview.radius], [[], []]);
});

test('counts first, then what holds it, what each range blocks, what the log says, headroom and cost', () => {
  const overview = overviewFor('tor 45.0.0.0/24\ntor 45.66.35.11', 'manual 45.66.35.12 g0 +6d link0', {
    consumers: new Map([['firewall-block', ['cisco-dac']]]),
    held: ['too much of it'],
    against: AGAINST,
    problems: [
      { severity: 'notice', code: 'forced', message: 'against guard-x', file: 'feeds/a.yaml', line: 3, column: 1 },
      { severity: 'notice', code: 'duplicate', message: 'twice', file: 'feeds/a.yaml', line: 4, column: 1 },
    ],
  });
  const markdown = renderMarkdown(overview);
  const inOrder = [
    /^### ctim-feeds: 2 enter, 1 leave \(held\)$/m,
    /^too much of it$/m,
    /^\| firewall-block\/ip \| \+2 \| -1 \| 2 \| 257 addresses \|$/m,
    /^2 create, 1 withdraw; 0 unchanged\.$/m,
    /^45\.0\.0\.0\/24 +256 addresses {2}firewall-block\/ip {2}tor$/m,
    /^\*\*Against `access\.log`\*\*: 3 of 7 successful requests would have been blocked \(9 lines, 1 of no known format\)\.$/m,
    /^ +3 {2}45\.66\.35\.11 {2}tor {2}\/shop$/m,
    /^feeds\/a\.yaml:3 notice forced against guard-x\n```$/m,
    /^\| cisco-dac \| firewall-block\/ip \| 2 \| 10000 \| 0 % \|$/m,
    /^\+ firewall-block\/ip {2}45\.66\.35\.11 {2}tor feeds\/tor\.yaml:12 {2}7d$/m,
    /^about 5 requests \(2 writing\) of the 5800 an hour that a sync may send: within this hour$/m,
    /^Lists of `4f2a9c1`, owner `acme` at `https:\/\/ctia\.test \(org\)`, digest `[0-9a-f]{16}`$/m,
  ].map((pattern) => {
    const found = pattern.exec(markdown);
    assert.ok(found, `${pattern} in\n${markdown}`);
    return found.index;
  });
  assert.deepEqual(
    inOrder,
    [...inOrder].sort((a, b) => a - b),
  );
  const text = renderPlan(overview);
  for (const pattern of [
    /^firewall-block\/ip blocks 257 addresses more$/m,
    /^ {2}- withdraw firewall-block\/ip {2}45\.66\.35\.12 {2}manual {2}until 20/m,
    /^ {2}45\.0\.0\.0\/24 +256 addresses {2}firewall-block\/ip {2}tor$/m,
    /^access\.log: 3 of 7 successful requests/m,
    /^cisco-dac takes 10000 entries of firewall-block\/ip, which holds 2 \(0 %\)$/m,
    /^feeds\/a\.yaml:3 forced against guard-x$/m,
    /^held: too much of it$/m,
  ])
    assert.match(text, pattern);
});

test('T38 a plan of 15,000 lines is one comment of at most 60 kB, long lists folded and cut', () => {
  const markdown = renderMarkdown(
    overviewFor(addresses(15_000), `${addresses(200, ' g0 +6d link0').replaceAll('tor 10', 'tor 11')}`),
  );
  const bytes = Buffer.byteLength(markdown);
  assert.ok(bytes <= MARKDOWN_BYTES_MAX && bytes > 50_000, `${bytes} bytes`);
  assert.match(markdown, /<details><summary>15000 create<\/summary>\n\n```diff\n\+ firewall-block\/ip {2}10\.0\.0\.0 /);
  assert.match(markdown, /\n {2}… and \d+ more: plan --json lists all\n```\n\n<\/details>/);
  assert.equal(markdown.match(/^- firewall-block\/ip/gm)?.length, 200, 'what leaves is short, and whole');
});

const HOSTILE = [
  '```\n</details><script>alert(1)</script>',
  '````` @acme/security please merge #1',
  '<!-- ctim-feeds plan -->',
  '[click](https://evil.example) ![x](https://evil.example/x.png) | a | b |',
  '~~~\n/merge\n/close',
  '\u202e\u200b\r\n# heading\u0007\u2028- item',
  '`',
  '```',
  '``````',
  '🦝'.repeat(400),
];

test('what a list, a log or a message says stands in code, on one line, and means nothing there', () => {
  const overview = overviewFor('', '', {
    entries: HOSTILE.map((reason, n) => entryWith(`45.0.${n}.0/24`, { reason, ticket: reason }, reason)),
    held: HOSTILE,
    notices: HOSTILE,
    problems: HOSTILE.map((message) => {
      return { severity: 'error', code: 'guard-x', message, file: message, line: 1, column: 1 };
    }),
    against: {
      ...{ log: HOSTILE[0] ?? '', lines: 1, unread: 0, successful: 1, blocked: 1 },
      values: HOSTILE.map((text) => ({ value: '45.0.0.0/24', list: text, requests: 1, paths: [text, text] })),
    },
  });
  const markdown = renderMarkdown(overview);
  assert.ok(Buffer.byteLength(markdown) <= MARKDOWN_BYTES_MAX);
  const prose = outsideOfCode(markdown);
  assert.doesNotMatch(prose, /script|evil|@acme|#1|heading|merge|<!--|🦝|\u202e/, prose);
  assert.equal(prose.match(/<[^>]+>/g)?.filter((tag) => !/^<\/?(?:details|summary)>$/.test(tag)).length ?? 0, 0);
  for (const sign of ['\u0007', '\u200b', '\u2028', '\u202e', '\r']) assert.ok(!markdown.includes(sign));
  assert.match(markdown, /\\u\{202e\}\\u\{200b\}/);
});

/** As CommonMark has it: a fence ends at the next line of at least as many backticks; a span at the same run of them. */
function outsideOfCode(markdown: string): string {
  const prose: string[] = [];
  let fence: string | undefined;
  for (const line of markdown.split('\n')) {
    const run = /^ {0,3}(`{3,})/.exec(line)?.[1];
    if (fence === undefined && run !== undefined) fence = run;
    else if (fence !== undefined && run !== undefined && run.length >= fence.length && line.trim() === run)
      fence = undefined;
    else if (fence === undefined) prose.push(line.replace(/(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)/g, ''));
  }
  assert.equal(fence, undefined, 'each block of code ends');
  return prose.join('\n');
}

test('the worst of everything stays within the size', () => {
  const long = '🦝'.repeat(3000);
  const many = Array.from({ length: 300 }, () => long);
  const entries = Array.from({ length: 300 }, (_, n) =>
    entryWith(`45.${n >> 8}.${n & 255}.0/24`, { reason: long }, long),
  );
  const problems = many.map((message) => ({
    ...({ severity: 'notice', code: 'forced', message, file: long, line: 1, column: 1 } as const),
  }));
  const markdown = renderMarkdown(
    overviewFor(addresses(300), addresses(600, ' g0 +6d link0').replaceAll('tor 10', 'old 12'), {
      ...{ entries, problems, held: many, notices: many },
      against: {
        ...AGAINST,
        log: long,
        values: many.map((text) => ({ value: text, list: text, requests: 1, paths: [long, long] })),
      },
    }),
  );
  assert.ok(Buffer.byteLength(markdown) <= MARKDOWN_BYTES_MAX, `${Buffer.byteLength(markdown)} bytes`);
  outsideOfCode(markdown);
});

test('plan --json is what docs/plan.schema.json says', () => {
  const root = JSON.parse(readFileSync(path.resolve('docs', 'plan.schema.json'), 'utf8'));
  const { type, required, properties, additionalProperties } = root;
  const check = (overview: Overview) => {
    const json = JSON.parse(JSON.stringify(planJson(overview)));
    assert.deepEqual(misfits({ type, required, properties, additionalProperties }, json, root), []);
    return json;
  };
  const whole = overviewFor(
    'tor 45.66.35.11 14d\ntor 45.0.0.0/24\ntor 45.66.35.13 reason=scan',
    'manual 45.66.35.12 g0 +6d link0\ntor 45.66.35.11 g0 +6d link0 wrong1\ntor 45.66.35.13 g0 -1d link0\ntor 45.66.35.14 gone link0\ntor 45.66.35.15 g0 -90d link0',
    {
      consumers: new Map([['firewall-block', ['cisco-dac', 'fortigate-7.2', 'cisco-fmc']]]),
      ...{ held: ['x'], against: AGAINST, notices: ['n'] },
      problems: [{ severity: 'error', code: 'guard-private', message: 'm', file: 'f', line: 1, column: 2 }],
    },
  );
  const json = check(whole);
  assert.deepEqual(
    json.changes.map(({ kind, observable }: { kind: string; observable?: { value: string } }) =>
      [kind, observable?.value].join(' '),
    ),
    [
      'create 45.0.0.0/24',
      'revive 45.66.35.13',
      'change 45.66.35.11',
      'withdraw 45.66.35.12',
      'unlink ',
      'unlink ',
      'collect 45.66.35.15',
    ],
  );
  assert.deepEqual(json.blast_radius, [
    { feed: { channel: 'firewall-block', type: 'ip' }, value: '45.0.0.0/24', list: 'tor', addresses: '256' },
  ]);
  assert.equal(check(overviewFor('', '')).against, null);
  assert.notDeepEqual(misfits({ properties }, { ...json, counts: { create: -1 } }, root), []);
});

test('a token that must withdraw one by one: the estimate says the hours', () => {
  const base = situation('', addresses(1500, ' g0 +6d link0'));
  const { estimate } = overviewFor('', '', { situation: { ...base, succession: true } });
  assert.deepEqual([estimate.oneByOne, estimate.hours], [1500, 2]);
});
