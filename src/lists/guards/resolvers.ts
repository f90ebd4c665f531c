import type { NameFacts, RangeFacts, RangeRow } from './facts.ts';

/**
 * The best-known public resolvers, each from its operator's own page. To block one cuts off everybody who asks it; they turn
 * up in lists because malware asks them too, and because owners of listed domains point these there.
 */
const OPERATORS: readonly {
  readonly name: string;
  readonly page: string;
  readonly addresses: readonly string[];
}[] = [
  {
    name: 'Cloudflare',
    page: 'https://developers.cloudflare.com/1.1.1.1/ip-addresses/',
    addresses: [
      ...['1.1.1.1', '1.0.0.1', '1.1.1.2', '1.0.0.2', '1.1.1.3', '1.0.0.3'],
      ...['2606:4700:4700::1111', '2606:4700:4700::1001', '2606:4700:4700::1112', '2606:4700:4700::1002'],
      ...['2606:4700:4700::1113', '2606:4700:4700::1003', '2606:4700:4700::64', '2606:4700:4700::6400'],
    ],
  },
  {
    name: 'Google Public DNS',
    page: 'https://developers.google.com/speed/public-dns/docs/using',
    addresses: [
      ...['8.8.8.8', '8.8.4.4', '2001:4860:4860::8888', '2001:4860:4860::8844'],
      ...['2001:4860:4860::6464', '2001:4860:4860::64'],
    ],
  },
  {
    name: 'Quad9',
    page: 'https://quad9.net/service/service-addresses-and-features/',
    addresses: [
      ...[
        '9.9.9.9',
        '149.112.112.112',
        '9.9.9.10',
        '149.112.112.10',
        '9.9.9.11',
        '149.112.112.11',
        '9.9.9.12',
        '149.112.112.12',
      ],
      ...[
        '2620:fe::fe',
        '2620:fe::9',
        '2620:fe::10',
        '2620:fe::fe:10',
        '2620:fe::11',
        '2620:fe::fe:11',
        '2620:fe::12',
        '2620:fe::fe:12',
      ],
    ],
  },
  {
    name: 'Cisco OpenDNS and Umbrella',
    page: 'https://www.opendns.com/setupguide/',
    addresses: [
      ...['208.67.222.222', '208.67.220.220', '208.67.222.220', '208.67.220.222', '208.67.222.123', '208.67.220.123'],
      ...['2620:119:35::35', '2620:119:53::53', '2620:119:35::123', '2620:119:53::123'],
    ],
  },
  {
    name: 'AdGuard DNS',
    page: 'https://adguard-dns.io/en/public-dns.html',
    addresses: ['94.140.14.14', '94.140.15.15', '2a10:50c0::ad1:ff', '2a10:50c0::ad2:ff'],
  },
  {
    name: 'CleanBrowsing',
    page: 'https://cleanbrowsing.org/filters/',
    addresses: ['185.228.168.9', '185.228.169.9', '2a0d:2a00:1::2', '2a0d:2a00:2::2'],
  },
  {
    name: 'Level 3 (Lumen)',
    page: 'https://www.lumen.com/',
    addresses: ['4.2.2.1', '4.2.2.2', '4.2.2.3', '4.2.2.4', '4.2.2.5', '4.2.2.6'],
  },
  {
    name: 'Vercara UltraDNS Public',
    page: 'https://vercara.digicert.com/ultradns-public',
    addresses: ['64.6.64.6', '64.6.65.6', '2620:74:1b::1:1', '2620:74:1c::2:2'],
  },
  {
    name: 'Yandex DNS',
    page: 'https://dns.yandex.com/',
    addresses: ['77.88.8.8', '77.88.8.1', '2a02:6b8::feed:ff', '2a02:6b8:0:1::feed:ff'],
  },
  {
    name: 'Hurricane Electric',
    page: 'https://dns.he.net/',
    addresses: ['74.82.42.42', '2001:470:20::2'],
  },
  {
    name: 'Alibaba Public DNS',
    page: 'https://www.alidns.com/',
    addresses: ['223.5.5.5', '223.6.6.6', '2400:3200::1', '2400:3200:baba::1'],
  },
  {
    name: '114DNS',
    page: 'https://www.114dns.com/',
    addresses: ['114.114.114.114', '114.114.115.115'],
  },
  {
    name: 'DNS4EU',
    page: 'https://www.joindns4.eu/for-public',
    addresses: ['86.54.11.100', '86.54.11.200', '86.54.11.1', '86.54.11.201', '86.54.11.12', '86.54.11.212'],
  },
  {
    name: 'DNS.SB',
    page: 'https://dns.sb/',
    addresses: ['185.222.222.222', '45.11.45.11', '2a09::', '2a11::'],
  },
  {
    name: 'Control D',
    page: 'https://controld.com/free-dns',
    addresses: ['76.76.2.0', '76.76.10.0', '76.76.2.1', '76.76.10.1', '76.76.2.2', '76.76.10.2'],
  },
  {
    name: 'Tencent DNSPod',
    page: 'https://www.dnspod.cn/products/publicdns',
    addresses: ['119.29.29.29', '182.254.116.116', '2402:4e00::', '2402:4e00:1::'],
  },
];

export const RESOLVER_RANGES: RangeFacts = {
  title: 'public resolvers',
  source: OPERATORS.map(({ page }) => page).join(' '),
  date: '2026-11',
  rows: OPERATORS.flatMap(({ name, addresses }) =>
    addresses.map((address): RangeRow => [address, `a public resolver of ${name}`]),
  ),
};

/** By which DNS over HTTPS and over TLS reach them. */
export const RESOLVER_NAMES: NameFacts = {
  title: 'public resolvers by name',
  source: OPERATORS.map(({ page }) => page).join(' '),
  date: '2026-11',
  names: [
    ...['one.one.one.one', 'cloudflare-dns.com', 'dns.google', 'dns.quad9.net', 'dns9.quad9.net', 'dns10.quad9.net'],
    ...['dns11.quad9.net', 'dns.opendns.com', 'doh.opendns.com', 'dns.umbrella.com', 'doh.umbrella.com'],
    ...['dns.adguard-dns.com', 'unfiltered.adguard-dns.com', 'doh.cleanbrowsing.org', 'dns.nextdns.io'],
    ...[
      'freedns.controld.com',
      'protective.joindns4.eu',
      'unfiltered.joindns4.eu',
      'dns.alidns.com',
      'doh.pub',
      'dot.pub',
    ],
  ],
};
