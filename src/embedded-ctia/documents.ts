import { audienceOf, type Identity, namedReaders, readableSql } from './access.ts';
import { shortIdOf } from './ids.ts';
import type { Stored } from './kinds.ts';
import type { Row, SqlValue, Store } from './store.ts';

/**
 * Every entity is one row of `entity` with its whole document. What is looked up in bulk has narrow tables of its own
 * beside it, so that a view or a look-up among a hundred thousand never reads a document:
 *   external_id    by type and lower-cased id; `written` is the id as written where that differs
 *   judgement      validity and observable
 *   relationship   by target and type, by source; `source_seq` is the entity behind `source_ref` (whatever its host says)
 *   reader         who is named in authorized_users and authorized_groups
 * `seq` is never used twice, so a link to a deleted judgement stays dangling.
 */
const TABLES = `
  CREATE TABLE IF NOT EXISTS entity (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL,
    audience TEXT NOT NULL, named INTEGER NOT NULL, created INTEGER NOT NULL, timestamp INTEGER NOT NULL, document TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS external_id (type TEXT NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL, written TEXT,
    audience TEXT NOT NULL, named INTEGER NOT NULL, PRIMARY KEY (type, key, id)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS judgement (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, audience TEXT NOT NULL, named INTEGER NOT NULL,
    start INTEGER NOT NULL, end INTEGER NOT NULL, observable_type TEXT NOT NULL, observable_value TEXT NOT NULL,
    observable_key TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS judgement_observable ON judgement (observable_key, observable_type);
  CREATE TABLE IF NOT EXISTS relationship (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, audience TEXT NOT NULL, named INTEGER NOT NULL,
    relationship_type TEXT NOT NULL, target_ref TEXT NOT NULL, source_ref TEXT NOT NULL, source_seq INTEGER, timestamp INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS relationship_target ON relationship (target_ref, relationship_type);
  CREATE INDEX IF NOT EXISTS relationship_source ON relationship (source_ref);
  CREATE TABLE IF NOT EXISTS reader (id TEXT NOT NULL, who TEXT NOT NULL, PRIMARY KEY (id, who)) WITHOUT ROWID;
`;

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
      'SELECT e.id, e.document FROM json_each(?) k JOIN entity e ON e.id = k.value WHERE e.type = ?',
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
          .rows('SELECT e.seq, e.id, e.document FROM json_each(?) k JOIN entity e ON e.id = k.value', [
            JSON.stringify([...byId.keys()]),
          ])
          .map((row) => [
            text(row, 'id'),
            { seq: Number(row.seq), document: JSON.parse(text(row, 'document')) as Stored },
          ]),
      );
      const written: Written[] = [];
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
        if (old === undefined) insert(store, entry);
        else update(store, entry);
        // A renewal changes neither external ids nor readers, so that it writes one row and not five.
        if (old !== undefined && sameIndexing(old.document, document)) continue;
        if (old !== undefined) forget(store, id, old.document);
        reindexed.push(entry);
      }
      index(store, reindexed);
      narrow(store, written);
    },
    remove(type, shortIds) {
      for (const [id, document] of texts(type, shortIds)) {
        forget(store, id, JSON.parse(document) as Stored);
        const row = store.rows('SELECT seq FROM entity WHERE id = ?', [id])[0];
        const at = Number(row?.seq);
        store.run('DELETE FROM entity WHERE seq = ?', [at]);
        if (type === 'judgement') store.run('DELETE FROM judgement WHERE seq = ?', [at]);
        if (type === 'relationship') store.run('DELETE FROM relationship WHERE seq = ?', [at]);
      }
    },
    findExternal(type, externalIds, identity) {
      const { sql, params } = readableSql(identity, 'x');
      const rows = store.rows(
        `SELECT k.value AS external_id, (SELECT x.id FROM external_id x
           WHERE x.type = ? AND x.key = lower(k.value) AND coalesce(x.written, x.key) = k.value AND ${sql} LIMIT 1) AS id
         FROM json_each(?) k`,
        [type, ...params, JSON.stringify(externalIds)],
      );
      const found = new Map<string, string>();
      for (const row of rows) if (row.id !== null) found.set(text(row, 'external_id'), text(row, 'id'));
      return found;
    },
  };
}

interface Written {
  readonly seq: number;
  readonly id: string;
  readonly document: Stored;
  readonly audience: string;
  readonly readers: readonly string[];
}

function insert(store: Store, { seq, id, document, audience, readers }: Written): void {
  store.run(
    'INSERT INTO entity (seq, id, type, audience, named, created, timestamp, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    [
      ...[seq, id, document.type, audience, readers.length > 0 ? 1 : 0],
      ...[Date.parse(document.created), Date.parse(document.timestamp), JSON.stringify(document)],
    ],
  );
}

function update(store: Store, { seq, document, audience, readers }: Written): void {
  store.run('UPDATE entity SET audience = ?, named = ?, timestamp = ?, document = ? WHERE seq = ?', [
    ...[audience, readers.length > 0 ? 1 : 0, Date.parse(document.timestamp), JSON.stringify(document), seq],
  ]);
}

function sameIndexing(a: Stored, b: Stored): boolean {
  const indexed = (document: Stored) =>
    JSON.stringify([document.external_ids ?? [], audienceOf(document), namedReaders(document)]);
  return indexed(a) === indexed(b);
}

function forget(store: Store, id: string, { type, external_ids: externalIds = [] }: Stored): void {
  for (const externalId of externalIds) {
    store.run('DELETE FROM external_id WHERE type = ? AND key = lower(?) AND id = ?', [type, externalId, id]);
  }
  store.run('DELETE FROM reader WHERE id = ?', [id]);
}

function index(store: Store, written: readonly Written[]): void {
  const externalIds = written.flatMap(({ id, document, audience, readers }) =>
    (document.external_ids ?? []).map((externalId) => [
      ...[document.type, externalId, id, audience, readers.length > 0 ? 1 : 0],
    ]),
  );
  if (externalIds.length > 0) {
    store.run(
      `INSERT OR IGNORE INTO external_id (type, key, id, written, audience, named)
       SELECT value ->> 0, lower(value ->> 1), value ->> 2, nullif(value ->> 1, lower(value ->> 1)), value ->> 3, value ->> 4 FROM json_each(?)`,
      [JSON.stringify(externalIds)],
    );
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
        ...[type.toLowerCase(), target.toLowerCase(), source.toLowerCase(), shortIdOf(source) ?? null],
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
      `INSERT OR REPLACE INTO relationship (seq, id, audience, named, relationship_type, target_ref, source_ref, source_seq, timestamp)
       SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
         (SELECT e.seq FROM entity e WHERE e.id = value ->> 7), value ->> 8 FROM json_each(?)`,
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
