import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fastify } from 'fastify';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { makeReleases } from '../runtime/release.ts';
import { bulkRoutes } from './bulk.ts';
import { bundleRoutes } from './bundle.ts';
import { casebookRoutes } from './casebook-routes.ts';
import { type Client, makeClients, type NewClient } from './clients.ts';
import { crudRoutes } from './crud.ts';
import type { Ctia } from './ctia.ts';
import { makeDocuments } from './documents.ts';
import { EmbeddedCtiaError } from './error.ts';
import { type Fault, type FaultPlan, makeFaultPlan } from './faults.ts';
import { feedViewRoutes } from './feed-view.ts';
import { httpBehaviour } from './http.ts';
import { incidentRoutes } from './incident-routes.ts';
import { irohRoutes } from './iroh.ts';
import { type Credentials, readKeyFile, writeKeyFile } from './key-file.ts';
import { KINDS } from './kinds.ts';
import { observableRoutes } from './observable-routes.ts';
import { makeRandom } from './random.ts';
import { makeRateLimit } from './rate-limit.ts';
import { CTIM_VERSION } from './realize.ts';
import { makeRefresh } from './refresh.ts';
import { makeRequestCounts, type RequestCounts } from './requests.ts';
import { searchRoutes } from './search-routes.ts';
import { openStore, type Store } from './store.ts';
import { makeTokens } from './tokens.ts';

export interface EmbeddedOptions {
  dataDir: string;
  /** Host and port are kept in the store; where they are not given they are the kept ones, else 127.0.0.1 and 3000. */
  host?: string | undefined;
  /** 0 takes a free one at the first start and keeps it. */
  port?: number | undefined;
  /** What ids and references carry, fixed at the first start; `http://host:port` where it is not given. */
  publicUrl?: string;
  client?: Credentials;
  keyFile?: string;
  clock: Clock;
  log: Log;
  /** Of the order in which bulk and bundle results come. */
  seed?: number;
  /** How long a write stays invisible to reads; 0 where it is not given. */
  refreshMs?: number;
  /** For each organisation; unlimited where it is not given. */
  rateLimitPerHour?: number;
  bulkMax?: number;
  faults?: Fault[];
}

export interface EmbeddedCtia {
  /** Public URL, no trailing slash. */
  url: string;
  /** By which a process on this machine reaches the server, whatever stands before it. */
  localUrl: string;
  /** Undefined where the store has clients and no file tells a password that fits. */
  credentials: Credentials | undefined;
  requests: RequestCounts;
  faults: FaultPlan;
  addClient(client: NewClient): Client & { password: string };
  close(): Promise<void>;
}

export const BULK_MAX = 2000;
const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 3000;
const EVERY_ADDRESS: readonly string[] = ['0.0.0.0', '::'];
const BODY_LIMIT_BYTES = 50 * 1024 * 1024;
/** A long id or an external id in a path, percent-encoded. */
const PATH_PART_MAX = 8192;

/** A server that speaks CTIA's API and keeps what it is given in `dataDir`. */
export async function startEmbeddedCtia(options: EmbeddedOptions): Promise<EmbeddedCtia> {
  const { clock, log } = options;
  const releases = makeReleases();
  try {
    const store = openStore(options.dataDir);
    releases.add('the store', () => store.close());
    let url = '';
    const documents = makeDocuments(store);
    const ctia: Ctia = {
      url: () => url,
      clock,
      random: makeRandom(options.seed ?? 1),
      bulkMax: options.bulkMax ?? BULK_MAX,
      store,
      documents,
      refresh: makeRefresh(store, documents, clock, options.refreshMs ?? 0),
      clients: makeClients(store),
      tokens: makeTokens(store, clock),
    };
    const requests = makeRequestCounts();
    const faults = makeFaultPlan(options.faults ?? []);
    const rateLimit =
      options.rateLimitPerHour === undefined ? undefined : makeRateLimit(options.rateLimitPerHour, clock);

    const address = listenAddress(store, options);
    const app = fastify({
      bodyLimit: BODY_LIMIT_BYTES,
      forceCloseConnections: true,
      exposeHeadRoutes: false,
      routerOptions: { maxParamLength: PATH_PART_MAX },
    });
    releases.add('the HTTP server', () => app.close());
    httpBehaviour(app, { ctia, requests, faults, rateLimit, log });
    app.get('/ctia/version', (_, reply) => reply.send(VERSION));
    app.get('/ctia/status', (_, reply) => reply.send({ status: 'ok' }));
    irohRoutes(app, ctia);
    bulkRoutes(app, ctia);
    bundleRoutes(app, ctia);
    feedViewRoutes(app, ctia);
    observableRoutes(app, ctia);
    incidentRoutes(app, ctia);
    casebookRoutes(app, ctia);
    for (const kind of KINDS) {
      crudRoutes(app, ctia, kind);
      searchRoutes(app, ctia, kind);
    }

    const port = await listen(app, address.host, address.port);
    url = address.url ?? hostUrl(address.host, port);
    store.setMeta('public-url', url);
    store.setMeta('listen', JSON.stringify({ host: address.host, port }));
    const localUrl = hostUrl(EVERY_ADDRESS.includes(address.host) ? DEFAULT_HOST : address.host, port);
    writeFileSync(localUrlFile(options.dataDir), localUrl);
    const credentials = firstClient(ctia, options);
    log.info({ url, dataDir: options.dataDir }, 'embedded CTIA listens');
    return {
      url,
      localUrl,
      credentials,
      requests,
      faults,
      addClient: (client) => ctia.clients.add(client),
      close: () => releases.releaseAll(),
    };
  } catch (cause) {
    await releases.releaseAll();
    throw cause;
  }
}

