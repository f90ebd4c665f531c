import type { AnyObservable } from '../ctim/bundle.ts';
import type { FeedDocument, IndicatorDocument, LinkDocument } from '../ctim/feed.ts';
import type { JudgementDocument } from '../ctim/judgement.ts';
import { type Clock, SECOND } from '../runtime/clock.ts';
import { type Answer, errorOf, jsonOf } from './answer.ts';
import { anyOf, perSearch } from './any-of.ts';
import { makeReadingById, pathOf } from './by-id.ts';
import { CtiaError, isCtiaError } from './error.ts';
import { type Http, type HttpRequest, makeHttp, withoutQuery } from './http.ts';
import { type IncidentBase, makeIncidentCalls, mergedResults, PRIVATE_INTEL } from './incident-calls.ts';
import { makeHourlyShare } from './one-by-one-share.ts';
import { pagesOf, type Stored } from './pages.ts';
import { type BulkResult, bulkResult, type ImportResults, importResults } from './results.ts';
import { withRetry } from './retry.ts';
import {
  type StoredFeed,
  type StoredIndicator,
  type StoredJudgement,
  type StoredRelationship,
  type StoredVerdict,
  storedFeed,
  storedIndicator,
  storedJudgement,
  storedRelationship,
  storedVerdict,
} from './stored.ts';
import { makeTokenSource, type Token, type TokenSource } from './token.ts';

/** What all clients of one process share: connections, the token and what is known of the server's clock. */
export interface CtiaConnection {
  readonly ctiaUrl: string;
  readonly http: Http;
  readonly tokens: TokenSource;
  readonly visibilityUrl: string;
  readonly incidentBase: IncidentBase;
  /** The server's clock minus ours, by its last `Date`. */
  aheadMs: number;
  /** Of the hourly budget, for requests that do one by one what a token may not do in bulk; false where it is used up. */
  readonly takeOneByOne: () => Promise<boolean>;
  close(): void;
}

export interface CtiaConnectionOptions {
  clock: Clock;
  /** `https://private.intel.eu.amp.cisco.com`, without a path; so is the token service's. */
  ctiaUrl: string;
  tokenUrl: string;
  clientId: string;
  clientPassword: string;
  /** Where incidents are written; by default in CTIA itself. */
  incidentBase?: IncidentBase | undefined;
}

export function openCtia({
  clock,
  ctiaUrl,
  tokenUrl,
  clientId,
  clientPassword,
  incidentBase = 'ctia',
}: CtiaConnectionOptions): CtiaConnection {
  const http = makeHttp();
  const tokens = makeTokenSource({ http, clock, tokenUrl: `${tokenUrl}/iroh/oauth2/token`, clientId, clientPassword });
  return {
    ...{ ctiaUrl, http, tokens, incidentBase, visibilityUrl: tokenUrl },
    aheadMs: 0,
    takeOneByOne: makeHourlyShare(clock),
    close: () => http.close(),
  };
}

