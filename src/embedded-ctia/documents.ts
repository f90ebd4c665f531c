import { hash } from 'node:crypto';
import { audienceOf, type Identity, namedReaders, readableSql } from './access.ts';
import { shortIdOf } from './ids.ts';
import type { Stored } from './kinds.ts';
import type { Row, SqlValue, Store } from './store.ts';

/**
 * Every entity has one narrow row in `entity` and its whole document in `document`. What is looked up in bulk has narrow
 * tables of its own beside them, so that a view or a look-up among a hundred thousand never reads a document:
 *   external_id    `key` is a hash of type and lower-cased id; within a key rows are appended
 *   judgement      validity and observable
 *   relationship   by target and type, by source; `source_seq` is the entity behind `source_ref` (whatever its host says)
 *   reader         who is named in authorized_users and authorized_groups
 * What makes a write dear is the number of pages it touches, and random keys touch one each: hence the hash, and `seq`
 * instead of ids. `seq` is never used twice, so a link to a deleted judgement stays dangling.
 */
const TABLES = `
  CREATE TABLE IF NOT EXISTS entity (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL,
    audience TEXT NOT NULL, named INTEGER NOT NULL, created INTEGER NOT NULL, timestamp INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS document (seq INTEGER PRIMARY KEY, document TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS external_id (key INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (key, seq)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS judgement (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, audience TEXT NOT NULL, named INTEGER NOT NULL,
    start INTEGER NOT NULL, end INTEGER NOT NULL, observable_type TEXT NOT NULL, observable_value TEXT NOT NULL,
    observable_key TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS judgement_observable ON judgement (observable_key);
  CREATE TABLE IF NOT EXISTS relationship (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, audience TEXT NOT NULL, named INTEGER NOT NULL,
    relationship_type TEXT NOT NULL, target_ref TEXT NOT NULL, source_seq INTEGER, timestamp INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS relationship_target ON relationship (target_ref, relationship_type);
  CREATE INDEX IF NOT EXISTS relationship_source ON relationship (source_seq);
  CREATE TABLE IF NOT EXISTS reader (id TEXT NOT NULL, who TEXT NOT NULL, PRIMARY KEY (id, who)) WITHOUT ROWID;
`;

/** A signed 64-bit number in decimal: JavaScript's own numbers are too short for it, SQLite's are not. */
export function externalKey(type: string, externalId: string): string {
  return hash('sha256', `${type}\n${externalId.toLowerCase()}`, 'buffer').readBigInt64BE().toString();
}

export interface Documents {
  /** Creates or replaces. */
  put(stored: readonly Stored[]): void;
  remove(type: string, shortIds: readonly string[]): void;
  /** Documents of one type by short id, as JSON text; unknown ids are absent. */
  texts(type: string, shortIds: readonly string[]): Map<string, string>;
  get(type: string, shortId: string): Stored | undefined;
  /** For each external id that one entity readable by the identity bears exactly, that entity's short id. */
  findExternal(type: string, externalIds: readonly string[], identity: Identity): Map<string, string>;
}