/** Tells other processes on this machine where the server that holds the store listens. */
export function localUrlFile(dataDir: string): string {
  return join(dataDir, 'local-url');
}

const VERSION = {
  base: '/ctia',
  'ctim-version': CTIM_VERSION,
  beta: true,
  'ctia-build': 'embedded',
  'ctia-config': '',
  'ctia-supported_features': [],
};

/**
 * Where to listen, and the public URL where it is known before. Stored ids and everybody's references to them carry the URL
 * of the first start, so another one is refused rather than mixed in.
 */
function listenAddress(store: Store, said: EmbeddedOptions): { host: string; port: number; url?: string } {
  const fixed = store.meta('public-url');
  const kept: { host?: string; port?: number } = JSON.parse(store.meta('listen') ?? '{}');
  const host = said.host ?? kept.host ?? DEFAULT_HOST;
  const port = said.port || kept.port || (said.port ?? DEFAULT_PORT);
  const publicUrl = said.publicUrl?.replace(/\/+$/, '');
  const everywhere = EVERY_ADDRESS.includes(host);
  if (publicUrl === undefined && said.host !== undefined && everywhere) throw unnamedHost(host);
  if (fixed === undefined) {
    const url = publicUrl ?? (port === 0 ? undefined : hostUrl(host, port));
    return { host, port, ...(url !== undefined && { url }) };
  }
  // Behind a public URL of its own, the server may listen elsewhere: no id carries that.
  const keptUrl = kept.host === undefined || kept.port === undefined ? fixed : hostUrl(kept.host, kept.port);
  const wanted = publicUrl ?? (keptUrl === fixed ? hostUrl(host, port) : fixed);
  if (wanted !== fixed) throw otherUrl(fixed, wanted);
  return { host, port, url: fixed };
}

function otherUrl(fixed: string, wanted: string): EmbeddedCtiaError {
  return new EmbeddedCtiaError(
    'public-url',
    `the ids in this store carry ${fixed}, and the server was asked to be ${wanted}: start it with the URL of the store (host and port, or publicUrl), or with another data folder`,
  );
}

function unnamedHost(host: string): EmbeddedCtiaError {
  return new EmbeddedCtiaError(
    'public-url',
    `${host} is every address of this machine and cannot stand in an id: give publicUrl, the URL by which others reach this server`,
  );
}

function hostUrl(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

async function listen(app: ReturnType<typeof fastify>, host: string, port: number): Promise<number> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE') {
      throw new EmbeddedCtiaError(
        'port-busy',
        `port ${port} of ${host} is used by another program: stop it, or choose another port (the ids of an existing store carry its port, so another port needs another data folder)`,
        { cause },
      );
    }
    throw cause;
  }
  return app.addresses()[0]?.port ?? port;
}

/** The client that `npm start` works with: the one given, the one of the key file, or at the very first start a new one. */
function firstClient({ clients, url }: Ctia, { client, keyFile, log }: EmbeddedOptions): Credentials | undefined {
  if (client !== undefined) {
    if (clients.verify(client.id, client.password) === undefined) clients.add(client);
    return client;
  }
  const kept = keyFile === undefined ? undefined : readKeyFile(keyFile);
  if (kept !== undefined) {
    const { id, password, host } = kept;
    if (clients.verify(id, password) !== undefined) return { id, password };
    // The data folder was emptied and the key file is still there. A key of another host is somebody else's.
    if (clients.none() && host === url()) {
      clients.add({ id, password });
      return { id, password };
    }
  }
  if (!clients.none()) return undefined;
  const { id, password } = clients.add({});
  if (keyFile !== undefined && kept === undefined) writeKeyFile(keyFile, { id, password }, url());
  else if (keyFile !== undefined) log.warn({ keyFile }, 'the key file holds another key and was left as it is');
  return { id, password };
}
