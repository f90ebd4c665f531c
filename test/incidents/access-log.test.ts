import assert from 'node:assert/strict';
import { createReadStream, existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { parseAccessLine } from '../../src/incidents/access-log.ts';
import { countAgainst } from '../../src/incidents/against-log.ts';
import { logLines } from '../../src/incidents/log-lines.ts';

const STAMP = '[25/Nov/2026:12:00:00 +0100]';
const TIME = Date.parse('2026-11-25T11:00:00.000Z');

test('the formats of Apache and nginx, literally', () => {
  assert.deepEqual(parseAccessLine(`203.0.113.7 - - ${STAMP} "GET /a?b=c HTTP/1.1" 200 512`), {
    ...{ client: '203.0.113.7', time: TIME, request: 'GET /a?b=c HTTP/1.1', method: 'GET', target: '/a?b=c' },
    ...{ status: 200, bytes: 512 },
  });
  assert.deepEqual(
    parseAccessLine(
      `2001:db8::7 - jane doe ${STAMP} "GET / HTTP/2.0" 304 - "https://a.example/\\"x\\"" "Mozilla/5.0 \\x22y\\x22"`,
    ),
    {
      ...{ client: '2001:db8::7', user: 'jane doe', time: TIME, request: 'GET / HTTP/2.0', method: 'GET', target: '/' },
      ...{ status: 304, bytes: 0, referer: 'https://a.example/"x"', userAgent: 'Mozilla/5.0 "y"' },
    },
  );
  assert.deepEqual(parseAccessLine(`www.acme.example:443 203.0.113.7 - - ${STAMP} "-" 408 0 "-" "-"`), {
    ...{ vhost: 'www.acme.example:443', client: '203.0.113.7', time: TIME, request: '-', status: 408, bytes: 0 },
  });
});

test('a name for a client, a request that is none, and lines of other formats', () => {
  assert.equal(parseAccessLine(`scan.example - - ${STAMP} "\\x16\\x03\\x01" 400 0`)?.client, 'scan.example');
  assert.equal(parseAccessLine(`203.0.113.7 - - ${STAMP} "GET /a b HTTP/1.1" 400 0`)?.target, undefined);
  for (const line of [
    '',
    'GET / HTTP/1.1',
    '[Fri Oct 08 17:08:41.203277 2021] [core:error] [pid 7005] [client 203.0.113.7:14532] AH00126: Invalid URI',
    `203.0.113.7 - - ${STAMP.replace('Nov', 'Nix')} "GET / HTTP/1.1" 200 1`,
    `203.0.113.7 - - ${STAMP} "GET / HTTP/1.1`,
    '{"client":"203.0.113.7"}',
  ])
    assert.equal(parseAccessLine(line), undefined, line);
});

test('lines that are cut and lines that need the whole grammar are read alike', () => {
  const heads = [
    '203.0.113.7 - -',
    '2001:db8::7 - ada',
    '203.0.113.7 x jane doe',
    'www.acme.example:443 203.0.113.7 - -',
  ];
  const requests = [
    'GET /a?b=c HTTP/1.1',
    'BREW /pot HTTP/1.0',
    'GET /old',
    'GET /a b HTTP/1.1',
    'GET  HTTP/1.1',
    '-',
    '',
  ];
  for (const head of heads) {
    for (const request of requests) {
      const line = (agent: string) => `${head} ${STAMP} "${request}" 404 - "https://a.example/" "${agent}"`;
      // An escape is what only the grammar understands.
      assert.deepEqual(parseAccessLine(line('agent!')), parseAccessLine(line('agent\\x21')), line('agent'));
      assert.equal(parseAccessLine(line('agent'))?.status, 404);
    }
  }
});

test('a hostile line of a megabyte costs no time', () => {
  const line = `203.0.113.7 - - ${STAMP} "${'\\'.repeat(1_000_001)}`;
  assert.equal(parseAccessLine(line), undefined);
  assert.equal(parseAccessLine(`${' ['.repeat(500_000)}`), undefined);
});

const LOG = [
  `203.0.113.7 - - ${STAMP} "GET /login?token=secret HTTP/1.1" 200 1`,
  `203.0.113.7 - - ${STAMP} "GET /cart HTTP/1.1" 302 1`,
  `203.0.113.7 - - ${STAMP} "GET /missing HTTP/1.1" 404 1`,
  `198.51.100.99 - - ${STAMP} "GET /shop HTTP/1.1" 200 1`,
  `::ffff:198.51.100.1 - - ${STAMP} "GET /mapped HTTP/1.1" 200 1`,
  `2001:db8:0:1::9 - - ${STAMP} "GET /six HTTP/1.1" 200 1`,
  `192.0.2.1 - - ${STAMP} "GET /nobody HTTP/1.1" 200 1`,
  'no line',
  '',
].join('\r\n');

const ENTERING = new Map([
  ['203.0.113.7', 'tor'],
  ['198.51.100.0/24', 'nets'],
  ['2001:db8::/32', 'six'],
  ['evil.example', 'names'],
]);

test('a change is held against a log: successful requests, by the value that would have blocked them', async () => {
  for (const input of [Buffer.from(LOG), gzipSync(LOG)]) {
    // In pieces, so that lines are cut.
    const pieces = Array.from({ length: Math.ceil(input.length / 100) }, (_, n) =>
      input.subarray(n * 100, (n + 1) * 100),
    );
    const counts = await countAgainst(logLines(Readable.from(pieces)), ENTERING);
    assert.deepEqual(counts, {
      ...{ lines: 8, unread: 1, successful: 6, blocked: 5 },
      values: [
        { value: '198.51.100.0/24', list: 'nets', requests: 2, paths: ['/shop', '/mapped'] },
        { value: '203.0.113.7', list: 'tor', requests: 2, paths: ['/login', '/cart'] },
        { value: '2001:db8::/32', list: 'six', requests: 1, paths: ['/six'] },
      ],
    });
  }
});

test('a line without an end does not fill the memory, and the next one counts', async () => {
  const log = `${'x'.repeat(1_000_000)}\n203.0.113.7 - - ${STAMP} "GET / HTTP/1.1" 200 1`;
  const counts = await countAgainst(logLines(Readable.from([Buffer.from(log)])), ENTERING);
  assert.deepEqual([counts.lines, counts.unread, counts.blocked], [2, 1, 1]);
  assert.deepEqual(await countAgainst(logLines(Readable.from([])), ENTERING), {
    ...{ lines: 0, unread: 0, successful: 0, blocked: 0, values: [] },
  });
});

const REAL = path.resolve('..', 'shared', 'data', 'apache');
test('logs of real attacks', { skip: !existsSync(REAL) && 'the data folder is not here' }, async () => {
  for (const file of readdirSync(REAL).filter((name) => name.endsWith('.log'))) {
    const counts = await countAgainst(
      logLines(createReadStream(path.join(REAL, file))),
      new Map([['0.0.0.0/0', 'all']]),
    );
    assert.ok(counts.lines > 0 && counts.unread / counts.lines <= 0.5, `${file}: ${counts.unread} of ${counts.lines}`);
    assert.equal(counts.blocked, counts.successful, file);
  }
});
