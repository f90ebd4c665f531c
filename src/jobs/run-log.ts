import type { Report } from '../reconcile/report.ts';
import type { Log } from '../runtime/log.ts';
import { conditionsOfSync } from './conditions.ts';
import type { RenewalReport } from './renew.ts';

/**
 * How it ended, for who has nothing but the log of a worker. What a person must act on is a warning in the words of the
 * report, each time anew: the hourly sync says it again until somebody does.
 */
export function logRun(log: Log, report: Report): void {
  const { revision, result, digest, counts, requests } = report;
  const conditions = conditionsOfSync(report);
  for (const { kind, about, text } of conditions) log.warn({ kind, about, revision }, text);
  if (conditions.length === 0) log.info({ revision, digest, counts, requests }, result);
}

export function logRenewal(log: Log, { live, renewed, failures, result, requests, read }: RenewalReport): void {
  const facts = { live, renewed, failures: failures.length, requests, read };
  const [failure] = failures;
  if (failure !== undefined) log.warn(facts, `${failures.length} not renewed, the first: ${failure.message}`);
  else if (result === 'first-contact' && live > 0)
    log.warn(
      facts,
      `first contact: none of ${live} live is renewed, since no state of this owner is known here, or one of another repository; look at plan, then apply --yes`,
    );
  else log.info(facts, 'renewed what would lapse');
}
