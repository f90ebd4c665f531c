import type { Write } from './refresh.ts';

/**
 * Tells whether a feed's list may have changed by a write. What a list hangs on are the links to its indicator and the
 * judgements behind them.
 *
 *   created      links count for the indicator they point at; a new judgement has no link yet
 *   replaced     a judgement or link counts for every feed: which ones it was in before is not worth a look-up
 *   removed      the same
 *
 * Entities of other types stand in no feed. In memory: a process that starts has nothing kept that could be stale.
 */
export interface Changes {
  note(write: Write): void;
  /** Equal as long as nothing was written that could change what feeds of this indicator list. */
  stateOf(indicatorId: string): string;
}

/** Whether between two states of an indicator nothing happened but that links to it were made. */
export function onlyGrew(before: string, now: string): boolean {
  const [everywhere] = before.split('.');
  return now.split('.')[0] === everywhere;
}

/** Relationships point at many things that no feed is of. */
const TARGETS_KEPT = 10_000;

export function makeChanges(): Changes {
  let everywhere = 0;
  const byTarget = new Map<string, number>();
  const inFeeds = (type: string) => type === 'judgement' || type === 'relationship';
  return {
    note(write) {
      if ('remove' in write) {
        if (inFeeds(write.remove.type)) everywhere += 1;
      } else if ('put' in write) {
        if (write.put.some(({ type }) => inFeeds(type))) everywhere += 1;
      } else {
        const targets = write.create.flatMap(({ type, target_ref: target }) =>
          type === 'relationship' ? [String(target).toLowerCase()] : [],
        );
        for (const target of new Set(targets)) byTarget.set(target, (byTarget.get(target) ?? 0) + 1);
        if (byTarget.size > TARGETS_KEPT) {
          byTarget.clear();
          everywhere += 1;
        }
      }
    },
    stateOf: (indicatorId) => `${everywhere}.${byTarget.get(indicatorId.toLowerCase()) ?? 0}`,
  };
}
