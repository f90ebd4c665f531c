import type { Observable } from '../ctim/observable.ts';

/**
 * Addresses and ranges as numbers. IPv4 fits a double, IPv6 needs a bigint; JavaScript compares the two kinds right, and a
 * range never mixes them.
 */
export type AddressBits = number | bigint;

export interface AddressRange {
  readonly family: 4 | 6;
  readonly first: AddressBits;
  readonly last: AddressBits;
}

/**
 * Four decimal numbers without leading zeros, nothing else: `new URL` and most libraries take octal, hex and short forms too.
 * By character, since a list may have a million of them: a tenth of what a regular expression with groups takes.
 */
export function parseV4(text: string): number | undefined {
  const { length } = text;
  if (length < 7 || length > 15) return undefined;
  let bits = 0;
  let parts = 0;
  let part = -1;
  for (let i = 0; i <= length; i++) {
    const code = i === length ? DOT : text.charCodeAt(i);
    if (code === DOT) {
      if (part < 0 || part > 255) return undefined;
      bits = bits * 256 + part;
      parts++;
      part = -1;
    } else if (code < ZERO || code > NINE || part === 0) {
      return undefined;
    } else {
      part = part < 0 ? code - ZERO : part * 10 + code - ZERO;
    }
  }
  return parts === 4 ? bits : undefined;
}

const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

export function isV4(text: string): boolean {
  return parseV4(text) !== undefined;
}

export function isV6(text: string): boolean {
  return v6Groups(text) !== undefined;
}

export function parseV6(text: string): bigint | undefined {
  const groups = v6Groups(text);
  return groups === undefined ? undefined : v6Bits(groups);
}

/**
 * The eight numbers of an IPv6 address, as `net.isIP` takes it; by character for the same reason, and since it reads
 * `::1.2.3.4` as what it is. Zone ids (`fe80::1%eth0`) name an interface of one machine, so they are no address for a feed.
 */
export function v6Groups(text: string): number[] | undefined {
  if (text.length > 45) return undefined;
  const gap = text.indexOf('::');
  if (gap < 0) {
    const groups = groupsIn(text, 0, text.length);
    return groups?.length === 8 ? groups : undefined;
  }
  if (text.indexOf('::', gap + 1) >= 0 || text.lastIndexOf('.', gap) >= 0) return undefined;
  const front = groupsIn(text, 0, gap);
  const back = groupsIn(text, gap + 2, text.length);
  if (front === undefined || back === undefined || front.length + back.length > 7) return undefined;
  while (front.length + back.length < 8) front.push(0);
  for (const group of back) front.push(group);
  return front;
}

const GROUP_DIGITS_MAX = 4;
const COLON = 0x3a;

/** Hexadecimal groups with colons between them; the last may be two, written as an IPv4 address. */
function groupsIn(text: string, start: number, end: number): number[] | undefined {
  const groups: number[] = [];
  if (start === end) return groups;
  let group = 0;
  let digits = 0;
  let from = start;
  for (let i = start; i <= end; i++) {
    const code = i === end ? COLON : text.charCodeAt(i);
    if (code === COLON) {
      if (digits === 0) return undefined;
      groups.push(group);
      group = 0;
      digits = 0;
      from = i + 1;
    } else if (code === DOT) {
      const v4 = parseV4(text.slice(from, end));
      if (v4 === undefined) return undefined;
      groups.push(Math.floor(v4 / 65_536), v4 % 65_536);
      return groups;
    } else {
      const digit = hexDigit(code);
      if (digit < 0 || ++digits > GROUP_DIGITS_MAX) return undefined;
      group = group * 16 + digit;
    }
  }
  return groups;
}

