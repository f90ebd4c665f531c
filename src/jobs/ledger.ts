import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Actual } from '../plan/actual.ts';
import { contradicts, type EntryRecord, learn, NOTHING_HELD, recordOf } from '../plan/learned.ts';
import { makeInterner } from '../reconcile/actual.ts';
import type { FeedEntities } from '../reconcile/feeds.ts';
import type { Attempt, LedgerRecorder } from './journal.ts';
import type { RedisKeys } from './keys.ts';
import { LEDGER_FORMAT, packEntities, packRecord, unpackEntities, unpackRecord } from './ledger-format.ts';
import { BEGIN, END, NOTE, SWAP } from './ledger-scripts.ts';
import { LockLost, type WriterLock } from './lock.ts';

/**
 * Our copy in Redis of *actual*, for one tenant and owner: a cache of CTIA, never the truth. What lies where:
 *
 *   <ledger>               hash   id, format, whose it is, version, when it was read, feeds without secrets, latest verdicts on
 *                                 them, and a doubt where an answer of CTIA's contradicted it
 *   <ledger>:entries:<id>  hash   h → what we hold of it
 *   <ledger>:log           list   the entries that each version touched, one element a version, the latest `LOG_MAX`
 *   <ledger>:attempts      hash   h → the writer that may be writing it, and for what: look before you write
 *   <ledger>:stamp         text   another one after each step of a writer
 *
 *   a writer, holding the lock      the ledger
 *   --------------------------------+--------------------------------------------------------------
 *   before a batch is sent          its entries are marked
 *   after its answer                what was learned is written, and those marks go, in one step
 *   dies, or does not know          the marks stay; who plans next looks at these entries first
 *   is told what it says is wrong   what was learned is written with a doubt: who plans next reads in full
 *   after a full read               a new ledger under a new id takes the place of the old one, unless any writer took a
 *                                   step since the read began: then what was read may be older than what was written
 */
export interface LedgerFacts {
  readonly id: string;
  readonly version: number;
  readonly readAt: string;
  /** Absent while feeds or the state were made and nobody has looked since. */
  readonly entities: FeedEntities | undefined;
}

const LOG_MAX = 256;
const SLICE = 1000;
/** A rewrite that was left midway vanishes by itself. */
const DRAFT_MS = 60 * 60 * 1000;

export interface LedgerStore {
  /** What it says of itself, or why it cannot be used. */
  facts(): Promise<LedgerFacts | { unusable: string }>;
  /** Entries whose writer is gone or did not know how it ended, and what it was at. What another one writes at this moment is not among them. */
  leftInFlight(): Promise<ReadonlyMap<string, Attempt>>;
  records(id: string, hs: readonly string[]): Promise<Map<string, EntryRecord>>;
  /** Entries touched after this version, or undefined where the log does not reach back so far. */
  touchedSince(version: number, facts: LedgerFacts): Promise<string[] | undefined>;
  /** All of it, in slices. */
  allRecords(id: string): AsyncGenerator<[h: string, text: string][]>;
  /** To be taken before a full read: no request of a writer that died is under way any more. */
  takeStamp(lock: WriterLock): Promise<string>;
  /** Puts what was read in the place of what was known and gives its id; undefined where somebody wrote since the stamp. */
  rewrite(lock: WriterLock, read: FullRead): Promise<string | undefined>;
  recorder(lock: WriterLock): LedgerRecorder;
  /** `undefined`: they have changed, and are to be read again. */
  noteEntities(id: string, entities: FeedEntities | undefined): Promise<void>;
  /** What makes it unusable until it is read in full. */
  doubt(why: string): Promise<void>;
  /** A note beside the entries; lost where another ledger took its place. */
  note(id: string, field: string, value: string): Promise<void>;
  notes(fields: readonly string[]): Promise<(string | null)[]>;
}

export interface FullRead {
  readonly stamp: string;
  readonly actual: Actual;
  readonly entities: FeedEntities;
  readonly readAt: string;
}