export function makeDocuments(store: Store): Documents {
  store.exec(TABLES);
  let seq = Number(store.rows("SELECT seq FROM sqlite_sequence WHERE name = 'entity'")[0]?.seq ?? 0);

  function texts(type: string, shortIds: readonly string[]): Map<string, string> {
    const rows = store.rows(
      'SELECT e.id, d.document FROM json_each(?) k JOIN entity e ON e.id = k.value JOIN document d ON d.seq = e.seq WHERE e.type = ?',
      [JSON.stringify(shortIds), type],
    );
    return new Map(rows.map((row) => [text(row, 'id'), text(row, 'document')]));
  }

  return {
    texts,
    get(type, shortId) {
      const found = texts(type, [shortId]).get(shortId);
      return found === undefined ? undefined : (JSON.parse(found) as Stored);
    },
    put(stored) {
      // Of one id written twice the later document stays.
      const byId = new Map(stored.map((document) => [localId(document), document]));
      const known = new Map(
        store
          .rows(
            'SELECT e.seq, e.id, d.document FROM json_each(?) k JOIN entity e ON e.id = k.value JOIN document d ON d.seq = e.seq',
            [JSON.stringify([...byId.keys()])],
          )
          .map((row) => [
            text(row, 'id'),
            { seq: Number(row.seq), document: JSON.parse(text(row, 'document')) as Stored },
          ]),
      );
      const written: Written[] = [];
      const fresh: Written[] = [];
      const reindexed: Written[] = [];
      for (const [id, document] of byId) {
        const old = known.get(id);
        if (old === undefined) seq += 1;
        const entry = {
          seq: old?.seq ?? seq,
          id,
          document,
          audience: audienceOf(document),
          readers: namedReaders(document),
        };
        written.push(entry);
        if (old === undefined) fresh.push(entry);
        else update(store, entry);
        if (old === undefined && document.created !== document.modified) relink(store, entry);
        // A renewal changes neither external ids nor readers, so that it writes one row and not five.
        if (old !== undefined && sameIndexing(old.document, document)) continue;
        if (old !== undefined) forget(store, old.seq, id, old.document);
        reindexed.push(entry);
      }
      insert(store, fresh);
      index(store, reindexed);
      narrow(store, written);
    },
    remove(type, shortIds) {
      const rows = store.rows(
        'SELECT e.seq, e.id, d.document FROM json_each(?) k JOIN entity e ON e.id = k.value JOIN document d ON d.seq = e.seq WHERE e.type = ?',
        [JSON.stringify(shortIds), type],
      );
      for (const row of rows) {
        const seq = Number(row.seq);
        forget(store, seq, text(row, 'id'), JSON.parse(text(row, 'document')) as Stored);
        for (const table of ['entity', 'document', 'judgement', 'relationship']) {
          store.run(`DELETE FROM ${table} WHERE seq = ?`, [seq]);
        }
      }
    },
    findExternal(type, externalIds, identity) {
      const { sql, params } = readableSql(identity, 'e');
      // The index folds case, this comparison does not: so does CTIA.
      const rows = store.rows(
        `SELECT k.value ->> 1 AS external_id, (SELECT e.id FROM external_id x JOIN entity e ON e.seq = x.seq
           WHERE x.key = k.value ->> 0 AND ${sql} AND EXISTS (SELECT 1 FROM document d, json_each(d.document, '$.external_ids') v
             WHERE d.seq = x.seq AND v.value = k.value ->> 1) LIMIT 1) AS id
         FROM json_each(?) k`,
        [...params, keysJson(externalIds.map((externalId) => [externalKey(type, externalId), externalId]))],
      );
      const found = new Map<string, string>();
      for (const row of rows) if (row.id !== null) found.set(text(row, 'external_id'), text(row, 'id'));
      return found;
    },
  };
}

/** JSON in which the keys are numbers of 64 bits. */
function keysJson(rows: readonly (readonly [key: string, second: string | number])[]): string {
  return `[${rows.map(([key, second]) => `[${key},${JSON.stringify(second)}]`).join(',')}]`;
}

interface Written {
  readonly seq: number;
  readonly id: string;
  readonly document: Stored;
  readonly audience: string;
  readonly readers: readonly string[];
}

function insert(store: Store, written: readonly Written[]): void {
  if (written.length === 0) return;
  const rows = written.map(({ seq, id, document: { type, created, timestamp }, audience, readers }) => {
    return [seq, id, type, audience, readers.length > 0 ? 1 : 0, Date.parse(created), Date.parse(timestamp)];
  });
  store.run(
    `INSERT INTO entity (seq, id, type, audience, named, created, timestamp)
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6 FROM json_each(?)`,
    [JSON.stringify(rows)],
  );
  // The documents one by one: unpacking them from a text within a text would cost more than the calls.
  for (const { seq, document } of written) {
    store.run('INSERT INTO document (seq, document) VALUES (?, ?)', [seq, JSON.stringify(document)]);
  }
}

function update(store: Store, { seq, document, audience, readers }: Written): void {
  store.run('UPDATE entity SET audience = ?, named = ?, timestamp = ? WHERE seq = ?', [
    ...[audience, readers.length > 0 ? 1 : 0, Date.parse(document.timestamp), seq],
  ]);
  store.run('UPDATE document SET document = ? WHERE seq = ?', [JSON.stringify(document), seq]);
}

