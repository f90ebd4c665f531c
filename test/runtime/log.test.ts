import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import axios from 'axios';
import { type Log, makeLog } from '../../src/runtime/log.ts';
import { maskSecrets } from '../../src/runtime/secrets.ts';

/** What a log writes, read back from its file before anything asynchronous could happen. */
function written(pretty: boolean, say: (log: Log) => void): string {
  const file = join(mkdtempSync(join(tmpdir(), 'log-')), 'run.log');
  say(makeLog({ level: 'info', pretty, file }, ['hunter2-password']));
  return readFileSync(file, 'utf8');
}

/** Every way in which a secret was seen to reach a log. */
const LEAKS: Record<string, (log: Log) => void> = {
  'a feed URL': (log) => log.info('https://ctia.example/ctia/feed/feed-1/view.txt?s=hunter2&x=1'),
  'a feed URL in a field': (log) => log.info({ feeds: [{ url: 'https://ctia.example/view.txt?s=hunter2' }] }, 'feeds'),
  'a bearer token': (log) => log.info({ headers: [['Authorization', 'Bearer hunter2.abc-def']] }, 'request'),
  'a basic credential': (log) => log.info('sent Basic aHVudGVyMg=='),
  'a password deep in an object': (log) =>
    log.info({ a: { b: { c: { d: { client_password: 'hunter2 with "quotes"' } } } } }, 'x'),
  'a token in JSON inside a string': (log) =>
    log.info({ body: JSON.stringify({ access_token: 'hunter2', scope: 'kept' }) }, 'x'),
  'the body of a form': (log) => log.info({ data: 'grant_type=client_credentials&client_password=hunter2&x=1' }, 'x'),
  'the known password in a text': (log) => log.info('tried hunter2-password there'),
  'a Redis URL': (log) => log.info('using redis://feeds:hunter2@redis:6379/0'),
  "an error's message": (log) => log.error({ err: new Error('GET /view?s=hunter2 failed') }, 'x'),
  "an error's cause": (log) =>
    log.error({ err: new Error('pull', { cause: new Error('Authorization: Bearer hunter2') }) }, 'x'),
  'the errors of an aggregate': (log) =>
    log.error({ err: new AggregateError([new Error('/view?s=hunter2')], 'all') }, 'x'),
  'an error as the only argument': (log) => log.error(new Error('GET /view?s=hunter2 failed')),
  "axios' config": (log) =>
    log.error(
      {
        err: new axios.AxiosError('refused', 'ECONNREFUSED', {
          headers: new axios.AxiosHeaders({ Authorization: 'hunter2' }),
          auth: { username: 'u', password: 'hunter2' },
          data: 'hunter2',
        }),
      },
      'x',
    ),
  'a field of a child log': (log) => log.child({ secret: 'hunter2' }).info('x'),
};

for (const [what, say] of Object.entries(LEAKS)) {
  test(`no secret of ${what} is logged`, () => {
    for (const pretty of [false, true]) {
      const text = written(pretty, say);
      assert.doesNotMatch(text, /hunter2|aHVudGVyMg/);
      assert.notEqual(text, '');
    }
  });
}

test('JSON stays JSON, and what is no secret stays', () => {
  const text = written(false, (log) =>
    log.info({ token: 'a\\"b', next: 'kept', body: '{"token":"x","n":"kept too"}' }, 'said'),
  );
  const line: unknown = JSON.parse(text);
  assert(typeof line === 'object' && line !== null && 'time' in line);
  const { time: _, ...rest } = line;
  assert.deepEqual(rest, { level: 30, token: '…', next: 'kept', body: '{"token":"…","n":"kept too"}', msg: 'said' });
});

test('a text for people keeps what surrounds a secret', () => {
  assert.equal(maskSecrets('see https://x.example/view.txt?s=abc&t=1.'), 'see https://x.example/view.txt?s=…&t=1.');
  assert.equal(maskSecrets('https://x.example/search?sort=a&q=s'), 'https://x.example/search?sort=a&q=s');
  assert.equal(maskSecrets('Bearer abc.def-4, then'), 'Bearer …, then');
  assert.equal(maskSecrets('Basic authentication is refused'), 'Basic authentication is refused');
});

test('a cause is kept, with its code', () => {
  const cause = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
  const text = written(false, (log) => log.error({ err: new Error('token', { cause }) }, 'x'));
  assert.match(text, /"cause":\{"type":"Error","message":"connect".*"code":"ECONNREFUSED"/);
});
