import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { observablesIn } from '../../../src/incidents/verdicts/find.ts';

const LOGS = path.resolve('..', 'shared', 'data', 'apache');

function found(line: string): string[] {
  return observablesIn(line).map(({ type, value }) => `${type} ${value}`);
}

test('observables stand in prose, defanged or not, in normal form, and a URL is not told again in pieces', () => {
  const HASH = 'E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855';
  for (const [line, expected] of [
    [
      'Seen at hxxps://evil[.]example.com/a?b=1, then 203.0.113[.]7.',
      ['url https://evil.example.com/a?b=1', 'ip 203.0.113.7'],
    ],
    ['(see EVIL.Example.com), evil dot com', ['domain evil.example.com']],
    ['mail ada[@]example[.]org or 2001:DB8::0:1 at 10:15:32', ['email ada@example.org', 'ipv6 2001:db8::1']],
    [
      `sha256=${HASH} md5 d41d8cd98f00b204e9800998ecf8427e`,
      [`sha256 ${HASH.toLowerCase()}`, 'md5 d41d8cd98f00b204e9800998ecf8427e'],
    ],
    ['version 1.2.3.4.5, 1.2.3, 256.1.1.1 and 203.0.113.7:8080', ['ip 203.0.113.7']],
    ['setup.exe wrote index.php and foo.bar(), see config.local and e.g. obj.value', []],
  ] as const)
    assert.deepEqual(found(line), expected, line);
});

test('of a line of an access log the client and what it names, not its paths', () => {
  const line =
    '203.0.113.7 - - [25/Nov/2026:08:00:00 +0000] "GET /wp-login.php?x=/etc/passwd HTTP/1.1" 404 12 "http://bait.example.com/" "Mozilla/5.0"';
  assert.deepEqual(found(line), ['url http://bait.example.com/', 'ip 203.0.113.7']);
});

test('real logs: each client that a line begins with is found', {
  skip: existsSync(LOGS) ? false : 'needs ../shared/data',
}, () => {
  const text = readFileSync(path.join(LOGS, 'crowdsec-apache2-logs.log'), 'utf8');
  const lines = text.split('\n').filter((line) => /^\d+\.\d+\.\d+\.\d+ /.test(line));
  assert(lines.length > 0);
  for (const line of lines) assert(found(line).includes(`ip ${line.split(' ', 1)[0]}`), line);
});
