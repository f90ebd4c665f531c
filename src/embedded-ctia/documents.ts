import { hash } from 'node:crypto';
import { audienceOf, type Identity, namedReaders, readableSql } from './access.ts';
import { DOCUMENT_TABLES } from './document-tables.ts';
import { shortIdOf } from './ids.ts';
import type { Stored } from './kinds.ts';
import type { Row, SqlValue, Store } from './store.ts';

export function externalKey(type: string, externalId: string): string {
  return keyOf(`${type}\n${externalId.toLowerCase()}`);
}

export function termKey(type: string, field: string, value: string): string {
  return keyOf(`${type}\n${field}\n${value.toLowerCase()}`);
}

/** A signed 64-bit number in decimal: JavaScript's own numbers are too short for it, SQLite's are not. */
function keyOf(text: string): string {
  let key = keys.get(text);
  if (key === undefined) {
    key = hash('sha256', text, 'buffer').readBigInt64BE().toString();
    if (keys.size === KEYS_KEPT) keys.clear();
    keys.set(text, key);
  }
  return key;
}

/** An import asks for each of its keys twice, and one of them is every entity's. */
const keys = new Map<string, string>();
const KEYS_KEPT = 8192;

export interface Documents {
  /** What has a new id: nothing is looked up before. */
  create(stored: readonly Stored[]): void;
  /** Creates or replaces. Gives what was replaced, as it was. */
  put(stored: readonly Stored[]): Stored[];
  /** Gives what was removed. */
  remove(type: string, shortIds: readonly string[]): Stored[];
  /** Documents of one type by short id, as JSON text; unknown ids are absent. */
  texts(type: string, shortIds: readonly string[]): Map<string, string>;
  get(type: string, shortId: string): Stored | undefined;
  /** For each external id that one entity readable by the identity bears exactly, that entity's short id. */
  findExternal(type: string, externalIds: readonly string[], identity: Identity): Map<string, string>;
  /** Another number after each write of that type: what was counted before may be wrong then. */
  version(type: string): number;
}

