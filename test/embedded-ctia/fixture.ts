import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { NewClient } from '../../src/embedded-ctia/clients.ts';
import { type EmbeddedCtia, type EmbeddedOptions, startEmbeddedCtia } from '../../src/embedded-ctia/server.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { send } from './plain-http.ts';

/** A clock that only moves when a test says so. Who sleeps by it wakes when it has been stepped far enough. */
export interface SteppedClock extends Clock {
  step(ms: number): void;
}

export function steppedClock(start = Date.parse('2026-11-25T08:00:00.000Z')): SteppedClock {
  let now = start;
  let sleepers: { until: number; wake: () => void }[] = [];
  return {
    now: () => now,
    sleep: (ms) => new Promise((resolve) => sleepers.push({ until: now + ms, wake: resolve })),
    step(ms) {
      now += ms;
      for (const sleeper of sleepers) if (sleeper.until <= now) sleeper.wake();
      sleepers = sleepers.filter((sleeper) => sleeper.until > now);
    },
  };
}

export function tempFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'embedded-ctia-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * One for all servers of a test file, and shorter than a real one: of 2048 bits it takes 0.2 s and more to make, which is
 * longer than most cases, of 1024 bits 0.01 s.
 */
export const SIGNING_KEY = generateKeyPairSync('rsa', { modulusLength: 1024 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();

/** What a case needs to speak with a CTIA, embedded or real. */
export interface Session {
  readonly url: string;
  readonly token: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: cases assert on whatever shape came back
  readonly json: any;
}

export interface Started extends Session {
  readonly server: EmbeddedCtia;
  readonly clock: SteppedClock;
  tokenOf(client: NewClient): Promise<string>;
}

export async function started(t: TestContext, options: Partial<EmbeddedOptions> = {}): Promise<Started> {
  const clock = steppedClock();
  const dataDir = mkdtempSync(join(tmpdir(), 'embedded-ctia-'));
  const server = await startEmbeddedCtia({
    dataDir,
    host: '127.0.0.1',
    port: 0,
    clock,
    log: silentLog,
    signingKey: SIGNING_KEY,
    ...options,
  });
  t.after(async () => {
    await server.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  assert.ok(server.credentials !== undefined);
  const { id, password } = server.credentials;
  return {
    server,
    clock,
    url: server.url,
    token: await tokenFor(server.url, id, password),
    tokenOf(client) {
      const added = server.addClient(client);
      return tokenFor(server.url, added.id, added.password);
    },
  };
}

export async function tokenFor(url: string, id: string, password: string): Promise<string> {
  const response = await fetch(`${url}/iroh/oauth2/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${id}:${password}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    },
    body: 'grant_type=client_credentials',
  });
  assert.equal(response.status, 200);
  const { access_token: token } = (await response.json()) as { access_token: string };
  return token;
}

export async function call(session: Session, method: string, path: string, body?: unknown): Promise<Answer> {
  const answer = await send(path.startsWith('http') ? path : `${session.url}${path}`, method, {
    headers: {
      ...(session.token === '' ? {} : { authorization: `Bearer ${session.token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { ...answer, json: parsed(answer.text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function judgement(value: string, more: object = {}): Record<string, unknown> {
  return {
    observable: { type: 'ip', value },
    source: 'check.torproject.org',
    priority: 95,
    severity: 'Medium',
    confidence: 'High',
    disposition: 2,
    ...more,
  };
}

export function link(source: string, target: string, more: object = {}): Record<string, unknown> {
  return { relationship_type: 'element-of', source_ref: source, target_ref: target, source: 'acme', ...more };
}

/** `count` pairs of judgement and link, as our own imports look. */
export function pairs(
  count: number,
  target: string,
  from = 0,
): { source: string; judgements: object[]; relationships: object[] } {
  const numbers = Array.from({ length: count }, (_, i) => i + from);
  return {
    source: 'acme',
    judgements: numbers.map((i) =>
      judgement(address(i), {
        id: `transient:j${i}`,
        external_ids: [`acme-judgement-${i}-0`, `acme-entry-${i}`, 'acme-owned'],
        tlp: 'amber',
        valid_time: { start_time: '2026-11-25T07:55:00.000Z', end_time: '2026-12-02T08:00:00.000Z' },
      }),
    ),
    relationships: numbers.map((i) =>
      link(`transient:j${i}`, target, {
        id: `transient:l${i}`,
        external_ids: [`acme-link-${i}-0`, 'acme-owned'],
        tlp: 'amber',
      }),
    ),
  };
}

export const IMPORT = '/ctia/bundle/import?external-key-prefixes=acme-judgement-,acme-link-';

export function address(i: number): string {
  return `11.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
}

/** An indicator and its feed. */
export async function channel(
  session: Session,
  more: object = {},
): Promise<{ indicator: string; feed: Answer['json'] }> {
  const indicator = await call(session, 'POST', '/ctia/indicator?wait_for=true', {
    producer: 'acme',
    title: 'acme ip',
  });
  assert.equal(indicator.status, 201);
  const feed = await call(session, 'POST', '/ctia/feed?wait_for=true', {
    feed_type: 'indicator',
    output: 'observables',
    title: 'acme ip feed',
    indicator_id: indicator.json.id,
    tlp: 'amber',
    ...more,
  });
  assert.equal(feed.status, 201);
  return { indicator: indicator.json.id, feed: feed.json };
}
