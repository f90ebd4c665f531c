import { type AllowedByHand, ATTACKERS, type Entry } from '../ctim/entry.ts';
import { allowChannelsOf, type Channel } from '../ctim/feed.ts';
import { makePrecedence } from '../lists/precedence.ts';
import { type Actual, listOf, liveWhere } from '../plan/actual.ts';
import { entryOfStored } from '../plan/documents.ts';

/** What is on the list of attackers and allowed since, by h, and what a person should hear of it. */
export interface Overruled {
  readonly hs: ReadonlySet<string>;
  readonly notices: readonly string[];
}

const NOTHING: Overruled = { hs: new Set(), notices: [] };

/**
 * What a person blocks by hand no sync undoes; of what a log made us block whatever allows wins, also what is allowed
 * only later: a customer's scanner that somebody puts on an allow list leaves its feed with the next sync.
 */
export function findOverruled(
  { entries, channels }: { readonly entries: Iterable<Entry>; readonly channels: readonly Channel[] },
  allowedByHand: readonly AllowedByHand[],
  actual: Actual,
  now: number,
): Overruled {
  const attackers = liveWhere(actual.judgements, now, (it) => it.once && listOf(it) === ATTACKERS);
  // On most days none: no list is looked at for that.
  if (attackers.length === 0) return NOTHING;
  const allowing = allowChannelsOf(channels);
  const allows: Entry[] = [];
  for (const entry of entries) if (allowing.has(entry.channel)) allows.push(entry);
  const precedence = makePrecedence(allows, allowedByHand);
  const hs = new Set<string>();
  const notices: string[] = [];
  for (const stored of attackers) {
    const { published, problems } = precedence(entryOfStored(stored, 0));
    if (published || hs.has(stored.h)) continue;
    hs.add(stored.h);
    for (const { message } of problems) notices.push(`${ATTACKERS}: ${message}`);
  }
  return { hs, notices };
}
