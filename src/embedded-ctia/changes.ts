import { shortIdOf } from './ids.ts';
import type { Stored } from './kinds.ts';
import type { Write } from './refresh.ts';

/**
 * Tells whether a feed's list may have changed by a write, and by which values. What a list hangs on are the links to its
 * indicator and the judgements behind them.
 *
 *   created      links count for the indicator they point at; a new judgement has no link yet
 *   replaced     a judgement or link counts for every feed: which ones it was in before is not worth a look-up
 *   removed      the same
 *
 * Entities of other types stand in no feed. In memory: a process that starts has nothing kept that could be stale.
 */
export interface Changes {
  /** `before`: what the write replaced or removed, as it was. */
  note(write: Write, before: readonly Stored[]): void;
  /** Equal as long as nothing was written that could change what feeds of this indicator list. */
  stateOf(indicatorId: string): string;
  /** Undefined where that is longer ago than is remembered. */
  touchedSince(state: string): Touched | undefined;
}

/** Of all that was replaced and removed. Links that were made are not told: they come after all others. */
export interface Touched {
  /** Of observables. */
  readonly values: ReadonlySet<string>;
  /** Short ids of judgements to which a link was another one. */
  readonly judgements: ReadonlySet<string>;
}

/** Relationships point at many things that no feed is of. */
const TARGETS_KEPT = 10_000;
/** What a view of 80,000 lines is not better made anew for. */
const TOUCHED_KEPT = 20_000;

export function makeChanges(): Changes {
  let everywhere = 0;
  const byTarget = new Map<string, number>();
  // The latest steps of `everywhere`, without the documents, which are many times as large.
  const steps: { readonly values: string[]; readonly judgements: string[] }[] = [];
  let remembered = 0;

  function step(touched: readonly Stored[]): void {
    everywhere += 1;
    steps.push({ values: touched.flatMap(observableValueOf), judgements: touched.flatMap(judgementOf) });
    remembered += 1 + touched.length;
    while (remembered > TOUCHED_KEPT) {
      const [oldest] = steps.splice(0, 1);
      if (oldest !== undefined) remembered -= 1 + oldest.values.length + oldest.judgements.length;
    }
  }

  return {
    note(write, before) {
      if ('remove' in write) {
        if (inFeeds(write.remove)) step(before);
      } else if ('put' in write) {
        if (write.put.some(inFeeds)) step([...before, ...write.put].filter(inFeeds));
      } else {
        const targets = write.create.flatMap(({ type, target_ref: target }) =>
          type === 'relationship' ? [String(target).toLowerCase()] : [],
        );
        for (const target of new Set(targets)) byTarget.set(target, (byTarget.get(target) ?? 0) + 1);
        if (byTarget.size > TARGETS_KEPT) {
          byTarget.clear();
          step([]);
        }
      }
    },
    stateOf: (indicatorId) => `${everywhere}.${byTarget.get(indicatorId.toLowerCase()) ?? 0}`,
    touchedSince(state) {
      const first = steps.length - (everywhere - Number(state.split('.')[0]));
      if (first < 0) return undefined;
      const since = steps.slice(first);
      return {
        values: new Set(since.flatMap(({ values }) => values)),
        judgements: new Set(since.flatMap(({ judgements }) => judgements)),
      };
    },
  };
}

function inFeeds({ type }: { readonly type: string }): boolean {
  return type === 'judgement' || type === 'relationship';
}

function observableValueOf(document: Stored): string[] {
  return document.type === 'judgement' ? [(document.observable as { value: string }).value] : [];
}

function judgementOf({ type, source_ref: source }: Stored): string[] {
  const id = type === 'relationship' ? shortIdOf(String(source)) : undefined;
  return id === undefined ? [] : [id];
}
