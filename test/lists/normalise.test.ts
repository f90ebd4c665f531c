import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isObservableType } from '../../src/ctim/observable.ts';
import { normalise } from '../../src/lists/normalise.ts';

/** `type value` and the notice's code, or the code of the refusal. */
function shown(text: string, options: Parameters<typeof normalise>[1] = {}): string {
  const result = normalise(text, options);
  if ('refused' in result) return result.refused.code;
  const { type, value } = result.observable;
  return result.notice === undefined ? `${type} ${value}` : `${type} ${value} ${result.notice.code}`;
}

const SHA256 = '24d004a104d4d54034dbcffc2a4b19a11f39008a575aa614ea04703480b1022c';

const TABLE: readonly (readonly [string, string])[] = [
  // IPv4, written plainly or not at all
  ['45.66.35.11', 'ip 45.66.35.11'],
  ['0.0.0.0', 'ip 0.0.0.0'],
  ['255.255.255.255', 'ip 255.255.255.255'],
  ['256.1.1.1', 'invalid-address'],
  ['1.2.3', 'invalid-address'],
  ['1.2.3.4.5', 'invalid-address'],
  ['127.1', 'invalid-address'],
  ['1', 'invalid-address'],
  ['1.10', 'invalid-address'],
  ['010.1.1.1', 'invalid-address'],
  ['1.2.3.04', 'invalid-address'],
  ['0x7f.0.0.1', 'invalid-domain'],
  ['0x7f000001', 'invalid-domain'],
  ['176.221.42.3254.174.140.223', 'invalid-address'],
  ['1.2.3.4-1.2.3.9', 'invalid-address'],
  ['1.2.3.4.', 'invalid-address'],
  ['１.2.3.4', 'invalid-domain'],
  ['1。2。3。4', 'invalid-domain'],
  // ranges
  ['45.66.0.0/16', 'ip 45.66.0.0/16'],
  ['45.66.35.11/32', 'ip 45.66.35.11'],
  ['45.66.35.11/24', 'ip 45.66.35.0/24 host-bits'],
  ['0.0.0.0/0', 'ip 0.0.0.0/0'],
  ['45.66.0.0/016', 'invalid-address'],
  ['45.66.0.0/33', 'invalid-address'],
  ['45.66.0.0/', 'invalid-address'],
  ['45.66.0.0/255.255.0.0', 'invalid-address'],
  // IPv6: RFC 5952
  ['2001:0678:0558:1000:0000:0000:0000:0244', 'ipv6 2001:678:558:1000::244'],
  ['2001:67C:289C::9', 'ipv6 2001:67c:289c::9'],
  ['2001:858:2:2:aabb:0:563b:1526', 'ipv6 2001:858:2:2:aabb:0:563b:1526'],
  ['2620:0:0:1:0:0:0:1', 'ipv6 2620:0:0:1::1'],
  ['2620:0:0:1:1:0:0:1', 'ipv6 2620::1:1:0:0:1'],
  ['0:0:1:2:0:0:3:4', 'ipv6 ::1:2:0:0:3:4'],
  ['::', 'ipv6 ::'],
  ['::0:1', 'ipv6 ::1'],
  ['2620:13:4000::/44', 'ipv6 2620:13:4000::/44'],
  ['2620:13:4000::1/44', 'ipv6 2620:13:4000::/44 host-bits'],
  ['2001:67c:289c::9/128', 'ipv6 2001:67c:289c::9'],
  ['::/0', 'ipv6 ::/0'],
  ['1000:::', 'invalid-address'],
  ['2001:67c:::9', 'invalid-address'],
  ['fe80::1%eth0', 'invalid-address'],
  ['[2001:67c:289c::9]', 'invalid-address'],
  ['[2001:67c:289c::9]:443', 'invalid-address'],
  // IPv4 in IPv6 clothes
  ['::ffff:45.66.35.11', 'ip 45.66.35.11 mapped-address'],
  ['::ffff:2d42:230b', 'ip 45.66.35.11 mapped-address'],
  ['::ffff:45.66.35.0/120', 'ip 45.66.35.0/24 mapped-address'],
  ['::45.66.35.11', 'ipv6 ::2d42:230b'],
  ['64:ff9b::45.66.35.11', 'ipv6 64:ff9b::2d42:230b'],
  ['1:2:3:4:5:6:45.66.35.11', 'ipv6 1:2:3:4:5:6:2d42:230b'],
  ['::ffff:045.66.35.11', 'invalid-address'],
  ['::ffff:0:0/96', 'ip 0.0.0.0/0 mapped-address'],
  ['::ffff:0:0/90', 'ipv6 ::ffc0:0:0/90 host-bits'],
  // ports
  ['45.66.35.11:9131', 'invalid-address'],
  ['evil.example:8080', 'invalid-address'],
  // names
  ['evil.example', 'domain evil.example'],
  ['EVIL.Example.', 'domain evil.example'],
  ['dkim._domainkey.evil.example', 'domain dkim._domainkey.evil.example'],
  ['14-0-204-188.static.evil.example', 'domain 14-0-204-188.static.evil.example'],
  ['r3---sn.evil.example', 'domain r3---sn.evil.example'],
  ['bücher.example', 'domain xn--bcher-kva.example'],
  ['BÜCHER.example', 'domain xn--bcher-kva.example'],
  ['xn--bcher-kva.example', 'domain xn--bcher-kva.example'],
  ['straße.example', 'domain xn--strae-oqa.example'],
  ['例え。テスト', 'domain xn--r8jz45g.xn--zckzah'],
  ['xn--zzzzzz.example', 'invalid-domain'],
  ['e%76il.example', 'invalid-domain'],
  ['-evil.example', 'invalid-domain'],
  ['evil-.example', 'invalid-domain'],
  ['evil..example', 'invalid-domain'],
  ['.evil.example', 'invalid-domain'],
  ['evil.1', 'invalid-domain'],
  [`${'a'.repeat(64)}.example`, 'invalid-domain'],
  [`${'abcdefg.'.repeat(32)}example`, 'invalid-domain'],
  ['evil\u200b.example', 'invalid-characters'],
  ['ev\u00adil.example', 'invalid-characters'],
  ['evil.example rest', 'invalid-characters'],
  ['intranet', 'invalid-domain'],
  ['com', 'domain com'],
  ['*.evil.example', 'domain *.evil.example'],
  ['*.*.evil.example', 'invalid-domain'],
  ['evil.*.example', 'invalid-domain'],
  ['*', 'invalid-domain'],
  // URLs, as the WHATWG standard writes them
  ['https://bad.example/x?y=1', 'url https://bad.example/x?y=1'],
  ['HTTPS://Bad.Example:443/X', 'url https://bad.example/X'],
  ['http://bad.example', 'url http://bad.example/'],
  ['http://bad.example:8080/a/../b', 'url http://bad.example:8080/b'],
  ['http://bad.example/a^b?c^d', 'url http://bad.example/a%5Eb?c^d'],
  ['http://bücher.example/ü', 'url http://xn--bcher-kva.example/%C3%BC'],
  ['http://45.66.35.11/x', 'url http://45.66.35.11/x'],
  ['http://[2001:67C:289c:0::9]/x', 'url http://[2001:67c:289c::9]/x'],
  ['ftp://bad.example/x', 'url ftp://bad.example/x'],
  ['http://0x7f.1/', 'invalid-url'],
  ['http://010.1.1.1/', 'invalid-url'],
  ['http://2130706433/', 'invalid-url'],
  ['http://e%76il.example/', 'invalid-url'],
  ['http://user:pw@bad.example/', 'url http://user:pw@bad.example/'],
  ['http://intranet/x', 'invalid-url'],
  ['http:///bad.example/', 'invalid-url'],
  ['http://', 'invalid-url'],
  ['http://bad.example:99999/', 'invalid-url'],
  ['javascript://bad.example/', 'invalid-url'],
  ['http://bad.example/cut/sho…', 'invalid-url'],
  ['bad.example/x', 'invalid-url'],
  ['45.66.35.11/x', 'invalid-url'],
  // hashes
  [SHA256.toUpperCase(), `sha256 ${SHA256}`],
  ['12345678901234567890123456789012', 'md5 12345678901234567890123456789012'],
  ['DA39A3EE5E6B4B0D3255BFEF95601890AFD80709', 'sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709'],
  [`${SHA256};Name`, 'invalid-domain'],
  [SHA256.slice(1), 'invalid-domain'],
  // the rest
  ['Mallory@Evil.Example', 'email Mallory@evil.example'],
  ['@evil.example', 'invalid-email'],
  ['invoice.pdf.exe', 'file_name invoice.pdf.exe'],
  ['', 'invalid-value'],
  ['hxxp://evil.example/', 'invalid-defanged'],
  ['evil[.]example', 'invalid-defanged'],
  ['0.0.0.0 evil.example', 'invalid-characters'],
  ['||evil.example^', 'invalid-domain'],
];

