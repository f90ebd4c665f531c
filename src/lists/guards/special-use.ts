import type { NameFacts, RangeFacts } from './facts.ts';

/** Addresses and names that mean something of their own everywhere. */
const V4 = 'https://www.iana.org/assignments/iana-ipv4-special-registry';
const V6 = 'https://www.iana.org/assignments/iana-ipv6-special-registry';
const NAMES = 'https://www.iana.org/assignments/special-use-domain-names';
const DATE = '2026-11';

export const PRIVATE_RANGES: RangeFacts = {
  title: 'private and shared address space',
  source: `${V4} ${V6}`,
  date: DATE,
  rows: [
    ['10.0.0.0/8', 'private use, RFC 1918'],
    ['172.16.0.0/12', 'private use, RFC 1918'],
    ['192.168.0.0/16', 'private use, RFC 1918'],
    ['100.64.0.0/10', "shared by a carrier's customers, RFC 6598"],
    ['fc00::/7', 'unique local addresses, RFC 4193'],
  ],
};

export const SPECIAL_RANGES: RangeFacts = {
  title: 'special-purpose addresses',
  source: `${V4} ${V6}`,
  date: DATE,
  rows: [
    ['0.0.0.0/8', 'this network, RFC 791'],
    ['127.0.0.0/8', 'loopback, RFC 1122'],
    ['169.254.0.0/16', 'link-local, RFC 3927'],
    ['192.0.0.0/24', 'protocol assignments, RFC 6890'],
    ['192.31.196.0/24', 'AS112, RFC 7535'],
    ['192.52.193.0/24', 'AMT relays, RFC 7450'],
    ['192.88.99.0/24', '6to4 relays, RFC 7526'],
    ['192.175.48.0/24', 'AS112, RFC 7534'],
    ['198.18.0.0/15', 'benchmarks, RFC 2544'],
    ['240.0.0.0/4', 'reserved and broadcast, RFC 1112'],
    ['64:ff9b:1::/48', 'local NAT64, RFC 8215'],
    ['100::/64', 'discard, RFC 6666'],
    ['100:0:0:1::/64', 'dummy prefix, RFC 9780'],
    ['2001::/23', 'protocol assignments and Teredo, RFC 2928'],
    ['2620:4f:8000::/48', 'AS112, RFC 7534'],
    ['5f00::/16', 'segment routing, RFC 9602'],
    ['fe80::/10', 'link-local, RFC 4291'],
    ['fec0::/10', 'site-local, RFC 3879'],
  ],
};

/** IPv6 addresses that stand for IPv4 ones: to block them by the range is to block part of IPv4. */
export const EMBEDDING_RANGES: RangeFacts = {
  title: 'IPv6 that carries IPv4',
  source: V6,
  date: DATE,
  rows: [
    ['::/96', 'unspecified, loopback and IPv4-compatible, RFC 4291'],
    ['::ffff:0:0/96', 'IPv4-mapped: all of IPv4, RFC 4291'],
    ['64:ff9b::/96', 'NAT64: all of IPv4, RFC 6052'],
    ['2001::/32', 'Teredo: IPv4 behind NAT, RFC 4380'],
    ['2002::/16', '6to4: all of IPv4, RFC 3056'],
  ],
};

export const MULTICAST_RANGES: RangeFacts = {
  title: 'multicast',
  source:
    'https://www.iana.org/assignments/multicast-addresses https://www.iana.org/assignments/ipv6-multicast-addresses',
  date: DATE,
  rows: [
    ['224.0.0.0/4', 'multicast, RFC 5771'],
    ['ff00::/8', 'multicast, RFC 4291'],
  ],
};

export const DOCUMENTATION_RANGES: RangeFacts = {
  title: 'documentation addresses',
  source: `${V4} ${V6}`,
  date: DATE,
  rows: [
    ['192.0.2.0/24', 'TEST-NET-1, RFC 5737'],
    ['198.51.100.0/24', 'TEST-NET-2, RFC 5737'],
    ['203.0.113.0/24', 'TEST-NET-3, RFC 5737'],
    ['2001:db8::/32', 'documentation, RFC 3849'],
    ['3fff::/20', 'documentation, RFC 9637'],
  ],
};

/** The name and all below it. */
export const DOCUMENTATION_NAMES: NameFacts = {
  title: 'documentation names',
  source: NAMES,
  date: DATE,
  names: ['example', 'example.com', 'example.net', 'example.org', 'test', 'invalid'],
};

/**
 * Names that stay inside a network: its own resolvers answer them. RFC 6761, 6762, 8375, 9462, 7050; `internal` by ICANN's
 * resolution of 2024. `onion` and `alt` are not here: no resolver answers them, so blocking one breaks nothing.
 */
export const LOCAL_NAMES: NameFacts = {
  title: 'local names',
  source: NAMES,
  date: DATE,
  names: [
    ...['localhost', 'local', 'internal', 'home.arpa', 'in-addr.arpa', 'ip6.arpa'],
    ...['ipv4only.arpa', 'resolver.arpa', 'service.arpa'],
  ],
};
