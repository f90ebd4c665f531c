import type { Position } from '../ctim/entry.ts';

/** What did not become as the plan wanted it, for one entry. A plain value: it travels in job results and reports. */
export interface Failure {
  readonly h: string;
  /** `entry`: CTIA refuses its words. `forbidden`: a person must act. `unknown`: nobody knows yet what became of it. */
  readonly kind: 'entry' | 'forbidden' | 'unknown' | 'waiting';
  readonly message: string;
  readonly position?: Position | undefined;
}

/** What one batch did. Counts are of changes carried out. */
export interface Outcome {
  readonly applied: number;
  readonly failures: readonly Failure[];
  readonly notices: readonly string[];
}

export const NOTHING_DONE: Outcome = { applied: 0, failures: [], notices: [] };

export function together(outcomes: readonly Outcome[]): Outcome {
  return {
    applied: outcomes.reduce((sum, { applied }) => sum + applied, 0),
    failures: outcomes.flatMap(({ failures }) => failures),
    notices: outcomes.flatMap(({ notices }) => notices),
  };
}
