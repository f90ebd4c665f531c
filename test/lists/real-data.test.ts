import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Problem } from '../../src/ctim/problem.ts';
import { problemsOf, readingOf } from './reading-of.ts';

/**
 * Lists that other people published, read through a wrapper list. Each number was counted by another tool, in the folder
 * of the data; its command stands beside it. Nothing of these files is copied here: the faults found in them have
 * fixtures of their own in the tests beside this one.
 */
const DATA = path.resolve('..', 'shared', 'data');
const needsData = existsSync(DATA) ? {} : { skip: 'needs ../shared/data' };

interface Expected {
  readonly file: string;
  /** Lines that are neither blank nor comments. */
  readonly lines: number;
  readonly accepted: Readonly<Record<string, number>>;
  readonly duplicates?: number;
  readonly unsupported?: number;
  /** Errors by code. */
  readonly invalid?: Readonly<Record<string, number>>;
  readonly list?: string;
}

const LISTS: readonly Expected[] = [
  {
    // grep -cv '^#' ipv4/ipsum.txt · grep -v '^#' ipv4/ipsum.txt | cut -f1 | grep -cE '^([0-9]+\.){3}[0-9]+$'
    file: 'ipv4/ipsum.txt',
    lines: 120_430,
    accepted: { ip: 120_430 },
  },
  {
    // grep -c . ipv4/ipsum-level3.txt
    file: 'ipv4/ipsum-level3.txt',
    lines: 14_217,
    accepted: { ip: 14_217 },
  },
  {
    // grep -cvE '^(#|$)' cidr/firehol_level1.netset. The refused ones: python3, ipaddress.ip_network(line).overlaps(row) over
    // the rows of iana-ipv4-special-registry: 0/8 127/8 169.254/16 192.0.0/24 198.18/15 · 10/8 100.64/10 172.16/12 192.168/16
    // · 192.0.2/24 198.51.100/24 203.0.113/24 · 224/3
    file: 'cidr/firehol_level1.netset',
    lines: 2892,
    accepted: { ip: 2879 },
    invalid: { 'guard-special-use': 5, 'guard-private': 4, 'guard-documentation': 3, 'guard-prefix': 1 },
  },
  {
    // grep -cvE '^;|^$' cidr/spamhaus-drop.txt · grep -vE '^;|^$' cidr/spamhaus-drop.txt | sed 's/ *;.*//' | sort -u | wc -l
    file: 'cidr/spamhaus-drop.txt',
    lines: 1699,
    accepted: { ip: 1696 },
    duplicates: 1,
    // Two /23 in a network of Cloudflare's: grep -c '^172\.7[0-1]\.' cidr/spamhaus-drop.txt
    invalid: { 'guard-content-network': 2 },
  },
  {
    // grep -cvE '^;|^$' cidr/spamhaus-dropv6.txt
    file: 'cidr/spamhaus-dropv6.txt',
    lines: 91,
    accepted: { ipv6: 91 },
  },
  {
    // grep -cvE '^#|^$' cidr/dshield-block.txt
    file: 'cidr/dshield-block.txt',
    lines: 20,
    accepted: { ip: 20 },
  },
  {
    // grep -cv : ip/tor-exit-nodes.lst · grep -c : ip/tor-exit-nodes.lst
    file: 'ip/tor-exit-nodes.lst',
    lines: 1746,
    accepted: { ip: 1127, ipv6: 619 },
  },
  {
    // grep -cvE '^#|^$' ip/doh-servers-ipv6.txt · those that are resolvers of ours:
    // grep -oE "'[0-9a-f:]+:[0-9a-f:]*'" src/lists/guards/resolvers.ts | tr -d "'" | grep -cxFf - ip/doh-servers-ipv6.txt (45), and those of NextDNS: grep -c '^2a07:a8c[01]:' (4)
    file: 'ip/doh-servers-ipv6.txt',
    lines: 183,
    accepted: { ipv6: 134 },
    invalid: { 'guard-resolver': 49 },
  },
  {
    // grep -v '^#' domain/urlhaus-domains-online.txt | grep -cE '^[0-9]+(\.[0-9]+){3}$' · the same with grep -v
    file: 'domain/urlhaus-domains-online.txt',
    lines: 2853,
    accepted: { domain: 618, ip: 2234 },
    // A page of a maker of protection that was taken over: grep -c kaspersky domain/urlhaus-domains-online.txt
    invalid: { 'guard-update-host': 1 },
  },
  {
    // grep -cvE '^#|^$' domain/urlhaus-hosts-online.txt: a hosts file, two columns with a blank between them
    file: 'domain/urlhaus-hosts-online.txt',
    lines: 619,
    accepted: {},
    invalid: { 'invalid-characters': 619 },
  },
  {
    // grep -cvE '^!|^$' domain/urlhaus-agh-online.txt: an ad-block filter
    file: 'domain/urlhaus-agh-online.txt',
    lines: 2853,
    accepted: {},
    invalid: { 'invalid-domain': 2853 },
  },
  {
    // grep -c '^http' url/atomspam-urls.txt · cut short: grep -c '…$' (781) · defanged: grep -cF '[.]' (51) · both: 32, told as
    // defanged. So 781 - 32 = 749. Two lines differ in `^` and `%5E` alone: grep -cE '/(\^|%5E)/$' 2, one URL.
    file: 'url/atomspam-urls.txt',
    lines: 2792,
    accepted: { url: 1991 },
    duplicates: 1,
    invalid: { 'invalid-url': 749, 'invalid-defanged': 51 },
  },
  {
    // With refanging only those that were cut short are left: 781.
    file: 'url/atomspam-urls.txt',
    list: 'refang: true\n',
    lines: 2792,
    accepted: { url: 2010 },
    duplicates: 1,
    invalid: { 'invalid-url': 781 },
  },
  {
    // grep -ciE '^[0-9a-f]{40}$' hash/malicious-hash-sha1.txt
    file: 'hash/malicious-hash-sha1.txt',
    lines: 605,
    accepted: {},
    unsupported: 605,
  },
  {
    // grep -cvE '^#|^$' hash/signature-base-hash-iocs.txt: a remark after ";" without a blank, and blanks within it
    file: 'hash/signature-base-hash-iocs.txt',
    lines: 3224,
    accepted: {},
    invalid: { 'invalid-characters': 3224 },
  },
  {
    // python3: lines that ipaddress.ip_address takes 112, others 1661, seen before 71 · grep -cE '^[0-9.]+;' 6
    file: 'mixed/signature-base-c2-iocs.txt',
    lines: 1844,
    accepted: { domain: 1655, ip: 112 },
    duplicates: 71,
    invalid: { 'invalid-domain': 6 },
  },
];

