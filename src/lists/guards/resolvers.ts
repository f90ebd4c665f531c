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
      ...['2620:0:ccc::2', '2620:0:ccd::2', '208.67.222.2', '208.67.220.2'],
    ],
  },
  {
    name: 'AdGuard DNS',
    page: 'https://adguard-dns.io/en/public-dns.html',
    addresses: [
      ...['94.140.14.14', '94.140.15.15', '2a10:50c0::ad1:ff', '2a10:50c0::ad2:ff'],
      ...['94.140.14.15', '94.140.15.16', '2a10:50c0::bad1:ff', '2a10:50c0::bad2:ff'],
      ...['94.140.14.140', '94.140.14.141', '2a10:50c0::1:ff', '2a10:50c0::2:ff'],
    ],
  },
  {
    name: 'CleanBrowsing',
    page: 'https://cleanbrowsing.org/filters/',
    addresses: [
      ...['185.228.168.9', '185.228.169.9', '2a0d:2a00:1::2', '2a0d:2a00:2::2'],
      ...['185.228.168.10', '185.228.169.11', '2a0d:2a00:1::1', '2a0d:2a00:2::1'],
      ...['185.228.168.168', '185.228.169.168', '2a0d:2a00:1::', '2a0d:2a00:2::'],
    ],
  },
  {
    name: 'Level 3 (Lumen)',
    page: 'https://www.lumen.com/',
    addresses: ['209.244.0.3', '209.244.0.4', '4.2.2.1', '4.2.2.2', '4.2.2.3', '4.2.2.4', '4.2.2.5', '4.2.2.6'],
  },
  {
    name: 'Vercara UltraDNS Public',
    page: 'https://vercara.digicert.com/ultradns-public',
    addresses: [
      ...['64.6.64.6', '64.6.65.6', '2620:74:1b::1:1', '2620:74:1c::2:2'],
      ...['156.154.70.1', '156.154.71.1', '2610:a1:1018::1', '2610:a1:1019::1'],
    ],
  },
  {
    name: 'Yandex DNS',
    page: 'https://dns.yandex.com/',
    addresses: [
      ...['77.88.8.8', '77.88.8.1', '2a02:6b8::feed:ff', '2a02:6b8:0:1::feed:ff'],
      ...['77.88.8.88', '77.88.8.2', '2a02:6b8::feed:bad', '2a02:6b8:0:1::feed:bad'],
      ...['77.88.8.7', '77.88.8.3', '2a02:6b8::feed:a11', '2a02:6b8:0:1::feed:a11'],
    ],
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
    addresses: [
      ...['114.114.114.114', '114.114.115.115', '114.114.114.119', '114.114.115.119'],
      ...['114.114.114.110', '114.114.115.110'],
    ],
  },
  {
    name: 'DNS4EU',
    page: 'https://www.joindns4.eu/for-public',
    addresses: [
      ...['86.54.11.100', '86.54.11.200', '86.54.11.1', '86.54.11.201', '86.54.11.12', '86.54.11.212'],
      ...['86.54.11.13', '86.54.11.213', '86.54.11.11', '86.54.11.211'],
      ...['2a13:1001::86:54:11:100', '2a13:1001::86:54:11:200', '2a13:1001::86:54:11:1', '2a13:1001::86:54:11:201'],
    ],
  },
  {
    name: 'DNS.SB',
    page: 'https://dns.sb/',
    addresses: ['185.222.222.222', '45.11.45.11', '2a09::', '2a11::'],
  },
  {
    name: 'Control D',
    page: 'https://controld.com/free-dns',
    addresses: [
      ...['76.76.2.0', '76.76.10.0', '76.76.2.1', '76.76.10.1', '76.76.2.2', '76.76.10.2'],
      ...['76.76.2.3', '76.76.10.3', '76.76.2.4', '76.76.10.4', '76.76.2.5', '76.76.10.5'],
      ...['2606:1a40::', '2606:1a40:1::', '2606:1a40::1', '2606:1a40:1::1', '2606:1a40::2', '2606:1a40:1::2'],
    ],
  },
  {
    // Each of its customers has addresses of their own in these.
    name: 'NextDNS',
    page: 'https://nextdns.io/',
    addresses: ['45.90.28.0/24', '45.90.30.0/24', '2a07:a8c0::/32', '2a07:a8c1::/32'],
  },
  {
    name: 'Mullvad DNS',
    page: 'https://mullvad.net/help/dns-over-https-and-dns-over-tls',
    addresses: [
      '194.242.2.2',
      '194.242.2.3',
      '194.242.2.4',
      '194.242.2.5',
      '194.242.2.6',
      '194.242.2.9',
      '2a07:e340::2',
    ],
  },
  {
    name: 'Canadian Shield (CIRA)',
    page: 'https://www.cira.ca/en/canadian-shield/',
    addresses: [
      ...['149.112.121.10', '149.112.122.10', '149.112.121.20', '149.112.122.20', '149.112.121.30', '149.112.122.30'],
      ...['2620:10a:80bb::10', '2620:10a:80bc::10', '2620:10a:80bb::20', '2620:10a:80bc::20'],
      ...['2620:10a:80bb::30', '2620:10a:80bc::30'],
    ],
  },
  {
    name: 'Quad101 (TWNIC)',
    page: 'https://101.101.101.101/index_en.html',
    addresses: ['101.101.101.101', '101.102.103.104', '2001:de4::101', '2001:de4::102'],
  },
  {
    name: 'FDN',
    page: 'https://www.fdn.fr/actions/dns/',
    addresses: ['80.67.169.12', '80.67.169.40', '2001:910:800::12', '2001:910:800::40'],
  },
  {
    name: 'DNS.WATCH',
    page: 'https://dns.watch/',
    addresses: ['84.200.69.80', '84.200.70.40', '2001:1608:10:25::1c04:b12f', '2001:1608:10:25::9249:d69b'],
  },
  {
    name: 'Comodo Secure DNS',
    page: 'https://www.comodo.com/secure-dns/',
    addresses: ['8.26.56.26', '8.20.247.20'],
  },
  {
    name: 'Wikimedia DNS',
    page: 'https://meta.wikimedia.org/wiki/Wikimedia_DNS',
    addresses: ['185.71.138.138', '2001:67c:930::1'],
  },
  {
    name: 'Baidu Public DNS',
    page: 'https://dudns.baidu.com/',
    addresses: ['180.76.76.76', '2400:da00::6666'],
  },
  {
    name: 'CNNIC SDNS',
    page: 'https://www.sdns.cn/',
    addresses: ['1.2.4.8', '210.2.4.8'],
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
    ...['dns11.quad9.net', 'dns12.quad9.net', 'dns.opendns.com', 'doh.opendns.com', 'dns.umbrella.com'],
    ...['doh.umbrella.com', 'dns.adguard-dns.com', 'family.adguard-dns.com', 'unfiltered.adguard-dns.com'],
    ...['doh.cleanbrowsing.org', 'security-filter-dns.cleanbrowsing.org', 'dns.nextdns.io', 'dns.mullvad.net'],
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
