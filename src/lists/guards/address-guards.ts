import type { AddressRange, RangeTable } from '../address.ts';
import { CONTENT_NETWORKS } from './content-networks.ts';
import { meets, type RangeFacts, tableOf } from './facts.ts';
import { isOneAddress, type Look, rangeText } from './guard.ts';
import { RESOLVER_RANGES } from './resolvers.ts';
import { ROOT_RANGES, TIME_RANGES } from './root-and-time.ts';
import {
  DOCUMENTATION_RANGES,
  EMBEDDING_RANGES,
  MULTICAST_RANGES,
  PRIVATE_RANGES,
  SPECIAL_RANGES,
} from './special-use.ts';

/** Everything that a guard of addresses knows from the start. */
export const BUILT_IN_RANGES: readonly RangeFacts[] = [
  PRIVATE_RANGES,
  SPECIAL_RANGES,
  EMBEDDING_RANGES,
  MULTICAST_RANGES,
  DOCUMENTATION_RANGES,
  RESOLVER_RANGES,
  ROOT_RANGES,
  TIME_RANGES,
  CONTENT_NETWORKS,
];

export const tooWide: Look = ({ observable: { type, value } }, { settings }) => {
  if (type !== 'ip' && type !== 'ipv6') return undefined;
  const slash = value.indexOf('/');
  const least = settings.prefixMin[type];
  if (slash < 0 || Number(value.slice(slash + 1)) >= least) return undefined;
  return {
    weight: 'refuse',
    why: `it blocks a large part of the Internet; the widest range is /${least} (settings: guards: { prefix_min: … })`,
  };
};

export const privateSpace = specialSpace(PRIVATE_RANGES, 'your own network uses these addresses');
export const specialUse = specialSpace(
  SPECIAL_RANGES,
  'these addresses work inside networks, not across the Internet, so a rule for them breaks those inside',
);
export const multicast = specialSpace(
  MULTICAST_RANGES,
  'routing protocols, neighbour discovery and name look-up in the local network run over it',
);

/** In normal form a mapped address is IPv4 already, so what is left here are ranges of them and the other ways. */
export const embeddedAddress: Look = (subject) => {
  const met = subject.range && meets(EMBEDDING, subject.range);
  if (met === undefined) return undefined;
  const { embedded } = subject;
  const stands = embedded === undefined ? '' : `, here ${rangeText(embedded)}`;
  return {
    weight: 'refuse',
    why: `it overlaps ${met}${stands}; block the IPv4 address itself, whoever translates sees that one`,
  };
};
const EMBEDDING = tableOf(EMBEDDING_RANGES.rows);

/** Of these a URL too is refused: no page of theirs is somewhere else than in your own network. */
function specialSpace(facts: RangeFacts, why: string): Look {
  const table = tableOf(facts.rows);
  return ({ range }) => {
    const met = range && meets(table, range);
    return met === undefined ? undefined : { weight: 'refuse', why: `it overlaps ${met}; ${why}` };
  };
}

export const documentationAddress: Look = ({ range }, { settings }) => {
  if (settings.documentation === 'allow' || range === undefined) return undefined;
  const met = meets(DOCUMENTATION, range);
  return met === undefined ? undefined : { weight: 'refuse', why: `it overlaps ${met}; ${COPIED_EXAMPLE}` };
};
const DOCUMENTATION = tableOf(DOCUMENTATION_RANGES.rows);
export const COPIED_EXAMPLE =
  'examples copied from a text block nothing (settings: guards: { documentation: allow } for tests)';

export const publicResolver = server(RESOLVER_RANGES, 'whoever resolves names there loses the Internet');
export const rootServer = server(ROOT_RANGES, 'every resolver of yours begins at these');
export const timeServer = server(TIME_RANGES, 'clocks that run wrong break TLS, Kerberos and one-time passwords');

/** Servers that many ask without knowing. A page on one is let pass. */
function server(facts: RangeFacts, why: string): Look {
  const table = tableOf(facts.rows);
  return (subject) => {
    const met = subject.range && meets(table, subject.range);
    if (met === undefined || subject.isPage()) return undefined;
    return { weight: 'refuse', why: `it overlaps ${met}; ${why}` };
  };
}

/** Attackers do sit there, so one address goes through with a word; a range takes others with it. A URL takes nobody. */
export const contentNetwork: Look = ({ observable, range }) =>
  range === undefined || observable.type === 'url' ? undefined : networkOfMany(range, CONTENT);
const CONTENT = tableOf(CONTENT_NETWORKS.rows);

export function networkOfMany(range: AddressRange, table: RangeTable<string>): ReturnType<Look> {
  const met = meets(table, range);
  if (met === undefined) return undefined;
  if (isOneAddress(range)) {
    return { weight: 'warn', why: `it lies in ${met}, where one address serves many unrelated sites` };
  }
  return {
    weight: 'refuse',
    why: `it overlaps ${met}, and a range of it blocks thousands of unrelated sites: block single addresses, names or URLs`,
  };
}
