import { makeBatches, takesAway } from './batch.ts';
import type { Plan } from './plan.ts';

/** What applying a plan costs, against what an hour allows. The reads before it depend on what is known already and are left out. */
export interface Estimate {
  readonly requests: number;
  readonly mutating: number;
  /** Of those, what can only go one by one (a token that may not replace in bulk). */
  readonly oneByOne: number;
  readonly requestsPerHour: number;
  /** Full hours that it waits for its budget; 0: it is done in one go. */
  readonly hours: number;
}

export interface Budget {
  readonly requestsPerHour: number;
  readonly oneByOnePerHour: number;
}

export function estimateOf(plan: Plan, succession: boolean, { requestsPerHour, oneByOnePerHour }: Budget): Estimate {
  const batches = makeBatches(plan.changes);
  const bulk = succession ? batches.filter((batch) => !takesAway(batch)) : batches;
  const oneByOne = succession ? batches.filter(takesAway).reduce((sum, { changes }) => sum + changes.length, 0) : 0;
  const mutating = bulk.length + oneByOne + plan.makings.length;
  // The state is written after a run that wrote, and each feed is read at its end.
  const requests = mutating + (mutating > 0 ? 1 : 0) + plan.feeds.length;
  const hours = Math.max(Math.floor(requests / requestsPerHour), Math.floor(oneByOne / oneByOnePerHour));
  return { requests, mutating, oneByOne, requestsPerHour, hours };
}

export function estimateText({ requests, mutating, oneByOne, requestsPerHour, hours }: Estimate): string {
  const single = oneByOne > 0 ? `, ${oneByOne} of them one by one` : '';
  const time = hours === 0 ? 'within this hour' : `about ${hours} ${hours === 1 ? 'hour' : 'hours'} of waiting`;
  return `about ${requests} requests (${mutating} writing${single}) of the ${requestsPerHour} an hour that a sync may send: ${time}`;
}
