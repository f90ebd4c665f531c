import type { Lifetime, Start } from '../ctim/entry.ts';
import { quoted } from '../ctim/problem.ts';

/**
 * A span of time, above all how long a judgement is valid, as people write it: a duration (`90m`, `12h`, `7d`, `4w`) or the part of ISO 8601 that
 * always means the same span (`P7D`, `PT12H`, `P1DT12H`, `P2W`). Months and years differ in length, so they are refused.
 */
const DURATION = /^([1-9][0-9]{0,5})([smhdw])$/;
const ISO_DURATION = /^P(?:([0-9]{1,4})W|(?:([0-9]{1,5})D)?(?:T(?:([0-9]{1,6})H)?(?:([0-9]{1,7})M)?)?)$/;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
const UNITS: Readonly<Record<string, number>> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY, w: WEEK };

/** Firewalls pull feeds every half hour or slower: what lives shorter may never reach one. */
export const LIFETIME_MIN = 30 * MINUTE;
/** A lifetime is never unlimited: what nobody renews is gone after a year. */
export const LIFETIME_MAX = 366 * DAY;
/** A date further away is `unlimited` in disguise. */
export const EXPIRES_MAX = 5 * 366 * DAY;

const DEFAULT_LIFETIME = { kind: 'renewed', text: '7d', ms: 7 * DAY } as const;

/** What the settings allow beside. */
export interface LifetimeBounds {
  readonly min?: { readonly text: string; readonly ms: number };
  readonly max?: { readonly text: string; readonly ms: number };
}

/** Of a list that says nothing; never outside of what the settings allow. */
export function defaultLifetime({ min, max }: LifetimeBounds): Lifetime {
  if (max !== undefined && max.ms < DEFAULT_LIFETIME.ms) return { kind: 'renewed', ...max };
  if (min !== undefined && min.ms > DEFAULT_LIFETIME.ms) return { kind: 'renewed', ...min };
  return DEFAULT_LIFETIME;
}

export type Parsed<T> = { readonly value: T } | { readonly wrong: string };

export function parseLifetime(text: string, { min, max }: LifetimeBounds = {}): Parsed<RenewedLifetime> {
  const ms = durationMs(text);
  if (ms === undefined) {
    return {
      wrong: `${quoted(text)} is no lifetime: write a duration such as 90m, 12h, 7d or 4w, or ISO 8601 such as P7D or PT12H (no months or years, and never unlimited)`,
    };
  }
  if (ms < LIFETIME_MIN) {
    return { wrong: `a lifetime of ${text} is too short: firewalls pull every 30 minutes or slower; the least is 30m` };
  }
  if (ms > LIFETIME_MAX) {
    return {
      wrong: `a lifetime of ${text} is too long: entries are renewed while they stand in the list; the most is 366d`,
    };
  }
  if (min !== undefined && ms < min.ms)
    return { wrong: `a lifetime of ${text} is less than ${min.text}, the least that settings.yaml allows` };
  if (max !== undefined && ms > max.ms)
    return { wrong: `a lifetime of ${text} is more than ${max.text}, the most that settings.yaml allows` };
  return { value: { kind: 'renewed', text, ms } };
}

export type RenewedLifetime = Extract<Lifetime, { ms: number }>;

/** How long what is dead stays: a duration as of lifetimes, or `0`. */
export function parseRetention(text: string): Parsed<number> {
  const ms = text === '0' ? 0 : durationMs(text);
  if (ms !== undefined && ms <= LIFETIME_MAX) return { value: ms };
  return {
    wrong: `${quoted(text)} is no time after which to collect: write a duration such as 30d, at most 366d, or 0`,
  };
}

const HISTORY_MIN = 24 * 60 * 60 * 1000;

/** How long the journal is kept: longer than any lifetime, since an auditor asks for the year before. */
export function parseHistory(text: string): Parsed<number> {
  const ms = durationMs(text);
  if (ms !== undefined && ms >= HISTORY_MIN) return { value: ms };
  return { wrong: `${quoted(text)} is no time to keep the journal: write a duration of a day or more, such as 400d` };
}

