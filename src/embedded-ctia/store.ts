import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { EmbeddedCtiaError } from './error.ts';

/**
 * The one file that knows which SQLite we use: `libsql`, until Node 20 goes and `node:sqlite` can take its place. The SQL
 * of the other files is plain SQLite (3.45) with JSON, so that only this file changes then.
 *
 * Durable: write-ahead log with `synchronous = FULL`, so a commit has been synced to the disk before it is acknowledged.
 * One process: an exclusive transaction on a second, empty database `ctia.lock` holds the operating system's lock for as
 * long as the process lives. The kernel drops it when the process dies in whatever way, so no stale lock is ever left. The
 * store itself cannot carry it: libsql closes a file only when its last statement has been collected, long after `close`.
 */
export type SqlValue = string | number | null;
export type Row = Readonly<Record<string, SqlValue>>;

export interface Store {
  rows(sql: string, params?: readonly SqlValue[]): Row[];
  /** One row after the other, for what may not fit into memory. No write may happen in between. */
  each(sql: string, params?: readonly SqlValue[]): Iterable<Row>;
  run(sql: string, params?: readonly SqlValue[]): void;
  /** `into` is an INSERT as far as its columns. Many rows go with each statement: calls into SQLite cost more than binding. */
  insert(into: string, rows: readonly (readonly SqlValue[])[]): void;
  exec(sql: string): void;
  /** All or nothing. Inside another one it is a part of that one. */
  transaction<T>(work: () => T): T;
  /** Small settings that live and die with the data: public URL, signing key, format. */
  meta(key: string): string | undefined;
  setMeta(key: string, value: string): void;
  close(): void;
}

/** Written by this release; documents.ts brings format 1 up to it. */
const FORMAT = '2';
const OLDER_FORMATS = ['1'];
const STATEMENTS_KEPT = 256;
/** Rows that one INSERT brings. Few sizes, so that few statements are prepared. */
const INSERT_ROWS = [256, 16, 1] as const;

export function openStore(dataDir: string): Store {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, 'ctia.db');
  const lock = lockedBy(join(dataDir, 'ctia.lock'), file);
  const db = opened(file, lock);
  // Feed secrets, the signing key and password hashes lie in here.
  chmodSync(file, 0o600);

  const statements = new Map<string, Database.Statement>();
  function prepared(sql: string): Database.Statement {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = db.prepare(sql);
      // A search builds its SQL from its parameters, so the texts are many; the oldest goes first.
      if (statements.size >= STATEMENTS_KEPT) statements.delete(statements.keys().next().value ?? sql);
      statements.set(sql, statement);
    }
    return statement;
  }

  let inTransaction = false;
  const store: Store = {
    rows: (sql, params = []) => prepared(sql).all(params) as Row[],
    each: (sql, params = []) => db.prepare(sql).iterate(params) as Iterable<Row>,
    run(sql, params = []) {
      prepared(sql).run(params);
    },
    insert(into, rows) {
      const row = `(${rows[0]?.map(() => '?').join(', ')})`;
      let at = 0;
      for (const size of INSERT_ROWS) {
        for (; at + size <= rows.length; at += size) {
          const statement = prepared(`${into} VALUES ${Array<string>(size).fill(row).join(', ')}`);
          // One by one: `flat` takes twelve times as long, some 10 ms for a bundle of a thousand pairs.
          const params: SqlValue[] = [];
          for (const values of rows.slice(at, at + size)) params.push(...values);
          statement.run(params);
        }
      }
    },
    exec(sql) {
      db.exec(sql);
    },
    transaction(work) {
      if (inTransaction) return work();
      db.exec('BEGIN IMMEDIATE');
      inTransaction = true;
      try {
        const result = work();
        db.exec('COMMIT');
        return result;
      } catch (cause) {
        // On a full disk SQLite has rolled back by itself, and would only complain about ours.
        if (db.inTransaction) db.exec('ROLLBACK');
        throw cause;
      } finally {
        inTransaction = false;
      }
    },
    meta(key) {
      const value = store.rows('SELECT value FROM meta WHERE key = ?', [key])[0]?.value;
      return value === undefined || value === null ? undefined : String(value);
    },
    setMeta(key, value) {
      store.run('INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value', [
        key,
        value,
      ]);
    },
    close() {
      statements.clear();
      db.close();
      lock.release();
    },
  };

  const format = store.meta('format');
  if (format === undefined) store.setMeta('format', FORMAT);
  else if (format !== FORMAT && !OLDER_FORMATS.includes(format)) {
    store.close();
    throw new EmbeddedCtiaError(
      'store-unreadable',
      `${file} has format ${format} and this release reads format ${FORMAT}: use the release that wrote it, or move the folder away to start an empty store`,
    );
  }
  return store;
}

/**
 * A whole copy of the store as it is at one moment, also while a server writes: SQLite reads beside its writer. The copy
 * is one file, to be put as `ctia.db` into an empty folder.
 */
export function backUpStore(dataDir: string, target: string): void {
  const file = join(dataDir, 'ctia.db');
  if (!existsSync(file)) throw new EmbeddedCtiaError('store-unreadable', `there is no store in ${dataDir}`);
  // Private from its first byte; an empty file is what VACUUM INTO fills. Never over something that is there.
  writeFileSync(target, '', { mode: 0o600, flag: 'wx' });
  const db = new Database(file, { readonly: true });
  try {
    db.prepare('VACUUM INTO ?').run(target);
  } catch (cause) {
    rmSync(target, { force: true });
    throw cause;
  } finally {
    db.close();
  }
}

interface Lock {
  release(): void;
}

function lockedBy(lockFile: string, file: string): Lock {
  try {
    const lock = new Database(lockFile);
    lock.exec('BEGIN EXCLUSIVE');
    return {
      release() {
        lock.exec('ROLLBACK');
        lock.close();
      },
    };
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && String(cause.code).startsWith('SQLITE_BUSY'))) throw cause;
    throw new EmbeddedCtiaError(
      'store-locked',
      `${file} is held by another process: only one embedded server may use a data folder; stop the other one, or choose another folder`,
      { cause },
    );
  }
}

function opened(file: string, lock: Lock): Database.Database {
  try {
    const db = new Database(file);
    db.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 16384',
    );
    db.exec('CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID');
    return db;
  } catch (cause) {
    lock.release();
    throw new EmbeddedCtiaError(
      'store-unreadable',
      `${file} cannot be opened as a store (${cause instanceof Error ? cause.message : String(cause)}): restore it from a backup, or move the folder away to start an empty store`,
      { cause },
    );
  }
}