for (const [text, expected] of TABLE) {
  test(`normal form of ${JSON.stringify(text.slice(0, 60))}`, () => assert.equal(shown(text), expected));
}

test('refanging happens only where the list says so', () => {
  assert.equal(shown('hxxps://evil[.]example/x', { refang: true }), 'url https://evil.example/x');
  assert.equal(shown('hxxp[:]//evil(.)example/', { refang: true }), 'url http://evil.example/');
  assert.equal(shown('45[.]66[.]35[.]11', { refang: true }), 'ip 45.66.35.11');
  assert.equal(shown('mallory[at]evil[dot]example', { refang: true }), 'email mallory@evil.example');
  assert.equal(shown('2001:67c:289c::9', { refang: true }), 'ipv6 2001:67c:289c::9');
});

test('a type that is said must agree', () => {
  assert.equal(shown('2001:67c:289c::9', { type: 'ipv6' }), 'ipv6 2001:67c:289c::9');
  assert.equal(shown('2001:67c:289c::9', { type: 'ip' }), 'invalid-type');
  assert.equal(shown('::ffff:45.66.35.11', { type: 'ipv6' }), 'invalid-type');
  assert.equal(shown('evil.example', { type: 'url' }), 'invalid-type');
  assert.equal(shown(SHA256, { type: 'md5' }), 'invalid-type');
  assert.equal(shown('mail01', { type: 'hostname' }), 'hostname mail01');
  assert.equal(shown('mail01.evil.example', { type: 'hostname' }), 'hostname mail01.evil.example');
  assert.equal(shown('my invoice.zip', { type: 'file_name' }), 'file_name my invoice.zip');
  assert.equal(shown('../x', { type: 'file_name' }), 'invalid-file-name');
});

