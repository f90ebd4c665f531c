import { type Clock, MINUTE, SECOND } from '../runtime/clock.ts';
import { type CtiaError, isCtiaError } from './error.ts';

/**
 * The one place that tries again within a request. Reads, bundle import (idempotent by external id), bulk PUT and bulk
 * DELETE may be sent twice. A plain POST may not, so of it only what was certainly not carried out goes again.
 *
 *   unknown       after 2 s, then 4 s: the index is refreshed each second, so the second try sees what the first wrote
 *   unreachable   the same; nothing was sent
 *   throttled     what CTIA asks for, as long as that is within `patienceMs`; else it rises, and the job waits instead
 *   all others    rise at once
 */
export interface RetryPolicy {
  clock: Clock;
  patienceMs: number;
  maySendTwice: boolean;
  signal?: AbortSignal | undefined;
  /** Told before each wait, so that a person sees why nothing happens. */
  onWait?: ((error: CtiaError, waitMs: number) => void) | undefined;
}

/** The index is refreshed each second: after this wait a read sees what an earlier request wrote. */
export const REFRESH_MS = 2 * SECOND;

const WAITS_MS = [REFRESH_MS, 2 * REFRESH_MS];
const THROTTLED_TRIES_MAX = 5;

export async function withRetry<T>(policy: RetryPolicy, attempt: () => Promise<T>): Promise<T> {
  let failures = 0;
  let throttled = 0;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const waitMs = waitFor(error);
      if (waitMs === undefined || !isCtiaError(error)) throw error;
      policy.onWait?.(error, waitMs);
      await policy.clock.sleep(waitMs, policy.signal);
    }
  }

  function waitFor(error: unknown): number | undefined {
    if (isCtiaError(error, 'unknown') && !policy.maySendTwice) return undefined;
    if (isCtiaError(error, 'unknown', 'unreachable')) return WAITS_MS[failures++];
    if (!isCtiaError(error, 'throttled')) return undefined;
    const waitMs = error.facts.retryAfterMs ?? MINUTE;
    throttled += 1;
    return waitMs <= policy.patienceMs && throttled < THROTTLED_TRIES_MAX ? waitMs : undefined;
  }
}
