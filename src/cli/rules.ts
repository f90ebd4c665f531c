import { problemLine, quoted } from '../ctim/problem.ts';
import type { AttackRule } from '../incidents/log/attack-rule.ts';
import { slowLines } from '../incidents/log/hostile-lines.ts';
import { readRules, SHIPPED_RULES } from '../incidents/log/read-rules.ts';
import { testRules } from '../incidents/log/test-rules.ts';
import { CommandRefused, EXIT, type Exit } from './exit.ts';
import type { Session } from './session.ts';
import { renderTable } from './table.ts';

/** The shipped rules and those of these folders; a rule that is wrong stops the command, and all that is wrong is told. */
export async function rulesOf(folders: readonly string[]): Promise<readonly AttackRule[]> {
  const { rules, problems } = await readRules(folders).catch((error: unknown) => {
    throw new CommandRefused(EXIT.usage, `rules cannot be read: ${error instanceof Error ? error.message : error}`);
  });
  if (problems.length > 0) throw new CommandRefused(EXIT.problems, problems.map(problemLine).join('\n'));
  return rules;
}

export async function list(
  session: Session,
  { rules: folders, json }: { rules: readonly string[]; json: boolean },
): Promise<Exit> {
  const rules = await rulesOf([SHIPPED_RULES, ...folders]);
  const rows = rules.map(({ name, title, severity, confidence, techniques, count, file }) => {
    return { name, title, severity, confidence, techniques, count, file };
  });
  if (json) session.print(JSON.stringify(rows, null, 2));
  else
    session.print(
      renderTable(
        ['rule', 'title', 'severity', 'confidence', 'techniques', 'from'],
        rows.map((it) => [
          ...[it.name, it.title, it.severity, it.confidence, it.techniques.join(' ')],
          it.count === undefined ? 'one request' : `${it.count.threshold} in ${it.count.windowMs / 1000} s`,
        ]),
      ),
    );
  return EXIT.done;
}

/** `rules test`: 1 where a test fails, or a line takes longer than it may. */
export async function test(session: Session, folders: readonly string[], { json }: { json: boolean }): Promise<Exit> {
  const rules = await rulesOf(folders.length > 0 ? folders : [SHIPPED_RULES]);
  const { tests, failures } = testRules(rules);
  const slow = slowLines(rules);
  if (json) session.print(JSON.stringify({ rules: rules.length, tests, failures, slow }, null, 2));
  else {
    for (const { file, rule, line, wrong } of failures) session.print(`${file}: ${rule}: ${wrong}: ${quoted(line)}`);
    for (const { file, rule, repeated, ms } of slow) {
      session.print(
        `${file}: ${rule}: a line that repeats ${quoted(repeated)} takes ${ms} ms: bound the repetitions of its regex closer`,
      );
    }
    session.print(`${rules.length} rules, ${tests} tests, ${failures.length} failed`);
  }
  return failures.length + slow.length > 0 ? EXIT.problems : EXIT.done;
}
