import { z } from 'zod';
import { CONFIDENCES, SEVERITIES, SHORT_TEXT_MAX } from '../../ctim/judgement.ts';
import type { Problem } from '../../ctim/problem.ts';
import { durationMs } from '../../lists/lifetime.ts';
import { check } from '../../lists/yaml-check.ts';
import { parseYaml, type YamlFault } from '../../lists/yaml-tree.ts';
import { boundedPattern } from './bounded-pattern.ts';
import type { FoundRule } from './findings.ts';
import { FIELDS, type Field } from './request-text.ts';

/** A named attack, as a file of rules/ says it: docs/LOGS.md. */
export interface AttackRule extends FoundRule {
  /** Where it stands, for who reads about it. */
  readonly file: string;
  /** Any of them. */
  readonly match: readonly Match[];
  readonly count?: { readonly threshold: number; readonly windowMs: number; readonly distinct: boolean };
  readonly tests: { readonly matching: readonly RuleTest[]; readonly passing: readonly RuleTest[] };
}

/** All that it says must hold; words and pattern in one and the same field. */
export interface Match {
  readonly in: readonly Field[];
  /** One of them stands in the field. Empty: method and status decide alone. */
  readonly words: readonly string[];
  readonly pattern?: RegExp;
  /** Where this one stands too, it was none. */
  readonly unless?: RegExp;
  readonly methods?: readonly string[];
  /** First and last of each range. */
  readonly statuses?: readonly (readonly [first: number, last: number])[];
}

export interface RuleTest {
  /** A whole line of a log, or `GET /path?query`. */
  readonly line: string;
  readonly userAgent?: string;
  readonly referer?: string;
  readonly status?: number;
  /** So many requests within a second; in each, `{n}` is its number. */
  readonly times: number;
}

/** The rule of a file, with all that is wrong with it. */
export function readRule(file: string, text: string): { rule?: AttackRule; problems: Problem[] } {
  const { tree, faults } = parseYaml(text);
  const problems = faults.map((fault) => problemOf(file, fault));
  if (tree === undefined && faults.length > 0) return { problems };
  if (tree?.kind !== 'map') {
    const message = 'a rule is a map with the keys name, title, severity, techniques, match and tests';
    return { problems: [...problems, problemOf(file, { code: 'no-rule', message, line: 1, column: 1 })] };
  }
  const { value, faults: wrong } = check(tree, ruleSchema, { where: 'a rule' });
  problems.push(...wrong.map((fault) => problemOf(file, fault)));
  if (value === undefined || problems.length > 0) return { problems };
  const { tests, count, match, ...words } = value;
  return {
    rule: {
      ...words,
      file,
      match: match.map(matchOf),
      ...(count && {
        count: {
          threshold: count.threshold,
          windowMs: durationMs(count.window) ?? 0,
          distinct: count.distinct === 'path',
        },
      }),
      tests: { matching: tests.match.map(testOf), passing: tests.no_match.map(testOf) },
    },
    problems,
  };
}

function problemOf(file: string, { code, message, line, column }: YamlFault): Problem {
  return { severity: 'error', code, message, file, line, column };
}

const text = z.string({ error: 'a text is expected; quote it' }).min(1, 'it is empty').max(SHORT_TEXT_MAX, 'too long');

/** A shorter one stands in too many ordinary lines to spare anything. */
const WORD_CHARS_MIN = 2;
const wordSchema = text
  .min(WORD_CHARS_MIN, `fewer than ${WORD_CHARS_MIN} characters stand in every other request: write more of it`)
  .refine((word) => word === word.toLowerCase(), 'requests are compared in lower case: write it so')
  .refine((word) => !/[\n\r\t]| {2}/.test(word), 'blanks in requests are made one: write one');

const patternSchema = text.check(({ value, issues }) => {
  const read = boundedPattern(value);
  if ('wrong' in read) issues.push({ code: 'custom', message: read.wrong, input: value });
});

const statusSchema = z.union([z.int().min(100).max(599), z.string().regex(/^[1-5]xx$/)], {
  error: 'expected is a status such as 404, or a class such as 4xx',
});

