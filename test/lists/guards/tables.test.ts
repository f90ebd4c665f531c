import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { makeRangeTable, parseRange } from '../../../src/lists/address.ts';
import { atOrBelow } from '../../../src/lists/domain.ts';
import { BUILT_IN_RANGES } from '../../../src/lists/guards/address-guards.ts';
import { COMMON_HASHES } from '../../../src/lists/guards/common-hashes.ts';
import { makeNameIndex, meets } from '../../../src/lists/guards/facts.ts';
import { BUILT_IN_NAMES } from '../../../src/lists/guards/name-guards.ts';
import { WELL_KNOWN_NAMES } from '../../../src/lists/guards/well-known-names.ts';
import { normalise } from '../../../src/lists/normalise.ts';
import { checkTable, guardsOf } from './judged.ts';

/** The two special-purpose registries of IANA, row by row, as of November 2026; what is not global is refused, and so is the rest. */
checkTable(
  'T3 each row of the special-purpose registries of IANA',
  {
    'refuse guard-private': ['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
    'refuse guard-special-use': [
      ...['0.0.0.0/8', '0.0.0.0/32', '127.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '192.0.0.0/29', '192.0.0.8/32'],
      ...['192.0.0.9/32', '192.0.0.10/32', '192.0.0.170/32', '192.0.0.171/32', '192.31.196.0/24', '192.52.193.0/24'],
      ...['192.88.99.0/24', '192.88.99.2/32', '192.175.48.0/24', '198.18.0.0/15', '240.0.0.0/4', '255.255.255.255/32'],
      ...['64:ff9b:1::/48', '100::/64', '100:0:0:1::/64', '2001:1::1/128', '2001:1::2/128', '2001:1::3/128'],
      ...['2001:2::/48', '2001:3::/32', '2001:4:112::/48', '2001:10::/28', '2001:20::/28', '2001:30::/28'],
      ...['2620:4f:8000::/48', '5f00::/16', 'fe80::/10'],
    ],
    // All of IPv4, in normal form: 0.0.0.0/0.
    'refuse guard-prefix': ['::ffff:0:0/96'],
    'refuse guard-embedded': [
      '::/128',
      '::1/128',

      '64:ff9b::/96',
      '2001::/23',
      '2001::/32',
      '2002::/16',
    ],
    'refuse guard-documentation': ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32', '3fff::/20'],
  },
  guardsOf('guards: { prefix_min: { ip: 1, ipv6: 1 } }'),
);

test('each row of a table is in normal form and stands once; each table has a public source and a month', () => {
  for (const { title, source, date, rows } of BUILT_IN_RANGES) {
    for (const page of source.split(' ')) assert.match(page, /^https:\/\/[^ ]+$/, title);
    assert.match(date, /^20\d\d-(?:0[1-9]|1[0-2])$/, title);
    const values = rows.map(([value]) => value);
    for (const value of values) if (value !== '::ffff:0:0/96') assert.deepEqual(normalOf(value), [value], title);
    assert.equal(new Set(values).size, values.length, title);
  }
  for (const { title, names, date } of BUILT_IN_NAMES) {
    assert.match(date, /^20\d\d-(?:0[1-9]|1[0-2])$/, title);
    for (const name of names) assert.ok(name.includes('.') ? normalOf(name)[0] === name : /^[a-z]+$/.test(name), name);
    assert.equal(new Set(names).size, names.length, title);
    // But for the best-known ones a row says also what is below it.
    if (title === WELL_KNOWN_NAMES.title) continue;
    for (const name of names)
      assert.deepEqual(
        names.filter((other) => atOrBelow(name, other)),
        [name],
        title,
      );
  }
  for (const hash of COMMON_HASHES.files.keys()) assert.deepEqual(normalOf(hash), [hash]);
});

function normalOf(value: string): string[] {
  const normal = normalise(value);
  return 'observable' in normal ? [normal.observable.value] : [];
}

test('no name, URL or address is quick to be let through that a guard has a word on', () => {
  const guards = guardsOf('protect: [corp.com.au, "*.lab.icu", 45.66.35.0/24, "https://partner.com/login"]', {
    fetched: [],
    configured: [
      { host: 'git.corp.icu', what: 'git host', page: 'https://git.corp.icu/soc/lists' },
      { host: '45.66.36.1', what: 'the Redis host' },
    ],
  });
  const names = [
    ...BUILT_IN_NAMES.flatMap((table) => table.names),
    ...[
      'corp.com.au',
      'lab.icu',
      'git.corp.icu',
      'co.uk',
      'github.io',
      'com',
      'evil.icu',
      'a.evil.co.uk',
      'partner.com',
    ],
  ];
  const values = names.flatMap((name) => [
    ...[name, `x.${name}`, `www.${name}`, `x${name}`, name.slice(name.indexOf('.') + 1)],
    ...[`http://${name}/`, `http://${name}./`, `https://u:p@${name}:8443/x?y#z`, `http://x.${name}?q`],
  ]);
  const addresses = BUILT_IN_RANGES.flatMap(({ rows }) => rows.map(([range]) => range.split('/')[0] ?? ''));
  for (const address of [...addresses, '45.66.35.7', '45.66.36.1', '45.66.37.1', '2a0e::1', '1::', '::2'])
    values.push(address, `http://${address.includes(':') ? `[${address}]` : address}:8080/x`);
  values.push('https://partner.com/login', 'https://partner.com/other', 'ftp://git.corp.icu/soc/lists');
  let loud = 0;
  for (const value of values) {
    const normal = normalise(value);
    if ('refused' in normal) continue;
    const said = guards.explain(normal.observable).length > 0;
    assert.equal(guards.judge(normal.observable) !== undefined, said, value);
    if (said) loud++;
  }
  assert.ok(loud > 3000 && loud < values.length - 3000, `${loud} of ${values.length}`);
});

const DATA = path.resolve('..', 'shared', 'data', 'guard', 'misp-warninglists');
const needsData = existsSync(DATA) ? {} : { skip: 'needs ../shared/data' };

/**
 * What others have on the same things, as a second look: what we typed is found there (itself, or something above or below
 * it), or it is named here with the reason why not. What is there and not with us is counted, and left to fetched lists.
 */
const NOT_FOUND: Readonly<Record<string, { readonly why: string; readonly rows: RegExp }>> = {
  'private and shared address space': { why: 'they have no list of unique local addresses', rows: /^fc00::/ },
  'special-purpose addresses': {
    why: 'theirs are of RFC 5735, of 2010, and have no IPv6',
    rows: /^(?:192\.(?:31|52|175)|64:|100:|2001::|2620:|5f00|fec0)/,
  },
  'IPv6 that carries IPv4': { why: 'they have no such list', rows: /^(?:::\/96|64:ff9b::|2001::|2002::)/ },
  multicast: { why: 'theirs has no IPv6', rows: /^ff00/ },
  'documentation addresses': { why: 'theirs are older than RFC 9637', rows: /^3fff/ },
  'public resolvers': { why: 'theirs have no resolvers of IPv4, and of IPv6 not all', rows: /./ },
  'root name servers': { why: 'they have no such list', rows: /./ },
  'time servers': { why: 'they have no such list', rows: /./ },
  'content networks and clouds': {
    why: 'they have no list of Google’s own networks, of Meta, Imperva and X, nor of Apple’s IPv6',
    rows: /(?:Google|Meta|Imperva|X|Apple|Cloudflare|Microsoft 365 and Azure Front Door)$/,
  },
  'local names': { why: 'they have no names without a dot', rows: /^(?:localhost|local|internal|service\.arpa)$/ },
  'documentation names': { why: 'the same', rows: /^(?:example|test|invalid)$/ },
  'OCSP and CRL hosts': {
    why: 'they have neither the newer hosts nor all authorities of Europe',
    rows: /(?:telesec\.de|trustwave\.com|09\.actalis\.it|dfn\.de|ocsp-certum\.com|swisssign\.(?:net|ch)|d-trust\.net|digitalcertvalidation\.com|thawte\.com|geotrust\.com|rapidssl\.com)$/,
  },
  'update hosts': {
    why: 'they have updates of Windows alone',
    rows: /./,
  },
  'the best-known names': { why: 'known to people of a country or a trade, beyond the first ten thousand', rows: /./ },
  'name servers of the root and of registries': { why: 'beyond the first ten thousand', rows: /./ },
  'time servers by name': { why: 'beyond the first ten thousand', rows: /./ },
  'public resolvers by name': { why: 'they have no such list', rows: /./ },
};
/** Where nearly all is found, more that is not would be a mistake of ours. */
const FOUND_LEAST: Readonly<Record<string, number>> = {
  'the best-known names': 0.9,
  'content networks and clouds': 0.75,
  'OCSP and CRL hosts': 0.75,
  'update hosts': 0.7,
};

test('what we typed stands in lists of others too, or it is said why not', needsData, (t) => {
  const values = ['never-block', 'warn-only'].flatMap((folder) =>
    readdirSync(path.join(DATA, folder)).flatMap((file) => {
      const { list } = JSON.parse(readFileSync(path.join(DATA, folder, file), 'utf8')) as { list: string[] };
      return list;
    }),
  );
  const ranges = makeRangeTable(
    values.flatMap((label) => {
      const range = parseRange(label);
      return range === undefined ? [] : [{ range, label }];
    }),
  );
  const names = makeNameIndex(
    values.filter((value) => !value.includes('/')).map((value) => [value.toLowerCase().replace(/^\*?\./, ''), value]),
  );
  const foundRange = (value: string) => {
    const range = parseRange(value);
    return range !== undefined && meets(ranges, range) !== undefined;
  };
  const foundName = (name: string) => {
    const above = names.atOrAbove(name);
    // A top-level domain is no find.
    return (
      names.below(name) !== undefined ||
      (above?.replace(/^\*?\./, '').includes('.') ?? false) ||
      names.at(name) !== undefined
    );
  };
  const tables = [
    ...BUILT_IN_RANGES.map(({ title, rows }) => ({
      title,
      rows: rows.map(([value, meaning]) => ({ found: foundRange(value), text: `${value} ${meaning}` })),
    })),
    ...BUILT_IN_NAMES.map(({ title, names: own }) => ({
      title,
      rows: own.map((name) => ({ found: foundName(name), text: name })),
    })),
  ];
  for (const { title, rows } of tables) {
    const missing = rows.filter(({ found }) => !found).map(({ text }) => text);
    const { why, rows: explained } = NOT_FOUND[title] ?? { why: '', rows: /^$/ };
    t.diagnostic(
      `${title}: ${rows.length - missing.length} of ${rows.length} found${missing.length > 0 ? `; ${why}` : ''}`,
    );
    assert.deepEqual(
      missing.filter((text) => !explained.test(text)),
      [],
      title,
    );
    assert.ok(rows.length - missing.length >= (FOUND_LEAST[title] ?? 0) * rows.length, title);
  }
  const own = guardsOf();
  const judged = values.flatMap((value) => {
    const normal = normalise(value.replace(/^\*?\./, ''));
    return 'observable' in normal ? [own.judge(normal.observable) !== undefined] : [];
  });
  const known = judged.filter((it) => it).length;
  t.diagnostic(`of ${judged.length} values of theirs our own tables guard ${known}; the rest is for guards update`);
  assert.ok(known > 2000);
});