/**
 * The lifetime that was written on a judgement, in ms. It is renewed by that, also where today's settings or release would
 * not let a list say so; but a text that somebody edited makes nothing live for ever.
 */
export function toldLifetime(text: string): number | undefined {
  const ms = durationMs(text);
  return ms !== undefined && ms > 0 && ms <= LIFETIME_MAX ? ms : undefined;
}

export function durationMs(text: string): number | undefined {
  const [, count, unit] = DURATION.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) return Number(count) * (UNITS[unit] ?? 0);
  const iso = ISO_DURATION.exec(text);
  if (iso === null) return undefined;
  const [weeks, days, hours, minutes] = iso.slice(1);
  if (weeks === undefined && days === undefined && hours === undefined && minutes === undefined) return undefined;
  return (
    Number(weeks ?? 0) * WEEK + Number(days ?? 0) * DAY + Number(hours ?? 0) * HOUR + Number(minutes ?? 0) * MINUTE
  );
}

/** Less would be no schedule; more than a day would leave no room for one that is missed. */
const PERIOD_MIN = SECOND;
const PERIOD_MAX = DAY;

/** How often something runs by itself. */
export function parsePeriod(text: string): Parsed<number> {
  const ms = durationMs(text);
  if (ms === undefined || ms < PERIOD_MIN || ms > PERIOD_MAX)
    return { wrong: `${quoted(text)} is no period: write a duration from 1s to 1d, such as 90s, 5m or 1h` };
  return { value: ms };
}

const DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;

/** `2027-01-31` lasts to the end of that day, UTC. A date in the past is no mistake: the entry has simply run out. */
export function parseExpires(text: string, now: number, { max }: LifetimeBounds = {}): Parsed<Lifetime> {
  const begin = dayOf(text);
  if (begin === undefined) {
    return {
      wrong: `${quoted(text)} is no date: write year-month-day, such as 2027-01-31 (to the end of that day, UTC)`,
    };
  }
  const end = begin + DAY - 1;
  // The day itself is not part of the span: a date is no hour.
  if (max !== undefined && begin - now > max.ms)
    return { wrong: `${text} is more than ${max.text} away, the most that settings.yaml allows` };
  if (end - now > EXPIRES_MAX) {
    return {
      wrong: `${text} is more than five years away: nothing is blocked for ever; write a nearer date or a lifetime`,
    };
  }
  return { value: { kind: 'once', text, end } };
}

/** From the beginning of that day, UTC. A day that has begun is no mistake: the entry stands by now. */
export function parseStarts(text: string, now: number): Parsed<Start> {
  const at = dayOf(text);
  if (at === undefined) {
    return {
      wrong: `${quoted(text)} is no date: write year-month-day, such as 2027-01-31 (from the beginning of that day, UTC)`,
    };
  }
  if (at - now > EXPIRES_MAX) return { wrong: `${text} is more than five years away: write a nearer date` };
  return { value: { text, at } };
}

/** Its beginning. Date.UTC makes 2 March of 30 February; such a date is refused, not moved. */
function dayOf(text: string): number | undefined {
  const [, year, month, day] = DATE.exec(text) ?? [];
  const at = Date.UTC(Number(year), Number(month) - 1, Number(day));
  return Number.isNaN(at) || !new Date(at).toISOString().startsWith(text) ? undefined : at;
}

/** Of two lifetimes of one observable the one that ends later. What is renewed lasts as long as it is listed, so it outlasts any date. */
export function laterLifetime(a: Lifetime, b: Lifetime): Lifetime {
  if (a.kind === 'once' && b.kind === 'once') return b.end > a.end ? b : a;
  if (a.kind === b.kind && a.kind !== 'once' && b.kind !== 'once') return b.ms > a.ms ? b : a;
  if (a.kind === 'renewed' || b.kind === 'renewed') return a.kind === 'renewed' ? a : b;
  // One runs out by the day it was first published, which no list tells: the date that is said counts.
  return a.kind === 'once' ? a : b;
}
