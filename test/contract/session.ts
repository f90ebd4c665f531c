import assert from 'node:assert/strict';

/** What a case needs beyond a base URL and a client of its own. A tenant does not offer it: the case is left out and says so. */
export type Need =
  | 'a second organisation'
  | 'a colleague'
  | 'other scopes'
  | 'faults'
  | 'a rate limit'
  | 'many objects';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: cases assert on whatever shape came back
  readonly json: any;
}

/** What a server under our control can do for a case. A real tenant offers none of it. */
export interface Lab {
  /** All entities of this type in the next bulk request or bundle fail as a failing Elasticsearch makes them fail. */
  failStore(path: RegExp, type: string): void;
  /** A session with another server, which lets `perHour` requests through. */
  rateLimited(perHour: number): Promise<Session>;
  withScopes(scopes: readonly string[]): Promise<Session>;
  /** Another organisation's client, which is to see no more than §7.4 allows. */
  stranger(): Promise<Session>;
  /** Another login of the same organisation. */
  colleague(): Promise<Session>;
}

export interface Session {
  /** Without `/ctia`, no trailing slash. */
  readonly url: string;
  /** In every title, source and external id of this run: one token for every analyser, and nobody else's. */
  readonly run: string;
  /** Only for a case that says what it needs. */
  readonly lab: Lab;
  /** A name that this run has not used yet. */
  name(): string;
  token(): Promise<string>;
  /** Sends as this client; what the answer says was created is remembered. A 429 is waited out. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** As `call`, and the status is to be this one. */
  expect(status: number, method: string, path: string, body?: unknown): Promise<Answer>;
  /** POST with `wait_for=true`: what comes back may be read at once. */
  create(type: string, body: object): Promise<Answer['json']>;
  /** The same server and run without a token, or with another one. What it creates is remembered with the rest. */
  as(token: string): Session;
}

export interface SessionOptions {
  readonly url: string;
  readonly run: string;
  readonly token: () => Promise<string>;
  readonly created: Created;
  readonly lab?: Lab;
  /** How long a 429 is waited out; a minute where nothing is said. With 0 it is answered like anything else. */
  readonly longestWaitMs?: number;
  readonly onRequest?: () => void;
  /** Once it is aborted nothing more is sent. */
  readonly signal?: AbortSignal;
}

/** Long ids of what a client made, by entity type, to be removed by the same client. */
export interface Created {
  readonly ids: Set<string>;
}

const MINUTE = 60_000;
const LONGEST_ANSWER_MS = MINUTE;
let names = 0;

export function openSession(options: SessionOptions): Session {
  const { url, run, token, lab, created, longestWaitMs = MINUTE, signal } = options;

  async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    for (;;) {
      if (signal?.aborted === true) throw new Stopped('stopped');
      options.onRequest?.();
      const answer = await send(method, path.startsWith('http') ? path : `${url}${path}`, body, {
        ...authorization(await token()),
        ...headers,
      });
      for (const id of idsIn(method, path, answer)) created.ids.add(id);
      if (answer.status !== 429 || longestWaitMs === 0) return answer;
      const seconds = Number(answer.headers.get('retry-after'));
      assert.ok(seconds * 1000 <= longestWaitMs, `the tenant asks us to come back in ${seconds} s`);
      await pause(seconds * 1000);
    }
  }

  async function expect(status: number, method: string, path: string, body?: unknown) {
    const answer = await call(method, path, body);
    assert.equal(answer.status, status, `${method} ${path} answered ${answer.text.slice(0, 600)}`);
    return answer;
  }

  return {
    url,
    run,
    get lab() {
      assert.ok(lab !== undefined, 'the case does not say what it needs');
      return lab;
    },
    token,
    call,
    expect,
    name: () => `${run}n${++names}`,
    create: async (type, body) => (await expect(201, 'POST', `/ctia/${type}?wait_for=true`, body)).json,
    as: (other) => openSession({ ...options, token: async () => other }),
  };
}

function authorization(token: string): Record<string, string> {
  return token === '' ? {} : { authorization: `Bearer ${token}` };
}

/** A body that is a string goes as it is: not every body in a test is JSON. */
export async function send(
  method: string,
  url: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    signal: AbortSignal.timeout(LONGEST_ANSWER_MS),
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** POST of an entity answers with it, bulk with arrays of ids, bundle import with results, a link with the relationship. */
function idsIn(method: string, path: string, { status, json }: Answer): string[] {
  if (method !== 'POST' || (status !== 200 && status !== 201) || typeof json !== 'object' || json === null) return [];
  if (path.includes('/bundle/import')) {
    const results: { result: string; id?: string }[] = json.results ?? [];
    return results.flatMap(({ result, id }) => (result === 'created' && id !== undefined ? [id] : []));
  }
  if (status !== 201) return [];
  if (/\/ctia\/bulk(\?|$)/.test(path)) {
    return Object.values(json).flatMap((list) =>
      Array.isArray(list) ? list.filter((id) => typeof id === 'string') : [],
    );
  }
  return typeof json.id === 'string' ? [json.id] : [];
}

/** Thrown by a case that finds that this tenant cannot show the behaviour (a feature that is off, another configuration). */
export class LeftOut extends Error {}

/** Thrown by what a case would have sent after somebody wanted to stop. */
export class Stopped extends Error {}

const VISIBLE_WITHIN_MS = 10_000;
const FIRST_PAUSE_MS = 50;

/**
 * Reads are near-real-time (§2.2), and where `wait_for` has no effect a case can only wait for the state: the assertions
 * are repeated until they hold, or for ten seconds, more and more seldom: a tenant counts each request.
 */
export async function eventually<T>(check: () => Promise<T>): Promise<T> {
  const until = Date.now() + VISIBLE_WITHIN_MS;
  for (let wait = FIRST_PAUSE_MS; ; wait *= 2) {
    try {
      return await check();
    } catch (problem) {
      if (problem instanceof Stopped || Date.now() > until) throw problem;
      await pause(wait);
    }
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const SAME_WRITE_MS = 10_000;

/** That the server has set a time to that of the write. It may ask its clock more than once. */
export function assertNow(time: string, modified: string, what: string): void {
  const apart = Math.abs(Date.parse(time) - Date.parse(modified));
  assert.ok(apart < SAME_WRITE_MS, `${what}: ${time}, and the write was at ${modified}`);
}

export function shortId(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}

export function path(id: string): string {
  return `/ctia/${shortId(id).replace(UUID_END, '')}/${shortId(id)}`;
}

const UUID_END = /-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function typeOf(id: string): string {
  return shortId(id).replace(UUID_END, '');
}

/** `?a=1&b=2&b=3`: a list is a repeated key (§0.1). */
export function query(parameters: Record<string, string | number | readonly string[]>): string {
  const pairs = Object.entries(parameters).flatMap(([key, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => `${key}=${encodeURIComponent(String(one))}`),
  );
  return `?${pairs.join('&')}`;
}
