import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { EmbeddedCtiaError } from './error.ts';
import type { Store } from './store.ts';

/** Files in PEM: the certificate with its chain, and its key. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** What is not said is as the store has it since it was said last, so that only one command need say it. */
export interface ListenOptions {
  host?: string | undefined;
  /** 0 takes a free one at the first start and keeps it. */
  port?: number | undefined;
  /** What ids and references carry, fixed at the first start; scheme, host and port of the server where it is not given. */
  publicUrl?: string;
  tls?: TlsFiles;
  /** Tokens and feed secrets go over the network as they are: for a proxy in front that speaks TLS. */
  plainHttp?: boolean;
}

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsFiles;
  readonly plainHttp?: boolean;
  /** Undefined where it hangs on a port that is not known before the server listens. */
  readonly url?: string;
}

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 3000;
const EVERY_ADDRESS: readonly string[] = ['0.0.0.0', '::'];

/**
 * Where to listen, and the public URL where it is known before. Stored ids and everybody's references to them carry the URL
 * of the first start, so another one is refused rather than mixed in.
 *
 *   host        TLS   plain HTTP asked for
 *   loopback    any   any                    yes
 *   elsewhere   yes   any                    yes
 *   elsewhere   no    yes                    yes
 *   elsewhere   no    no                     refused
 */
export function listenAddress(store: Store, said: ListenOptions): Address {
  const fixed = store.meta('public-url');
  const kept: Partial<Address> = JSON.parse(store.meta('listen') ?? '{}');
  const host = said.host ?? kept.host ?? DEFAULT_HOST;
  const port = said.port || kept.port || (said.port ?? DEFAULT_PORT);
  const tls = said.tls ?? kept.tls;
  const plainHttp = said.plainHttp ?? kept.plainHttp;
  const publicUrl = said.publicUrl?.replace(/\/+$/, '');
  if (publicUrl === undefined && said.host !== undefined && EVERY_ADDRESS.includes(host) && fixed === undefined) {
    throw unnamedHost(host);
  }
  if (!isLoopback(host) && tls === undefined && plainHttp !== true) throw openToAll(host);
  const address = { host, port, ...(tls !== undefined && { tls }), ...(plainHttp !== undefined && { plainHttp }) };
  if (fixed === undefined) {
    const url = publicUrl ?? (port === 0 ? undefined : addressUrl(address));
    return { ...address, ...(url !== undefined && { url }) };
  }
  // Behind a public URL of its own, the server may listen elsewhere: no id carries that.
  const keptUrl = kept.host === undefined || kept.port === undefined ? fixed : addressUrl(kept as Address);
  const wanted = publicUrl ?? (keptUrl === fixed ? addressUrl(address) : fixed);
  if (wanted !== fixed) throw otherUrl(fixed, wanted);
  return { ...address, url: fixed };
}

export function keepAddress(store: Store, { host, tls, plainHttp }: Address, port: number, url: string): void {
  store.setMeta('public-url', url);
  store.setMeta('listen', JSON.stringify({ host, port, tls, plainHttp }));
}

export function addressUrl({ host, port, tls }: Pick<Address, 'host' | 'port' | 'tls'>): string {
  return `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Every name and address of this machine that no other one reaches. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

export function readTls({ cert, key }: TlsFiles): { cert: Buffer; key: Buffer } {
  const read = (what: string, file: string) => {
    try {
      return readFileSync(file);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new EmbeddedCtiaError('tls', `the ${what} for TLS cannot be read: ${why}`, { cause });
    }
  };
  return { cert: read('certificate', cert), key: read('key', key) };
}

/** Binds, and tells the port. */
export async function listen(app: FastifyInstance, { host, port }: Address): Promise<number> {
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
  const bound = app.server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : port;
}

/**
 * By which processes of this machine reach the server. With TLS that is a second listener, plain and on loopback: the
 * certificate names the public host, which 127.0.0.1 is not, and no client of ours should learn to look away.
 */
export async function localListener(
  app: FastifyInstance,
  { host, tls }: Address,
  port: number,
): Promise<{ url: string; close(): Promise<void> }> {
  if (tls === undefined) {
    const reached = EVERY_ADDRESS.includes(host) ? DEFAULT_HOST : host;
    return { url: addressUrl({ host: reached, port }), close: async () => undefined };
  }
  const server = createServer((request, response) => app.routing(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, DEFAULT_HOST, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the local listener has no port');
  return {
    url: addressUrl({ host: DEFAULT_HOST, port: address.port }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function otherUrl(fixed: string, wanted: string): EmbeddedCtiaError {
  return new EmbeddedCtiaError(
    'public-url',
    `the ids in this store carry ${fixed}, and the server was asked to be ${wanted}: start it with the URL of the store (host and port, or the public URL), rewrite its ids with "ctim-feeds ctia move --public-url ${wanted}", or take another data folder`,
  );
}

function unnamedHost(host: string): EmbeddedCtiaError {
  return new EmbeddedCtiaError(
    'public-url',
    `${host} is every address of this machine and cannot stand in an id: give publicUrl, the URL by which others reach this server`,
  );
}

function openToAll(host: string): EmbeddedCtiaError {
  return new EmbeddedCtiaError(
    'tls',
    `on ${host} others would reach this server without TLS, and read its tokens and secrets: give --tls-cert and --tls-key (TLS_CERT_FILE, TLS_KEY_FILE), or --plain-http (PLAIN_HTTP=true) where a proxy in front speaks TLS`,
  );
}