const matchSchema = z
  .strictObject(
    {
      in: z
        .array(z.enum(FIELDS, { error: `expected is one of ${FIELDS.join(', ')}` }))
        .min(1)
        .optional(),
      words: z.array(wordSchema, { error: 'a list of texts is expected' }).min(1, 'it is empty').optional(),
      regex: patternSchema.optional(),
      unless: patternSchema.optional(),
      method: z
        .array(z.string().regex(/^[A-Z]{3,20}$/, 'a method is written in capitals'), { error: 'a list is expected' })
        .min(1)
        .optional(),
      status: z.array(statusSchema, { error: 'a list is expected' }).min(1).optional(),
    },
    { error: 'a map is expected, with the keys in, words, regex, unless, method, status and no other' },
  )
  .refine(
    ({ words, status, method }) => words !== undefined || status !== undefined || method !== undefined,
    'it needs words (one of which stands in whatever it matches), or a status or method',
  )
  .refine(
    ({ words, regex }) => regex === undefined || words !== undefined,
    'a regex needs words beside it, one of which stands in whatever it matches: only then ordinary lines cost nothing',
  );

const testSchema = z.union(
  [
    text,
    z.strictObject({
      request: text,
      user_agent: text.optional(),
      referer: text.optional(),
      status: z.int().min(100).max(599).optional(),
      times: z.int().min(1).max(10_000).optional(),
    }),
  ],
  {
    error: 'expected is a line of a log, GET /path, or a map of request, user_agent, referer, status and times',
  },
);

const TECHNIQUE = 'a technique of MITRE ATT&CK is written T1190 or T1595.002';

const ruleSchema = z.object({
  name: text
    .max(48, 'more than 48 characters')
    .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'a rule is named with lower-case letters, digits and single hyphens'),
  title: text,
  description: text,
  severity: z.enum(SEVERITIES, { error: `expected is one of ${SEVERITIES.join(', ')} (spelled so)` }),
  confidence: z.enum(CONFIDENCES, { error: `expected is one of ${CONFIDENCES.join(', ')} (spelled so)` }),
  techniques: z
    .array(z.string({ error: TECHNIQUE }).regex(/^T\d{4}(?:\.\d{3})?$/, TECHNIQUE), {
      error: 'a list of techniques of MITRE ATT&CK is expected, such as [T1190]',
    })
    .min(1, 'it is empty'),
  match: z.array(matchSchema, { error: 'a list is expected, any item of which is to match' }).min(1, 'it is empty'),
  count: z
    .strictObject(
      {
        threshold: z.int().min(2, 'the least is 2').max(10_000, 'the most is 10000'),
        window: z
          .string({ error: 'a duration is expected, such as 60s' })
          .refine((window) => durationMs(window) !== undefined, 'no duration: write 60s, 10m or 1h'),
        distinct: z.enum(['path'], { error: 'expected is path' }).optional(),
      },
      { error: 'a map of threshold, window and perhaps distinct is expected' },
    )
    .optional(),
  tests: z.strictObject(
    {
      match: z.array(testSchema, { error: 'a list of requests is expected' }).min(1, 'it is empty'),
      no_match: z.array(testSchema, { error: 'a list of requests is expected' }).min(1, 'it is empty'),
    },
    {
      error:
        'expected are two lists, match and no_match: requests that it must find, and ordinary ones that it must not',
    },
  ),
});

type Written = z.infer<typeof ruleSchema>;

const IN_DEFAULT: readonly Field[] = ['path', 'query'];

function matchOf({ in: fields, words, regex, unless, method, status }: Written['match'][number]): Match {
  return {
    in: fields ?? IN_DEFAULT,
    words: words ?? [],
    ...(regex !== undefined && { pattern: compiled(regex) }),
    ...(unless !== undefined && { unless: compiled(unless) }),
    ...(method !== undefined && { methods: method }),
    ...(status !== undefined && { statuses: status.map(statusRange) }),
  };
}

function compiled(source: string): RegExp {
  const read = boundedPattern(source);
  if ('wrong' in read) throw new Error(`${source} was checked before`);
  return read.pattern;
}

function statusRange(status: number | string): readonly [number, number] {
  if (typeof status === 'number') return [status, status];
  const first = Number(status[0]) * 100;
  return [first, first + 99];
}

function testOf(test: Written['tests']['match'][number]): RuleTest {
  if (typeof test === 'string') return { line: test, times: 1 };
  const { request, user_agent, referer, status, times } = test;
  return {
    line: request,
    times: times ?? 1,
    ...(user_agent !== undefined && { userAgent: user_agent }),
    ...(referer !== undefined && { referer }),
    ...(status !== undefined && { status }),
  };
}
