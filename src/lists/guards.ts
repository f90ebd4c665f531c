import { parse } from 'tldts';
import type { Observable } from '../ctim/observable.ts';
import { quoted } from '../ctim/problem.ts';
import { type AddressRange, makeRangeTable, parseRange, parseV4, type RangeTable, rangeOf } from './address.ts';
import { atOrBelow, parentsOf } from './domain.ts';
import type { Remark } from './normalise.ts';
import { RESOLVERS } from './resolvers.ts';
import type { Settings } from './settings.ts';
import {
  DOCUMENTATION_NAMES,
  DOCUMENTATION_RANGES,
  LOCAL_NAMES,
  PRIVATE_RANGES,
  SPECIAL_RANGES,
  type SpecialRow,
} from './special-use.ts';
import { hostOf } from './url.ts';

/**
 * A guard refuses an entry of a block list that would break more than it protects. Ranges are compared both ways: 8.0.0.0/8
 * contains 8.8.8.8. The way round a guard is `force: "reason"` on the entry; nothing else switches one off.
 */
interface Guard {
  readonly code: `guard-${string}`;
  /** What would break, as the end of "… is refused: ", or undefined. */
  readonly breaks: (subject: Subject, settings: Settings) => string | undefined;
}

interface Subject {
  readonly observable: Observable;
  /** The addresses meant: of an address, of a range, or of the host of a URL. */
  readonly range: AddressRange | undefined;
  /** The name meant: a domain, or the host of a URL. */
  readonly name: string | undefined;
}

const GUARDS: readonly Guard[] = [
  { code: 'guard-prefix', breaks: tooWide },
  { code: 'guard-private', breaks: overlap(tableOf(PRIVATE_RANGES), 'your own network uses these addresses') },
  {
    code: 'guard-special-use',
    breaks: overlap(tableOf(SPECIAL_RANGES), 'these addresses work inside networks, not across the Internet'),
  },
  { code: 'guard-local-name', breaks: ({ name }) => below(name, LOCAL_NAMES, 'is answered inside your own network') },
  { code: 'guard-documentation', breaks: documentation },
  { code: 'guard-resolver', breaks: resolver },
  { code: 'guard-public-suffix', breaks: publicSuffix },
  { code: 'guard-common-hash', breaks: commonHash },
  { code: 'guard-protected', breaks: protectedValue },
];

/** Why an entry of a block list is refused, or undefined. */
export type Guards = (observable: Observable) => Remark | undefined;

export function makeGuards(settings: Settings): Guards {
  return (observable) => {
    if (isUnremarkable(observable, settings)) return undefined;
    const host = observable.type === 'url' ? hostOf(observable.value) : undefined;
    const range = host === undefined ? rangeOf(observable) : parseRange(host);
    const named = observable.type === 'domain' ? observable.value : range === undefined ? host : undefined;
    const subject: Subject = { observable, range, name: named };
    for (const { code, breaks } of GUARDS) {
      const what = breaks(subject, settings);
      if (what === undefined) continue;
      const message = `${quoted(observable.value)} is refused: ${what}; if it is meant all the same, say force: "reason" on the entry (for a line of a text file, in overrides)`;
      return { code, message };
    }
    return undefined;
  };
}

/** Nearly every line of a long list is one IPv4 address far from any guarded range: one search tells. */
function isUnremarkable({ type, value }: Observable, { protect }: Settings): boolean {
  const bits = type === 'ip' && protect.length === 0 ? parseV4(value) : undefined;
  return bits !== undefined && meets(EVERY_RANGE, { family: 4, first: bits, last: bits }) === undefined;
}

/** One network never has more: the widest IPv4 networks are the /8 of the early Internet, the widest IPv6 ones are /19. */
const PREFIX_MIN = { ip: 8, ipv6: 19 } as const;

function tooWide({ observable: { type, value } }: Subject): string | undefined {
  if (type !== 'ip' && type !== 'ipv6') return undefined;
  const slash = value.indexOf('/');
  if (slash < 0 || Number(value.slice(slash + 1)) >= PREFIX_MIN[type]) return undefined;
  return `it blocks a large part of the Internet; the widest range is /${PREFIX_MIN[type]}`;
}

function tableOf(rows: readonly SpecialRow[]): RangeTable<string> {
  return makeRangeTable(
    rows.map(([value, meaning]) => {
      const range = parseRange(value);
      if (range === undefined) throw new Error(`${value} is no range`);
      return { range, label: `${value} (${meaning})` };
    }),
  );
}

function meets(table: RangeTable<string>, range: AddressRange): string | undefined {
  return table.covering(range) ?? table.inside(range)[0]?.label;
}

