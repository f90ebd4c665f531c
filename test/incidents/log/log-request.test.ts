import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRead, parseLogLine } from '../../../src/incidents/log/log-request.ts';

const TIME = Date.parse('2026-11-25T11:00:00.000Z');
const STAMP = '[25/Nov/2026:12:00:00 +0100]';

function checkRead(line: string, expected: Record<string, unknown>): void {
  const read = parseLogLine(line);
  assert.ok(isRead(read), line);
  assert.deepEqual(
    Object.fromEntries(Object.keys(expected).map((key) => [key, read[key as keyof typeof read]])),
    expected,
  );
}

test('JSON as web servers, shippers and containers write it', () => {
  const common = { client: '203.0.113.7', time: TIME, method: 'GET', target: '/a?b=c', status: 404 };
  const nginx = {
    ...{ remote_addr: '203.0.113.7', time_iso8601: '2026-11-25T12:00:00+01:00', request: 'GET /a?b=c HTTP/1.1' },
    ...{
      status: '404',
      body_bytes_sent: '12',
      http_referer: '-',
      http_user_agent: 'x',
      server_name: 'www.acme.example',
    },
  };
  checkRead(JSON.stringify(nginx), {
    ...common,
    ...{ bytes: 12, referer: undefined, userAgent: 'x', vhost: 'www.acme.example' },
  });
  const caddy = {
    ts: TIME / 1000,
    request: {
      ...{ remote_ip: '203.0.113.7', method: 'GET', host: 'acme.example', uri: '/a?b=c' },
      headers: { 'User-Agent': ['y'], Referer: ['https://a.example/'] },
    },
    status: 404,
  };
  checkRead(JSON.stringify(caddy), {
    ...common,
    ...{ vhost: 'acme.example', userAgent: 'y', referer: 'https://a.example/', request: 'GET /a?b=c' },
  });
  const traefik = {
    ...{ ClientHost: '203.0.113.7', RequestMethod: 'GET', RequestPath: '/a?b=c', DownstreamStatus: 404 },
    ...{ StartUTC: '2026-11-25T11:00:00.000000Z', 'request_User-Agent': 'z' },
  };
  checkRead(JSON.stringify(traefik), { ...common, userAgent: 'z' });
  const elastic = {
    '@timestamp': '2026-11-25T11:00:00Z',
    source: { address: '203.0.113.7' },
    http: { request: { method: 'GET' }, response: { status_code: 404 } },
    url: { path: '/a', query: 'b=c', original: '/a?b=c' },
    user_agent: { original: 'w' },
  };
  checkRead(JSON.stringify(elastic), { ...common, userAgent: 'w' });
  const line = `203.0.113.7 - - ${STAMP} "GET /a?b=c HTTP/1.1" 404 1 "-" "v"`;
  checkRead(JSON.stringify({ log: `${line}\n`, stream: 'stdout', time: '2026-11-25T11:00:01Z' }), {
    ...common,
    userAgent: 'v',
  });
  checkRead(JSON.stringify({ message: JSON.stringify(nginx) }), common);
  checkRead(JSON.stringify({ ...nginx, remote_addr: '203.0.113.7:40312' }), common);
  checkRead(JSON.stringify({ ...nginx, remote_addr: '[2001:db8::7]:40312' }), { ...common, client: '2001:db8::7' });
  checkRead(JSON.stringify({ ...nginx, remote_addr: '2001:db8::7' }), { ...common, client: '2001:db8::7' });
});

test('a whole line in quotes, and a request that was refused before it came to the access log', () => {
  checkRead(`"203.0.113.7 - - ${STAMP} "GET / HTTP/1.1" 200 3 "-" "w""`, { client: '203.0.113.7', userAgent: 'w' });
  checkRead(
    '[Wed Nov 25 11:00:00.203277 2026] [core:error] [pid 7:tid 9] [client 203.0.113.7:14532] AH00126: Invalid URI in request GET /cgi-bin/.%2E/%2E%2E/x HTTP/1.1',
    { client: '203.0.113.7', time: TIME, method: 'GET', target: '/cgi-bin/.%2E/%2E%2E/x', status: 400 },
  );
  checkRead('[Wed Nov  4 11:00:00 2026] [error] [client 2001:db8::7] Invalid URI in request GET x', {
    client: '2001:db8::7',
    request: 'GET x',
  });
});

test('what is no request is named', () => {
  const cases = [
    [
      '[Wed Nov 25 11:00:00 2026] [ssl:info] [pid 1] AH02006: SSL handshake stopped',
      'a line of an error log without a request',
    ],
    ['{"level":"info","msg":"started"}', 'JSON without client, time or request'],
    ['{"broken', 'JSON without client, time or request'],
    ['Nov 25 11:00:00 host sshd[1]: Invalid user', 'of no known format'],
    [`${'x'.repeat(300)} - - ${STAMP} "GET / HTTP/1.1" 200 3`, 'of no known format'],
  ] as const;
  for (const [line, unread] of cases) assert.deepEqual(parseLogLine(line), { unread }, line);
});
