import { quoted } from '../../ctim/problem.ts';

const INSTANT = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?$/;
const EARLIEST = Date.UTC(1970, 0, 1);
/** CTIM's end of time. */
const LATEST = Date.UTC(2525, 0, 1, 0, 1);

/** A time as CTIA returns it. Without a zone it is UTC, as CTIA reads it too, whatever the zone of this machine. */
export function instantOf(text: string): { readonly value: string } | { readonly wrong: string } {
  const match = INSTANT.exec(text);
  const whole = match !== null && text.length > 10 && match[1] === undefined ? `${text}Z` : text;
  const ms = match === null ? Number.NaN : Date.parse(whole.replace(' ', 'T'));
  if (Number.isNaN(ms))
    return { wrong: `${quoted(text)} is no time: write 2026-11-25T08:00:00Z, with another zone, or a day` };
  if (ms < EARLIEST || ms >= LATEST) return { wrong: `${quoted(text)} is outside 1970 to 2525, which CTIA takes` };
  return { value: new Date(ms).toISOString() };
}
