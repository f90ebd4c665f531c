import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { WELL_KNOWN_NAMES } from '../../../src/lists/guards/well-known-names.ts';
import { problemsOf, publishedIn, readingOf } from '../reading-of.ts';
import { checkTable, guardsOf, judged } from './judged.ts';

checkTable('T6 names that hold up others', {
  'refuse guard-public-suffix': [
    'com',
    'zip',
    'co.uk',
    'github.io',
    's3.amazonaws.com',
    'xn--p1ai',
    'arpa',
    'workers.dev',
  ],
  'refuse guard-well-known-name': [
    ...['google.com', 'www.google.com', 'x.com', 'www.youtube.com', 'bbc.co.uk', 'wikipedia.org'],
    // Above one of them.
    ...['search.brave.com', 'brave.com', 'weixin.qq.com', 'https://www.google.com/'],
  ],
  'refuse guard-certificate-host': ['ocsp.digicert.com', 'r3.o.lencr.org', 'symcb.com', 'crl.microsoft.com'],
  'refuse guard-update-host': [
    'windowsupdate.com',
    'au.download.windowsupdate.com',
    'security.debian.org',
    'files.pythonhosted.org',
  ],
  'refuse guard-local-name': [
    ...['printer.local', 'db.internal', 'router.home.arpa', 'x.localhost', '1.168.192.in-addr.arpa', 'ipv4only.arpa'],
    'http://nas.local/login',
  ],
  'refuse guard-documentation': [
    'example.com',
    'www.example.org',
    'evil.example',
    'evil.test',
    'https://bad.example/x',
  ],
  published: [
    ...['evil.co.uk', 'evil.github.io', 'evil.blogspot.com', 'google.com.evil.icu', 'myexample.com', 'example.company'],
    ...['localhost.evil.com', 'login-google.com', 'docs-google.com', 'notgoogle.com', 'abcdefghijklmnop.onion'],
  ],
});

test('T6 each of the best-known names is refused', () => {
  const guards = guardsOf();
  assert.ok(WELL_KNOWN_NAMES.names.length > 300);
  for (const name of WELL_KNOWN_NAMES.names) {
    assert.match(judged(name, guards), /^refuse guard-/, name);
  }
  assert.equal(judged('www.paypal.com', guards), 'refuse guard-well-known-name');
});

test('T8 a URL on a well-known host stays a URL, and its host is not blocked', async () => {
  const urls = ['https://github.com/evil/x.zip', 'https://drive.google.com/uc?id=7', 'https://s3.amazonaws.com/evil/a'];
  const reading = await readingOf({ 'list.yaml': `action: block\nobservables: ${JSON.stringify(urls)}\n` });
  assert.deepEqual(publishedIn(reading), urls.map((url) => `url ${url}`).sort());
  assert.deepEqual(reading.problems, []);
});

test('T9 a name is judged by the name alone: what it resolves to is not asked', () => {
  // Who owns a listed name may point it to 8.8.8.8. `judge` gives no promise, so it cannot have asked anybody.
  assert.equal(guardsOf().judge({ type: 'domain', value: 'points-to-8-8-8-8.icu' }), undefined);
});

// The bytes in two halves, so that no scanner takes this file for the test file.
const EICAR = `${'X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR'}${'-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'}`;

test('T40 hashes of empty and harmless files are refused, in each kind of hash', () => {
  for (const text of ['', '\n', '\r\n', ' ', '\0', EICAR, `${EICAR}\n`, `${EICAR}\r\n`]) {
    for (const kind of ['md5', 'sha1', 'sha256']) {
      const value = createHash(kind).update(text).digest('hex');
      assert.equal(judged(value), 'refuse guard-common-hash', `${kind} of ${JSON.stringify(text.slice(0, 9))}`);
      assert.equal(judged(value.toUpperCase()), 'refuse guard-common-hash');
    }
  }
  assert.equal(judged('24d004a104d4d54034dbcffc2a4b19a11f39008a575aa614ea04703480b1022c'), 'published');
});

test('T40 md5 and sha1 of the empty file are guarded where a channel has these types', async () => {
  const hashes = ['md5', 'sha1'].map((name) => createHash(name).update('').digest('hex'));
  const problems = await problemsOf({
    'settings.yaml': 'channels: { hashes: { action: block, types: [md5, sha1] } }',
    'list.yaml': `action: block\nchannel: hashes\nobservables: [${hashes.join(', ')}]\n`,
  });
  assert.equal(problems.filter((line) => line.includes('guard-common-hash')).length, 2);
});
