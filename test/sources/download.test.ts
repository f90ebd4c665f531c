import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { systemClock } from '../../src/runtime/clock.ts';
import {
  type DownloaderParts,
  type DownloadFailure,
  makeDownloader,
  redirectedTo,
  shownUrl,
} from '../../src/sources/download.ts';
import { isPublicAddress } from '../../src/sources/public-address.ts';
import { type RemoteLists, startRemoteLists } from './remote-lists.ts';

const LIST = '11.22.33.44\n11.22.33.45\n';

describe('download', () => {
  let remote: RemoteLists;
  before(async () => {
    remote = await startRemoteLists();
  });
  after(() => remote.close());

  const downloader = (parts: Partial<DownloaderParts> = {}) =>
    makeDownloader({ clock: systemClock, privateHosts: ['127.0.0.1'], ...parts });

  async function failureOf(url: string, parts: Partial<DownloaderParts> = {}): Promise<DownloadFailure> {
    const answer = await downloader(parts)(url);
    assert.equal(answer.is, 'failed', JSON.stringify(answer));
    return answer as DownloadFailure;
  }

  it('brings the text and what the server says of it, and asks for another one only', async () => {
    remote.serve('/list', (request, response) => {
      if (request.headers['if-none-match'] === '"v1"') response.writeHead(304).end();
      else response.writeHead(200, { etag: '"v1"', 'content-type': 'text/plain; charset=utf-8' }).end(LIST);
    });
    const first = await downloader()(`${remote.url}/list`);
    assert.deepEqual(first, {
      is: 'changed',
      text: LIST,
      contentType: 'text/plain; charset=utf-8',
      validators: { etag: '"v1"' },
    });
    assert.deepEqual(await downloader()(`${remote.url}/list`, { validators: { etag: '"v1"' } }), { is: 'same' });
  });

  it('asks by Last-Modified where there is no ETag', async () => {
    const when = 'Sat, 01 Aug 2026 00:00:00 GMT';
    remote.serve('/dated', (request, response) => {
      if (request.headers['if-modified-since'] === when) response.writeHead(304).end();
      else response.writeHead(200, { 'last-modified': when }).end(LIST);
    });
    const first = await downloader()(`${remote.url}/dated`);
    assert.deepEqual(first.is === 'changed' && first.validators, { lastModified: when });
    assert.equal((await downloader()(`${remote.url}/dated`, { validators: { lastModified: when } })).is, 'same');
  });

  it('takes a 304 that nobody asked for as a failure', async () => {
    remote.serve('/304', (_, response) => response.writeHead(304).end());
    assert.equal((await failureOf(`${remote.url}/304`)).kind, 'status');
  });

  it('unpacks gzip', async () => {
    remote.serve('/gzip', (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(LIST)));
    const answer = await downloader()(`${remote.url}/gzip`);
    assert.equal(answer.is === 'changed' && answer.text, LIST);
  });

  it('reads the charset that the server names', async () => {
    remote.serve('/latin', (_, response) =>
      response
        .writeHead(200, { 'content-type': 'text/plain; charset=iso-8859-1' })
        .end(Buffer.from([0x23, 0xe9, 0x0a])),
    );
    const answer = await downloader()(`${remote.url}/latin`);
    assert.equal(answer.is === 'changed' && answer.text, '#é\n');
  });

  it('is done with an answer that is too large, as sent, as told, or as unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(1024 * 1024, 'a'));
    remote.serve('/large', (_, response) => {
      response.writeHead(200);
      response.write('a'.repeat(5000));
      response.end('a'.repeat(6000));
    });
    remote.serve('/told', (_, response) => response.writeHead(200, { 'content-length': '999999' }).write('a'));
    remote.serve('/bomb', (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
    for (const path of ['/large', '/told', '/bomb']) {
      const { kind, message } = await failureOf(`${remote.url}${path}`, { bytesMax: 10_000 });
      assert.equal(kind, 'too-large', path);
      assert.match(message, /larger than 10000 bytes/);
    }
  });

  it('T12 tells an answer that was cut off from one that is short', async () => {
    remote.serve('/cut', (_, response) => {
      response.writeHead(200, { 'content-length': String(LIST.length + 40) });
      response.write(LIST, () => response.destroy());
    });
    remote.serve('/cut-chunks', (_, response) => {
      response.writeHead(200);
      response.write(LIST, () => response.destroy());
    });
    remote.serve('/cut-gzip', (_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(LIST).subarray(0, -10)),
    );
    for (const path of ['/cut', '/cut-chunks', '/cut-gzip'])
      assert.equal((await failureOf(`${remote.url}${path}`)).kind, 'truncated', path);
  });

  it('refuses what is no text', async () => {
    remote.serve('/zip', (_, response) => response.writeHead(200).end(gzipSync(LIST)));
    remote.serve('/binary', (_, response) => response.writeHead(200).end(Buffer.from([0xc3, 0x28, 0xff])));
    for (const path of ['/zip', '/binary']) assert.equal((await failureOf(`${remote.url}${path}`)).kind, 'not-text');
  });

  it('waits for an answer and for its end no longer than it was told', async () => {
    remote.serve('/silent', () => undefined);
    remote.serve('/slow', (_, response) => response.writeHead(200).write(LIST));
    const silent = await failureOf(`${remote.url}/silent`, { answerMs: 30 });
    assert.deepEqual([silent.kind, silent.message.includes('did not answer')], ['timed-out', true]);
    const slow = await failureOf(`${remote.url}/slow`, { wholeMs: 60 });
    assert.deepEqual([slow.kind, slow.message.includes('was not there')], ['timed-out', true]);
  });

  it('tells a status from a list, and reads how long to wait', async () => {
    remote.serve('/429', (_, response) => response.writeHead(429, { 'retry-after': '120' }).end('slow down'));
    remote.serve('/500', (_, response) => response.writeHead(500).end(LIST));
    const throttled = await failureOf(`${remote.url}/429`);
    assert.deepEqual([throttled.kind, throttled.retryAfterMs], ['throttled', 120_000]);
    assert.equal((await failureOf(`${remote.url}/500`)).kind, 'status');
    assert.equal((await failureOf(`${remote.url}/nowhere`)).kind, 'status');
    assert.equal((await failureOf('http://127.0.0.1:1/list')).kind, 'unreachable');
  });

  it('follows redirects, looking at each target as at the first', async () => {
    remote.serve('/list', (_, response) => response.writeHead(200).end(LIST));
    remote.serve('/moved', (_, response) => response.writeHead(302, { location: '/list' }).end());
    remote.serve('/inside', (_, response) => response.writeHead(301, { location: 'http://169.254.1.9/meta' }).end());
    remote.serve('/file', (_, response) => response.writeHead(301, { location: 'file:///etc/passwd' }).end());
    remote.serve('/round', (_, response) => response.writeHead(307, { location: '/round' }).end());
    assert.equal((await downloader()(`${remote.url}/moved`)).is, 'changed');
    assert.equal((await failureOf(`${remote.url}/inside`)).kind, 'private-address');
    assert.equal((await failureOf(`${remote.url}/file`)).kind, 'bad-url');
    assert.equal((await failureOf(`${remote.url}/round`)).kind, 'too-many-redirects');
  });

  it('asks no address that is not public, however it is written', async () => {
    const before = remote.asked.length;
    const { port } = new URL(remote.url);
    for (const host of ['127.0.0.1', 'localhost', '0x7f.1', '2130706433', '[::1]', '[::ffff:127.0.0.1]', '10.0.0.1']) {
      const { kind, message } = await failureOf(`http://${host}:${port}/list`, { privateHosts: [] });
      assert.equal(kind, 'private-address', host);
      assert.match(message, /UPSTREAM_PRIVATE_HOSTS/);
    }
    assert.equal(remote.asked.length, before);
  });

  it('refuses a name of which one address is not public', async () => {
    const resolve = async () => ['93.184.215.14', '127.0.0.1'];
    const { kind } = await failureOf('http://lists.example/list', { privateHosts: [], resolve });
    assert.equal(kind, 'private-address');
  });

  it('follows no redirect from https to http, and takes no password to another host', () => {
    const from = new URL('https://acme:s3cret@lists.example/a');
    assert.throws(() => redirectedTo(from, 'http://lists.example/b'), /from https to http nothing is followed/);
    assert.equal(redirectedTo(from, 'https://other.example/b').href, 'https://other.example/b');
    assert.equal(redirectedTo(new URL('http://lists.example/a'), '//other.example/b').href, 'http://other.example/b');
  });

  it('goes to the address that was looked at, whatever the name or a proxy says a moment later', async (t) => {
    process.env.http_proxy = 'http://127.0.0.1:1';
    t.after(() => delete process.env.http_proxy);
    const answers = [['127.0.0.1'], ['127.0.0.2']];
    const resolve = async () => answers.shift() ?? [];
    remote.serve('/list', (request, response) => response.writeHead(200).end(`${request.headers.host}\n`));
    const { port } = new URL(remote.url);
    const parts = { privateHosts: ['lists.example'], resolve };
    const answer = await downloader(parts)(`http://lists.example:${port}/list`);
    assert.equal(answer.is === 'changed' && answer.text, `lists.example:${port}\n`);
    assert.equal(answers.length, 1);
  });

  it('prints neither user, password nor query of a URL', async () => {
    const url = remote.url.replace('http://', 'http://acme:s3cret@');
    const { message } = await failureOf(`${url}/nowhere?key=t0psecret#t0psecret`);
    assert.doesNotMatch(message, /s3cret|t0psecret|acme/);
    assert.match(message, /\/nowhere answers 404/);
    assert.equal(remote.asked.at(-1)?.headers.authorization, `Basic ${btoa('acme:s3cret')}`);
    assert.equal(shownUrl('no url, s3cret'), 'the address');
  });

  it('ends when it is told to', async () => {
    remote.serve('/silent', () => undefined);
    const stop = new AbortController();
    const asking = downloader()(`${remote.url}/silent`, { signal: stop.signal });
    stop.abort(new Error('stopped'));
    await assert.rejects(asking, /stopped/);
  });
});

it('knows which addresses are public', () => {
  for (const address of ['93.184.215.14', '2a00:1450:4001::200e', '::ffff:93.184.215.14'])
    assert.equal(isPublicAddress(address), true, address);
  for (const address of [
    '172.31.255.255',
    '100.64.0.1',
    '169.254.169.254',
    'fd00::1',
    'fe80::1',
    '::',
    '::ffff:10.0.0.1',
    'x',
  ])
    assert.equal(isPublicAddress(address), false, address);
});
