import type { Observable } from '../../ctim/observable.ts';
import { type AddressRange, parseRange, rangeOf } from '../address.ts';
import { atOrBelow } from '../domain.ts';
import { isWholeHost } from '../url.ts';
import { type Hit, type Look, overlap, type Situation, type Subject } from './guard.ts';

/** A value that no list may block, said by the organisation itself. */
export interface ProtectedValue {
  readonly observable: Observable;
  readonly reason?: string;
  readonly line: number;
}

/** A host that our own configuration names: without it no list is fetched, no judgement written, no feed pulled. */
export interface ConfiguredHost {
  /** A name or an address, in normal form. */
  readonly host: string;
  /** What it is to us: `git host`. */
  readonly what: string;
  /**
   * Others have pages on that host too (a public git host, a host of lists), and this URL is ours. A URL elsewhere on it may
   * be blocked with `force`. Absent where the whole host is ours.
   */
  readonly page?: string;
}

/** With its address, where it is one: it is asked for every entry. */
export interface KnownHost extends ConfiguredHost {
  readonly address: AddressRange | undefined;
}

export function knownHost(host: ConfiguredHost): KnownHost {
  return { ...host, address: parseRange(host.host) };
}

/** A protected name guards what is above it and below it; a protected range guards what overlaps it. */
export const protectedBySettings: Look = (subject, { protect }) => {
  for (const row of protect) {
    if (!touches(subject, row.observable)) continue;
    const reason = row.reason === undefined ? '' : ` (${row.reason})`;
    return { weight: 'never', why: `settings.yaml:${row.line} protects ${row.observable.value}${reason}` };
  }
  return undefined;
};

function touches({ observable, range, embedded, name }: Subject, guarded: Observable): boolean {
  const mine = rangeOf(guarded);
  if (mine !== undefined) return [range, embedded].some((its) => its !== undefined && overlap(its, mine));
  if (guarded.type !== 'domain' || name === undefined) return guarded.value === observable.value;
  const own = withoutStar(guarded.value);
  return atOrBelow(name, own) || atOrBelow(own, name);
}

/** The host itself, a name above it, a range around it. Names below it are other machines. */
export const protectedByConfiguration: Look = (subject, { configured }) => {
  for (const host of configured) {
    const hit = hostHit(subject, host);
    if (hit !== undefined) return hit;
  }
  return undefined;
};

function hostHit(
  { observable, range, embedded, name }: Subject,
  { host, what, page, address }: KnownHost,
): Hit | undefined {
  const touched =
    address === undefined
      ? name !== undefined && (observable.type === 'url' ? host === name : atOrBelow(host, name))
      : [range, embedded].some((its) => its !== undefined && overlap(its, address));
  if (!touched) return undefined;
  const why = `${host} is protected by the configuration: ${what}`;
  if (observable.type !== 'url' || page === undefined || coversPage(observable.value, page)) {
    return { weight: 'never', why };
  }
  return { weight: 'refuse', why: `${why}; this page is not ours, so it may be blocked` };
}

/** A URL that stands for the host, for ours, or for something above or below ours. */
function coversPage(url: string, page: string): boolean {
  if (isWholeHost(url)) return true;
  const [theirs, ours] = [url, page].map((text) => folderOf(new URL(text).pathname));
  return theirs !== undefined && ours !== undefined && (ours.startsWith(theirs) || theirs.startsWith(ours));
}

/** Of a repository its page and its address for git are the same thing; git hosts know no case in names. */
function folderOf(pathname: string): string {
  return `${pathname.toLowerCase().replace(/(?:\.git)?\/*$/, '')}/`;
}

/** What of all that is protected is an address, for who wants to know quickly where to look. */
export function protectedRanges({ protect, configured }: Situation): AddressRange[] {
  const ranges = [...protect.map((row) => rangeOf(row.observable)), ...configured.map(({ address }) => address)];
  return ranges.filter((range) => range !== undefined);
}

/** And what of it is a name. */
export function protectedNames({ protect, configured }: Situation): string[] {
  const names = protect.flatMap(({ observable: { type, value } }) => (type === 'domain' ? [withoutStar(value)] : []));
  return [...names, ...configured.filter(({ address }) => address === undefined).map(({ host }) => host)];
}

function withoutStar(name: string): string {
  return name.startsWith('*.') ? name.slice(2) : name;
}
