import type { Position } from './entry.ts';
import type { Observable } from './observable.ts';

/**
 * Something to say about a list. An *error* holds the plan; a *notice* changes nothing.
 * `code` is stable and machine-readable (`invalid-address`, `guard-private`); `message` says what was found, what was
 * expected and how to go on.
 */
export interface Problem extends Position {
  readonly severity: 'error' | 'notice';
  readonly code: string;
  readonly message: string;
  /** What it is about, where it is about one observable. */
  readonly observable?: Observable;
}

/** A problem quotes at most this much of its input: a list that points at a key file must not print the key. */
const QUOTED_MAX = 80;

/** Input text as a problem may show it: short, on one line, control characters made visible. */
export function quoted(text: string): string {
  const cut = text.length > QUOTED_MAX ? `${text.slice(0, QUOTED_MAX - 1)}…` : text;
  return JSON.stringify(cut);
}

export function problemLine(problem: Problem): string {
  return `${problem.file}:${problem.line}:${problem.column} ${problem.severity} ${problem.code} ${problem.message}`;
}

export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === 'error');
}
