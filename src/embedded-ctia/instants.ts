/** The end that is stored where none was given, and the first instant that no time field takes (one minute later). */
export const FAR_FUTURE = '2525-01-01T00:00:00.000Z';
const RANGE_END = Date.parse('2525-01-01T00:01:00.000Z');

/**
 * Joda's lenient ISO grammar, UTC where no zone is given: `2020`, `2020-01-01`, `2020-01-01T10:00`, fractions of any length
 * (cut to milliseconds), offsets. A blank instead of `T`, an epoch number and the empty text are refused.
 */
const INSTANT =
  /^(\d{4,5})(?:-(\d{1,2})(?:-(\d{1,2}))?)?(?:T(?:(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:[.,](\d+))?)?)?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/;

/** Epoch milliseconds, or undefined where the text is no instant. */
export function parseInstant(text: string): number | undefined {
  const match = INSTANT.exec(text);
  if (match === null) return undefined;
  const [, year, month = '1', day = '1', hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = match;
  const parts = [Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second)] as const;
  const [y, mo, d, h, mi, s] = parts;
  if (mo < 1 || mo > 12 || d < 1 || d > new Date(Date.UTC(y, mo, 0)).getUTCDate()) return undefined;
  if (h > 23 || mi > 59 || s > 59) return undefined;
  const ms = Number(fraction.slice(0, 3).padEnd(3, '0'));
  return Date.UTC(y, mo - 1, d, h, mi, s, ms) - offsetMs(zone);
}

/** Of `Z`, `+02:00`, `-0330`, `+02`. */
export function offsetMs(zone: string): number {
  if (zone === 'Z') return 0;
  const sign = zone.startsWith('-') ? -1 : 1;
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  return sign * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2, 4))) * 60_000;
}

/** UTC with exactly three decimals, as every answer writes instants. */
export function isoInstant(ms: number): string {
  if (ms !== last.ms) last = { ms, iso: new Date(ms).toISOString() };
  return last.iso;
}
/** A bundle asks for the same now a thousand times. */
let last = { ms: 0, iso: '1970-01-01T00:00:00.000Z' };

export function inRange(ms: number): boolean {
  return ms >= 0 && ms < RANGE_END;
}
