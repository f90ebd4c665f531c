import { type AddressRange, makeRangeTable, parseRange, type RangeTable } from '../address.ts';
import { networkOfMany } from './address-guards.ts';
import { makeNameIndex, meets, type NameIndex } from './facts.ts';
import type { Hit, Look, Subject } from './guard.ts';
import type { GuardListSource } from './guard-settings.ts';

/**
 * A list that `guards update` fetched, ready to be asked. It adds to the tables that come with the product and takes nothing
 * from them: there is no entry that a fetched list lets pass.
 */
export interface FetchedGuardList extends GuardListSource {
  /** What it calls itself, or its URL. */
  readonly title: string;
  /** Values taken, and those left out as they fit neither the list nor our normal form. */
  readonly size: number;
  readonly leftOut: number;
  /** Epoch ms of the copy. */
  readonly fetchedAt: number;
  readonly ranges: RangeTable<string>;
  /** The same, one by one. */
  readonly all: readonly AddressRange[];
  readonly names: NameIndex<string>;
  /** Hashes, whole URLs and whatever else is compared as it is. */
  readonly values: ReadonlySet<string>;
  /** Of the Public Suffix List: parents below which each label is a suffix, and the names that are none. */
  readonly anyBelow: ReadonlySet<string>;
  readonly exceptions: ReadonlySet<string>;
}

type Values = Pick<FetchedGuardList, 'ranges' | 'all' | 'names' | 'values' | 'anyBelow' | 'exceptions'>;

export interface FetchedValues {
  readonly addresses?: readonly string[];
  readonly names?: readonly string[];
  readonly others?: readonly string[];
  readonly anyBelow?: readonly string[];
  readonly exceptions?: readonly string[];
}

export function indexValues(found: FetchedValues): Values {
  const { addresses = [], names = [], others = [], anyBelow = [], exceptions = [] } = found;
  const rows = addresses.flatMap((value) => {
    const range = parseRange(value);
    return range === undefined ? [] : [{ range, label: value }];
  });
  return {
    ranges: makeRangeTable(rows),
    all: rows.map(({ range }) => range),
    names: makeNameIndex(names.map((name) => [name, name] as const)),
    values: new Set(others),
    anyBelow: new Set(anyBelow),
    exceptions: new Set(exceptions),
  };
}

export const fetchedRange: Look = (subject, { fetched }) => {
  const { range, observable } = subject;
  if (range === undefined || observable.type === 'url') return undefined;
  return gravest(fetched, (list) => {
    if (list.severity === 'warn') return networkOfMany(range, list.ranges);
    const met = meets(list.ranges, range);
    return met === undefined ? undefined : { weight: 'refuse', why: `it overlaps ${met}` };
  });
};

export const fetchedName: Look = (subject, { fetched }) => {
  const { name } = subject;
  if (name === undefined) return undefined;
  return gravest(fetched, (list) => {
    const met = NAME_MATCHERS[list.kind](name, list);
    return met === undefined || subject.isPage() ? undefined : { weight: list.severity, why: met };
  });
};

export const fetchedValue: Look = ({ observable }, { fetched }) =>
  gravest(fetched, (list) =>
    list.values.has(observable.value) ? { weight: list.severity, why: 'the value is listed' } : undefined,
  );

export const fetchedSuffix: Look = (subject, situation) => suffixOrPopular(subject, situation, 'suffix');
export const popularName: Look = (subject, situation) => suffixOrPopular(subject, situation, 'popular');

/** Both have a guard of their own, so what is said of a suffix does not depend on where the suffix is known from. */
function suffixOrPopular(subject: Subject, { fetched }: Parameters<Look>[1], kind: 'suffix' | 'popular') {
  const { name, observable } = subject;
  if (name === undefined || observable.type === 'url') return undefined;
  const match = kind === 'suffix' ? isSuffix : isPopular;
  return gravest(
    fetched.filter((list) => list.kind === kind),
    (list) => {
      const met = match(name, list);
      return met === undefined ? undefined : { weight: list.severity, why: met };
    },
  );
}

const NAME_MATCHERS: Readonly<
  Record<GuardListSource['kind'], (name: string, list: FetchedGuardList) => string | undefined>
> = {
  cidr: () => undefined,
  hostname: (name, { names }) => said(names.atOrAbove(name) ?? names.below(name)),
  string: (name, { names }) => said(names.at(name) ?? names.below(name)),
  suffix: () => undefined,
  popular: () => undefined,
};

function said(name: string | undefined): string | undefined {
  return name === undefined ? undefined : `${name} is listed, and firewalls block every name below what is blocked`;
}

function isSuffix(name: string, { names, anyBelow, exceptions }: FetchedGuardList): string | undefined {
  const parent = name.slice(name.indexOf('.') + 1);
  const is = names.at(name) !== undefined || (anyBelow.has(parent) && !exceptions.has(name));
  return is ? 'below this name unrelated people have names of their own; firewalls would block them all' : undefined;
}

function isPopular(name: string, { names }: FetchedGuardList): string | undefined {
  return names.at(name) === undefined ? undefined : 'it is one of the names that are asked for most';
}

/** A refusal of any list before a warning of another. */
function gravest(
  lists: readonly FetchedGuardList[],
  ask: (list: FetchedGuardList) => Hit | undefined,
): Hit | undefined {
  let found: Hit | undefined;
  for (const list of lists) {
    const hit = ask(list);
    if (hit === undefined || (found !== undefined && hit.weight === 'warn')) continue;
    found = { weight: hit.weight, why: `${hit.why} (${list.title}, fetched)` };
    if (hit.weight !== 'warn') return found;
  }
  return found;
}
