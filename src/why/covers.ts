import { type Observable, sameObservable } from '../ctim/observable.ts';
import { type AddressRange, parseRange, rangeOf } from '../lists/address.ts';
import { atOrBelow } from '../lists/domain.ts';
import { hostOf, isWholeHost } from '../lists/url.ts';

/**
 * Which other observable decides on one:
 *
 *   it                   | is blocked, for a firewall, by          | is let through by
 *   ---------------------+-----------------------------------------+-------------------------------
 *   address, range       | a range around it                       | a range around it
 *   name                 | a name above it                         | a name above it, or `*.` of that
 *   URL                  | its host, as above                      | its host, where it has no path
 *   anything             | itself                                  | itself
 */
export function blocks(wider: Observable, it: Observable): boolean {
  return sameObservable(wider, it) || isAround(wider, it);
}

export function letsThrough(allowed: Observable, it: Observable): boolean {
  if (sameObservable(allowed, it)) return true;
  return it.type === 'url' && !isWholeHost(it.value) ? false : isAround(allowed, it);
}

function isAround(wider: Observable, it: Observable): boolean {
  const host = it.type === 'url' ? hostOf(it.value) : undefined;
  const outer = rangeOf(wider);
  if (outer !== undefined) {
    const inner = host === undefined ? rangeOf(it) : parseRange(host);
    return inner !== undefined && contains(outer, inner);
  }
  if (wider.type !== 'domain') return false;
  const name = host ?? (it.type === 'domain' ? it.value : undefined);
  if (name === undefined) return false;
  return wider.value.startsWith('*.') ? name.endsWith(wider.value.slice(1)) : atOrBelow(name, wider.value);
}

function contains(outer: AddressRange, inner: AddressRange): boolean {
  return outer.family === inner.family && outer.first <= inner.first && outer.last >= inner.last;
}