/**
 * An update of what was deleted meanwhile brings it back, as in Elasticsearch, under another number: its relationships
 * follow it by id. It takes a look at each of them, and hardly ever happens.
 */
function relink(store: Store, { seq, id, document }: Written): void {
  if (document.type !== 'judgement') return;
  store.run(
    `UPDATE relationship SET source_seq = ? WHERE seq IN (SELECT d.seq FROM document d JOIN entity e ON e.seq = d.seq
       WHERE e.type = 'relationship' AND d.document ->> '$.source_ref' LIKE ?)`,
    [seq, `%/${id}`],
  );
}

function sameIndexing(a: Stored, b: Stored): boolean {
  const indexed = (document: Stored) =>
    JSON.stringify([document.external_ids ?? [], audienceOf(document), namedReaders(document)]);
  return indexed(a) === indexed(b);
}

function forget(store: Store, seq: number, id: string, { type, external_ids: externalIds = [] }: Stored): void {
  for (const externalId of externalIds) {
    store.run('DELETE FROM external_id WHERE key = CAST(? AS INTEGER) AND seq = ?', [
      externalKey(type, externalId),
      seq,
    ]);
  }
  store.run('DELETE FROM reader WHERE id = ?', [id]);
}

function index(store: Store, written: readonly Written[]): void {
  const keys = written.flatMap(({ seq, document }) =>
    (document.external_ids ?? []).map((externalId): [string, number] => [externalKey(document.type, externalId), seq]),
  );
  if (keys.length > 0) {
    store.run('INSERT OR IGNORE INTO external_id (key, seq) SELECT value ->> 0, value ->> 1 FROM json_each(?)', [
      keysJson(keys),
    ]);
  }
  const readers = written.flatMap(({ id, readers: names }) => names.map((who) => [id, who]));
  if (readers.length > 0) {
    store.run('INSERT OR IGNORE INTO reader (id, who) SELECT value ->> 0, value ->> 1 FROM json_each(?)', [
      JSON.stringify(readers),
    ]);
  }
}

/** The narrow tables. One statement each: the rows are unpacked by SQLite, which costs less than a call for each. */
function narrow(store: Store, written: readonly Written[]): void {
  const judgements: SqlValue[][] = [];
  const relationships: SqlValue[][] = [];
  for (const { seq, id, document, audience, readers } of written) {
    const row = [seq, id, audience, readers.length > 0 ? 1 : 0];
    if (document.type === 'judgement') {
      const { observable, valid_time: validTime } = document as unknown as JudgementFields;
      judgements.push([
        ...row,
        ...[Date.parse(validTime.start_time), Date.parse(validTime.end_time), observable.type, observable.value],
        observable.value.toLowerCase(),
      ]);
    } else if (document.type === 'relationship') {
      const {
        relationship_type: type,
        source_ref: source,
        target_ref: target,
      } = document as unknown as RelationshipFields;
      relationships.push([
        ...row,
        ...[type.toLowerCase(), target.toLowerCase(), shortIdOf(source) ?? null],
        Date.parse(document.timestamp),
      ]);
    }
  }
  if (judgements.length > 0) {
    store.run(
      `INSERT OR REPLACE INTO judgement (seq, id, audience, named, start, end, observable_type, observable_value, observable_key)
       SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8
       FROM json_each(?)`,
      [JSON.stringify(judgements)],
    );
  }
  if (relationships.length > 0) {
    store.run(
      `INSERT OR REPLACE INTO relationship (seq, id, audience, named, relationship_type, target_ref, source_seq, timestamp)
       SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
         (SELECT e.seq FROM entity e WHERE e.id = value ->> 6), value ->> 7 FROM json_each(?)`,
      [JSON.stringify(relationships)],
    );
  }
}

interface JudgementFields {
  observable: { type: string; value: string };
  valid_time: { start_time: string; end_time: string };
}

interface RelationshipFields {
  relationship_type: string;
  source_ref: string;
  target_ref: string;
}

function localId(document: Stored): string {
  const id = shortIdOf(document.id);
  if (id === undefined) throw new Error(`a stored document has the id ${document.id}`);
  return id;
}

export function text(row: Row, column: string): string {
  return String(row[column]);
}
