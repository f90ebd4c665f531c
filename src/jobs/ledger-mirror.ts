import type { Actual, ActualLink } from '../plan/actual.ts';
import { isColumns, type JudgementColumns, makeJudgementColumns } from '../plan/judgement-columns.ts';
import type { EntryRecord } from '../plan/learned.ts';
import { makeInterner } from '../reconcile/actual.ts';
import type { LedgerFacts, LedgerStore } from './ledger.ts';
import { unpackRecord } from './ledger-format.ts';

/** The ledger in this process's memory: catching up reads what was touched since, and only a cold start reads all of it. */
export interface LedgerMirror {
  /** The ledger as these facts have it, or newer. Undefined where another one took its place meanwhile. */
  catchUp(facts: LedgerFacts): Promise<Actual | undefined>;
  /** What was just read from CTIA and written into the ledger under this id. */
  take(id: string, actual: Actual): Promise<void>;
}

interface Held {
  readonly id: string;
  version: number;
  readonly judgements: JudgementColumns;
  readonly dangling: Map<string, readonly ActualLink[]>;
}

/** After a sync of a million these are as many: other jobs have their turn in between. */
const SLICE = 2000;

export function makeLedgerMirror(store: LedgerStore): LedgerMirror {
  let held: Held | undefined;
  // Two jobs of one process that catch up at once would each read half of what the other needs.
  let turn: Promise<unknown> = Promise.resolve();

  async function follow(facts: LedgerFacts): Promise<Actual | undefined> {
    const mine = held;
    const touched = mine?.id === facts.id ? await store.touchedSince(mine.version, facts) : undefined;
    const next = mine && touched ? mine : await readAll(store, facts);
    for (let at = 0; at < (touched?.length ?? 0); at += SLICE)
      for (const [h, record] of await store.records(facts.id, touched?.slice(at, at + SLICE) ?? []))
        put(next, h, record);
    // Entries of a ledger that was replaced while we read are gone from Redis, and would be gone here.
    const now = await store.facts();
    if (!('id' in now) || now.id !== facts.id) {
      held = undefined;
      return undefined;
    }
    next.version = Math.max(next.version, facts.version);
    held = next;
    return next;
  }

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = turn.then(work);
    turn = done.catch(() => undefined);
    return done;
  }

  return {
    catchUp: (facts) => inTurn(() => follow(facts)),
    take: (id, actual) =>
      inTurn(async () => {
        // Who read goes on with its own, as it was then.
        held = { id, version: 0, judgements: columnsOf(actual), dangling: new Map(actual.dangling) };
      }),
  };
}

async function readAll(store: LedgerStore, { id, version }: LedgerFacts): Promise<Held> {
  const shared = makeInterner();
  const all: Held = { id, version, judgements: makeJudgementColumns(), dangling: new Map() };
  // Each slice is a round trip, in which other jobs of this process have their turn.
  for await (const pairs of store.allRecords(id)) {
    for (const [h, text] of pairs) put(all, h, unpackRecord(h, text, shared));
  }
  return all;
}

/** A million are copied as they lie in a tenth of a second. What came as a map came from somebody who has few. */
function columnsOf({ judgements }: Actual): JudgementColumns {
  if (isColumns(judgements)) return judgements.copy();
  const columns = makeJudgementColumns();
  for (const [h, those] of judgements) columns.set(h, those);
  return columns;
}

function put({ judgements, dangling }: Held, h: string, record: EntryRecord): void {
  if (record.judgements.length > 0) judgements.set(h, record.judgements);
  else judgements.delete(h);
  if (record.dangling.length > 0) dangling.set(h, record.dangling);
  else dangling.delete(h);
}
