import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUILT_IN_RANGES } from '../../../src/lists/guards/address-guards.ts';
import { RESOLVER_RANGES } from '../../../src/lists/guards/resolvers.ts';
import { checkTable, guardsOf, judged } from './judged.ts';

test('T1 every public resolver is refused, IPv4 and IPv6', () => {
  const addresses = RESOLVER_RANGES.rows.map(([address]) => address);
  assert.ok(addresses.length > 80);
  for (const address of addresses) assert.equal(judged(address), 'refuse guard-resolver', address);
});

checkTable('T1 resolvers that everybody knows', {
  'refuse guard-resolver': [
    ...['1.1.1.1', '1.0.0.1', '8.8.8.8', '8.8.4.4', '9.9.9.9', '149.112.112.112', '208.67.222.222', '94.140.14.14'],
    ...['4.2.2.2', '2606:4700:4700::1111', '2001:4860:4860:0:0:0:0:8888', '2620:fe::fe', '2620:119:35::35'],
    ...[
      '::ffff:8.8.8.8',
      'dns.google',
      'cloudflare-dns.com',
      'mozilla.cloudflare-dns.com',
      'quad9.net',
      'http://8.8.8.8/',
    ],
  ],
  // One page of it, and its neighbours.
  published: ['http://8.8.8.8/page', 'https://dns.google/resolve?name=evil.icu', '9.9.9.8', '4.2.2.7'],
});

checkTable('T2 a wider range does not smuggle it in', {
  'refuse guard-resolver': ['8.0.0.0/8', '8.8.8.0/24', '1.1.1.0/31', '2001:4860::/32', '2620:fe::/48'],
  'refuse guard-prefix': ['::/0', '2000::/3', '2a00::/12'],
});

checkTable('T3 special-use addresses', {
  'refuse guard-private': [
    ...['10.0.0.1', '10.0.0.0/8', '172.16.0.0/12', '172.31.255.255', '192.168.1.0/24', '100.64.0.0/10'],
    ...['100.127.255.255', 'fc00::/19', 'fd12:3456::1', '::ffff:10.0.0.1', '192.0.0.0/8', 'http://192.168.1.1/x'],
  ],
  'refuse guard-special-use': [
    ...['0.0.0.0', '127.0.0.1', '169.254.169.254', '192.0.0.8', '192.31.196.7', '192.52.193.7', '192.88.99.1'],
    ...['192.175.48.1', '198.18.0.0/15', '255.255.255.255', '240.0.0.0/8', '100::1', '100:0:0:1::7', '64:ff9b:1::7'],
    ...['2001:2::1', '2001:4:112::1', '2001:20::1', '2620:4f:8000::1', 'fe80::1', 'fec0::1', '5f00::1'],
    ...['http://127.0.0.1:8080/', 'http://169.254.169.254/latest/meta-data'],
  ],
  'refuse guard-embedded': [
    ...[
      '::1',
      '::',
      '::1.2.3.4',
      '64:ff9b::808:808',
      '2001::1',
      '2001:0:808:808::',
      '2002:808:808::1',
      'http://[::1]/',
    ],
  ],
  'refuse guard-multicast': ['224.0.0.1', '239.255.255.255', '230.0.0.0/8', 'ff02::1', 'ff05::/19'],
  'refuse guard-documentation': [
    ...['192.0.2.1', '198.51.100.0/24', '203.0.113.7', '2001:db8::7', '3fff::1', 'http://192.0.2.1/'],
  ],
  published: [
    ...['9.255.255.255', '11.0.0.0', '172.15.255.255', '172.32.0.0', '192.167.255.255', '192.169.0.0'],
    ...['100.63.255.255', '100.128.0.0', '198.17.255.255', '223.255.255.255', '2003::/19', '2001:200::1'],
  ],
});

test('T3 what an IPv6 address stands for is said', () => {
  const messages = ['2002:808:808::1', '64:ff9b::102:304', '2001:0:1:2:3:4:f7f7:f7f7', '::1.2.3.4'].map(
    (value) => guardsOf().judge({ type: 'ipv6', value })?.message ?? '',
  );
  const standsFor = messages.map((message) => /here ([0-9.]+)/.exec(message)?.[1]);
  assert.deepEqual(standsFor, ['8.8.8.8', '1.2.3.4', '8.8.8.8', '1.2.3.4']);
});

checkTable('T4 prefixes shorter than any network', {
  'refuse guard-prefix': ['0.0.0.0/0', '::/0', '0.0.0.0/1', '128.0.0.0/1', '44.0.0.0/7', '::ffff:0:0/96'],
  published: ['44.0.0.0/8', '26.0.0.0/8'],
});

test('T4 settings narrow what a range may be', () => {
  const guards = guardsOf('guards: { prefix_min: { ip: 16, ipv6: 32 } }');
  assert.equal(judged('44.0.0.0/15', guards), 'refuse guard-prefix');
  assert.equal(judged('44.0.0.0/16', guards), 'published');
  assert.equal(judged('2a0e:b100::/31', guards), 'refuse guard-prefix');
});

checkTable('T5 content networks and clouds: one address with a word, a range never', {
  'warn guard-content-network': [
    '172.66.0.227',
    '104.16.0.1',
    '151.101.1.140',
    '17.5.7.8',
    '2606:4700::6810:1',
    '8.8.8.9',
  ],
  'refuse guard-content-network': [
    ...['104.16.0.0/13', '104.0.0.0/8', '172.66.0.0/31', '172.70.206.0/23', '2606:4700:10::/64', '2a04:4e42::/32'],
  ],
  published: ['http://172.66.0.227/login', 'http://104.16.0.1/'],
});

checkTable('servers that everything begins with', {
  'refuse guard-root-server': [
    '198.41.0.4',
    '193.0.14.129',
    '192.33.4.0/24',
    '2001:7fd::1',
    'root-servers.net',
    'k.root-servers.net',
  ],
  'refuse guard-time-server': [
    '216.239.35.0',
    '162.159.200.123',
    'pool.ntp.org',
    '2.debian.pool.ntp.org',
    'time.windows.com',
  ],
});

test('documentation values pass where settings say so, and nothing else does', () => {
  const guards = guardsOf('guards: { documentation: allow }');
  for (const value of ['203.0.113.7', '2001:db8::7', 'evil.example']) assert.equal(judged(value, guards), 'published');
  assert.equal(judged('192.0.0.0/8', guards), 'refuse guard-private');
});

test('no address is quick to be let through that a guard has a word on', () => {
  const guards = guardsOf();
  for (const { rows } of BUILT_IN_RANGES) {
    for (const [range] of rows) {
      const first = range.split('/')[0] ?? '';
      const type = range.includes(':') ? ('ipv6' as const) : ('ip' as const);
      assert.notEqual(guards.judge({ type, value: first }), undefined, range);
    }
  }
});