export function makeLedgerStore(
  redis: Redis,
  keys: Pick<RedisKeys, 'ledger' | 'lock'>,
  { tenant, owner }: { tenant: string; owner: string },
): LedgerStore {
  const base = keys.ledger;
  const log = `${base}:log`;
  const inFlight = `${base}:attempts`;
  const stampKey = `${base}:stamp`;
  const entriesOf = (id: string) => `${base}:entries:${id}`;
  const whose = `${owner}@${tenant}`;

  async function facts(): Promise<LedgerFacts | { unusable: string }> {
    const fields = ['id', 'format', 'whose', 'version', 'readAt', 'entities', 'doubt'] as const;
    const [id, format, of, version, readAt, entities, doubt] = await redis.hmget(base, ...fields);
    if (!id || !readAt) return { unusable: 'there is no ledger' };
    if (format !== String(LEDGER_FORMAT))
      return { unusable: `the ledger is of format ${format}, not ${LEDGER_FORMAT}` };
    if (of !== whose) return { unusable: `the ledger is of ${of}, not of ${whose}` };
    if (doubt) return { unusable: doubt };
    return { id, version: Number(version), readAt, entities: entities ? unpackEntities(entities) : undefined };
  }

  async function records(id: string, hs: readonly string[]): Promise<Map<string, EntryRecord>> {
    const shared = makeInterner();
    const found = new Map<string, EntryRecord>();
    for (const some of slices(hs)) {
      const texts = await redis.hmget(entriesOf(id), ...some);
      for (const [n, h] of some.entries()) {
        const text = texts[n];
        found.set(h, text ? unpackRecord(h, text, shared) : NOTHING_HELD);
      }
    }
    return found;
  }

  async function note(id: string, field: string, value: string): Promise<void> {
    await redis.eval(NOTE, 1, base, id, field, value);
  }

  return {
    facts,
    records,
    async leftInFlight() {
      const [holder, marks] = (await redis.multi().get(keys.lock).hgetall(inFlight).exec()) ?? [];
      const left = new Map<string, Attempt>();
      const attempts = new Map<string, Attempt>();
      for (const [h, mark] of Object.entries((marks?.[1] ?? {}) as Record<string, string>)) {
        const blank = mark.indexOf(' ');
        const text = mark.slice(blank + 1);
        if (mark.slice(0, blank) === holder?.[1]) continue;
        const attempt = attempts.get(text) ?? (JSON.parse(text) as Attempt);
        attempts.set(text, attempt);
        left.set(h, attempt);
      }
      return left;
    },
    async touchedSince(version, { version: current }) {
      // A copy may be newer than these facts: another job of this process was here meanwhile.
      if (version >= current) return [];
      const elements = await redis.lrange(log, version - current, -1);
      const touched = new Set<string>();
      for (const [n, element] of elements.entries()) {
        const [number, ...hs] = element.split(' ');
        // A version that was made since the facts were read moves the window: better all of it than a gap.
        if (Number(number) !== version + 1 + n) return undefined;
        for (const h of hs) touched.add(h);
      }
      return elements.length < current - version ? undefined : [...touched];
    },
    async *allRecords(id) {
      let cursor = '0';
      do {
        const [next, flat] = await redis.hscan(entriesOf(id), cursor, 'COUNT', SLICE);
        cursor = next;
        const pairs: [string, string][] = [];
        for (let n = 0; n + 1 < flat.length; n += 2) pairs.push([flat[n] ?? '', flat[n + 1] ?? '']);
        yield pairs;
      } while (cursor !== '0');
    },
    takeStamp: (lock) =>
      lock.exclusively(async () => {
        await redis.set(stampKey, randomUUID(), 'NX');
        return (await redis.get(stampKey)) ?? '';
      }),
    async rewrite(lock, { stamp, actual, entities, readAt }) {
      const id = randomUUID();
      const key = entriesOf(id);
      for (const hs of slices(entriesIn(actual))) {
        const pairs = hs.flatMap((h) => [h, packRecord(recordOf(actual, h))]);
        await redis
          .multi()
          .hset(key, ...pairs)
          .pexpire(key, DRAFT_MS)
          .exec();
      }
      const fields = { id, format: String(LEDGER_FORMAT), whose, readAt, entities: packEntities(entities) };
      const old = await lock.exclusively(() =>
        redis.eval(
          SWAP,
          6,
          keys.lock,
          stampKey,
          inFlight,
          base,
          log,
          key,
          lock.token,
          stamp,
          ...Object.entries(fields).flat(),
        ),
      );
      if (old === 0) throw new LockLost(LOST);
      await redis.unlink(entriesOf(old === 'moved' ? id : String(old)));
      return old === 'moved' ? undefined : id;
    },
    recorder(lock) {
      // Entries that an earlier attempt may have written: of these nothing is a contradiction.
      let attempted = new Set<string>();
      return {
        async begin(hs, attempt) {
          const values = [lock.token, randomUUID(), `${lock.token} ${JSON.stringify(attempt)}`];
          const left = await redis.eval(BEGIN, 3, keys.lock, stampKey, inFlight, ...values, ...hs);
          if (!Array.isArray(left)) throw new LockLost(LOST);
          attempted = new Set(left.map(String));
        },
        async end(learned) {
          const known = await facts();
          const id = 'id' in known ? known.id : '';
          const hs = [...new Set(learned.map(({ h }) => h))];
          const held = id === '' ? new Map<string, EntryRecord>() : await records(id, hs);
          let wrong = 0;
          for (const fact of learned) {
            const before = held.get(fact.h) ?? NOTHING_HELD;
            if (!attempted.has(fact.h) && contradicts(before, fact)) wrong += 1;
            held.set(fact.h, learn(before, fact));
          }
          const pairs = hs.flatMap((h) => [h, packRecord(held.get(h) ?? NOTHING_HELD)]);
          const doubt = wrong === 0 ? '' : `CTIA holds ${wrong} of ${hs.length} entries otherwise than the ledger said`;
          const lists = [keys.lock, stampKey, inFlight, base, log, entriesOf(id)];
          const values = [lock.token, randomUUID(), id, hs.join(' '), LOG_MAX, doubt];
          const done = await redis.eval(END, 6, ...lists, ...values, ...pairs);
          if (done !== 1) throw new LockLost(LOST);
        },
      };
    },
    async doubt(why) {
      const known = await facts();
      if ('id' in known) await note(known.id, 'doubt', why);
    },
    noteEntities: (id, entities) => note(id, 'entities', entities ? packEntities(entities) : ''),
    note,
    notes: (fields) => redis.hmget(base, ...fields),
  };
}

const LOST = 'another process writes to this tenant now: what this one learned is not noted, and looked at again';

function* entriesIn({ judgements, dangling }: Actual): Generator<string> {
  yield* judgements.keys();
  for (const h of dangling.keys()) if (!judgements.has(h)) yield h;
}

/** Of a million entries no list of all is made: that alone would stop the event loop. */
function* slices<T>(items: Iterable<T>): Generator<readonly T[]> {
  let slice: T[] = [];
  for (const item of items) {
    slice.push(item);
    if (slice.length < SLICE) continue;
    yield slice;
    slice = [];
  }
  if (slice.length > 0) yield slice;
}
