import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FastifyInstance, fastify } from 'fastify';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { makeReleases } from '../runtime/release.ts';
import { aboutRoutes } from './about-routes.ts';
import { adminRoutes, faultRoutes } from './admin-routes.ts';
import { bulkRoutes } from './bulk.ts';
import { bundleRoutes } from './bundle.ts';
import { bundleExportRoutes } from './bundle-export.ts';
import { casebookRoutes } from './casebook-routes.ts';
import { makeChanges } from './changes.ts';
import { type Client, makeClients, type NewClient } from './clients.ts';
import { crudRoutes } from './crud.ts';
import type { Ctia } from './ctia.ts';
import { makeDocuments } from './documents.ts';
import { type Fault, type FaultPlan, makeFaultPlan } from './faults.ts';
import { feedViewRoutes } from './feed-view.ts';
import { httpBehaviour, unreadableUrl } from './http.ts';
import { incidentRoutes } from './incident-routes.ts';
import { irohRoutes } from './iroh.ts';
import { type Credentials, readKeyFile, writeKeyFile } from './key-file.ts';
import { KINDS } from './kinds.ts';
import {
  addressUrl,
  keepAddress,
  type ListenOptions,
  listen,
  listenAddress,
  localListener,
  readTls,
} from './listening.ts';
import { metricRoutes } from './metric-routes.ts';
import { observableRoutes } from './observable-routes.ts';
import { withoutPrivateIntel } from './private-intel.ts';
import { makeRandom } from './random.ts';
import { makeRateLimit } from './rate-limit.ts';
import { makeRefresh } from './refresh.ts';
import { makeRequestCounts, type RequestCounts } from './requests.ts';
import { searchRoutes } from './search-routes.ts';
import { openStore } from './store.ts';
import { makeTokens } from './tokens.ts';

export interface EmbeddedOptions extends ListenOptions {
  dataDir: string;
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
  /** Whether faults can be given while it runs, by this machine. */
  faultAdmin?: boolean;
  /** PEM. A new one is made where it is not given and the store has none. */
  signingKey?: string;
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
    const changes = makeChanges();
    const clients = makeClients(store);
    const ctia: Ctia = {
      url: () => url,
      clock,
      random: makeRandom(options.seed ?? 1),
      bulkMax: options.bulkMax ?? BULK_MAX,
      store,
      documents,
      changes,
      refresh: makeRefresh({ store, documents, changes, clock, refreshMs: options.refreshMs ?? 0 }),
      clients,
      tokens: makeTokens(store, clients, clock, options.signingKey),
    };
    const requests = makeRequestCounts();
    const faults = makeFaultPlan(options.faults ?? [], makeRandom(options.seed ?? 1));
    const rateLimit =
      options.rateLimitPerHour === undefined ? undefined : makeRateLimit(options.rateLimitPerHour, clock);

    const address = listenAddress(store, options);
    // One type for both: nothing here asks which of the two servers it is.
    const app = fastify({
      https: address.tls === undefined ? null : readTls(address.tls),
      bodyLimit: BODY_LIMIT_BYTES,
      forceCloseConnections: true,
      exposeHeadRoutes: false,
      frameworkErrors: unreadableUrl,
      rewriteUrl: ({ method, url = '/' }) => withoutPrivateIntel(method, url),
      routerOptions: { maxParamLength: PATH_PART_MAX },
    }) as unknown as FastifyInstance;
    releases.add('the HTTP server', () => app.close());
    httpBehaviour(app, { ctia, requests, faults, rateLimit, log });
    aboutRoutes(app, ctia);
    adminRoutes(app, ctia, options.dataDir);
    if (options.faultAdmin === true) faultRoutes(app, faults);
    irohRoutes(app, ctia);
    bulkRoutes(app, ctia);
    bundleRoutes(app, ctia);
    bundleExportRoutes(app, ctia);
    feedViewRoutes(app, ctia);
    observableRoutes(app, ctia);
    incidentRoutes(app, ctia);
    casebookRoutes(app, ctia);
    for (const kind of KINDS) {
      crudRoutes(app, ctia, kind);
      searchRoutes(app, ctia, kind);
      metricRoutes(app, ctia, kind);
    }

    const port = await listen(app, address);
    url = address.url ?? addressUrl({ ...address, port });
    keepAddress(store, address, port, url);
    const local = await localListener(app, address, port);
    releases.add('the local listener', () => local.close());
    const localUrl = local.url;
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
