import type { Disposition, ValidTime } from './judgement.ts';

/** What of a judgement decides whether it speaks. */
export interface Speaking {
  readonly id: string;
  readonly priority: number;
  readonly disposition: Disposition;
  readonly valid_time: ValidTime;
}

/**
 * CTIA's verdict on one observable, of all judgements on it: of those that are active (begun, and not ended; the end itself
 * is outside, other than in a feed) the first in this order speaks.
 *
 *   1  the highest priority
 *   2  the lowest disposition: Clean beats Malicious beats Suspicious beats Common beats Unknown
 *   3  the oldest start
 *
 * Severity and confidence play no part. What is left CTIA leaves open; here the smallest id speaks.
 */
export function byWeight(a: Speaking, b: Speaking): number {
  return (
    b.priority - a.priority ||
    a.disposition - b.disposition ||
    Date.parse(a.valid_time.start_time) - Date.parse(b.valid_time.start_time) ||
    (a.id < b.id ? -1 : 1)
  );
}

export function isActive({ valid_time: { start_time, end_time } }: Speaking, now: number): boolean {
  return Date.parse(start_time) <= now && now < Date.parse(end_time);
}
