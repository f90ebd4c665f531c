import type { Entry } from '../ctim/entry.ts';
import { feedKey } from '../ctim/feed.ts';
import type { Observable } from '../ctim/observable.ts';
import type { ActualJudgement } from './actual.ts';

type Indicators = ReadonlyMap<string, string | undefined>;

/** What is held, dead or alive, and not desired, by h. */
export type NotDesired = ReadonlyMap<string, readonly ActualJudgement[]>;

/**
 * What is not simply there as wanted. Of all the rest the entry and the one judgement of its h are the same value, which is
 * in the feed that it belongs to: nothing enters or leaves through it.
 */
export interface Apart {
  readonly wanted: ReadonlySet<Entry>;
  /** What is held of those. */
  readonly held: readonly (readonly ActualJudgement[])[];
  readonly notDesired: NotDesired;
  /** Of everything that the lists want, by `feedKey` and list. */
  readonly counts: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/** How many entries of which list each feed is to hold. Neighbours are mostly of one list and type: nothing is looked up then. */
export function makeFeedCounts(indicators: Indicators) {
  const counts = new Map<string, Map<string, number>>([...indicators.keys()].map((key) => [key, new Map()]));
  let [channel, type, list, count, target] = ['', '', '', 0, undefined as string | undefined];
  const note = () => {
    if (count === 0) return;
    const key = feedKey({ channel, type: type as Observable['type'] });
    const lists = counts.get(key) ?? new Map<string, number>();
    counts.set(key, lists.set(list, (lists.get(list) ?? 0) + count));
    count = 0;
  };
  return {
    /** Gives the indicator of its feed, where that tells which feed it is. */
    count(entry: Entry): string | undefined {
      const { observable } = entry;
      if (entry.channel !== channel || observable.type !== type || entry.list !== list) {
        note();
        ({ channel, list } = entry);
        type = observable.type;
        target = indicatorOf(feedKey({ channel, type: observable.type }), indicators);
      }
      count += 1;
      return target;
    },
    get counts() {
      note();
      return counts;
    },
  };
}

/** Where one indicator fills two feeds, what is linked to it is in the first of them: see `feedKeyOf`. */
function indicatorOf(key: string, indicators: Indicators): string | undefined {
  const target = indicators.get(key);
  for (const [first, indicator] of indicators) if (indicator === target) return first === key ? target : undefined;
  return undefined;
}
