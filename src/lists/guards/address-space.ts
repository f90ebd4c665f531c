import type { Entry, Position } from '../../ctim/entry.ts';
import { type Problem, quoted } from '../../ctim/problem.ts';
import { type AddressRange, parseRange } from '../address.ts';
import { overlap } from './guard.ts';
import type { GuardSettings } from './guard-settings.ts';

/**
 * How much of the Internet all block lists together would block. A guard of single entries never sees it: two /1, or 256 /8,
 * are all of IPv4. Counted are addresses of IPv4, and networks of /48 of IPv6, each once however many entries hold it. What a
 * person answered for (`force`) is not counted.
 *
 * A sum that counts twice what stands twice is enough nearly always; the union is reckoned only where that sum is over.
 */
export interface Space {
  add(entry: Entry): void;
  problems(): Problem[];
}

interface Wide {
  readonly range: AddressRange;
  readonly value: string;
  readonly position: Position;
}

interface Tally {
  readonly type: 'ip' | 'ipv6';
  /** In the unit of the family; of IPv6 what is smaller than a /48 counts its part. */
  sum: number;
  /** Single addresses and small ranges are counted, not kept: only what is wide makes the sum large. */
  readonly wide: Wide[];
  small: number;
  first?: Position;
}

/** Of IPv6, addresses below this prefix are less than one unit. */
const UNIT_BITS = { ip: 32, ipv6: 48 } as const;
/** What is smaller (/25 and longer, /41 and longer) is counted as often as it stands: half a million of these are a budget. */
const SMALL = 2 ** 8;

export function makeSpace(budget: GuardSettings['addressSpace']): Space {
  const tallies: Record<'ip' | 'ipv6', Tally> = {
    ip: { type: 'ip', sum: 0, wide: [], small: 0 },
    ipv6: { type: 'ipv6', sum: 0, wide: [], small: 0 },
  };
  return {
    add({ observable: { type, value }, position, forced }) {
      if ((type !== 'ip' && type !== 'ipv6') || forced) return;
      const tally = tallies[type];
      const slash = value.indexOf('/');
      const size = 2 ** (UNIT_BITS[type] - (slash < 0 ? (type === 'ip' ? 32 : 128) : Number(value.slice(slash + 1))));
      tally.sum += size;
      tally.first ??= position;
      const range = size < SMALL ? undefined : parseRange(value);
      if (range === undefined) tally.small += size;
      else tally.wide.push({ range, value, position });
    },
    problems: () => [tallies.ip, tallies.ipv6].flatMap((tally) => overBudget(tally, budget[tally.type])),
  };
}

function overBudget(tally: Tally, budget: number): Problem[] {
  if (tally.sum <= budget) return [];
  const apart = outermost(tally.wide);
  const blocked = apart.reduce((sum, { range }) => sum + sizeOf(range), tally.small);
  if (blocked <= budget) return [];
  const largest = apart.toSorted((a, b) => sizeOf(b.range) - sizeOf(a.range)).slice(0, SHOWN);
  const [first] = largest;
  const { ip, unit, all } = WORDS[tally.type];
  const shown = largest.map(({ value, position }) => `${quoted(value)} (${position.file}:${position.line})`).join(', ');
  const more = apart.length > SHOWN ? ` and ${apart.length - SHOWN} more ranges` : '';
  const message =
    `the block lists together block ${amount(blocked)} ${unit}, more than the ${amount(budget)} that the settings allow` +
    ` (${share(blocked / all)} of ${ip}); the largest are ${shown}${more}: remove what is not meant, say force: "reason" on` +
    ` a range that is, or raise guards: { address_space: { ${tally.type}: ${budget} } } in the settings`;
  const position = first?.position ?? tally.first;
  return position === undefined ? [] : [{ severity: 'error', code: 'guard-address-space', message, ...position }];
}

const SHOWN = 5;

const WORDS = {
  ip: { ip: 'IPv4', unit: 'addresses', all: 2 ** 32 },
  ipv6: { ip: 'the IPv6 Internet, 2000::/3', unit: 'networks of /48', all: 2 ** 45 },
} as const;

/** CIDRs nest or are apart, so what lies in no other one is the union. */
function outermost(wide: readonly Wide[]): Wide[] {
  const sorted = wide.toSorted((a, b) => compare(a.range.first, b.range.first) || compare(b.range.last, a.range.last));
  const kept: Wide[] = [];
  for (const each of sorted) {
    const last = kept.at(-1);
    if (last === undefined || !overlap(last.range, each.range)) kept.push(each);
  }
  return kept;
}

function compare(a: number | bigint, b: number | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sizeOf({ family, first, last }: AddressRange): number {
  const addresses = Number(BigInt(last) - BigInt(first) + 1n);
  return family === 4 ? addresses : addresses / 2 ** 80;
}

function amount(count: number): string {
  return Math.ceil(count).toLocaleString('en');
}

function share(part: number): string {
  return `${(part * 100).toPrecision(2)} %`;
}
