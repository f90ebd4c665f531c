import type { Position } from '../ctim/entry.ts';
import type { Problem } from '../ctim/problem.ts';

/** Takes the place of a list's problems where nobody here wrote the list: nothing of it holds a plan. */
export interface LeftOut {
  push(...problems: Problem[]): number;
  told(list: Position): Problem[];
}

const EXAMPLES = 3;

/**
 * What is wrong with lines of an upstream is one notice, with counts and the first of them: a list of others may have a
 * thousand. Of what is only remarkable (duplicates, host bits) the counts of the list tell; of what is published against a
 * guard somebody of ours said so, and each is told.
 */
export function makeLeftOut(): LeftOut {
  const counts = new Map<string, number>();
  const examples: Problem[] = [];
  const forced: Problem[] = [];
  let warned = 0;
  let firstWarned: Problem | undefined;
  return {
    push(...problems) {
      for (const problem of problems) {
        if (problem.code === 'forced') forced.push(problem);
        if (problem.severity === 'notice' && problem.code.startsWith('guard-')) {
          warned++;
          firstWarned ??= problem;
        }
        if (problem.severity !== 'error') continue;
        counts.set(problem.code, (counts.get(problem.code) ?? 0) + 1);
        if (examples.length < EXAMPLES) examples.push(problem);
      }
      return counts.size;
    },
    told(list) {
      if (firstWarned !== undefined) {
        const { file, line, message } = firstWarned;
        const said = `guards warn of ${warned} ${warned === 1 ? 'line' : 'lines'} of the upstream; first: ${file}:${line} ${message}`;
        forced.push({ severity: 'notice', code: 'upstream-warned', message: said, ...list });
      }
      if (counts.size === 0) return forced;
      const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
      const kinds = [...counts].map(([code, count]) => `${count} ${code}`).join(', ');
      const first = examples.map(({ file, line, message }) => `${file}:${line} ${message}`).join(' · ');
      const message = `${total} ${total === 1 ? 'line' : 'lines'} of the upstream left out (${kinds}); first: ${first}`;
      return [...forced, { severity: 'notice', code: 'upstream-left-out', message, ...list }];
    },
  };
}
