import type { Entry } from '../../ctim/entry.ts';
import { type Problem, quoted } from '../../ctim/problem.ts';
import { type AddressRange, makeRangeTable, parseRange } from '../address.ts';
import { overlap } from './guard.ts';
import type { GuardSettings } from './guard-settings.ts';

type Family = 'ip' | 'ipv6';

/** Addresses of IPv4, networks of /48 of IPv6; what is smaller than one counts its part. */
const UNIT_BITS = { ip: 32, ipv6: 48 } as const;
const WIDTH = { ip: 32, ipv6: 128 } as const;

/**
 * How much of the Internet all block lists together would block. A guard of single entries never sees it: two halves, or 256
 * networks of /8, are all of IPv4. Each address counts once, however many entries hold it; what a person answered for
 * (`force`) is not counted.
 *
 * A sum that counts twice what stands twice is enough nearly always: the union is reckoned only where that sum is over.
 */
export async function overSpace(
  blocks: readonly Entry[],
  budget: GuardSettings['addressSpace'],
  breathe: () => Promise<void> | undefined,
): Promise<Problem[]> {
  const sums = { ip: 0, ipv6: 0 };
  for (const entry of blocks) {
    const family = familyOf(entry);
    if (family !== undefined) sums[family] += sizeOf(family, entry.observable.value);
  }
  const problems: Problem[] = [];
  for (const family of ['ip', 'ipv6'] as const) {
    if (sums[family] <= budget[family]) continue;
    const union = await unionOf(blocks, family, breathe);
    if (union.size > budget[family]) problems.push(problemOf(family, union, budget[family]));
  }
  return problems;
}

function familyOf({ observable: { type }, forced }: Entry): Family | undefined {
  return (type === 'ip' || type === 'ipv6') && forced === undefined ? type : undefined;
}

function sizeOf(family: Family, value: string): number {
  const slash = value.indexOf('/');
  return 2 ** (UNIT_BITS[family] - (slash < 0 ? WIDTH[family] : Number(value.slice(slash + 1))));
}

interface Range {
  readonly range: AddressRange;
  readonly entry: Entry;
}

interface Union {
  readonly size: number;
  /** In the order of addresses, none inside another. */
  readonly ranges: readonly Range[];
  readonly first: Entry | undefined;
}

async function unionOf(
  blocks: readonly Entry[],
  family: Family,
  breathe: () => Promise<void> | undefined,
): Promise<Union> {
  const wide: Range[] = [];
  const single = new Map<string, Entry>();
  for (const entry of blocks) {
    if (familyOf(entry) !== family) continue;
    const { value } = entry.observable;
    const range = value.includes('/') ? parseRange(value) : undefined;
    if (range !== undefined) wide.push({ range, entry });
    else single.set(value, entry);
    const turn = breathe();
    if (turn !== undefined) await turn;
  }
  const ranges = outermost(wide);
  const table = makeRangeTable(ranges.map(({ range, entry }) => ({ range, label: entry })));
  let size = ranges.reduce((sum, { entry }) => sum + sizeOf(family, entry.observable.value), 0);
  let first: Entry | undefined;
  for (const [value, entry] of single) {
    const range = parseRange(value);
    if (range !== undefined && table.covering(range) !== undefined) continue;
    size += sizeOf(family, value);
    first ??= entry;
    const turn = breathe();
    if (turn !== undefined) await turn;
  }
  return { size, ranges, first };
}

/** CIDRs nest or are apart, so what lies in no other one is the union. */
function outermost(wide: readonly Range[]): Range[] {
  const sorted = [...wide].sort((a, b) => compare(a.range.first, b.range.first) || compare(b.range.last, a.range.last));
  const kept: Range[] = [];
  for (const each of sorted) {
    const last = kept.at(-1);
    if (last === undefined || !overlap(last.range, each.range)) kept.push(each);
  }
  return kept;
}

function compare(a: number | bigint, b: number | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const SHOWN = 5;

const WORDS = {
  ip: { all: 2 ** 32, name: 'IPv4', unit: 'addresses' },
  ipv6: { all: 2 ** 45, name: 'the IPv6 Internet, 2000::/3', unit: 'networks of /48' },
} as const;

function problemOf(family: Family, { size, ranges, first }: Union, budget: number): Problem {
  const sizes = new Map(ranges.map(({ entry }) => [entry, sizeOf(family, entry.observable.value)] as const));
  const largest = [...sizes].sort(([, a], [, b]) => b - a).slice(0, SHOWN);
  const { name, unit, all } = WORDS[family];
  const shown = largest.map(
    ([{ observable, position }]) => `${quoted(observable.value)} (${position.file}:${position.line})`,
  );
  const more = ranges.length > SHOWN ? ` and ${ranges.length - SHOWN} more ranges` : '';
  const largestText = shown.length === 0 ? '' : `; the largest are ${shown.join(', ')}${more}`;
  const message =
    `the block lists together block ${amount(size)} ${unit}, more than the ${amount(budget)} that the settings allow` +
    ` (${((size / all) * 100).toPrecision(2)} % of ${name})${largestText}: remove what is not meant, say force: "reason" on` +
    ` a range that is, or raise guards: { address_space: { ${family}: ${budget} } } in the settings`;
  const at = largest[0]?.[0] ?? first;
  if (at === undefined) throw new Error('over a budget without an entry');
  return { severity: 'error', code: 'guard-address-space', message, ...at.position };
}

function amount(count: number): string {
  return Math.ceil(count).toLocaleString('en');
}
