import { type AddressRange, parseRange } from './address.ts';
import { parentsOf } from './domain.ts';
import { normalise } from './normalise.ts';

/**
 * What no honest list holds: an address that nobody has (RFC 5737) and a name that nobody can have (RFC 2606). A server
 * whose name was given up answers *listed* to whatever is asked; one that serves files may serve the whole Internet.
 */
const OUR_CANARIES = ['192.0.2.254', 'canary.example'] as const;
/** Lists of unused addresses hold the documentation ranges, and are honest; one of these is wider than any of them. */
const WIDE_MAX = { 4: 7, 6: 18 } as const;

/** The first canary that is among the values, or in a range or below a name of them. A range need not be wide to hold one that a list names itself. */
export function canaryFinder(own: readonly string[]): (values: ReadonlySet<string>) => string | undefined {
  const named = own.map(canonical);
  return (values) => {
    const ranges = [...values].flatMap((value) => (value.includes('/') ? (parseRange(value) ?? []) : []));
    const isIn = (canary: string, among: readonly AddressRange[]) => {
      const at = parseRange(canary);
      if (values.has(canary) || parentsOf(canary).some((parent) => values.has(parent))) return true;
      return at !== undefined && among.some((range) => holds(range, at));
    };
    const wide = ranges.filter(isWide);
    return named.find((canary) => isIn(canary, ranges)) ?? OUR_CANARIES.find((canary) => isIn(canary, wide));
  };
}

function canonical(value: string): string {
  const result = normalise(value);
  return 'refused' in result ? value : result.observable.value;
}

function holds(range: AddressRange, { family, first, last }: AddressRange): boolean {
  return range.family === family && range.first <= first && last <= range.last;
}

function isWide({ family, first, last }: AddressRange): boolean {
  const size = BigInt(last) - BigInt(first) + 1n;
  return size >= 1n << BigInt((family === 4 ? 32 : 128) - WIDE_MAX[family]);
}
