import type { Observable } from '../../ctim/observable.ts';
import { type AddressRange, makeRangeTable, parseRange, parseV4 } from '../address.ts';
import { BUILT_IN_RANGES } from './address-guards.ts';
import { type Situation, sixteensOf } from './guard.ts';
import { protectedRanges } from './protected.ts';

const SIXTEENS = 65_536;

/**
 * Nearly every line of a long list is one address far from any guarded range, and no guard need look at it: for IPv4 one byte
 * for each /16 tells, for IPv6 one search. A wrong "no" costs time, a wrong "yes" would let something through.
 */
export function makeQuiet(situation: Situation): (observable: Observable) => boolean {
  const ranges = [...protectedRanges(situation), ...situation.fetched.flatMap((list) => list.all)];
  const marked = BUILT_IN_SIXTEENS.slice();
  for (const range of ranges) mark(marked, range);
  const six = makeRangeTable([...BUILT_IN, ...ranges].map((range) => ({ range, label: true })));
  return ({ type, value }) => {
    if (type === 'ip') {
      const bits = parseV4(value);
      return bits !== undefined && marked[Math.floor(bits / SIXTEENS)] === 0;
    }
    const range = type === 'ipv6' && !value.includes('/') ? parseRange(value) : undefined;
    return range !== undefined && six.covering(range) === undefined;
  };
}

const BUILT_IN: readonly AddressRange[] = BUILT_IN_RANGES.flatMap(({ rows }) =>
  rows.map(([text]) => parseRange(text)),
).filter((range) => range !== undefined);

const BUILT_IN_SIXTEENS: Uint8Array = (() => {
  const marked = new Uint8Array(SIXTEENS);
  for (const range of BUILT_IN) mark(marked, range);
  return marked;
})();

function mark(marked: Uint8Array, range: AddressRange): void {
  if (range.family === 6) return;
  const [first, last] = sixteensOf(range);
  marked.fill(1, first, last + 1);
}
