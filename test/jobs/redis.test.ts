import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { lives } from '../../src/jobs/process-identity.ts';
import { openRedis, parseRedisUrl } from '../../src/jobs/redis.ts';
import { findRedisBinary } from '../../src/jobs/redis-binary.ts';
import { withRedis } from '../../src/jobs/redis-connection.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';

const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
});

function temporary(name: string) {
  return mkdtempSync(join(tmpdir(), `${name}-`));
}

function open(dataDir: string, more: { redisUrl?: string; searchPath?: string } = {}) {
  return openRedis({ dataDir, searchPath: process.env.PATH ?? '', log: silentLog, clock: systemClock, ...more });
}

function recorded(dataDir: string): { identity: string; socket: string } {
  return JSON.parse(readFileSync(join(dataDir, 'redis', 'server'), 'utf8'));
}

async function startProcess(dataDir: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'redis-process.js'), dataDir], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  children.push(child);
  assert(child.stdout);
  await once(child.stdout, 'data');
  return child;
}

async function until(holds: () => boolean | Promise<boolean>, what: string) {
  for (const limit = systemClock.now() + 10_000; !(await holds()); await systemClock.sleep(20)) {
    assert(systemClock.now() < limit, `waited in vain until ${what}`);
  }
}

test('a Redis of our own: append-only, without eviction, on a socket that only we can reach, gone after close', async () => {
  const dataDir = temporary('own');
  const redis = await open(dataDir);
  const { identity, socket } = recorded(dataDir);
  assert.equal(redis.managed, true);
  assert.deepEqual(redis.connection, { path: socket });
  assert.equal(statSync(join(dataDir, 'redis')).mode & 0o777, 0o700);
  assert.equal(statSync(socket).mode & 0o777, 0o700);
  const settings = await withRedis(redis.connection, async (ask) => ({
    appendonly: await ask.config('GET', 'appendonly'),
    policy: await ask.config('GET', 'maxmemory-policy'),
    save: await ask.config('GET', 'save'),
    port: await ask.config('GET', 'port'),
  }));
  assert.deepEqual(settings, {
    appendonly: ['appendonly', 'yes'],
    policy: ['maxmemory-policy', 'noeviction'],
    save: ['save', ''],
    port: ['port', '0'],
  });
  assert.equal(await redis.findProblem(), undefined);
  await redis.close();
  assert.equal(lives(identity), false);
  assert.equal(existsSync(socket), false);
  assert.match((await redis.findProblem()) ?? '', /does not answer/);
});

test('what was written is there at the next start', async () => {
  const dataDir = temporary('again');
  const first = await open(dataDir);
  await withRedis(first.connection, (ask) => ask.set('tor', 'kept'));
  await first.close();
  const second = await open(dataDir);
  assert.equal(await withRedis(second.connection, (ask) => ask.get('tor')), 'kept');
  await second.close();
});

test('after a kill -9 of ours it is found again with what it held, and stopped by whoever found it', async () => {
  const dataDir = temporary('killed');
  const killed = await startProcess(dataDir);
  const { identity } = recorded(dataDir);
  await withRedis({ path: recorded(dataDir).socket }, (ask) => ask.set('tor', 'kept'));
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  assert.equal(lives(identity), true);

  const next = await open(dataDir);
  assert.equal(recorded(dataDir).identity, identity);
  assert.equal(await withRedis(next.connection, (ask) => ask.get('tor')), 'kept');
  await next.close();
  assert.equal(lives(identity), false);
});

test('two processes share one, and the last to leave stops it, whoever began it', async () => {
  const dataDir = temporary('shared');
  const enqueue = await startProcess(dataDir);
  const { identity } = recorded(dataDir);
  const up = await open(dataDir);
  assert.equal(recorded(dataDir).identity, identity);
  enqueue.stdin?.write('close');
  await once(enqueue, 'exit');
  assert.equal(lives(identity), true);
  await up.close();
  assert.equal(lives(identity), false);
});

test('started by four at once there is one', async () => {
  const dataDir = temporary('race');
  const all = await Promise.all([open(dataDir), open(dataDir), startProcess(dataDir), startProcess(dataDir)]);
  const { identity } = recorded(dataDir);
  for (const one of all) {
    if ('close' in one) await one.close();
    else {
      one.stdin?.write('close');
      await once(one, 'exit');
    }
  }
  assert.equal(lives(identity), false);
});

test('a Redis that dies under us is started again, with what it held', async () => {
  const dataDir = temporary('dies');
  const redis = await open(dataDir);
  await withRedis(redis.connection, (ask) => ask.set('tor', 'kept'));
  const { identity } = recorded(dataDir);
  // Its file is written every second; a crash of the process alone loses nothing that reached the system.
  process.kill(Number(identity.split(' ')[0]), 'SIGKILL');
  await until(() => recorded(dataDir).identity !== identity, 'another Redis was started');
  await until(async () => (await redis.findProblem()) === undefined, 'it answers');
  assert.equal(await withRedis(redis.connection, (ask) => ask.get('tor')), 'kept');
  await redis.close();
  assert.equal(lives(recordedOr(dataDir)), false);
});

