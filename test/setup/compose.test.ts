import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';

/** Where no Docker engine is at hand this stands in for it: what the files say fits together and fits the program. */
const ROOT = join(import.meta.dirname, '..', '..', '..');
const OUR_COMMANDS = ['up', 'check', 'plan', 'apply', 'work', 'enqueue', 'status', 'feeds', 'doctor', 'ctia'];

const Compose = z.strictObject({
  name: z.string(),
  services: z.record(
    z.string(),
    z.strictObject({
      image: z.string(),
      build: z.literal('.').optional(),
      command: z.array(z.string()),
      profiles: z.array(z.string()).optional(),
      init: z.boolean().optional(),
      depends_on: z
        .record(
          z.string(),
          z.strictObject({ condition: z.literal('service_healthy'), required: z.boolean().optional() }),
        )
        .optional(),
      environment: z.record(z.string(), z.string()).optional(),
      ports: z.array(z.string()).optional(),
      volumes: z.array(z.string()),
      healthcheck: z
        .strictObject({ test: z.array(z.string()), interval: z.string(), timeout: z.string(), retries: z.number() })
        .optional(),
      stop_grace_period: z.string().optional(),
      restart: z.literal('unless-stopped'),
    }),
  ),
  volumes: z.record(z.string(), z.null()),
});

function read(path: string) {
  return readFileSync(join(ROOT, path), 'utf8');
}

const text = read('docker-compose.yml');
const compose = Compose.parse(parse(text));
const services = Object.entries(compose.services);
const { redis, worker, ctia } = compose.services;

test('the services are Redis, the worker and, as a profile, the embedded CTIA', () => {
  assert.deepEqual(Object.keys(compose.services), ['redis', 'worker', 'ctia']);
  assert.deepEqual(
    services.map(([, { profiles }]) => profiles),
    [undefined, undefined, ['embedded']],
  );
});

test('Redis keeps an append-only file on a volume and evicts nothing', () => {
  assert.match(redis?.command.join(' ') ?? '', /^redis-server .*--appendonly yes.*--maxmemory-policy noeviction/);
  assert.deepEqual(redis?.volumes, ['redis:/data']);
  assert.equal(redis?.ports, undefined, 'it has no password, so nothing but these containers may reach it');
});

test('our containers run our commands, with options that a shell need not split', () => {
  for (const [name, { command, build }] of services.filter(([, { image }]) => image === 'ctim-feeds')) {
    assert(OUR_COMMANDS.includes(command[0] ?? ''), `${name} runs ${command[0]}`);
    assert.equal(build, '.');
    assert.deepEqual(
      command.slice(1).filter((option) => !/^--[a-z-]+(?:=.+)?$/.test(option)),
      [],
    );
  }
  assert.equal(worker?.command[0], 'work');
  assert.equal(ctia?.command[0], 'ctia');
});

test('a comment shows only commands that exist', () => {
  for (const [, command] of text.matchAll(/run --rm worker ([a-z]+)/g)) assert(OUR_COMMANDS.includes(command ?? ''));
});

test('whoever is waited for says when it is healthy, and may be absent only where it is a profile', () => {
  for (const [, { depends_on = {} }] of services) {
    for (const [needed, { required = true }] of Object.entries(depends_on)) {
      assert(compose.services[needed]?.healthcheck, `${needed} has no healthcheck`);
      assert.equal(required, compose.services[needed]?.profiles === undefined);
    }
  }
});

test('any number of workers can run: none has a name or a port of its own', () => {
  assert.equal(worker?.ports, undefined);
  assert.doesNotMatch(text, /container_name/);
});

test('every named volume is declared and used', () => {
  const named = services.flatMap(([, { volumes }]) => volumes.map((volume) => volume.split(':')[0] ?? ''));
  assert.deepEqual(named.filter((name) => !name.startsWith('.')).sort(), Object.keys(compose.volumes).sort());
});

test('no secret has a default, and every variable is explained in .env.example or is a plain setting', () => {
  assert.doesNotMatch(text, /\$\{\w*PASSWORD:-/);
  const variables = new Set([...text.matchAll(/\$\{(\w+)/g)].map((match) => match[1] ?? ''));
  variables.delete('CTIM_FEEDS_LOG');
  for (const variable of variables) assert.match(read('.env.example'), new RegExp(`^#?${variable}=`, 'm'));
});

test('the image runs as an ordinary user, without development packages, from files that exist', () => {
  const stages = read('Dockerfile')
    .split(/^FROM /m)
    .slice(1);
  assert.equal(stages.length, 3);
  assert.match(stages[1] ?? '', /npm ci --omit=dev/);
  const last = stages[2] ?? '';
  assert.match(last, /^USER node$/m);
  assert.match(last, /^ENTRYPOINT \["node", .*"dist\/src\/main\.js"\]$/m);
  assert.doesNotMatch(last, /npm /);
  const sent = read('.dockerignore')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));
  for (const path of sent.filter((name) => name !== 'feeds')) assert(existsSync(join(ROOT, path)), path);
  for (const stage of stages) {
    for (const [, sources] of stage.matchAll(/^COPY (?!--from)(.+) \S+$/gm)) {
      for (const source of sources?.split(' ') ?? [])
        assert(sent.includes(source), `${source} is not sent to the build`);
    }
  }
});
