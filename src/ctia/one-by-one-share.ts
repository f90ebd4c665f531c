import { type Clock, HOUR } from '../runtime/clock.ts';

/** CTIA counts 8000 requests an hour for the whole organisation. We stop before that, so that analysts and other integrations keep working. */
export const REQUESTS_PER_HOUR = 7000;

/** What goes one by one may be a hundred thousand records: at most a tenth of the hour, so that imports and reads go on beside it. */
export const ONE_BY_ONE_PER_HOUR = REQUESTS_PER_HOUR / 10;

/** Whether one more may go within the hour, for one process. */
export function makeHourlyShare(clock: Clock, perHour: number = ONE_BY_ONE_PER_HOUR): () => Promise<boolean> {
  let times: number[] = [];
  return async () => {
    const now = clock.now();
    times = times.filter((at) => now - at < HOUR);
    if (times.length >= perHour) return false;
    times.push(now);
    return true;
  };
}
