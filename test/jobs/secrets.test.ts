import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { makeLog } from '../../src/runtime/log.ts';
import { CLIENT, OWNER, tempLog, workbench } from './workbench.ts';

test('after syncs, work by hand, an audit and failures no secret is in Redis, in a report or in the log', async (t) => {
  const file = tempLog(t);
  const bench = await workbench(t, {
    files: { 'tor.yaml': 'action: block\nobservables: [11.0.0.1, todaysfutbol.com]\n' },
    log: makeLog({ level: 'debug', pretty: false, file }),
  });
  bench.startWorkers();
  const { bearer } = await bench.ctia.tokens.get();
  const results = [
    await bench.run('sync'),
    await bench.run('add', { value: '11.9.9.9', for: '24h', reason: 'case 4711' }),
    await bench.run('remove', { value: '11.0.0.1', for: '24h' }),
    await bench.run('audit'),
    await bench.run('panic', { channel: 'firewall-block', to: 'empty', reason: 'case 4712' }),
    await bench.run('sync', { revision: 'another' }),
  ];
  assert.deepEqual(
    results.map(({ failed }) => failed?.slice(0, 12)),
    [undefined, undefined, undefined, undefined, undefined, 'refused: thi'],
  );
  bench.server.faults.push({ on: { path: /view/ }, kind: 'status', status: 401, body: {} });
  bench.server.faults.push({ on: { path: /external_id/ }, kind: 'status', status: 403, body: {} });
  results.push(await bench.run('sync'), await bench.run('audit'));

  const feeds = (await bench.get(`/ctia/feed/external_id/${OWNER}-owned`)).json as { feed_view_url: string }[];
  const shared = feeds.map(({ feed_view_url }) => new URL(feed_view_url).searchParams.get('s') ?? 'none');
  assert.equal(shared.length, 6, 'five that lists publish to, and the one that somebody let a value through in');
  const secrets = [
    CLIENT.password,
    bearer,
    Buffer.from(`${CLIENT.id}:${CLIENT.password}`).toString('base64'),
    ...shared,
  ];
  const stored = await everythingIn(bench.redis.connection as { path: string });
  const places = {
    Redis: stored,
    'the log': readFileSync(file, 'utf8'),
    results: JSON.stringify(results.map((it) => it.result ?? it.failed)),
  };
  for (const [place, text] of Object.entries(places)) {
    assert(text.length > 100, `${place} has something to look at`);
    for (const secret of secrets)
      assert(
        !text.includes(secret),
        `${place} holds a secret: ${text.slice(text.indexOf(secret) - 200, text.indexOf(secret))}`,
      );
  }
});

/** Every key of a Redis with what it holds, whatever its kind. */
async function everythingIn({ path }: { path: string }): Promise<string> {
  const redis = new Redis({ path });
  try {
    const parts: unknown[] = [];
    for (const key of await redis.keys('*')) {
      const kind = await redis.type(key);
      const read: Record<string, () => Promise<unknown>> = {
        string: () => redis.get(key),
        list: () => redis.lrange(key, 0, -1),
        hash: () => redis.hgetall(key),
        set: () => redis.smembers(key),
        zset: () => redis.zrange(key, '0', '-1'),
        stream: () => redis.xrange(key, '-', '+'),
      };
      assert(read[kind], `${key} is a ${kind}`);
      parts.push([key, await read[kind]()]);
    }
    return JSON.stringify(parts);
  } finally {
    redis.disconnect();
  }
}
