import type { ChangeCounts } from '../plan/change.ts';
import type { Drift } from '../plan/drift.ts';
import type { Held, PlanSummary } from '../plan/plan.ts';
import { hasProblems } from '../plan/safety.ts';
import type { Failure } from './outcome.ts';
import type { FeedVerdict } from './verify.ts';

/**
 * How a run ended.
 *   verified      the feeds hold exactly what the lists say
 *   problems      errors in the lists: nothing but renewals was applied
 *   held          a person must approve: nothing but renewals was applied
 *   not-verified  applied, but a feed holds something else, or an entry could not be made
 */
export type RunResult = 'verified' | 'problems' | 'held' | 'not-verified';

/** The one record of a run, the same in the log, on the terminal, in the job's result and in the history. Holds no secret. */
export interface Report {
  readonly run: string;
  readonly kind: 'sync' | 'audit';
  readonly owner: string;
  readonly tenant: string;
  readonly revision: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly result: RunResult;
  readonly digest: string;
  readonly counts: ChangeCounts;
  /** What a held plan would do. */
  readonly waiting?: ChangeCounts;
  readonly unchanged: number;
  readonly held: readonly Held[];
  readonly failures: readonly Failure[];
  readonly notices: readonly string[];
  readonly feeds: readonly FeedVerdict[];
  readonly requests: { readonly total: number; readonly mutating: number };
  readonly read: ReadFrom;
  /** What an audit found; a sync does not tell drift from what the lists changed. */
  readonly drift?: readonly Drift[];
}

/** Whether the plan was made on what CTIA said just now or on the ledger, and why. */
export interface ReadFrom {
  readonly from: 'ctia' | 'ledger';
  readonly why: string;
}

export interface ReportParts {
  run: string;
  kind: Report['kind'];
  plan: PlanSummary;
  /** Of what was carried out: of a held plan the renewals. */
  counts: ChangeCounts;
  startedAt: number;
  endedAt: number;
  failures: readonly Failure[];
  notices: readonly string[];
  feeds: readonly FeedVerdict[];
  requests: { total: number; mutating: number };
  read?: ReadFrom;
  drift?: readonly Drift[];
}

const IN_FULL: ReadFrom = { from: 'ctia', why: 'this command has no ledger' };

/** A report in Redis stays small whatever went wrong: the first of the failures, and their number in a notice. */
const FAILURES_MAX = 100;

export function makeReport(parts: ReportParts): Report {
  const { plan, failures, feeds } = parts;
  // Batches say the same, each for itself.
  const notices = [...new Set(parts.notices)];
  const more = failures.length - FAILURES_MAX;
  return {
    run: parts.run,
    kind: parts.kind,
    owner: plan.owner,
    tenant: plan.tenant,
    revision: plan.revision,
    startedAt: new Date(parts.startedAt).toISOString(),
    endedAt: new Date(parts.endedAt).toISOString(),
    result: resultOf(plan.held, failures, feeds),
    digest: plan.digest,
    counts: parts.counts,
    ...(parts.kind === 'sync' && resultOfPlan(plan.held) === 'held' && { waiting: plan.counts }),
    unchanged: plan.unchanged,
    held: plan.held,
    failures: failures.slice(0, FAILURES_MAX),
    notices: more > 0 ? [...notices, `${more} more failures are not listed`] : notices,
    feeds,
    requests: { ...parts.requests },
    read: parts.read ?? IN_FULL,
    ...(parts.drift && { drift: parts.drift }),
  };
}

function resultOfPlan(held: readonly Held[]): 'problems' | 'held' | 'applied' {
  if (hasProblems({ held })) return 'problems';
  return held.length > 0 ? 'held' : 'applied';
}

function resultOf(held: readonly Held[], failures: readonly Failure[], feeds: readonly FeedVerdict[]): RunResult {
  const ofPlan = resultOfPlan(held);
  if (ofPlan !== 'applied') return ofPlan;
  return failures.length === 0 && feeds.every(({ verified }) => verified) ? 'verified' : 'not-verified';
}

/** `0 changes; waiting: 3 changes: 2 create, 1 withdraw` where the plan is held. */
export function doneLine({ counts, waiting }: Pick<Report, 'counts' | 'waiting'>): string {
  return [countsLine(counts), ...(waiting === undefined ? [] : [`waiting: ${countsLine(waiting)}`])].join('; ');
}

/** `3 changes: 2 create, 1 withdraw`; `0 changes` where there was nothing to do. */
export function countsLine(counts: ChangeCounts): string {
  const parts = Object.entries(counts).filter(([, count]) => count > 0);
  const total = parts.reduce((sum, [, count]) => sum + count, 0);
  const detail = parts.map(([kind, count]) => `${count} ${kind}`).join(', ');
  return `${total} ${total === 1 ? 'change' : 'changes'}${detail && `: ${detail}`}`;
}
