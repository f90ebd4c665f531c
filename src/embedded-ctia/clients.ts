import { randomBytes, randomUUID, scryptSync, timingSafeEqual } from 'node:crypto';
import { text } from './documents.ts';
import type { Row, Store } from './store.ts';

/** An API client: who it acts as (`login` becomes the owner of what it creates), in which organisation, with which scopes. */
export interface Client {
  readonly id: string;
  readonly login: string;
  readonly org: string;
  readonly scopes: readonly string[];
}

export interface NewClient {
  id?: string;
  password?: string;
  login?: string;
  org?: string;
  scopes?: readonly string[];
}

export const DEFAULT_SCOPES: readonly string[] = ['private-intel', 'casebook', 'asset', 'inspect:read'];
const DEFAULT_ORG = 'local';

export interface Clients {
  /** Replaces a client of the same id. The password is returned here and nowhere else. */
  add(client: NewClient): Client & { password: string };
  /** The client, if id and password are right. */
  verify(id: string, password: string): Client | undefined;
  none(): boolean;
  /** Without secrets. */
  all(): Client[];
  /** False where there is no such client. */
  remove(id: string): boolean;
  /** Asked for each token: a client that was removed speaks no more. */
  has(id: string): boolean;
}

export function makeClients(store: Store): Clients {
  store.exec(`CREATE TABLE IF NOT EXISTS client (id TEXT PRIMARY KEY, login TEXT NOT NULL, org TEXT NOT NULL, scopes TEXT NOT NULL,
    salt TEXT NOT NULL, hash TEXT NOT NULL) WITHOUT ROWID`);
  const known = new Set(store.rows('SELECT id FROM client').map((row) => text(row, 'id')));
  return {
    add({ id = `client-${randomUUID()}`, password = randomBytes(24).toString('base64url'), login, org, scopes }) {
      const client = { id, login: login ?? id, org: org ?? DEFAULT_ORG, scopes: scopes ?? DEFAULT_SCOPES };
      const salt = randomBytes(16).toString('hex');
      store.run('INSERT OR REPLACE INTO client (id, login, org, scopes, salt, hash) VALUES (?, ?, ?, ?, ?, ?)', [
        ...[
          client.id,
          client.login,
          client.org,
          JSON.stringify(client.scopes),
          salt,
          hashed(password, salt).toString('hex'),
        ],
      ]);
      known.add(id);
      return { ...client, password };
    },
    verify(id, password) {
      const row = store.rows('SELECT * FROM client WHERE id = ?', [id])[0];
      if (row === undefined) return undefined;
      const right = timingSafeEqual(hashed(password, text(row, 'salt')), Buffer.from(text(row, 'hash'), 'hex'));
      if (!right) return undefined;
      return clientOf(row);
    },
    none: () => known.size === 0,
    all: () => store.rows('SELECT id, login, org, scopes FROM client ORDER BY id').map(clientOf),
    remove(id) {
      store.run('DELETE FROM client WHERE id = ?', [id]);
      return known.delete(id);
    },
    has: (id) => known.has(id),
  };
}

function clientOf(row: Row): Client {
  const scopes = JSON.parse(text(row, 'scopes')) as string[];
  return { id: text(row, 'id'), login: text(row, 'login'), org: text(row, 'org'), scopes };
}

function hashed(password: string, salt: string): Buffer {
  return scryptSync(password, salt, 32, { N: 4096, r: 8, p: 1 });
}
