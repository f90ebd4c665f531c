import { randomBytes, randomUUID, scryptSync, timingSafeEqual } from 'node:crypto';
import { text } from './documents.ts';
import type { Store } from './store.ts';

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
}

export function makeClients(store: Store): Clients {
  store.exec(`CREATE TABLE IF NOT EXISTS client (id TEXT PRIMARY KEY, login TEXT NOT NULL, org TEXT NOT NULL, scopes TEXT NOT NULL,
    salt TEXT NOT NULL, hash TEXT NOT NULL) WITHOUT ROWID`);
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
      return { ...client, password };
    },
    verify(id, password) {
      const row = store.rows('SELECT * FROM client WHERE id = ?', [id])[0];
      if (row === undefined) return undefined;
      const right = timingSafeEqual(hashed(password, text(row, 'salt')), Buffer.from(text(row, 'hash'), 'hex'));
      if (!right) return undefined;
      const scopes = JSON.parse(text(row, 'scopes')) as string[];
      return { id, login: text(row, 'login'), org: text(row, 'org'), scopes };
    },
    none: () => store.rows('SELECT id FROM client LIMIT 1').length === 0,
  };
}

function hashed(password: string, salt: string): Buffer {
  return scryptSync(password, salt, 32, { N: 4096, r: 8, p: 1 });
}