export function makeDocuments(store: Store): Documents {
  store.exec(DOCUMENT_TABLES);
  if (store.meta('format') === '1') addTerms(store);
  const versions = new Map<string, number>();
  function changes(type: string): void {
    versions.set(type, (versions.get(type) ?? 0) + 1);
  }
  let seq = Number(store.rows("SELECT seq FROM sqlite_sequence WHERE name = 'entity'")[0]?.seq ?? 0);

  function texts(type: string, shortIds: readonly string[]): Map<string, string> {
    const rows = store.rows(
      'SELECT e.id, d.document FROM json_each(?) k JOIN entity e ON e.id = k.value JOIN document d ON d.seq = e.seq WHERE +e.type = ?',
      [JSON.stringify(shortIds), type],
    );
    return new Map(rows.map((row) => [text(row, 'id'), text(row, 'document')]));
  }

  function numbered(document: Stored): Written {
    seq += 1;
    return written(seq, document);
  }

  return {
    texts,
    get(type, shortId) {
      const found = texts(type, [shortId]).get(shortId);
      return found === undefined ? undefined : (JSON.parse(found) as Stored);
    },
    version: (type) => versions.get(type) ?? 0,
    create(stored) {
      for (const type of new Set(stored.map((document) => document.type))) changes(type);
      insert(
        store,
        stored.map((document) => numbered(document)),
      );
    },
    put(stored) {
      for (const type of new Set(stored.map((document) => document.type))) changes(type);
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
      const fresh: Written[] = [];
      const changed: Written[] = [];
      const reindexed: Written[] = [];
      for (const [id, document] of byId) {
        const old = known.get(id);
        if (old === undefined) {
          fresh.push(numbered(document));
          continue;
        }
        const entry = written(old.seq, document);
        update(store, entry);
        changed.push(entry);
        // A renewal changes neither external ids nor readers, so that it writes one row and not five.
        if (sameIndexing(old.document, document)) continue;
        forget(store, old.seq, id, old.document);
        reindexed.push(entry);
      }
      insert(store, fresh);
      for (const entry of fresh) if (entry.document.created !== entry.document.modified) relink(store, entry);
      index(store, reindexed);
      narrow(store, changed);
      return [...known.values()].map(({ document }) => document);
    },
    remove(type, shortIds) {
      changes(type);
      const rows = store.rows(
        'SELECT e.seq, e.id, d.document FROM json_each(?) k JOIN entity e ON e.id = k.value JOIN document d ON d.seq = e.seq WHERE +e.type = ?',
        [JSON.stringify(shortIds), type],
      );
      const removed: Stored[] = [];
      for (const row of rows) {
        const seq = Number(row.seq);
        const document = JSON.parse(text(row, 'document')) as Stored;
        removed.push(document);
        leaveDangling(store, seq);
        forget(store, seq, text(row, 'id'), document);
        for (const table of ['entity', 'document', 'judgement', 'relationship']) {
          store.run(`DELETE FROM ${table} WHERE seq = ?`, [seq]);
        }
      }
      return removed;
    },
    findExternal(type, externalIds, identity) {
      const { sql, params } = readableSql(identity, 'e');
      // The index folds case, this comparison does not: so does CTIA.
      const rows = store.rows(
        `SELECT k.external_id, (SELECT e.id FROM external_id x JOIN entity e ON e.seq = x.seq
           WHERE x.key = k.key AND ${sql} AND EXISTS (SELECT 1 FROM document d, json_each(d.document, '$.external_ids') v
             WHERE d.seq = x.seq AND v.value = k.external_id) LIMIT 1) AS id
         FROM (SELECT value ->> 0 AS key, value ->> 1 AS external_id FROM json_each(?)) k
         WHERE EXISTS (SELECT 1 FROM external_id x WHERE x.key = k.key)`,
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

function written(seq: number, document: Stored): Written {
  return { seq, id: localId(document), document, audience: audienceOf(document), readers: namedReaders(document) };
}

function insert(store: Store, fresh: readonly Written[]): void {
  store.insert(
    'INSERT INTO entity (seq, id, type, audience, named, created, timestamp)',
    fresh.map(({ seq, id, document: { type, created, timestamp }, audience, readers }) => [
      ...[seq, id, type, audience, readers.length > 0 ? 1 : 0, Date.parse(created), Date.parse(timestamp)],
    ]),
  );
  store.insert(
    'INSERT INTO document (seq, document)',
    fresh.map(({ seq, document }) => [seq, JSON.stringify(document)]),
  );
  index(store, fresh);
  narrow(store, fresh);
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
    JSON.stringify([document.external_ids ?? [], termsOf(document), audienceOf(document), namedReaders(document)]);
  return indexed(a) === indexed(b);
}

/**
 * What is found by `term`: the source of everything, observables of what has several, and of a relationship the
 * `source_ref` behind which no entity of ours is (every other one is found by `source_seq`; a key for each would touch a
 * page for each).
 */
function termsOf(document: Stored): readonly (readonly [field: string, value: string])[] {
  const terms: [string, string][] = [];
  if (typeof document.source === 'string') terms.push(['source', document.source]);
  if (Array.isArray(document.observables)) {
    // A kind with an open schema may call anything so.
    const values = document.observables.map((observable) => Object(observable).value as unknown);
    for (const value of new Set(values)) if (typeof value === 'string') terms.push(['observables.value', value]);
  }
  return terms;
}

function termRows(seq: number, document: Stored): SqlValue[][] {
  return termsOf(document).map(([field, value]) => [termKey(document.type, field, value), seq]);
}

/** A store of the first format has no terms yet. A slice at a time, so that a million documents need no memory. */
function addTerms(store: Store): void {
  const last = Number(store.rows('SELECT max(seq) AS last FROM entity')[0]?.last ?? 0);
  const SLICE = 4096;
  for (let from = 0; from < last; from += SLICE) {
    store.transaction(() => {
      const rows = store.rows('SELECT seq, document FROM document WHERE seq > ? AND seq <= ?', [from, from + SLICE]);
      insertTerms(
        store,
        rows.flatMap((row) => termRows(Number(row.seq), JSON.parse(text(row, 'document')) as Stored)),
      );
    });
  }
  store.transaction(() => {
    const dangling = store.rows(
      `SELECT r.seq, d.document FROM relationship r JOIN document d ON d.seq = r.seq
       WHERE NOT EXISTS (SELECT 1 FROM entity s WHERE s.seq = r.source_seq)`,
    );
    insertTerms(store, dangling.map(danglingRow));
    store.setMeta('format', '2');
  });
}

/** The relationships from what is about to be deleted stay, and are found by the reference from now on. */
function leaveDangling(store: Store, seq: number): void {
  const rows = store.rows(
    'SELECT r.seq, d.document FROM relationship r JOIN document d ON d.seq = r.seq WHERE r.source_seq = ?',
    [seq],
  );
  insertTerms(store, rows.map(danglingRow));
}

function danglingRow(row: Row): SqlValue[] {
  const { source_ref: source } = JSON.parse(text(row, 'document')) as { source_ref: string };
  return [termKey('relationship', 'source_ref', source), Number(row.seq)];
}

function insertTerms(store: Store, rows: readonly (readonly SqlValue[])[]): void {
  store.insert('INSERT OR IGNORE INTO term (key, seq)', rows);
}

function forget(store: Store, seq: number, id: string, document: Stored): void {
  const { type, external_ids: externalIds = [] } = document;
  const terms = termRows(seq, document);
  if (typeof document.source_ref === 'string') terms.push([termKey(type, 'source_ref', document.source_ref), seq]);
  for (const term of terms) store.run('DELETE FROM term WHERE key = CAST(? AS INTEGER) AND seq = ?', term);
  for (const externalId of externalIds) {
    store.run('DELETE FROM external_id WHERE key = CAST(? AS INTEGER) AND seq = ?', [
      externalKey(type, externalId),
      seq,
    ]);
  }
  store.run('DELETE FROM reader WHERE id = ?', [id]);
}

function index(store: Store, entries: readonly Written[]): void {
  store.insert(
    'INSERT OR IGNORE INTO external_id (key, seq)',
    entries.flatMap(({ seq, document }) =>
      (document.external_ids ?? []).map((externalId) => [externalKey(document.type, externalId), seq]),
    ),
  );
  insertTerms(
    store,
    entries.flatMap(({ seq, document }) => termRows(seq, document)),
  );
  store.insert(
    'INSERT OR IGNORE INTO reader (id, who)',
    entries.flatMap(({ id, readers }) => readers.map((who) => [id, who])),
  );
}

/** The narrow tables. */
function narrow(store: Store, entries: readonly Written[]): void {
  const judgements: SqlValue[][] = [];
  const relationships: SqlValue[][] = [];
  const dangling: SqlValue[][] = [];
  const sources = sourcesOf(store, entries);
  for (const { seq, id, document, audience, readers } of entries) {
    const named = readers.length > 0 ? 1 : 0;
    if (document.type === 'judgement') {
      const { observable, valid_time: validTime } = document as unknown as JudgementFields;
      judgements.push([
        ...[seq, id, audience, named, Date.parse(validTime.start_time), Date.parse(validTime.end_time)],
        ...[observable.type, observable.value, observable.value.toLowerCase()],
      ]);
    } else if (document.type === 'relationship') {
      const fields = document as unknown as RelationshipFields;
      const source = sources.get(shortIdOf(fields.source_ref) ?? '');
      if (source === undefined) dangling.push([termKey(document.type, 'source_ref', fields.source_ref), seq]);
      relationships.push([
        ...[seq, id, audience, named, fields.relationship_type.toLowerCase(), fields.target_ref.toLowerCase()],
        ...[source ?? null, Date.parse(document.timestamp)],
      ]);
    }
  }
  store.insert(
    'INSERT OR REPLACE INTO judgement (seq, id, audience, named, start, end, observable_type, observable_value, observable_key)',
    judgements,
  );
  store.insert(
    'INSERT OR REPLACE INTO relationship (seq, id, audience, named, relationship_type, target_ref, source_seq, timestamp)',
    relationships,
  );
  insertTerms(store, dangling);
}

/** The entities behind `source_ref`, by short id. Mostly they were written just before, with the relationship. */
function sourcesOf(store: Store, entries: readonly Written[]): ReadonlyMap<string, number> {
  const found = new Map(entries.map(({ id, seq }) => [id, seq]));
  const others = new Set<string>();
  for (const { document } of entries) {
    if (document.type !== 'relationship') continue;
    const id = shortIdOf((document as unknown as RelationshipFields).source_ref);
    if (id !== undefined && !found.has(id)) others.add(id);
  }
  if (others.size === 0) return found;
  const rows = store.rows('SELECT e.id, e.seq FROM json_each(?) k JOIN entity e ON e.id = k.value', [
    JSON.stringify([...others]),
  ]);
  for (const row of rows) found.set(text(row, 'id'), Number(row.seq));
  return found;
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
