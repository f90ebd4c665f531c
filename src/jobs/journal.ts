import type { Done } from '../plan/done.ts';
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

/** Also tells the journal of each batch. */
export function journalled(record: Omit<Recorder, 'note'>, journal: Journal, who: string, run: string): Recorder {
  return {
    ...record,
    async note(done, { now, revision }) {
      const renewals = done.filter(({ kind }) => kind === 'renew');
      const others = done.filter(({ kind }) => kind !== 'renew');
      const about = { at: now, run, who, revision };
      if (others.length > 0) await journal.append({ ...about, changes: others });
      if (renewals.length > 0) await journal.append({ ...about, changes: renewals });
    },
  };
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