function recordedOr(dataDir: string) {
  return existsSync(join(dataDir, 'redis', 'server')) ? recorded(dataDir).identity : '0';
}

test('an uncaught error of ours does not leave it behind', async () => {
  const dataDir = temporary('uncaught');
  const child = await startProcess(dataDir);
  const { identity } = recorded(dataDir);
  child.stdin?.write('fail');
  await once(child, 'exit');
  await until(() => !lives(identity), 'the Redis ended');
});

test('below a long path the socket lies in the temporary folder, for us alone', async () => {
  const dataDir = join(temporary('long'), 'a'.repeat(60), 'b'.repeat(60));
  const redis = await open(dataDir);
  const { socket } = recorded(dataDir);
  assert(Buffer.byteLength(socket) < 104);
  assert.equal(statSync(join(socket, '..')).mode & 0o777, 0o700);
  const joined = await open(dataDir);
  assert.deepEqual(joined.connection, redis.connection);
  await redis.close();
  await joined.close();
});

test('a Redis that cannot start says why, with the end of its log', async () => {
  const dataDir = temporary('broken');
  const manifest = join(dataDir, 'redis', 'appendonlydir', 'appendonly.aof.manifest');
  mkdirSync(join(manifest, '..'), { recursive: true });
  writeFileSync(manifest, 'not a manifest\n');
  await assert.rejects(open(dataDir), /does not start: .*\n.*redis\.log:\n.*/s);
});

test('either name of the server is found, on the PATH before the usual folders, or none', () => {
  const folder = temporary('names');
  const usual = temporary('usual');
  for (const [place, name] of [
    [folder, 'valkey-server'],
    [usual, 'redis-server'],
  ] as const) {
    writeFileSync(join(place, name), '#!/bin/sh\n');
    chmodSync(join(place, name), 0o755);
  }
  assert.equal(findRedisBinary(folder, [usual]), join(folder, 'valkey-server'));
  assert.equal(findRedisBinary(tmpdir(), []), undefined);
  assert.equal(findRedisBinary('', [usual]), join(usual, 'redis-server'));
  mkdirSync(join(folder, 'redis-server'));
  assert.equal(
    findRedisBinary(`${folder}:relative`, []),
    join(folder, 'valkey-server'),
    'a folder of that name is no program',
  );
});

test('a server called valkey-server is run like the other', async () => {
  const binary = findRedisBinary(process.env.PATH ?? '');
  assert(binary);
  const folder = temporary('valkey');
  symlinkSync(binary, join(folder, 'valkey-server'));
  const redis = await openRedis({ dataDir: folder, searchPath: folder, log: silentLog, clock: systemClock });
  assert.equal(await withRedis(redis.connection, (ask) => ask.ping()), 'PONG');
  await redis.close();
});

test('a REDIS_URL that does not answer is an error that names it without its password', async () => {
  await assert.rejects(open('unused', { redisUrl: 'redis://feeds:hunter2@127.0.0.1:1/3' }), (error: Error) => {
    assert.match(error.message, /redis:\/\/127\.0\.0\.1:1\/3, does not answer \(connect ECONNREFUSED/);
    assert.doesNotMatch(error.message, /hunter2/);
    return true;
  });
});

test('a REDIS_URL that answers is used, and left running', async () => {
  const dataDir = temporary('theirs');
  const theirs = await open(dataDir);
  const ours = await open('unused', { redisUrl: `unix://${recorded(dataDir).socket}` });
  assert.equal(ours.managed, false);
  await ours.close();
  assert.equal(await theirs.findProblem(), undefined);
  await theirs.close();
});

test('what a Redis URL says', () => {
  assert.deepEqual(parseRedisUrl('redis://redis'), { host: 'redis', port: 6379 });
  assert.deepEqual(parseRedisUrl('rediss://u:p%40ss@[::1]:6380/2'), {
    host: '::1',
    port: 6380,
    username: 'u',
    password: 'p@ss',
    db: 2,
    tls: {},
  });
  assert.deepEqual(parseRedisUrl('unix:///run/redis.sock'), { path: '/run/redis.sock' });
});

test('a Redis that cannot write its file or evicts keys is a problem in words', async () => {
  const dataDir = temporary('evicts');
  const redis = await open(dataDir);
  await withRedis(redis.connection, async (ask) => {
    await ask.config('SET', 'maxmemory', '100mb');
    await ask.config('SET', 'maxmemory-policy', 'allkeys-lru');
  });
  assert.match((await redis.findProblem()) ?? '', /evicts keys.*set it to noeviction/);
  await redis.close();
});
