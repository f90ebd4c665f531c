import type { Entry } from '../ctim/entry.ts';
import type { ListAction } from '../ctim/feed.ts';
import { type Problem, quoted } from '../ctim/problem.ts';

const DAY = 24 * 60 * 60 * 1000;

/** So long before an allow entry ends it is announced: what it lets through is blocked then, where a list says so. */
export const ANNOUNCED_BEFORE_MS = 7 * DAY;

/** Of what a run should tell also him who never calls `check`. */
export const ANNOUNCED_CODES: ReadonlySet<string> = new Set([
  'allow-ends-soon',
  'allow-ended',
  'expired',
  'starts-later',
  'upstream-left-out',
  'upstream-unread',
]);

/** Whether an entry counts at this moment, what is to be said of that, and until when the answer is the same. */
export interface Standing {
  readonly is: 'stands' | 'to come' | 'ran out';
  readonly until: number;
  readonly problem?: Problem;
}

/** Whatever the time. */
export const STANDS: Standing = { is: 'stands', until: Number.POSITIVE_INFINITY };

/**
 *   starts in the future   not published, and an allow entry does not protect yet
 *   its day has passed     not published, and an allow entry protects no more
 *   allow, its last days   stands, and is announced
 */
export function standingOf(entry: Entry, action: ListAction, now: number): Standing {
  const { lifetime, starts } = entry.terms;
  if (lifetime.kind === 'once' && lifetime.end < now) {
    return { is: 'ran out', until: Number.POSITIVE_INFINITY, problem: ranOut(entry, action, lifetime.text) };
  }
  if (starts !== undefined && starts.at > now) {
    const what = action === 'allow' ? 'does not protect before' : 'is not published before';
    return {
      is: 'to come',
      until: starts.at,
      problem: said(entry, 'starts-later', `${what} ${starts.text}, when the next run takes it up`),
    };
  }
  if (lifetime.kind !== 'once') return STANDS;
  const announced = lifetime.end - ANNOUNCED_BEFORE_MS;
  if (action !== 'allow' || now < announced)
    return { is: 'stands', until: action === 'allow' ? announced : lifetime.end + 1 };
  const message = `protects to the end of ${lifetime.text} only: what it lets through is blocked then, where a list says so`;
  return { is: 'stands', until: lifetime.end + 1, problem: said(entry, 'allow-ends-soon', message) };
}

function ranOut(entry: Entry, action: ListAction, text: string): Problem {
  return action === 'allow'
    ? said(entry, 'allow-ended', `ran out on ${text} and protects no more: remove the entry or give it a later date`)
    : said(entry, 'expired', `ran out on ${text} and is not published: remove the entry or give it a later date`);
}

function said({ observable, position }: Entry, code: string, message: string): Problem {
  return { severity: 'notice', code, message: `${quoted(observable.value)} ${message}`, observable, ...position };
}