test('a refusal tells what to write instead', () => {
  const hint = (text: string) => {
    const result = normalise(text);
    return 'refused' in result ? result.refused.message : '';
  };
  assert.match(hint('45.66.35.11:9131'), /write "45\.66\.35\.11" to block every port/);
  assert.match(hint('[2001:67c:289c::9]:443'), /write "2001:67c:289c::9" to block every port/);
  assert.match(hint('bad.example/x'), /write the URL whole, such as "http:\/\/bad\.example\/x"/);
  assert.match(hint('evil[.]example'), /refang: true/);
  assert.match(hint('0.0.0.0 evil.example'), /hosts file/);
  assert.match(hint('||evil.example^'), /ad-block/);
  assert.match(hint(`${SHA256};Name`), /a comment only after a blank/);
  assert.match(hint('1.2.3.4-1.2.3.9'), /CIDR/);
  assert.match(hint('010.1.1.1'), /octal/);
});

test('a refusal quotes at most 80 characters', () => {
  const result = normalise(`${'k'.repeat(200)} secret`);
  assert.ok('refused' in result && !result.refused.message.includes('k'.repeat(81)));
});

const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.ipV4Extended());
const cidr = fc.tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(128)).map(([text, bits]) => `${text}/${bits}`);
const anything = fc.oneof(
  address,
  cidr,
  fc.domain(),
  fc.webUrl({ withQueryParameters: true }),
  fc.emailAddress(),
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
);

test('T39 two paths that differ in case alone are two URLs, whatever the case of scheme and host', () => {
  assert.equal(shown('HTTP://Evil.icu/A'), 'url http://evil.icu/A');
  assert.equal(shown('http://evil.icu/a'), 'url http://evil.icu/a');
});

test('the normal form is its own normal form', () => {
  fc.assert(
    fc.property(anything, fc.boolean(), (text, refang) => {
      const once = normalise(text, { refang });
      if ('refused' in once) return;
      const { type, value } = once.observable;
      assert.ok(isObservableType(type));
      assert.deepEqual(normalise(value), { observable: { type, value } });
    }),
    { numRuns: 2000 },
  );
});

test('IPv6 agrees with the URL parser, an independent reading of RFC 5952', () => {
  fc.assert(
    fc.property(fc.ipV6(), (text) => {
      const result = normalise(text);
      assert.ok('observable' in result, text);
      if (result.observable.type === 'ipv6')
        assert.equal(`[${result.observable.value}]`, new URL(`http://[${text}]/`).hostname);
    }),
    { numRuns: 2000 },
  );
});

test('a URL with an umlaut is one also after so many others that the engine compiled what reads them', () => {
  for (let n = 0; n < 50_000; n++) normalise(`http://a.example/${n}`);
  assert.equal(shown('http://bücher.example/ü'), 'url http://xn--bcher-kva.example/%C3%BC');
});
