import type { Entry } from '../ctim/entry.ts';
import { feedKey } from '../ctim/feed.ts';
import type { ObservableType } from '../ctim/observable.ts';
import { type ActualJudgement, type JudgementWords, listOf, listPlaceOf } from './actual.ts';
import type { Batch } from './batch.ts';
import { type Change, type ChangeKind, hashOf } from './change.ts';
import { differingWords } from './documents.ts';
import type { Learned } from './learned.ts';

/** One change that was carried out, as the journal keeps it: plain, and only what differs before and after. */
export interface Done {
  readonly kind: ChangeKind;
  /** Absent where a link was deleted whose judgement is gone: of its entry only `h` is known. */
  readonly type?: ObservableType;
  readonly value?: string;
  readonly h?: string;
  readonly list?: string;
  /** `firewall-block/ip`; absent where no list was read, as for a renewal. */
  readonly feed?: string;
  /** `feeds/tor.yaml:12`, as it was when the entry was written. */
  readonly place?: string;
  readonly judgement?: string;
  /** Epoch ms. */
  readonly endBefore?: number;
  readonly end?: number;
  /** Of what is new all words, else those that changed. */
  readonly wordsBefore?: Partial<JudgementWords>;
  readonly words?: Partial<JudgementWords>;
  /** CTIA did not say what became of it. */
  readonly unknown?: true;
  /** Its writer died before it could tell; who looked next found it so. */
  readonly found?: true;
}

/**
 * What a batch changed, by what was learned of each of its entries.
 *
 *   learned of the entry                 | journal
 *   -------------------------------------+-------------------------------------------
 *   a judgement, written or found        | the change, with that judgement's end
 *   gone                                 | the change
 *   nothing was written, or it failed    | none: the run's report names failures
 *   nobody knows what became of it       | the change, marked `unknown`
 */
export function changesDone(
  batch: Batch,
  learned: readonly Learned[],
  { failed, unknown }: { failed: ReadonlySet<string>; unknown: ReadonlySet<string> },
): Done[] {
  const facts = new Map<string, Learned[]>();
  for (const fact of learned) {
    const those = facts.get(fact.h);
    if (those) those.push(fact);
    else facts.set(fact.h, [fact]);
  }
  return batch.changes.flatMap((change: Change): Done[] => {
    const h = hashOf(change);
    if (unknown.has(h)) return [{ ...doneOf(change, undefined), unknown: true }];
    const of = facts.get(h) ?? [];
    const after = judgementAfter(change, of);
    const isDone = after !== undefined || of.some((fact) => 'gone' in fact);
    return failed.has(h) || !isDone ? [] : [doneOf(change, after)];
  });
}

/** What stands now in place of what a change wrote: itself, or under succession the one that follows it. */
function judgementAfter(change: Change, facts: readonly Learned[]): ActualJudgement | undefined {
  const those = facts.flatMap((fact) => ('judgement' in fact ? [fact.judgement] : []));
  if (change.kind === 'unlink' || change.kind === 'collect') return undefined;
  if (change.kind === 'adopt') return those.toSorted((a, b) => b.end - a.end)[0];
  if (!('stored' in change)) return those.findLast(({ g }) => g === change.judgement.g) ?? those.at(-1);
  const same = those.findLast(({ id }) => id === change.stored.id);
  return change.kind === 'withdraw' ? same : (same ?? those.at(-1));
}

function doneOf(change: Change, after: ActualJudgement | undefined): Done {
  const { kind, feed } = change;
  const where = feed && { feed: feedKey(feed) };
  if (kind === 'unlink') {
    const { observable, list } = change.of ?? {};
    return { kind, ...where, h: change.h, ...observable, ...(list && { list }) };
  }
  const end = after && { end: after.end };
  if (kind === 'create' || kind === 'link' || kind === 'adopt') {
    const { observable, list } = change.entry;
    const its = after && { judgement: after.id, words: after.words };
    return { kind, ...observable, list, ...where, place: placeOf(change.entry), ...its, ...end };
  }
  const { stored } = change;
  const entry = 'entry' in change ? change.entry : undefined;
  const list = entry?.list ?? listOf(stored);
  const common = { kind, ...stored.observable, ...(list && { list }), ...where, endBefore: stored.end, ...end };
  // Renewals are by far the most: their place and, in place, their judgement say nothing new.
  if (kind === 'renew') return { ...common, ...(after && after.id !== stored.id && { judgement: after.id }) };
  const place = entry ? placeOf(entry) : listPlaceOf(stored);
  const rest = { ...(place && { place }), judgement: after?.id ?? stored.id };
  if (kind !== 'change' && kind !== 'revive') return { ...common, ...rest };
  return { ...common, ...rest, ...(after && changedWords(stored.words, after.words)) };
}

export function changedWords(before: JudgementWords, after: JudgementWords): Pick<Done, 'words' | 'wordsBefore'> {
  const changed = differingWords(before, after);
  if (changed.length === 0) return {};
  const only = (words: JudgementWords) => Object.fromEntries(changed.map((name) => [name, words[name]]));
  return { wordsBefore: only(before), words: only(after) };
}

function placeOf({ position: { file, line } }: Entry): string {
  return `${file}:${line}`;
}