function overlap(table: RangeTable<string>, why: string): Guard['breaks'] {
  return ({ range }) => {
    const met = range === undefined ? undefined : meets(table, range);
    return met === undefined ? undefined : `it overlaps ${met}; ${why}`;
  };
}

function below(name: string | undefined, parents: readonly string[], why: string): string | undefined {
  const parent = name === undefined ? undefined : parents.find((candidate) => atOrBelow(name, candidate));
  return parent === undefined ? undefined : `${name} lies in ${parent}, which ${why}`;
}

const DOCUMENTATION = tableOf(DOCUMENTATION_RANGES);

function documentation({ range, name }: Subject, settings: Settings): string | undefined {
  if (settings.guards.documentation === 'allow') return undefined;
  const met = range === undefined ? undefined : meets(DOCUMENTATION, range);
  const found = met === undefined ? below(name, DOCUMENTATION_NAMES, 'is for documentation') : `it overlaps ${met}`;
  return found === undefined
    ? undefined
    : `${found}; examples copied from a text block nothing (settings: guards: { documentation: allow } for tests)`;
}

const RESOLVER_ROWS = RESOLVERS.flatMap(({ name, addresses }) =>
  addresses.map((address): SpecialRow => [address, `a public resolver of ${name}`]),
);
const RESOLVER_TABLE = tableOf(RESOLVER_ROWS);
const EVERY_RANGE = tableOf([...PRIVATE_RANGES, ...SPECIAL_RANGES, ...DOCUMENTATION_RANGES, ...RESOLVER_ROWS]);

/** A URL on a resolver's address names one page of it, so it is let pass. */
function resolver({ observable, range }: Subject): string | undefined {
  if (range === undefined || observable.type === 'url') return undefined;
  const met = meets(RESOLVER_TABLE, range);
  return met === undefined ? undefined : `it contains ${met}; whoever resolves names there loses the Internet`;
}

/** Private suffixes (github.io) too: below them live unrelated people. https://publicsuffix.org/ */
function publicSuffix({ observable }: Subject): string | undefined {
  if (observable.type !== 'domain') return undefined;
  const {
    publicSuffix: suffix,
    isIcann,
    isPrivate,
  } = parse(observable.value, { allowPrivateDomains: true, validateHostname: false });
  if (suffix !== observable.value || !(isIcann || isPrivate)) return undefined;
  return isPrivate
    ? 'below this name unrelated people have names of their own (Public Suffix List); firewalls would block them all'
    : 'it is a top-level domain or a registry; firewalls would block every name below it';
}

/** SHA-256, SHA-1 and MD5 of files that are everywhere and harmless. */
const COMMON_HASHES: ReadonlyMap<string, string> = new Map([
  ['e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 'the empty file'],
  ['da39a3ee5e6b4b0d3255bfef95601890afd80709', 'the empty file'],
  ['d41d8cd98f00b204e9800998ecf8427e', 'the empty file'],
  ['01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b', 'a file of one line feed'],
  ['adc83b19e793491b1c6ea0fd8b46cd9f32e592fc', 'a file of one line feed'],
  ['68b329da9893e34099c7d8ad5cb9c940', 'a file of one line feed'],
  ['275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f', "EICAR's harmless test file"],
  ['3395856ce81f2b7382dee72602f798b642f14140', "EICAR's harmless test file"],
  ['44d88612fea8a8f36de82e1278abb02f', "EICAR's harmless test file"],
]);

function commonHash({ observable }: Subject): string | undefined {
  const file = COMMON_HASHES.get(observable.value);
  return file === undefined ? undefined : `it is the hash of ${file}, which stands on every machine`;
}

/** A protected name guards what is above it and below it; a protected range guards what overlaps it. */
function protectedValue({ observable, range, name }: Subject, { protect }: Settings): string | undefined {
  for (const row of protect) {
    const mine = rangeOf(row.observable);
    const hit =
      mine !== undefined && range !== undefined
        ? mine.family === range.family && mine.first <= range.last && mine.last >= range.first
        : row.observable.type === 'domain' && name !== undefined
          ? atOrBelow(name, bare(row.observable.value)) || parentsOf(bare(row.observable.value)).includes(name)
          : row.observable.value === observable.value;
    if (!hit) continue;
    const reason = row.reason === undefined ? '' : ` (${row.reason})`;
    return `settings.yaml:${row.line} protects ${row.observable.value}${reason}`;
  }
  return undefined;
}

function bare(name: string): string {
  return name.startsWith('*.') ? name.slice(2) : name;
}
