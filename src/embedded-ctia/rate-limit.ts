import { type Clock, HOUR, SECOND } from '../runtime/clock.ts';
import { Refusal } from './refusal.ts';

export const LIMIT_HEADER = 'X-RateLimit-GROUP-Limit';

export interface RateLimit {
  readonly perHour: number;
  /** Counts one request of an organisation, or throws the 429. What is rejected is not counted. */
  spend(group: string): void;
}

/** A sliding hour for each organisation, shared by all its clients. In memory: at most `perHour` times for each. */
export function makeRateLimit(perHour: number, clock: Clock): RateLimit {
  const spent = new Map<string, number[]>();
  return {
    perHour,
    spend(group) {
      const now = clock.now();
      const times = spent.get(group) ?? [];
      spent.set(group, times);
      while (times[0] !== undefined && times[0] <= now - HOUR) times.shift();
      const oldest = times[0];
      if (oldest !== undefined && times.length >= perHour) {
        const seconds = Math.max(1, Math.ceil((oldest + HOUR - now) / SECOND));
        // The blank after the colon is CTIA's: the body is exactly this text.
        throw new Refusal(429, '{"error": "Too Many Requests"}', {
          'Retry-After': String(seconds),
          'Content-Type': 'application/json',
        });
      }
      times.push(now);
    },
  };
}
