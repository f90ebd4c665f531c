import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readRule } from '../../../src/incidents/log/attack-rule.ts';
import { boundedPattern } from '../../../src/incidents/log/bounded-pattern.ts';
import { slowLines } from '../../../src/incidents/log/hostile-lines.ts';
import { makeKeywords } from '../../../src/incidents/log/keywords.ts';
import { readRules, SHIPPED_RULES } from '../../../src/incidents/log/read-rules.ts';
import { testRules } from '../../../src/incidents/log/test-rules.ts';

const shipped = await readRules([SHIPPED_RULES]);

test('the shipped rules are sound, and find what their tests say and nothing else', () => {
  assert.deepEqual(shipped.problems, []);
  const { tests, failures } = testRules(shipped.rules);
  assert.deepEqual(failures, []);
  assert.ok(tests > 300, `${tests} tests`);
});

test('no hostile line of the longest kind makes a shipped rule slow', () => {
  assert.deepEqual(slowLines(shipped.rules), []);
});

const SOUND = `
name: coffee-machine
title: Probing for the coffee machine
description: Nobody but the kitchen asks for it.
severity: Low
confidence: High
techniques: [T1595.003]
match:
  - words: [/coffee]
    regex: '/coffee(?:/brew)?$'
    method: [BREW, POST]
    status: [418, 5xx]
tests:
  match:
    - { request: POST /coffee, status: 418 }
  no_match:
    - GET /coffee
`;

test('a rule is what its file says', () => {
  const { rule, problems } = readRule('rules/coffee.yaml', SOUND);
  assert.deepEqual(problems, []);
  assert.ok(rule !== undefined);
  const { match, tests, ...words } = rule;
  assert.deepEqual(words, {
    ...{ file: 'rules/coffee.yaml', name: 'coffee-machine', title: 'Probing for the coffee machine' },
    ...{ description: 'Nobody but the kitchen asks for it.', severity: 'Low', confidence: 'High' },
    techniques: ['T1595.003'],
  });
  assert.deepEqual(match[0]?.statuses, [
    [418, 418],
    [500, 599],
  ]);
  assert.deepEqual(testRules([rule]).failures, []);
  assert.equal(tests.matching.length, 1);
});

function checkProblem(from: string, to: string, expected: RegExp): void {
  assert.ok(SOUND.includes(from), from);
  const { rule, problems } = readRule(
    'r.yaml',
    SOUND.replace(from, () => to),
  );
  assert.equal(rule, undefined);
  const lines = problems.map(({ line, message }) => `${line} ${message}`).join('\n');
  assert.match(lines, expected);
}

test('what is wrong with a rule is told with its line, what was found and what is expected', () => {
  checkProblem('severity: Low', 'severity: low', /^5 severity is "low": expected is one of Info, Low/m);
  checkProblem('[T1595.003]', '[1595]', /^7 techniques\.0 is "1595": a technique of MITRE ATT&CK is written T1190/m);
  checkProblem('title:', 'titles:', /^3 "titles" is no key of a rule; did you mean "title"\?/m);
  checkProblem('words: [/coffee]', 'words: [/Coffee]', /^9 .*lower case/m);
  checkProblem('words: [/coffee]', 'words: [/]', /^9 match\.0\.words\.0 is "\/": fewer than 2 characters/m);
  checkProblem('    regex', '    pattern', /^9 .*with the keys in, words, regex/m);
  checkProblem("(?:/brew)?$'", "(?:/brew)*$'", /^10 .*repeats without an end.*\{0,20\}/m);
  checkProblem("'/coffee", "'(/coffee", /^10 .*no regular expression/m);
  checkProblem(
    '  - words: [/coffee]\n    regex',
    '  - regex',
    /^9 .*a regex needs words beside it|^9 .*it needs words/m,
  );
  checkProblem('no_match:\n    - GET /coffee', 'no_match: []', /^1[0-9] tests\.no_match is .*it is empty/m);
  checkProblem(
    'tests:',
    'count: { threshold: 1, window: soon }\ntests:',
    /count\.threshold.*the least is 2[\s\S]*count\.window is "soon": no duration/m,
  );
  assert.match(readRule('r.yaml', '- a').problems[0]?.message ?? '', /a rule is a map/);
});

test('a rule of an own folder takes the place of the shipped one of its name; two in one folder are refused', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'rules-'));
  t.after(() => rmSync(folder, { recursive: true }));
  assert.match((await readRules([folder])).problems[0]?.message ?? '', /there is no rule/);
  writeFileSync(join(folder, 'a.yaml'), SOUND.replace('coffee-machine', 'log4shell'));
  const { rules, problems } = await readRules([SHIPPED_RULES, folder]);
  assert.deepEqual(problems, []);
  assert.equal(rules.length, shipped.rules.length);
  assert.equal(rules.find(({ name }) => name === 'log4shell')?.file, join(folder, 'a.yaml'));
  writeFileSync(join(folder, 'b.yaml'), SOUND.replace('coffee-machine', 'log4shell'));
  assert.match((await readRules([folder])).problems[0]?.message ?? '', /stands in .*a\.yaml already/);
});

test('a test beside a rule that does not come out is named', () => {
  const { rule } = readRule('r.yaml', SOUND.replace('- GET /coffee', '- { request: POST /coffee, status: 500 }'));
  assert.ok(rule !== undefined);
  assert.deepEqual(testRules([rule]).failures, [
    { rule: 'coffee-machine', file: 'r.yaml', line: 'POST /coffee', wrong: 'found, and must not be' },
  ]);
});

test('patterns that a text could make slow are refused', () => {
  for (const slow of [
    '(?:a{1,9}){1,9}',
    '(?:a|b{0,9}c{0,9}){0,4}',
    '.{0,900}x.{0,900}',
    'a+',
    '.*',
    'a{2,}',
    '(a)',
    'a(?=b)',
    '(?:a)\\1',
  ])
    assert.ok('wrong' in boundedPattern(slow), slow);
  for (const quick of ['a{0,200}b{0,200}', '(?:a|b)?c? ?d?', '[*+]{3}', '\\+\\*', 'x{4}', '[^&\\n]{0,40}'])
    assert.ok('pattern' in boundedPattern(quick), quick);
});

test('words are found wherever they stand, inside one another too', () => {
  const words = ['he', 'she', 'his', 'hers', 'ü/'];
  const { find } = makeKeywords(words);
  const found = (text: string) => {
    const all: string[] = [];
    find(text, (word) => all.push(words[word] ?? ''));
    return all;
  };
  assert.deepEqual(found('ushers'), ['she', 'he', 'hers']);
  assert.deepEqual(found('hhis ü/é'), ['his', 'ü/']);
  assert.deepEqual(found(''), []);
  // As a naive search finds them.
  const text = 'shishershehehisü/herss';
  for (const word of words) {
    const naive = [...text].filter((_, at) => text.startsWith(word, at)).length;
    assert.equal(found(text).filter((one) => one === word).length, naive, word);
  }
});
