import type { Done } from '../plan/done.ts';
import type { Learned } from '../plan/learned.ts';
import type { Recorder } from '../reconcile/apply.ts';

/**
 * Every change of every run, for who asks later: what was changed, by which run, for which commit, from what to what. One
 * record for each batch. It is a memory and decides nothing: losing it changes no feed.
 *
 * Renewals are kept apart: they are by far the most, and must not push out what tells more.
 */
export interface Journal {
  append(record: JournalRecord): Promise<void>;
  /** Newest first. Bounds in epoch ms, inclusive. */
  records(range: Range): AsyncGenerator<JournalRecord>;
  /** When its oldest record of anything but renewals was written: of what was before it says nothing. Undefined where it is empty. */
  begins(): Promise<number | undefined>;
  /** Lets go of what is older than this. */
  forget(before: number): Promise<void>;
}

export interface JournalRecord {
  /** Epoch ms, by the server's clock. */
  readonly at: number;
  readonly run: string;
  /** What was under way: a sync, a renewal, an add, a remove, a panic. */
  readonly who: string;
  readonly revision: string;
  readonly changes: readonly Done[];
}

export interface Range {
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

const DAY = 24 * 60 * 60 * 1000;
export const KEEP_MS = 400 * DAY;

/** What was under way, as the journal tells it of a batch, and as the ledger keeps it beside what is in flight. */
export type Attempt = Omit<JournalRecord, 'changes'>;

/** Who keeps the ledger right around each batch. */
export interface LedgerRecorder {
  begin(hs: readonly string[], attempt: Attempt): Promise<void>;
  end(facts: readonly Learned[]): Promise<void>;
}

export const NO_LEDGER: LedgerRecorder = { begin: async () => {}, end: async () => {} };

/** Also tells the journal of each batch. */
export function journalled(record: LedgerRecorder, journal: Journal, who: string, run: string): Recorder {
  return {
    begin: (hs, { now, revision }) => record.begin(hs, { at: now, run, who, revision }),
    end: record.end,
    async note(done, { now, revision }) {
      await tell(journal, { at: now, run, who, revision }, done);
    },
  };
}

/** What one attempt changed: renewals apart from all else. */
export async function tell(journal: Journal, attempt: Attempt, done: readonly Done[]): Promise<void> {
  const renewals = done.filter(({ kind }) => kind === 'renew');
  const others = done.filter(({ kind }) => kind !== 'renew');
  if (others.length > 0) await journal.append({ ...attempt, changes: others });
  if (renewals.length > 0) await journal.append({ ...attempt, changes: renewals });
}

export function isOfRenewals({ changes }: Pick<JournalRecord, 'changes'>): boolean {
  return changes.every(({ kind }) => kind === 'renew');
}

export function isWithin(at: number, { since, until }: Range): boolean {
  return (since === undefined || at >= since) && (until === undefined || at <= until);
}

/** Of several that were kept side by side. */
export async function* newestFirst(sources: readonly AsyncGenerator<JournalRecord>[]): AsyncGenerator<JournalRecord> {
  const heads = await Promise.all(sources.map((source) => source.next()));
  for (;;) {
    let newest: { n: number; record: JournalRecord } | undefined;
    for (const [n, head] of heads.entries())
      if (!head.done && (newest === undefined || head.value.at > newest.record.at)) newest = { n, record: head.value };
    if (newest === undefined) return;
    yield newest.record;
    const source = sources[newest.n];
    if (source) heads[newest.n] = await source.next();
  }
}
