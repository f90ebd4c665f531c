import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { problemsOf, publishedIn, readingOf } from './reading-of.ts';

/** The guard that refuses a value on a block list, or `published`. */
async function guardOf(value: string, settings = ''): Promise<string> {
  const reading = await readingOf({
    'settings.yaml': settings === '' ? '# none' : settings,
    'list.yaml': `action: block\nobservables: [${JSON.stringify(value)}]\n`,
  });
  return (
    reading.problems.find(({ severity }) => severity === 'error')?.code ??
    (publishedIn(reading).length === 1 ? 'published' : 'nothing')
  );
}

const TABLE: Readonly<Record<string, readonly string[]>> = {
  'guard-prefix': [
    '0.0.0.0/0',
    '::/0',
    '0.0.0.0/1',
    '128.0.0.0/1',
    '44.0.0.0/7',
    '2000::/3',
    '2a00::/12',
    '::ffff:0:0/96',
  ],
  'guard-private': [
    ...[
      '10.0.0.1',
      '10.0.0.0/8',
      '172.16.0.0/12',
      '172.31.255.255',
      '192.168.1.0/24',
      '100.64.0.0/10',
      '100.127.255.255',
    ],
    ...['fc00::/19', 'fd12:3456::1', '::ffff:10.0.0.1', '192.0.0.0/8', 'http://192.168.1.1/x'],
  ],
  'guard-special-use': [
    ...[
      '0.0.0.0',
      '127.0.0.1',
      '169.254.169.254',
      '192.88.99.1',
      '198.18.0.0/15',
      '224.0.0.1',
      '239.255.255.255',
      '255.255.255.255',
      '240.0.0.0/8',
    ],
    ...[
      '::1',
      '::',
      '::1.2.3.4',
      '64:ff9b::808:808',
      '100::1',
      '2001::1',
      '2002:808:808::1',
      'fe80::1',
      'fec0::1',
      'ff02::1',
      '5f00::1',
    ],
    ...['http://127.0.0.1:8080/', 'http://[::1]/'],
  ],
  'guard-documentation': [
    ...[
      '192.0.2.1',
      '198.51.100.0/24',
      '203.0.113.7',
      '2001:db8::7',
      '3fff::1',
      'example.com',
      'www.example.org',
      'evil.example',
      'evil.test',
    ],
    ...['https://bad.example/x', 'http://192.0.2.1/'],
  ],
  'guard-local-name': ['printer.local', 'db.internal', 'router.home.arpa', 'x.localhost', '1.168.192.in-addr.arpa'],
  'guard-resolver': [
    ...[
      '1.1.1.1',
      '1.0.0.1',
      '8.8.8.8',
      '8.8.4.4',
      '9.9.9.9',
      '149.112.112.112',
      '208.67.222.222',
      '94.140.14.14',
      '4.2.2.2',
    ],
    ...['2606:4700:4700::1111', '2001:4860:4860:0:0:0:0:8888', '2620:fe::fe', '2620:119:35::35', '::ffff:8.8.8.8'],
    ...['8.0.0.0/8', '8.8.8.0/24', '1.1.1.0/31', '2001:4860::/32', '2620:fe::/48'],
  ],
  'guard-public-suffix': ['com', 'zip', 'co.uk', 'github.io', 's3.amazonaws.com', 'xn--p1ai', 'arpa'],
  'guard-common-hash': [
    createHash('sha256').update('').digest('hex'),
    createHash('sha256').update('\n').digest('hex').toUpperCase(),
    // The bytes in two halves, so that no scanner takes this file for the test file.
    createHash('sha256')
      .update(`${'X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR'}${'-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'}`)
      .digest('hex'),
  ],
  published: [
    ...[
      '9.255.255.255',
      '11.0.0.0',
      '172.15.255.255',
      '172.32.0.0',
      '192.167.255.255',
      '192.169.0.0',
      '100.63.255.255',
      '100.128.0.0',
      '198.17.255.255',
    ],
    ...[
      '44.0.0.0/8',
      '8.8.8.9',
      '1.1.1.4',
      '2003::/19',
      '2a00:1450::1',
      'evil.co.uk',
      'evil.github.io',
      'myexample.com',
      'example.company',
      'localhost.evil.com',
    ],
    ...[
      'http://8.8.8.8/page',
      'https://github.io/x',
      '24d004a104d4d54034dbcffc2a4b19a11f39008a575aa614ea04703480b1022c',
    ],
  ],
};

for (const [code, values] of Object.entries(TABLE)) {
  for (const value of values) test(`${code}: ${value}`, async () => assert.equal(await guardOf(value), code));
}

test('md5 and sha1 of the empty file are guarded where a channel has these types', async () => {
  const problems = await problemsOf({
    'settings.yaml': 'channels: { hashes: { action: block, types: [md5, sha1] } }',
    'list.yaml': `action: block\nchannel: hashes\nobservables: [${['md5', 'sha1'].map((name) => createHash(name).update('').digest('hex')).join(', ')}]\n`,
  });
  assert.equal(problems.filter((line) => line.includes('guard-common-hash')).length, 2);
});

test('force lets an entry past its guard, with a notice; allow lists have no guards', async () => {
  const reading = await readingOf({
    'list.yaml': 'action: block\nobservables: [{ value: 8.8.8.8, force: "we run our own" }]\n',
    'ours.yaml': 'action: allow\nobservables: [10.0.0.0/8, 9.9.9.9]\n',
  });
  assert.deepEqual(publishedIn(reading), ['ip 10.0.0.0/8', 'ip 8.8.8.8', 'ip 9.9.9.9']);
  assert.deepEqual(
    reading.problems.map(({ severity, code }) => `${severity} ${code}`),
    ['notice forced'],
  );
});

test('documentation values pass where settings say so, and nothing else does', async () => {
  const settings = 'guards: { documentation: allow }';
  assert.equal(await guardOf('203.0.113.7', settings), 'published');
  assert.equal(await guardOf('evil.example', settings), 'published');
  assert.equal(await guardOf('192.0.0.0/8', settings), 'guard-private');
  assert.equal(await guardOf('10.0.0.1', settings), 'guard-private');
});

test('what an organisation protects is not blocked: exactly, from above, from below', async () => {
  const settings =
    'protect: [45.66.35.0/24, { value: corp.com.au, reason: "our zone" }, "https://partner.com/login", 2a00:1450::/32]';
  for (const value of [
    '45.66.35.11',
    '45.66.0.0/16',
    'corp.com.au',
    'www.corp.com.au',
    'http://vpn.corp.com.au/x',
    'https://partner.com/login',
    '2a00:1450:4001::1',
    '2a00::/19',
  ]) {
    assert.equal(await guardOf(value, settings), 'guard-protected', value);
  }
  for (const value of ['45.66.36.1', 'notcorp.com.au', 'https://partner.com/other', 'partner.com'])
    assert.equal(await guardOf(value, settings), 'published', value);
  const [problem] = await problemsOf({
    'settings.yaml': settings,
    'list.yaml': 'action: block\nobservables: [corp.com.au]\n',
  });
  assert.match(
    problem ?? '',
    /settings\.yaml:1 protects corp\.com\.au \(our zone\); if it is meant all the same, say force: "reason"/,
  );
});
