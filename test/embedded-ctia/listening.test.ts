import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { get } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import { EmbeddedCtiaError } from '../../src/embedded-ctia/error.ts';
import { type EmbeddedOptions, startEmbeddedCtia } from '../../src/embedded-ctia/server.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { call, channel, IMPORT, pairs, SIGNING_KEY, started, steppedClock, tempFolder, tokenFor } from './fixture.ts';

const options = (dataDir: string, more: Partial<EmbeddedOptions>): EmbeddedOptions => ({
  dataDir,
  port: 0,
  clock: steppedClock(),
  log: silentLog,
  signingKey: SIGNING_KEY,
  ...more,
});

test('beyond this machine nothing is served without TLS, unless somebody says so; a store remembers that', async (t) => {
  const dataDir = tempFolder(t);
  const all = { host: '0.0.0.0', publicUrl: 'http://feeds.example.org' };
  await assert.rejects(startEmbeddedCtia(options(dataDir, all)), (error) => {
    assert.ok(error instanceof EmbeddedCtiaError && error.kind === 'tls');
    assert.match(error.message, /--tls-cert and --tls-key .*--plain-http/);
    return true;
  });
  await (await startEmbeddedCtia(options(dataDir, { ...all, plainHttp: true }))).close();
  await (await startEmbeddedCtia(options(dataDir, {}))).close();
  const missing = { cert: join(dataDir, 'none.pem'), key: join(dataDir, 'none.pem') };
  await assert.rejects(
    startEmbeddedCtia(options(tempFolder(t), { tls: missing })),
    /certificate for TLS cannot be read/,
  );
});

test('with TLS ids are https, and this machine has a plain way of its own on loopback', async (t) => {
  const folder = tempFolder(t);
  const tls = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=feeds.example.org'];
  try {
    execFileSync('openssl', [...request, '-out', tls.cert, '-keyout', tls.key], { stdio: 'ignore' });
  } catch {
    t.skip('there is no openssl to make a certificate with');
    return;
  }
  const server = await startEmbeddedCtia(
    options(tempFolder(t), { tls, host: '0.0.0.0', publicUrl: 'https://feeds.example.org' }),
  );
  t.after(() => server.close());
  assert.match(server.localUrl, /^http:\/\/127\.0\.0\.1:\d+$/);
  const { id, password } = server.credentials ?? { id: '', password: '' };
  const local = { url: server.localUrl, token: await tokenFor(server.localUrl, id, password) };
  const { feed, indicator } = await channel(local);
  assert.match(feed.feed_view_url, /^https:\/\/feeds\.example\.org\/ctia\/feed\//);
  await call(local, 'POST', IMPORT, pairs(2, indicator));

  const own = await startEmbeddedCtia(options(tempFolder(t), { tls }));
  t.after(() => own.close());
  assert.match(own.url, /^https:\/\/127\.0\.0\.1:\d+$/);
  const version = await new Promise<number>((resolve, reject) => {
    get(`${own.url}/ctia/version`, { rejectUnauthorized: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    }).on('error', reject);
  });
  assert.equal(version, 200);
  await assert.rejects(fetch(own.url.replace('https', 'http')));
});

test('a request body over the limit is a 413', async (t) => {
  const session = await started(t);
  const answer = await call(session, 'POST', '/ctia/bundle/import', `{"source":"${'x'.repeat(51 * 1024 * 1024)}"}`);
  assert.deepEqual([answer.status, answer.text], [413, 'Request Entity Too Large']);
});

test('10.60 CORS where a browser asks, nosniff always', async (t) => {
  const session = await started(t);
  const headers = { authorization: `Bearer ${session.token}`, origin: 'https://console.example' };
  const answer = await fetch(`${session.url}/ctia/status`, { headers });
  assert.equal(answer.headers.get('access-control-allow-origin'), 'https://console.example');
  const exposed = String(answer.headers.get('access-control-expose-headers'));
  assert.match(exposed, /^Retry-After,X-Total-Hits,X-Next,X-Previous,X-Sort,Etag/);
  assert.doesNotMatch(exposed, /search_after/i);
  const asked = await fetch(`${session.url}/ctia/judgement`, {
    method: 'OPTIONS',
    headers: { origin: 'https://console.example', 'access-control-request-method': 'POST' },
  });
  assert.equal(asked.status, 200);
  assert.match(String(asked.headers.get('access-control-allow-methods')), /POST/);
  assert.equal((await call(session, 'GET', '/ctia/status')).headers.get('access-control-allow-origin'), null);
});

test('private-intel of the visibility host: the same store through the same handlers', async (t) => {
  const session = await started(t);
  const { indicator } = await channel(session);
  const prefix = '/iroh/private-intel';
  const imported = await call(session, 'POST', IMPORT.replace('/ctia', prefix), pairs(2, indicator));
  assert.equal(imported.json.results.length, 4);
  const incident = await call(session, 'POST', `${prefix}/incident`, {
    confidence: 'High',
    status: 'New',
    incident_time: { opened: '2026-11-25T08:00:00.000Z' },
  });
  assert.equal(incident.status, 201, incident.text);
  const own = `${prefix}/incident/${encodeURIComponent(incident.json.id)}`;
  assert.deepEqual((await call(session, 'GET', own)).json, (await call(session, 'GET', incident.json.id)).json);
  assert.equal((await call(session, 'PATCH', own, { title: 'renamed' })).json.title, 'renamed');
  const judgements = imported.json.results
    .filter(({ type }: { type: string }) => type === 'judgement')
    .map(({ id }: { id: string }) => id);
  assert.equal((await call(session, 'DELETE', `${prefix}/bulk`, { judgements })).status, 200);
  assert.equal((await call(session, 'GET', judgements[0])).status, 404);
  assert.equal((await call(session, 'DELETE', own)).status, 204);
  assert.equal((await call({ ...session, token: '' }, 'POST', `${prefix}/incident`, {})).status, 401);
  assert.equal((await call(session, 'GET', `${prefix}/judgement/search`)).status, 404);
});

test('faults by chance: the seed repeats them', async (t) => {
  const mix = async () => {
    const session = await started(t, {
      seed: 7,
      faults: [{ on: { path: /version$/ }, kind: 'status', status: 503, probability: 0.5 }],
    });
    const statuses: number[] = [];
    for (let i = 0; i < 30; i += 1) statuses.push((await call(session, 'GET', '/ctia/version')).status);
    return statuses;
  };
  const first = await mix();
  assert.deepEqual([...new Set(first)].sort(), [200, 503]);
  assert.deepEqual(await mix(), first);
});

test('without being asked for, the way to give faults is not there', async (t) => {
  const session = await started(t);
  assert.equal((await call(session, 'POST', '/admin/faults', [])).status, 404);
});
