import type { Observable } from '../../ctim/observable.ts';
import { type AddressRange, formatV4, parseRange, rangeOf } from '../address.ts';
import { hostOf, isWholeHost } from '../url.ts';
import type { FetchedGuardList } from './fetched-list.ts';
import type { GuardSettings } from './guard-settings.ts';
import type { KnownHost, ProtectedValue } from './protected.ts';

/**
 * A guard looks at one observable of a block list and says what would break.
 *   refuse  an error; `force: "reason"` on the entry lifts it
 *   never   an error that nothing lifts: what the organisation and its configuration protect
 *   warn    published, with a notice; `force: "reason"` says that it was seen
 */
export type Weight = 'never' | 'refuse' | 'warn';

export type Look = (subject: Subject, situation: Situation) => Hit | undefined;

export interface Hit {
  /** What would break, as the end of "… is refused: ". */
  readonly why: string;
  readonly weight: Weight;
}

/** What guards know besides the entry. */
export interface Situation {
  readonly protect: readonly ProtectedValue[];
  readonly configured: readonly KnownHost[];
  readonly settings: GuardSettings;
  readonly fetched: readonly FetchedGuardList[];
}

export interface Subject {
  readonly observable: Observable;
  /** The addresses meant: of an address, of a range, or of the host of a URL. */
  readonly range: AddressRange | undefined;
  /** The IPv4 addresses that such an IPv6 address stands for: NAT64, 6to4, Teredo, IPv4-compatible. */
  readonly embedded: AddressRange | undefined;
  /** The name meant: a domain, a hostname, or the host of a URL. */
  readonly name: string | undefined;
  /** A URL below a host: firewalls match that page, and the rest of the host stays. */
  isPage(): boolean;
}

export function subjectOf(observable: Observable): Subject {
  const { type, value } = observable;
  const host = type === 'url' ? hostOf(value) : undefined;
  const range = host === undefined ? rangeOf(observable) : parseRange(host);
  const isName = type === 'domain' || type === 'hostname';
  return {
    observable,
    range,
    embedded: range === undefined ? undefined : embeddedV4(range),
    name: isName ? value : range === undefined ? host : undefined,
    isPage: () => type === 'url' && !isWholeHost(value),
  };
}

/**
 * Where IPv6 carries an IPv4 address, counted from the first of 128 bits; Teredo has it inverted.
 * RFC 4291 §2.5.5 (mapped ones are IPv4 in normal form already), RFC 6052, RFC 3056, RFC 4380.
 */
const CARRIERS = [
  { prefix: 0n, bits: 96, at: 96, inverted: false },
  { prefix: 0xffffn << 32n, bits: 96, at: 96, inverted: false },
  { prefix: 0x64_ff9bn << 96n, bits: 96, at: 96, inverted: false },
  { prefix: 0x2002n << 112n, bits: 16, at: 16, inverted: false },
  { prefix: 0x2001n << 112n, bits: 32, at: 96, inverted: true },
] as const;

function embeddedV4({ family, first, last }: AddressRange): AddressRange | undefined {
  if (family === 4) return undefined;
  const [low, high] = [BigInt(first), BigInt(last)];
  for (const { prefix, bits, at, inverted } of CARRIERS) {
    const rest = BigInt(128 - bits);
    if (low >> rest !== prefix >> rest || high >> rest !== prefix >> rest) continue;
    const v4 = (value: bigint) => {
      const found = Number((value >> BigInt(96 - at)) & 0xffff_ffffn);
      return inverted ? 0xffff_ffff - found : found;
    };
    const [a, b] = [v4(low), v4(high)];
    return { family: 4, first: Math.min(a, b), last: Math.max(a, b) };
  }
  return undefined;
}

/** `8.8.8.8`, or its ends where it is more than one address. */
export function rangeText({ first, last }: AddressRange): string {
  const [a, b] = [formatV4(Number(first)), formatV4(Number(last))];
  return a === b ? a : `${a} to ${b}`;
}

export function overlap(a: AddressRange, b: AddressRange): boolean {
  return a.family === b.family && a.first <= b.last && a.last >= b.first;
}

export function isOneAddress({ first, last }: AddressRange): boolean {
  return first === last;
}

/** The networks of /16, of either family, that a range lies in, as numbers from 0. */
export function sixteensOf({ family, first, last }: AddressRange): readonly [first: number, last: number] {
  const rest = family === 4 ? 16n : 112n;
  return [Number(BigInt(first) >> rest), Number(BigInt(last) >> rest)];
}