export interface CtiaClientOptions {
  connection: CtiaConnection;
  clock: Clock;
  /** How long a 429 may be waited out here; what takes longer rises as an error of kind `throttled`. */
  patienceMs: number;
  /** Asked before each request that counts against the organisation's quota; resolves when the request may go. */
  takeFromBudget?: (() => Promise<void>) | undefined;
  /** As the connection's, where all workers share it. */
  takeOneByOne?: (() => Promise<boolean>) | undefined;
  /** Asked before each write: throws when this process may no longer write (it lost the lock). */
  assertMayWrite?: (() => Promise<void>) | undefined;
  onWait?: ((error: CtiaError, waitMs: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export interface NewBundle {
  type: 'bundle';
  source: string;
  judgements: JudgementDocument[];
  relationships: LinkDocument[];
}

const READ_TIMEOUT_MS = 60 * SECOND;
const WRITE_TIMEOUT_MS = 40 * SECOND;
const VIEW_TIMEOUT_MS = 120 * SECOND;

/** Offsets below this are noise: the `Date` header has whole seconds. */
const CLOCK_NOISE_MS = 2 * SECOND;

export type CtiaClient = ReturnType<typeof makeCtiaClient>;

/** Everything that we say to CTIA, one function for each thing said. Cheap to make: one for each run or job, which counts its requests. */
export function makeCtiaClient(options: CtiaClientOptions) {
  const { connection, clock, patienceMs, onWait, signal } = options;
  const { ctiaUrl, visibilityUrl, http, tokens } = connection;
  const requests = { total: 0, mutating: 0 };
  const takeOneByOne = options.takeOneByOne ?? connection.takeOneByOne;

  async function send(
    request: Omit<HttpRequest, 'url' | 'timeoutMs'> & { path: string; timeoutMs: number },
  ): Promise<Answer> {
    const url = `${request.path.startsWith(PRIVATE_INTEL) ? visibilityUrl : ctiaUrl}${request.path}`;
    let token = await tokens.get();
    for (let renewed = false; ; renewed = true) {
      await options.takeFromBudget?.();
      if (request.method !== 'GET') await options.assertMayWrite?.();
      requests.total += 1;
      if (request.method !== 'GET') requests.mutating += 1;
      const answer = await http.send({ ...request, url, headers: headers(token, request.body), signal });
      noteServerTime(answer);
      if (answer.status === 401 && !renewed) {
        token = await tokens.renew(token);
        continue;
      }
      if (answer.status >= 200 && answer.status < 300) return answer;
      throw errorOf(`${request.method} ${withoutQuery(request.path)}`, answer, token.scopes);
    }
  }

  function noteServerTime({ headers }: Answer): void {
    const date = Date.parse(headers.date ?? '');
    if (Number.isNaN(date)) return;
    const ahead = date + SECOND / 2 - clock.now();
    connection.aheadMs = Math.abs(ahead) < CLOCK_NOISE_MS ? 0 : ahead;
  }

  const retrying = <T>(attempt: () => Promise<T>, maySendTwice = true) =>
    withRetry({ clock, patienceMs, maySendTwice, signal, onWait }, attempt);

  async function read(path: string): Promise<Answer> {
    return retrying(() => send({ method: 'GET', path, timeoutMs: READ_TIMEOUT_MS }));
  }

  async function write(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, document: unknown): Promise<unknown> {
    const body = document === undefined ? undefined : Buffer.from(JSON.stringify(document));
    const answer = await retrying(() => send({ method, path, ...(body && { body }), timeoutMs: WRITE_TIMEOUT_MS }));
    return answer.text === '' ? undefined : jsonOf(`${method} ${withoutQuery(path)}`, answer);
  }

  /** Not idempotent, so sent again only where nothing was carried out: whoever calls looks up by external id before the next try. */
  async function create(path: string, document: unknown): Promise<unknown> {
    const body = Buffer.from(JSON.stringify(document));
    const answer = await retrying(() => send({ method: 'POST', path, body, timeoutMs: WRITE_TIMEOUT_MS }), false);
    return jsonOf(`POST ${withoutQuery(path)}`, answer);
  }

  const pages = <K extends keyof Stored>(kind: K, route: string) => pagesOf(read, kind, route);

  async function all<K extends keyof Stored>(kind: K, route: string): Promise<Stored[K][]> {
    const records: Stored[K][] = [];
    for await (const page of pages(kind, route)) records.push(...page);
    return records;
  }

  const byId = makeReadingById(read, takeOneByOne);

  async function isReadableOrGone(id: string): Promise<boolean> {
    try {
      await read(pathOf(id));
    } catch (error) {
      if (isCtiaError(error, 'forbidden')) return false;
      if (!isCtiaError(error, 'not-found')) throw error;
    }
    return true;
  }

  return {
    ...makeIncidentCalls({ base: connection.incidentBase, read, write, create, pages, byId }),
    ctiaUrl,
    requests,
    /** Who the token says we are. */
    identity: (): Promise<Token> => tokens.get(),
    /** The server's clock, by its last `Date`: what is live, due or dead is judged by it. Epoch ms. */
    serverNow: () => clock.now() + connection.aheadMs,
    serverAheadMs: () => connection.aheadMs,

    /** Idempotent by external id: `exists` for what was there. It never changes what exists. */
    async importBundle(bundle: NewBundle, externalKeyPrefixes: string): Promise<ImportResults> {
      const query = `external-key-prefixes=${encodeURIComponent(externalKeyPrefixes)}`;
      return importResults(await write('POST', `/ctia/bundle/import?${query}`, bundle));
    },

    /** Replaces whole documents in place. One bad document is a 400 for all of them. */
    async replace(judgements: JudgementDocument[]): Promise<BulkResult> {
      return bulkResult(await write('PUT', '/ctia/bulk?wait_for=true', { judgements }), 'judgements', 'updated');
    },

    async replaceLinks(relationships: LinkDocument[]): Promise<BulkResult> {
      return bulkResult(await write('PUT', '/ctia/bulk?wait_for=true', { relationships }), 'relationships', 'updated');
    },

    /** Judgements and links by id, together or alone; the answer is told for both together. Never by a search: that reaches other owners' records. */
    async remove(judgements: readonly string[], relationships: readonly string[]): Promise<BulkResult> {
      const ids = {
        ...(judgements.length > 0 && { judgements }),
        ...(relationships.length > 0 && { relationships }),
      };
      const body = await write('DELETE', '/ctia/bulk?wait_for=true', ids);
      return mergedResults([bulkResult(body, 'judgements', 'deleted'), bulkResult(body, 'relationships', 'deleted')]);
    },

    /** Whether one more request may go that does for one record what this token may not do in bulk. */
    takeOneByOne,

    /** Deletes one judgement or link. For tokens that may not use bulk DELETE. */
    async removeOne(id: string): Promise<void> {
      await write('DELETE', `${pathOf(id)}?wait_for=true`, undefined);
    },

    createIndicator: async (document: IndicatorDocument) =>
      storedIndicator(await create('/ctia/indicator?wait_for=true', document)),
    createFeed: async (document: FeedDocument) => storedFeed(await create('/ctia/feed?wait_for=true', document)),

    async replaceIndicator(id: string, document: IndicatorDocument): Promise<StoredIndicator> {
      return storedIndicator(await write('PUT', `${pathOf(id)}?wait_for=true`, document));
    },

    async replaceFeed(id: string, document: FeedDocument): Promise<StoredFeed> {
      return storedFeed(await write('PUT', `${pathOf(id)}?wait_for=true`, document));
    },

    /** Everything that bears this external id. CTIA folds case here, so the caller compares again. */
    pagesByExternalId: <K extends keyof Stored>(kind: K, externalId: string) =>
      pages(kind, `/ctia/${kind}/external_id/${encodeURIComponent(externalId)}`),

    allByExternalId: <K extends keyof Stored>(kind: K, externalId: string) =>
      all(kind, `/ctia/${kind}/external_id/${encodeURIComponent(externalId)}`),

    /** By exact title, any of several. CTIA's titles are full text: a phrase finds more, the caller compares again. */
    allByTitle: <K extends 'indicator' | 'feed'>(kind: K, titles: readonly string[]) => {
      const phrases = titles.map((title) => `"${title.replace(/["\\]/g, '\\$&')}"`).join(' OR ');
      return all(kind, `/ctia/${kind}/search?query=${encodeURIComponent(`title:(${phrases})`)}`);
    },

    /** Every `element-of` relationship that ends at this indicator and that we may read, foreign ones included. */
    allLinksTo: (indicatorId: string) =>
      all(
        'relationship',
        `/ctia/relationship/search?relationship_type=element-of&target_ref=${encodeURIComponent(indicatorId)}`,
      ),

    /** Every relationship that begins at this judgement, which need not be there any more. */
    allLinksFrom: (judgementId: string) =>
      all('relationship', `/ctia/relationship/search?source_ref=${encodeURIComponent(judgementId)}`),

    indicatorById: async (id: string) => storedIndicator(jsonOf(`GET ${pathOf(id)}`, await read(pathOf(id)))),
    /** With its secret. */
    feedById: async (id: string) => storedFeed(jsonOf(`GET ${pathOf(id)}`, await read(pathOf(id)))),

    /** Those of these ids that we may read, in no order: what is missing is gone, or is not ours to read. */
    async judgementsById(ids: readonly string[]): Promise<StoredJudgement[]> {
      return (await byId('judgements', ids)).found.map(storedJudgement);
    },

    /** What a PUT did not find: there all the same, there and not ours to read, or, where it is in neither, gone. */
    async whereabouts(ids: readonly string[]): Promise<{ visible: Set<string>; unreadable: Set<string> }> {
      const { found, unreadable: count } = await byId('judgements', ids);
      const visible = new Set(found.map((record) => storedJudgement(record).id));
      const unreadable = new Set<string>();
      // A bulk read does not say which; each by itself does, and hardly ever there is one.
      for (const id of count === 0 ? [] : ids.filter((it) => !visible.has(it))) {
        if (!(await isReadableOrGone(id))) unreadable.add(id);
      }
      return { visible, unreadable };
    },

    async linksById(ids: readonly string[]): Promise<StoredRelationship[]> {
      return (await byId('relationships', ids)).found.map(storedRelationship);
    },

    /** All judgements on one observable that we may read, dead ones included. CTIA folds case here too. */
    judgementsOn: ({ type, value }: AnyObservable) =>
      all('judgement', `/ctia/${type}/${encodeURIComponent(value)}/judgements`),

    /** What CTIA makes of all judgements on it; undefined where none counts now. */
    async verdictOn({ type, value }: AnyObservable): Promise<StoredVerdict | undefined> {
      const path = `/ctia/${type}/${encodeURIComponent(value)}/verdict`;
      try {
        return storedVerdict(jsonOf(`GET ${path}`, await read(path)));
      } catch (error) {
        if (isCtiaError(error, 'not-found')) return undefined;
        throw error;
      }
    },

    /** All judgements on any of these values, dead ones and other people's included: one request for some forty of them. */
    async judgementsOnAny(type: string, values: readonly string[]) {
      const found: StoredJudgement[] = [];
      for (const some of perSearch(values)) {
        const query = `observable.type:"${type}" AND observable.value:${anyOf(some)}`;
        found.push(...(await all('judgement', `/ctia/judgement/search?query=${encodeURIComponent(query)}`)));
      }
      return found;
    },

    /** All Clean judgements on a type, dead ones and other people's included. */
    cleanJudgements: (type: string) =>
      all('judgement', `/ctia/judgement/search?disposition=1&query=${encodeURIComponent(`observable.type:"${type}"`)}`),

    /** Ends one judgement now. For tokens that may not use bulk PUT: one request each. */
    async expire(id: string, reason: string): Promise<void> {
      await write('POST', `${pathOf(id)}/expire?reason=${encodeURIComponent(reason)}`, undefined);
    },

    /**
     * The values that a firewall would pull now. Needs no token and takes nothing from the quota. Asked for JSON, CTIA
     * would answer with one JSON string, so it is asked for text.
     */
    async view(feedViewUrl: string): Promise<string[]> {
      const url = `${ctiaUrl}${viewPathOf(feedViewUrl)}`;
      const answer = await retrying(async () => {
        const got = await http.send({
          method: 'GET',
          headers: { accept: 'text/plain' },
          url,
          timeoutMs: VIEW_TIMEOUT_MS,
          signal,
        });
        if (got.status !== 200) throw errorOf(`GET ${withoutQuery(url)}`, got);
        return got;
      });
      return answer.text === '' ? [] : answer.text.split('\n');
    },
  };
}

function headers(token: Token, body: Buffer | undefined): Record<string, string> {
  return {
    authorization: `Bearer ${token.bearer}`,
    accept: 'application/json',
    ...(body && { 'content-type': 'application/json' }),
  };
}

/** With its secret. As with all ids: on the host that we were given, not on the one by which the server knows itself. */
function viewPathOf(feedViewUrl: string): string {
  const [path] = /\/ctia\/feed\/.+$/.exec(feedViewUrl) ?? [];
  if (path === undefined) throw new CtiaError('unexpected', 'CTIA returned a feed_view_url that leads to no feed');
  return path;
}
