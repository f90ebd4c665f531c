import type { Entry, Terms } from '../ctim/entry.ts';
import type { Batch } from '../plan/batch.ts';
import type { Change } from '../plan/change.ts';

/**
 * A batch as it lies in Redis. A thousand entries of one list share one `Terms`, and a queue of a hundred thousand
 * entries would hold it a hundred thousand times: terms are listed once, and entries point to them.
 */
export interface BatchPayload {
  v: 1;
  kind: Batch['kind'];
  revision: string;
  /** The indicators of the feeds that this batch links to, by `channel/type`. */
  indicators: [string, string][];
  terms: Terms[];
  changes: PackedChange[];
  /** Ours, for the report: which run this belongs to. */
  run: string;
  /** How much had been done by hand when this was planned. */
  byHand: string;
}

type PackedEntry = Omit<Entry, 'terms'> & { terms: number };
type PackedChange = DistributiveOmit<Change, 'entry'> & { entry?: PackedEntry };
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

export function packBatch(
  batch: Batch,
  facts: Pick<BatchPayload, 'revision' | 'indicators' | 'run' | 'byHand'>,
): BatchPayload {
  const terms: Terms[] = [];
  const numbers = new Map<Terms, number>();
  const numberOf = (those: Terms) => {
    const known = numbers.get(those);
    if (known !== undefined) return known;
    numbers.set(those, terms.length);
    terms.push(those);
    return terms.length - 1;
  };
  const changes = batch.changes.map((change): PackedChange => {
    if (!('entry' in change) || change.entry === undefined) return change as PackedChange;
    return { ...change, entry: { ...change.entry, terms: numberOf(change.entry.terms) } };
  });
  return { v: 1, kind: batch.kind, ...facts, terms, changes };
}

export function unpackBatch({ kind, terms, changes }: BatchPayload): Batch {
  const unpacked = changes.map((change) => {
    if (change.entry === undefined) return change;
    const its = terms[change.entry.terms];
    if (its === undefined) throw new Error(`batch names terms ${change.entry.terms} of ${terms.length}`);
    return { ...change, entry: { ...change.entry, terms: its } };
  });
  return { kind, changes: unpacked } as Batch;
}
