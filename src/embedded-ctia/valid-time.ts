import { FAR_FUTURE, isoInstant } from './instants.ts';
import type { Stored, Submitted } from './kinds.ts';

interface Period {
  start_time?: string | undefined;
  end_time?: string | undefined;
}

/** Each bound is the given one, else the previous one, else now and the far future. So a PUT without an end keeps the old end. */
export function validTime(submitted: Submitted, previous: Stored | undefined, now: number): Period {
  const given = submitted.valid_time as Period | undefined;
  const before = previous?.valid_time as Period | undefined;
  return {
    start_time: given?.start_time ?? before?.start_time ?? isoInstant(now),
    end_time: given?.end_time ?? before?.end_time ?? FAR_FUTURE,
  };
}
