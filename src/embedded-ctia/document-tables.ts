/**
 * Every entity has one narrow row in `entity` and its whole document in `document`. What is looked up in bulk has narrow
 * tables of its own beside them, so that a view or a look-up among a hundred thousand never reads a document:
 *   external_id    `key` is a hash of type and lower-cased id; within a key rows are appended
 *   term           the same for other fields that searches name: see `termsOf`
 *   judgement      validity and observable
 *   relationship   by target and type, by source; `source_seq` is the entity behind `source_ref` (whatever its host says)
 *   reader         who is named in authorized_users and authorized_groups
 * What makes a write dear is the number of pages it touches, and random keys touch one each: hence the hash, and `seq`
 * instead of ids. `seq` is never used twice, so a link to a deleted judgement stays dangling.
 * The indexes by time are those of the two default sorts; rows come to them in order, so they cost little. They begin with the
 * type, and SQLite would take one for any `type = ?` before it takes a list of ids: where they are not meant, `+e.type` keeps
 * them out.
 */
export const DOCUMENT_TABLES = `
  CREATE TABLE IF NOT EXISTS entity (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL,
    audience TEXT NOT NULL, named INTEGER NOT NULL, created INTEGER NOT NULL, timestamp INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS document (seq INTEGER PRIMARY KEY, document TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS external_id (key INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (key, seq)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS term (key INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (key, seq)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS entity_created ON entity (type, created);
  CREATE INDEX IF NOT EXISTS entity_timestamp ON entity (type, timestamp, created) WHERE type <> 'relationship';
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
