import { feedKey } from '../ctim/feed.ts';
import { glances, isLive, listOf } from './actual.ts';
import { takenOf } from './adopt.ts';
import type { Apart } from './apart.ts';
import type { Change } from './change.ts';
import { feedKeyOf, isStanding, type Situation } from './changes.ts';

/** What enters and leaves one feed: observables, each with the lists that bring it or give it up. */
export interface FeedMoves {
  readonly entering: ReadonlyMap<string, readonly string[]>;
  readonly leaving: ReadonlyMap<string, readonly string[]>;
}

export const NO_MOVES: FeedMoves = { entering: new Map(), leaving: new Map() };

type Candidates = Map<string, Map<string, readonly string[]>>;

/**
 * By `feedKey`. Judgements are not what counts: a value that is made while another list holds it does not enter, one that
 * is withdrawn while another list wants it does not leave. So what changes is collected first, and the rest of what is
 * held and wanted asked only about that.
 */
export function findMoves(situation: Situation, changes: readonly Change[], apart?: Apart): Map<string, FeedMoves> {
  const entering: Candidates = new Map();
  const leaving: Candidates = new Map();
  for (const change of changes) {
    if (change.feed === undefined) continue;
    const key = feedKey(change.feed);
    if (change.kind === 'withdraw') note(leaving, key, change.stored.observable.value, listOf(change.stored));
    else if (change.kind === 'unlink') noteUnlinked(leaving, situation, change);
    else if (change.kind !== 'renew' && change.kind !== 'collect' && !isInFeed(change))
      note(entering, key, change.entry.observable.value, change.entry.list);
  }
  if (entering.size + leaving.size > 0) strikeWhatStays(situation, entering, leaving, apart);
  const moves = new Map<string, FeedMoves>();
  for (const key of new Set([...entering.keys(), ...leaving.keys()]))
    moves.set(key, { entering: entering.get(key) ?? new Map(), leaving: leaving.get(key) ?? new Map() });
  return moves;
}

/** What is adopted with a link is in its feed before. */
function isInFeed(change: Change): boolean {
  if (change.kind !== 'adopt') return false;
  return takenOf(change).some(({ foreign }) => foreign.links.length > 0);
}

/** A wrong link keeps its value in the feed that it leads to, not in that of its entry. */
function noteUnlinked(
  leaving: Candidates,
  { actual, indicators }: Situation,
  { h, link }: Extract<Change, { kind: 'unlink' }>,
): void {
  const key = feedKeyOf({ links: [link] }, indicators);
  if (key === undefined) return;
  for (const stored of actual.judgements.get(h) ?? []) note(leaving, key, stored.observable.value, listOf(stored));
}

function strikeWhatStays(situation: Situation, entering: Candidates, leaving: Candidates, apart: Apart | undefined) {
  const { desired, actual, indicators, now } = situation;
  const wants = (key: string, value: string) => leaving.get(key)?.delete(value);
  const held: Candidates = new Map();
  const holds = (key: string, value: string) => {
    entering.get(key)?.delete(value);
    note(held, key, value, undefined);
  };
  // Most values of a long list move nowhere: asked before anything that costs.
  const isCandidate = (value: string) => isAmong(entering, value) || isAmong(leaving, value);
  if (apart !== undefined || leaving.size > 0) {
    for (const entry of desired.values()) {
      const { channel, observable } = entry;
      if (!isCandidate(observable.value)) continue;
      const key = feedKey({ channel, type: observable.type });
      wants(key, observable.value);
      // Of all else what is wanted is what is held.
      if (apart !== undefined && !apart.wanted.has(entry)) holds(key, observable.value);
    }
  }
  const those = apart === undefined ? glances(actual.judgements) : [...apart.held, ...apart.notDesired.values()].flat();
  for (const judgement of those) {
    const { value } = judgement.observable;
    if (!isCandidate(value)) continue;
    const key = isLive(judgement, now) ? feedKeyOf(judgement, indicators) : undefined;
    if (key === undefined) continue;
    holds(key, value);
    if (!desired.has(judgement.h) && isStanding(judgement, situation)) wants(key, value);
  }
  // What was not in the feed does not leave it.
  for (const [key, values] of leaving)
    for (const value of values.keys()) if (!held.get(key)?.has(value)) values.delete(value);
}

function isAmong(candidates: Candidates, value: string): boolean {
  for (const values of candidates.values()) if (values.has(value)) return true;
  return false;
}

function note(candidates: Candidates, key: string, value: string, list: string | undefined): void {
  const values = candidates.get(key) ?? new Map<string, readonly string[]>();
  candidates.set(key, values);
  const known = values.get(value);
  if (known === undefined) values.set(value, alone(list));
  else if (list !== undefined && !known.includes(list)) values.set(value, [...known, list]);
}

/** A million values of one list share one array. */
const arrays = new Map<string, readonly string[]>();
const NOBODY: readonly string[] = [];

function alone(list: string | undefined): readonly string[] {
  if (list === undefined) return NOBODY;
  const known = arrays.get(list) ?? [list];
  arrays.set(list, known);
  return known;
}

/** How many values each list brings, or gives up. A value of two lists counts for both. */
export function countByList(moves: Iterable<FeedMoves>): Map<string, { enters: number; leaves: number }> {
  const counts = new Map<string, { enters: number; leaves: number }>();
  const count = (list: string, what: 'enters' | 'leaves') => {
    const known = counts.get(list) ?? { enters: 0, leaves: 0 };
    known[what] += 1;
    counts.set(list, known);
  };
  for (const { entering, leaving } of moves) {
    for (const lists of entering.values()) for (const list of lists) count(list, 'enters');
    for (const lists of leaving.values()) for (const list of lists) count(list, 'leaves');
  }
  return counts;
}