function hexDigit(code: number): number {
  if (code >= ZERO && code <= NINE) return code - ZERO;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

export function v6Bits(groups: readonly number[]): bigint {
  let bits = 0n;
  for (let i = 0; i < 8; i += 2) bits = (bits << 32n) | BigInt((groups[i] ?? 0) * 65_536 + (groups[i + 1] ?? 0));
  return bits;
}

export function formatV4(bits: number): string {
  return `${Math.floor(bits / 2 ** 24)}.${Math.floor(bits / 2 ** 16) % 256}.${Math.floor(bits / 256) % 256}.${bits % 256}`;
}

/** RFC 5952: lower case, no leading zeros, the first of the longest runs of two or more zero groups becomes `::`. */
export function formatV6(bits: bigint): string {
  const groups: number[] = [];
  for (let shift = 96n; shift >= 0n; shift -= 32n) {
    const two = Number((bits >> shift) & 0xffff_ffffn);
    groups.push(Math.floor(two / 65_536), two % 65_536);
  }
  return v6Text(groups);
}

export function v6Text(groups: readonly number[]): string {
  let start = 0;
  let length = 0;
  for (let i = 0; i < 8; i++) {
    let run = 0;
    while (groups[i + run] === 0) run++;
    if (run > length) {
      start = i;
      length = run;
    }
  }
  const isShort = length >= 2;
  let text = '';
  for (let i = 0; i < 8; i++) {
    if (isShort && i === start) {
      text += '::';
      i += length - 1;
    } else {
      if (text !== '' && !text.endsWith(':')) text += ':';
      text += (groups[i] ?? 0).toString(16);
    }
  }
  return text;
}

const WIDTH = { 4: 32, 6: 128 } as const;

/** The range of `prefix` bits that `bits` lies in. */
export function v4Range(bits: number, prefix: number): AddressRange {
  const size = 2 ** (32 - prefix);
  const first = Math.floor(bits / size) * size;
  return { family: 4, first, last: first + size - 1 };
}

export function v6Range(bits: bigint, prefix: number): AddressRange {
  const hostBits = BigInt(128 - prefix);
  const first = (bits >> hostBits) << hostBits;
  return { family: 6, first, last: first + (1n << hostBits) - 1n };
}

/** The range that a CIDR or an address in normal form covers. */
export function parseRange(value: string): AddressRange | undefined {
  const slash = value.indexOf('/');
  const address = slash < 0 ? value : value.slice(0, slash);
  const v4 = parseV4(address);
  if (v4 !== undefined) return v4Range(v4, slash < 0 ? 32 : Number(value.slice(slash + 1)));
  const v6 = parseV6(address);
  return v6 === undefined ? undefined : v6Range(v6, slash < 0 ? 128 : Number(value.slice(slash + 1)));
}

/** The addresses that an observable blocks; undefined for names, hashes and URLs. */
export function rangeOf(observable: Observable): AddressRange | undefined {
  return observable.type === 'ip' || observable.type === 'ipv6' ? parseRange(observable.value) : undefined;
}

/** The fewest CIDRs that cover exactly `range` without `holes`, to show how a range is split. */
export function* without(range: AddressRange, holes: readonly AddressRange[]): Generator<string> {
  const inside = holes.filter((hole) => hole.last >= range.first && hole.first <= range.last);
  if (inside.length === 0) {
    yield cidrText(range);
    return;
  }
  if (inside.some((hole) => hole.first <= range.first && hole.last >= range.last)) return;
  for (const half of halves(range)) yield* without(half, inside);
}

/** Every CIDR that holds more than this range and all of it, the smallest first; those that hold half the internet left out. */
export function around(range: AddressRange): string[] {
  const { family, first, last } = range;
  const size = BigInt(last) - BigInt(first) + 1n;
  const wider: string[] = [];
  for (let prefix = WIDTH[family] - size.toString(2).length; prefix >= 1; prefix--) {
    wider.push(cidrText(typeof first === 'number' ? v4Range(first, prefix) : v6Range(BigInt(first), prefix)));
  }
  return wider;
}

function halves(range: AddressRange): AddressRange[] {
  const { family, first, last } = range;
  if (typeof first === 'number' && typeof last === 'number') {
    const middle = first + (last - first + 1) / 2;
    return [
      { family, first, last: middle - 1 },
      { family, first: middle, last },
    ];
  }
  const middle = BigInt(first) + (BigInt(last) - BigInt(first) + 1n) / 2n;
  return [
    { family, first, last: middle - 1n },
    { family, first: middle, last },
  ];
}

function cidrText({ family, first, last }: AddressRange): string {
  const text = typeof first === 'number' ? formatV4(first) : formatV6(first);
  const size = BigInt(last) - BigInt(first) + 1n;
  const prefix = WIDTH[family] - (size.toString(2).length - 1);
  return prefix === WIDTH[family] ? text : `${text}/${prefix}`;
}

/** Ranges with what they stand for, to be asked for overlaps. CIDRs nest or are apart, so the outermost ones answer for all. */
export interface RangeTable<T> {
  /** A range of the table that covers all of this one. */
  covering(range: AddressRange): T | undefined;
  /** The ranges of the table that lie inside this one or equal it. */
  inside(range: AddressRange): readonly { range: AddressRange; label: T }[];
}

export function makeRangeTable<T>(rows: readonly { range: AddressRange; label: T }[]): RangeTable<T> {
  const tables = { 4: outermost(rows, 4), 6: outermost(rows, 6) };
  return {
    covering(range) {
      const table = tables[range.family];
      const row = table[lastAtMost(table, range.first)];
      return row !== undefined && row.range.last >= range.last ? row.label : undefined;
    },
    inside(range) {
      const table = tables[range.family];
      let at = lastAtMost(table, range.first);
      if (at < 0 || (table[at]?.range.first ?? 0) < range.first) at++;
      const found: { range: AddressRange; label: T }[] = [];
      for (let row = table[at]; row !== undefined && row.range.first <= range.last; row = table[++at]) {
        if (row.range.last <= range.last) found.push(row);
      }
      return found;
    },
  };
}

function outermost<T>(rows: readonly { range: AddressRange; label: T }[], family: 4 | 6) {
  const sorted = rows.filter((row) => row.range.family === family);
  sorted.sort((a, b) => compare(a.range.first, b.range.first) || compare(b.range.last, a.range.last));
  const kept: { range: AddressRange; label: T }[] = [];
  for (const row of sorted) {
    const before = kept.at(-1);
    if (before === undefined || row.range.last > before.range.last) kept.push(row);
  }
  return kept;
}

function compare(a: AddressBits, b: AddressBits): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Index of the last row that begins at or before `bits`; -1 where none does. */
function lastAtMost(table: readonly { range: AddressRange }[], bits: AddressBits): number {
  let low = 0;
  let high = table.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = table[middle];
    if (row !== undefined && row.range.first <= bits) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
