import type { AccessLine } from './access-log.ts';
import type { AttackRule, RuleTest } from './attack-rule.ts';
import { makeCountRequests } from './count-requests.ts';
import { isRead, parseLogLine } from './log-request.ts';
import { makeMatchRules } from './match-rules.ts';

/** A test beside a rule that did not come out as it says. */
export interface RuleTestFailure {
  readonly rule: string;
  readonly file: string;
  readonly line: string;
  readonly wrong: 'not found' | 'found, and must not be';
}

export interface RuleTestResult {
  readonly tests: number;
  readonly failures: readonly RuleTestFailure[];
}

/** Every rule on the requests that stand beside it, by itself: others may find in them what they like. */
export function testRules(rules: readonly AttackRule[]): RuleTestResult {
  const failures: RuleTestFailure[] = [];
  let tests = 0;
  for (const rule of rules) {
    const { name, file } = rule;
    const finds = finderOf(rule);
    for (const test of rule.tests.matching) {
      tests++;
      if (!finds(test)) failures.push({ rule: name, file, line: test.line, wrong: 'not found' });
    }
    for (const test of rule.tests.passing) {
      tests++;
      if (finds(test)) failures.push({ rule: name, file, line: test.line, wrong: 'found, and must not be' });
    }
  }
  return { tests, failures };
}

function finderOf(rule: AttackRule): (test: RuleTest) => boolean {
  const matchRules = makeMatchRules([rule]);
  return (test) => {
    const counting = makeCountRequests([rule]);
    return requestsOf(test).some(
      (line) => matchRules(line).length > 0 && counting.add(0, line.client, line) !== undefined,
    );
  };
}

/** Any time and client: rules look at neither, but for how often and how quickly. */
const AT = Date.UTC(2026, 0, 1);
const CLIENT = '192.0.2.1';

function requestsOf(test: RuleTest): AccessLine[] {
  return Array.from({ length: test.times }, (_, n) => {
    const text = test.line.replaceAll('{n}', String(n));
    const time = AT + Math.floor((n * 1000) / test.times);
    const read = parseLogLine(text);
    const line = isRead(read) ? read : requestOf(text);
    return {
      ...line,
      ...{ client: CLIENT, time },
      status: test.status ?? line.status,
      ...(test.userAgent !== undefined && { userAgent: test.userAgent }),
      ...(test.referer !== undefined && { referer: test.referer }),
    };
  });
}

function requestOf(text: string): AccessLine {
  const [, method = 'GET', target = text] = /^([A-Z]{3,20}) (.*)$/.exec(text) ?? [];
  return { client: CLIENT, time: AT, request: `${method} ${target} HTTP/1.1`, method, target, status: 200, bytes: 0 };
}
