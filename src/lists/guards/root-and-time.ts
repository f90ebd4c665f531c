import type { NameFacts, RangeFacts, RangeRow } from './facts.ts';

/** https://www.internic.net/domain/named.root */
const ROOTS: readonly (readonly [letter: string, ...addresses: string[]])[] = [
  ['A', '198.41.0.4', '2001:503:ba3e::2:30'],
  ['B', '170.247.170.2', '2801:1b8:10::b'],
  ['C', '192.33.4.12', '2001:500:2::c'],
  ['D', '199.7.91.13', '2001:500:2d::d'],
  ['E', '192.203.230.10', '2001:500:a8::e'],
  ['F', '192.5.5.241', '2001:500:2f::f'],
  ['G', '192.112.36.4', '2001:500:12::d0d'],
  ['H', '198.97.190.53', '2001:500:1::53'],
  ['I', '192.36.148.17', '2001:7fe::53'],
  ['J', '192.58.128.30', '2001:503:c27::2:30'],
  ['K', '193.0.14.129', '2001:7fd::1'],
  ['L', '199.7.83.42', '2001:500:9f::42'],
  ['M', '202.12.27.33', '2001:dc3::35'],
];

export const ROOT_RANGES: RangeFacts = {
  title: 'root name servers',
  source: 'https://www.internic.net/domain/named.root',
  date: '2026-11',
  rows: ROOTS.flatMap(([letter, ...addresses]) =>
    addresses.map((address): RangeRow => [address, `root name server ${letter}`]),
  ),
};

/** The name and all below it: the root servers, and the servers of the largest registries. */
export const ROOT_NAMES: NameFacts = {
  title: 'name servers of the root and of registries',
  source: 'https://www.internic.net/domain/named.root https://www.iana.org/domains/root/db',
  date: '2026-11',
  names: [
    ...['root-servers.net', 'gtld-servers.net', 'nstld.com', 'iana-servers.net', 'afilias-nst.info', 'afilias-nst.org'],
    // Of .de, .uk, .fr, .nl, .jp, .ch, .eu, .it and .br.
    ...['nic.de', 'de.net', 'nic.uk', 'nic.fr', 'dns.nl', 'dns.jp', 'nic.ch', 'dns.eu', 'dns.it', 'dns.br'],
  ],
};

export const TIME_RANGES: RangeFacts = {
  title: 'time servers',
  source:
    'https://developers.google.com/time https://www.cloudflare.com/time/ https://tf.nist.gov/tf-cgi/servers.cgi https://www.ptb.de/cms/en/ptb/fachabteilungen/abtq/gruppe-q4/ref-q42/time-synchronization-of-computers-using-the-network-time-protocol-ntp.html',
  date: '2026-11',
  rows: [
    ...['216.239.35.0', '216.239.35.4', '216.239.35.8', '216.239.35.12'].map(of('time.google.com')),
    ...['2001:4860:4806::', '2001:4860:4806:4::', '2001:4860:4806:8::', '2001:4860:4806:c::'].map(
      of('time.google.com'),
    ),
    ...['162.159.200.1', '162.159.200.123', '2606:4700:f1::1', '2606:4700:f1::123'].map(of('time.cloudflare.com')),
    ...['129.6.15.26', '129.6.15.27', '129.6.15.28', '129.6.15.29', '129.6.15.30'].map(of('NIST')),
    ...['132.163.96.1', '132.163.96.2', '132.163.96.3', '132.163.96.4'].map(of('NIST')),
    ...['132.163.97.1', '132.163.97.2', '132.163.97.3', '132.163.97.4'].map(of('NIST')),
    ...['192.53.103.108', '192.53.103.104', '192.53.103.103'].map(of('PTB')),
  ],
};

/** The name and all below it. A clock that runs wrong breaks TLS, Kerberos and one-time passwords. */
export const TIME_NAMES: NameFacts = {
  title: 'time servers by name',
  source: 'https://www.ntppool.org/ and the pages of the operators above',
  date: '2026-11',
  names: [
    ...['ntp.org', 'time.google.com', 'time.cloudflare.com', 'time.windows.com', 'time.apple.com'],
    ...[
      'time-ios.apple.com',
      'time.nist.gov',
      'nist.time.gov',
      'time.android.com',
      'time.facebook.com',
      'time.aws.com',
    ],
    ...['time.euro.apple.com', 'time.asia.apple.com', 'ntp.nict.jp', 'ntppool.org', 'ntp.ubuntu.com', 'ntp.se'],
    ...['ptbtime1.ptb.de', 'ptbtime2.ptb.de', 'ptbtime3.ptb.de'],
  ],
};

function of(what: string): (address: string) => RangeRow {
  return (address) => [address, `time server of ${what}`];
}
