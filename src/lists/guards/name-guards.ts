import { parse } from 'tldts';
import { COPIED_EXAMPLE } from './address-guards.ts';
import { makeNameIndex, type NameFacts, type NameIndex } from './facts.ts';
import type { Look } from './guard.ts';
import { RESOLVER_NAMES } from './resolvers.ts';
import { ROOT_NAMES, TIME_NAMES } from './root-and-time.ts';
import { CERTIFICATE_HOSTS, UPDATE_HOSTS } from './service-hosts.ts';
import { DOCUMENTATION_NAMES, LOCAL_NAMES } from './special-use.ts';
import { WELL_KNOWN_NAMES } from './well-known-names.ts';

/** Everything that a guard of names knows from the start, but for the public suffixes, which come with tldts. */
export const BUILT_IN_NAMES: readonly NameFacts[] = [
  LOCAL_NAMES,
  DOCUMENTATION_NAMES,
  RESOLVER_NAMES,
  ROOT_NAMES,
  TIME_NAMES,
  CERTIFICATE_HOSTS,
  UPDATE_HOSTS,
  WELL_KNOWN_NAMES,
];

/** Of these a URL too is refused: no such page is somewhere else than in your own network. */
export const localName: Look = ({ name }) => {
  const zone = name === undefined ? undefined : LOCAL.atOrAbove(name);
  return zone === undefined
    ? undefined
    : { weight: 'refuse', why: `${name} lies in ${zone}, which is answered inside your own network` };
};
const LOCAL = indexOf(LOCAL_NAMES);

export const documentationName: Look = ({ name }, { settings }) => {
  if (settings.documentation === 'allow' || name === undefined) return undefined;
  const zone = DOCUMENTATION.atOrAbove(name);
  return zone === undefined
    ? undefined
    : { weight: 'refuse', why: `${name} lies in ${zone}, which is for documentation; ${COPIED_EXAMPLE}` };
};
const DOCUMENTATION = indexOf(DOCUMENTATION_NAMES);

/**
 * Private suffixes (github.io) too: below them live unrelated people. A URL is let pass: where the list has a star, as with
 * the hosts of a cloud, a single host is a suffix. https://publicsuffix.org/
 */
export const publicSuffix: Look = ({ observable, name }) => {
  if (name === undefined || observable.type === 'url') return undefined;
  if (!isPublicSuffix(name)) return undefined;
  const { isPrivate } = parse(name, PARSING);
  return {
    weight: 'refuse',
    why: isPrivate
      ? 'below this name unrelated people have names of their own (Public Suffix List); firewalls would block them all'
      : 'it is a top-level domain or a registry; firewalls would block every name below it',
  };
};

const PARSING = { allowPrivateDomains: true, validateHostname: false, extractHostname: false } as const;

export function isPublicSuffix(name: string): boolean {
  const { publicSuffix: suffix, isIcann, isPrivate } = parse(name, PARSING);
  return suffix === name && (isIcann === true || isPrivate === true);
}

export const resolverName = service(RESOLVER_NAMES, 'whoever resolves names there loses the Internet');
export const rootName = service(ROOT_NAMES, 'names of whole registries are found through it');
export const timeName = service(TIME_NAMES, 'clocks that run wrong break TLS, Kerberos and one-time passwords');
export const certificateHost = service(
  CERTIFICATE_HOSTS,
  'certificates are checked there (OCSP, CRL): programs wait, or refuse the connection',
);
export const updateHost = service(
  UPDATE_HOSTS,
  'systems get their updates and protection there, and look there whether they are online',
);

/** The name, what is below it, and what is above it. A page on one is let pass. */
function service(facts: NameFacts, why: string): Look {
  const names = indexOf(facts);
  return ({ name, isPage }) => {
    if (name === undefined) return undefined;
    const host = names.atOrAbove(name) ?? names.below(name);
    if (host === undefined || isPage()) return undefined;
    return { weight: 'refuse', why: `${host === name ? 'it is' : `it covers or belongs to`} ${host}; ${why}` };
  };
}

/** Exactly, with `www.` before it, and what is above it. Below them anybody may be, as with `evil.blogspot.com`. */
export const wellKnownName: Look = ({ name, isPage }) => {
  if (name === undefined) return undefined;
  const bare = name.startsWith('www.') ? name.slice(4) : name;
  const known = WELL_KNOWN.at(bare) ?? WELL_KNOWN.below(name);
  if (known === undefined || isPage()) return undefined;
  const what =
    known === bare ? `${known} is one of the best-known names` : `${known}, one of the best-known names, lies below it`;
  return { weight: 'refuse', why: `${what}, and firewalls block every name below; block the single names or URLs` };
};
const WELL_KNOWN = indexOf(WELL_KNOWN_NAMES);

function indexOf({ names }: NameFacts): NameIndex<string> {
  return makeNameIndex(names.map((name) => [name, name] as const));
}
