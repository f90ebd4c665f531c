import type { Observable } from '../../ctim/observable.ts';
import { type AddressRange, makeRangeTable, parseRange, parseV4 } from '../address.ts';
import { BUILT_IN_RANGES } from './address-guards.ts';
import { COMMON_HASHES } from './common-hashes.ts';
import { makeNameIndex } from './facts.ts';
import { type Situation, sixteensOf } from './guard.ts';
import { BUILT_IN_NAMES, isPublicSuffix } from './name-guards.ts';
import { protectedNames, protectedRanges } from './protected.ts';

const SIXTEENS = 65_536;

/**
 * Nearly every line of a long list is far from anything guarded, and no guard need look at it. A wrong "no" costs time, a
 * wrong "yes" would let something through.
 *
 *   address        one byte for each /16 tells; of IPv6 the rest is one search
 *   name           it is not at, above or below a name that any guard knows, and no suffix
 *   URL            its host, by the same; suffixes and popularity are asked of names alone
 *   anything else  guards compare it whole
 */
export function makeQuiet(situation: Situation): (observable: Observable) => boolean {
  const { fetched, protect } = situation;
  const whole = new Set([...COMMON_HASHES.files.keys(), ...protect.map(({ observable }) => observable.value)]);
  const isListed = (value: string) => whole.has(value) || fetched.some(({ values }) => values.has(value));
  const isFarAddress = farAddresses(situation);
  const isFarName = farNames(situation);
  const exact = fetched.filter(({ kind }) => kind === 'suffix' || kind === 'popular');
  const isSuffix = (name: string) =>
    isPublicSuffix(name) ||
    exact.some(
      ({ names, anyBelow }) => names.at(name) !== undefined || anyBelow.has(name.slice(name.indexOf('.') + 1)),
    );
  return ({ type, value }) => {
    if (isListed(value)) return false;
    switch (type) {
      case 'ip':
      case 'ipv6':
        return isFarAddress(value);
      case 'domain':
      case 'hostname':
        return isFarName(value) && !isSuffix(value);
      case 'url': {
        const [, six, host] = HOST.exec(value) ?? [];
        if (six !== undefined) return isFarAddress(six);
        return host !== undefined && (parseV4(host) === undefined ? isFarName(host) : isFarAddress(host));
      }
      default:
        return true;
    }
  };
}

/** The host of a URL in normal form, of IPv6 without its brackets, of a name without the dot of the root. */
const HOST = /^[a-z]+:\/\/(?:[^/?#@]*@)?(?:\[([^\]]+)\]|([^/:?#]*[^/:?#.])\.?(?=[/:?#]|$))/;

/** Of ranges it always says no. */
function farAddresses(situation: Situation): (value: string) => boolean {
  const ranges = [...protectedRanges(situation), ...situation.fetched.flatMap((list) => list.all)];
  const four = BUILT_IN_FOUR.slice();
  const six = BUILT_IN_SIX.slice();
  for (const range of ranges) mark(range, four, six);
  const table = makeRangeTable([...BUILT_IN, ...ranges].map((range) => ({ range, label: true })));
  return (value) => {
    const bits = parseV4(value);
    if (bits !== undefined) return four[Math.floor(bits / SIXTEENS)] === 0;
    if (!value.includes(':') || value.includes('/')) return false;
    // `::1` has no first group, and NaN is at no place.
    if (six[Number.parseInt(value, 16)] === 0) return true;
    const range = parseRange(value);
    return range !== undefined && table.covering(range) === undefined;
  };
}

function farNames(situation: Situation): (name: string) => boolean {
  const own = makeNameIndex([...BUILT_IN_NAMES_ALONE, ...protectedNames(situation)].map((name) => [name, true]));
  const lists = situation.fetched.filter(({ kind }) => kind === 'hostname' || kind === 'string');
  const indexes = [own, ...lists.map(({ names }) => names).filter(({ size }) => size > 0)];
  return (name) => !indexes.some((index) => index.atOrAbove(name) !== undefined || index.below(name) !== undefined);
}

const BUILT_IN_NAMES_ALONE = BUILT_IN_NAMES.flatMap(({ names }) => names);

const BUILT_IN: readonly AddressRange[] = BUILT_IN_RANGES.flatMap(({ rows }) =>
  rows.map(([text]) => parseRange(text)),
).filter((range) => range !== undefined);

const [BUILT_IN_FOUR, BUILT_IN_SIX] = [new Uint8Array(SIXTEENS), new Uint8Array(SIXTEENS)];
for (const range of BUILT_IN) mark(range, BUILT_IN_FOUR, BUILT_IN_SIX);

/** Of both families by the first 16 bits. */
function mark(range: AddressRange, four: Uint8Array, six: Uint8Array): void {
  const [first, last] = sixteensOf(range);
  (range.family === 4 ? four : six).fill(1, first, last + 1);
}