for (const { file, list = '', lines, accepted, duplicates = 0, unsupported = 0, invalid = {} } of LISTS) {
  test(`real data: ${file}${list === '' ? '' : ' with refang'}`, needsData, async () => {
    const reading = await readingOf({
      'list.yaml': `action: block\nentries_from: list.txt\n${list}`,
      'list.txt': readFileSync(path.join(DATA, 'lists', file), 'utf8'),
    });
    const [summary] = reading.lists;
    assert.ok(summary !== undefined);
    const errors = reading.problems.filter(({ severity }) => severity === 'error');
    assert.deepEqual({ ...summary.by_type }, accepted);
    assert.deepEqual(byCode(errors), invalid);
    assert.equal(summary.invalid, errors.length);
    assert.deepEqual([summary.duplicates, summary.unsupported], [duplicates, unsupported]);
    assert.equal(summary.accepted + summary.duplicates + summary.unsupported + summary.invalid, lines);
    assert.equal(reading.entries.length, summary.accepted);
    for (const { line, column, message } of errors) assert.ok(line > 0 && column > 0 && message.length > 20);
  });
}

function byCode(problems: readonly Problem[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { code } of problems) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}

test('real data: a YAML list that is no map, as committed by a human', needsData, async () => {
  const text = readFileSync(path.join(DATA, 'yaml', 'broken', 'phantom-blocklist-not-a-map.yaml'), 'utf8');
  const [first] = await problemsOf({ 'broken.yaml': text });
  assert.match(first ?? '', /^feeds\/broken\.yaml:1:1 error yaml-syntax .*a comment needs "#" before it/);
});

test('real data: an unquoted star, as committed by a human', needsData, async () => {
  const text = readFileSync(path.join(DATA, 'yaml', 'broken', 'phantom-whitelist-unquoted-star.yaml'), 'utf8');
  const problems = await problemsOf({ 'broken.yaml': text });
  assert.match(problems.at(-1) ?? '', /^feeds\/broken\.yaml:5:10 error yaml-alias .* in quotes$/);
});
