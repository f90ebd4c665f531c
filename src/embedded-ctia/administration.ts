import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { adminSecret } from './admin-routes.ts';
import { type Client, makeClients, type NewClient } from './clients.ts';
import { EmbeddedCtiaError } from './error.ts';
import { localUrlFile } from './server.ts';
import { openStore } from './store.ts';

/** The clients of a store, whether a server holds it (then that server is asked) or none does. */
export interface Administration {
  add(client: Omit<NewClient, 'id' | 'password'>): Promise<Client & { password: string }>;
  all(): Promise<Client[]>;
  /** False where there is no such client. Its tokens are refused from now on. */
  remove(id: string): Promise<boolean>;
  /** What ids carry; undefined where no server ever told it. */
  readonly url: string | undefined;
  close(): void;
}

export async function openAdministration(dataDir: string): Promise<Administration> {
  if (!existsSync(join(dataDir, 'ctia.db'))) {
    throw new EmbeddedCtiaError(
      'store-unreadable',
      `there is no store in ${dataDir} yet: start "ctim-feeds ctia" once`,
    );
  }
  try {
    return direct(dataDir);
  } catch (error) {
    if (!(error instanceof EmbeddedCtiaError) || error.kind !== 'store-locked') throw error;
    return throughServer(dataDir, error);
  }
}

function direct(dataDir: string): Administration {
  const store = openStore(dataDir);
  const clients = makeClients(store);
  return {
    add: async (client) => clients.add(client),
    all: async () => clients.all(),
    remove: async (id) => clients.remove(id),
    url: store.meta('public-url'),
    close: () => store.close(),
  };
}

async function throughServer(dataDir: string, locked: EmbeddedCtiaError): Promise<Administration> {
  if (!existsSync(localUrlFile(dataDir))) throw locked;
  const base = readFileSync(localUrlFile(dataDir), 'utf8');
  const ask = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${adminSecret(dataDir)}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok && response.status !== 404) throw locked;
    return response;
  };
  const version = (await (await ask('GET', '/admin/url')).json()) as { url: string };
  return {
    add: async (client) =>
      (await (await ask('POST', '/admin/clients', client)).json()) as Client & { password: string },
    all: async () => (await (await ask('GET', '/admin/clients')).json()) as Client[],
    remove: async (id) => (await ask('DELETE', `/admin/clients/${encodeURIComponent(id)}`)).status === 204,
    url: version.url,
    close: () => undefined,
  };
}
