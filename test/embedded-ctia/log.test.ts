import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'libsql';
import { adminSecret } from '../../src/embedded-ctia/admin-routes.ts';
import { makeLog } from '../../src/runtime/log.ts';
import { call, channel, IMPORT, judgement, pairs, started, tempFolder } from './fixture.ts';

test('no secret is in the log: neither of tokens, passwords and feeds that are right nor of wrong ones, nor with a failure', async (t) => {
  const dataDir = tempFolder(t);
  const file = join(tempFolder(t), 'log');
  const session = await started(t, { dataDir, log: makeLog({ level: 'debug', file, pretty: false }) });
  const { feed, indicator } = await channel(session);
  await call(session, 'POST', IMPORT, pairs(2, indicator));
  const { id = '', password = '' } = session.server.credentials ?? {};
  const basic = (secret: string) => Buffer.from(`${id}:${secret}`).toString('base64');
  const token = (secret: string) =>
    fetch(`${session.url}/iroh/oauth2/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${basic(secret)}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: `grant_type=client_credentials&client_id=${id}&client_secret=${secret}`,
    });
  const wrong = { password: 'wr0ng-passw0rd', token: `${session.token.slice(0, -8)}AAAAAAAA`, secret: 'wr0ng-secret' };
  assert.deepEqual([(await token(password)).status, (await token(wrong.password)).status], [200, 401]);
  assert.equal((await call({ ...session, token: wrong.token }, 'GET', '/ctia/status')).status, 401);
  const view = feed.feed_view_url.replace(/s=.*/, '');
  for (const query of [`s=${feed.secret}`, `s=${wrong.secret}`, `s=${feed.secret}&limit=x`])
    await call(session, 'GET', `${view}${query}`);

  // A failure of the store itself, in a request that carries both.
  const store = new Database(join(dataDir, 'ctia.db'));
  store.exec('ALTER TABLE document RENAME TO elsewhere');
  store.close();
  const failed = await call(session, 'GET', feed.feed_view_url);
  assert.deepEqual([failed.status, failed.json.type], [500, 'unknown-exception']);
  assert.deepEqual(Object.keys(failed.json), ['type', 'class']);
  await call(session, 'POST', '/ctia/judgement', judgement('a'));
  await token(password);

  const log = readFileSync(file, 'utf8');
  assert.match(log, /"url":"\/ctia\/feed\/[^"?]*\/view\.txt","msg":"request failed"/);
  const secrets = [
    password,
    session.token,
    basic(password),
    feed.secret,
    adminSecret(dataDir),
    ...Object.values(wrong),
  ];
  for (const secret of secrets) assert.ok(!log.includes(secret), `${secret} in\n${log}`);
});

test('a search that nobody waits for ends, and is no failure in the log', async (t) => {
  const file = join(tempFolder(t), 'log');
  const session = await started(t, { log: makeLog({ level: 'debug', file, pretty: false }) });
  const { indicator } = await channel(session);
  for (let i = 0; i < 8; i += 1) await call(session, 'POST', IMPORT, pairs(1000, indicator, i * 1000));
  const path = '/ctia/judgement/search/count?query=reason:';
  const hangUp = new AbortController();
  const asked = session.server.requests.total;
  const abandoned = fetch(`${session.url}${path}once`, {
    headers: { authorization: `Bearer ${session.token}` },
    signal: hangUp.signal,
  });
  // Taken up, and so reading, once it is counted.
  while (session.server.requests.total === asked) await new Promise((resolve) => setImmediate(resolve));
  hangUp.abort();
  await assert.rejects(abandoned);
  // Searches take turns: this one began later and reads as much.
  assert.equal((await call(session, 'GET', `${path}twice`)).text, '0');
  assert.doesNotMatch(readFileSync(file, 'utf8'), /request failed/);
});
