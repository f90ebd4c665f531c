import { ONE_BY_ONE_PER_HOUR } from '../ctia/one-by-one-share.ts';
import { allowChannelsOf } from '../ctim/feed.ts';
import type { Problem } from '../ctim/problem.ts';
import { requestsFor } from '../jobs/rate-budget.ts';
import type { AgainstLog } from '../plan/against.ts';
import { type Overview, overviewOf } from '../plan/overview.ts';
import { consumersOf, type Prepared } from '../reconcile/prepare.ts';

/** A plan as `plan` and a held `apply` show it. */
export function overviewFor(prepared: Prepared, problems: readonly Problem[], against?: AgainstLog): Overview {
  const { plan, situation, desired, found } = prepared;
  return overviewOf({
    plan,
    situation,
    consumers: consumersOf(desired.channels),
    allowChannels: allowChannelsOf(desired.channels),
    budget: { requestsPerHour: requestsFor('sync'), oneByOnePerHour: ONE_BY_ONE_PER_HOUR },
    problems,
    notices: found.notices,
    against,
  });
}
