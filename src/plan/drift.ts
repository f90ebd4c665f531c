import type { Entry } from '../ctim/entry.ts';
import { feedKey } from '../ctim/feed.ts';
import { sameObservable } from '../ctim/observable.ts';
import { type Actual, type ActualJudgement, glances, isDead, isLive } from './actual.ts';
import { type Change, hashOf } from './change.ts';
import { feedNamed, type Situation } from './changes.ts';
import { differingWords, endedEarly, wasWithdrawn, wordsOf } from './documents.ts';
import { recordOf } from './learned.ts';
import type { Making } from './plan.ts';

/**
 * What others did to what is ours, or what is left of a crash: not what the lists say anew. The plan tells what differs;
 * whether it is drift tells what we know of the time before:
 *
 *   the judgement itself      alive and without any link, dead before its time, on another observable, several of one entry:
 *                             no run of ours leaves it so
 *   the ledger                held it otherwise before this read: somebody else wrote
 *   no ledger                 the lists are those applied last, so that all of them is there or was
 *   otherwise                 the lists changed, and nobody applied that yet
 */
export type DriftKind =
  | 'missing'
  | 'extra'
  | 'changed'
  | 'unlinked'
  | 'links-wiped'
  | 'wrong-indicator'
  | 'wrong-type'
  | 'duplicate'
  | 'feed-ending'
  | 'feed-gone'
  | 'indicator-gone'
  | 'allowed-kept';

export interface Drift {
  readonly kind: DriftKind;
  /** As `feedKey` writes it; empty where what drifted is in no feed of today. */
  readonly feed: string;
  readonly count: number;
  readonly examples: readonly string[];
  /** Ours a sync repairs. Of what is foreign the examples say who must act. */
  readonly whose: 'ours' | 'foreign';
}

/** What is known of the time before this read. */
export interface Before {
  /** The lists are of the revision that was applied last. */
  readonly listsApplied: boolean;
  /** When that was, epoch ms; an entry that starts later was not applied then. */
  readonly appliedAt: number;
  /** As the ledger had it, where there was one. */
  readonly ledger?: { readonly actual: Actual; readonly feeds: ReadonlySet<string> } | undefined;
}

export interface Drifted {
  readonly drift: readonly Drift[];
  /** What differs since the lists changed. */
  readonly unapplied: readonly Change[];
}

const EXAMPLES_MAX = 5;

interface Finding {
  readonly kind: DriftKind;
  readonly feed: string;
  readonly example: string;
  /** No run of ours leaves it so, whatever the lists say. */
  readonly proved: boolean;
}

export function findDrift(
  situation: Situation,
  { changes, makings }: { readonly changes: readonly Change[]; readonly makings: readonly Making[] },
  before: Before,
): Drifted {
  const found = new Map<string, { kind: DriftKind; feed: string; examples: Map<string, string> }>();
  const note = (kind: DriftKind, feed: string, about: string, example: string) => {
    const key = `${kind} ${feed}`;
    const those = found.get(key) ?? { kind, feed, examples: new Map<string, string>() };
    found.set(key, those);
    if (!those.examples.has(about)) those.examples.set(about, example);
  };
  for (const { feed, what } of makings) {
    const key = feedKey(feed);
    if (what === 'feed-lifetime') note('feed-ending', key, key, `the feed of ${key}`);
    else if (before.listsApplied || before.ledger?.feeds.has(key))
      note(what === 'feed' ? 'feed-gone' : 'indicator-gone', key, key, `the ${what} of ${key}`);
  }
  const unapplied: Change[] = [];
  for (const change of changes) {
    const finding = findingOf(change, situation);
    if (finding === undefined) continue;
    const { kind, feed, example, proved } = finding;
    const h = hashOf(change);
    if (proved || isOtherThanBefore(h, situation, before)) note(kind, feed, h, example);
    else unapplied.push(change);
  }
  const drift = [...found.values()].map(({ kind, feed, examples }): Drift => {
    const wiped = kind === 'unlinked' && examples.size > 1 && !hasLinks(situation, feed);
    const some = [...examples.values()].slice(0, EXAMPLES_MAX);
    return { kind: wiped ? 'links-wiped' : kind, feed, count: examples.size, examples: some, whose: 'ours' };
  });
  return { drift, unapplied };
}

/** What a change would mend. A renewal mends nothing, nor does collecting. */
function findingOf(change: Change, situation: Situation): Finding | undefined {
  const { desired, actual, now } = situation;
  const feed = change.feed ? feedKey(change.feed) : '';
  switch (change.kind) {
    case 'renew':
    case 'collect':
      return undefined;
    case 'create':
    case 'adopt':
    case 'revive': {
      const known = actual.judgements.get(hashOf(change)) ?? [];
      return { kind: 'missing', feed, example: change.entry.observable.value, proved: endedEarly(known) };
    }
    case 'change': {
      const { stored, entry } = change;
      const proved = !sameObservable(stored.observable, entry.observable) || stored.start > now;
      return { kind: 'changed', feed, example: whatChanged(stored, entry, now), proved };
    }
    case 'link': {
      const { value } = change.entry.observable;
      const links = (actual.judgements.get(change.judgement.h) ?? []).flatMap((it) => it.links);
      const [link] = links;
      if (link === undefined) return { kind: 'unlinked', feed, example: value, proved: true };
      return wrongLink(change, link.target, value, situation);
    }
    case 'unlink': {
      const value = (desired.get(change.h) ?? actual.judgements.get(change.h)?.[0])?.observable.value;
      if (value !== undefined) return wrongLink(change, change.link.target, value, situation);
      return { kind: 'extra', feed, example: `link ${change.link.id} without a judgement`, proved: false };
    }
    case 'withdraw': {
      const { stored } = change;
      const { value } = stored.observable;
      if (!desired.has(stored.h)) return { kind: 'extra', feed, example: value, proved: wasWithdrawn(stored) };
      return change.lapses ? undefined : { kind: 'duplicate', feed, example: value, proved: true };
    }
  }
}

/** Links of ours go to another indicator only where somebody moved them, or where the feed did. */
function wrongLink(
  change: Extract<Change, { kind: 'link' | 'unlink' }>,
  target: string,
  value: string,
  { indicators }: Situation,
): Finding | undefined {
  const own = feedKey(change.feed);
  // The indicator is to be made again: that says it all.
  if (indicators.get(own) === undefined) return undefined;
  for (const [key, indicator] of indicators) {
    if (indicator !== target || key === own) continue;
    const kind = feedNamed(key).type === change.feed.type ? 'wrong-indicator' : 'wrong-type';
    return { kind, feed: key, example: `${value} of ${own}`, proved: true };
  }
  return { kind: 'wrong-indicator', feed: own, example: `${value} at ${target}`, proved: false };
}

function whatChanged(stored: ActualJudgement, entry: Entry, now: number): string {
  const { value } = entry.observable;
  if (!sameObservable(stored.observable, entry.observable)) return `${value} is ${stored.observable.value}`;
  if (stored.start > now) return `${value} starts ${new Date(stored.start).toISOString()}`;
  const words: string[] = differingWords(stored.words, entry.terms);
  if (words.length === 0 && stored.links.some(({ tlp }) => tlp !== entry.terms.tlp)) words.push('tlp of its link');
  return `${value} (${words.length > 0 ? words.join(', ') : 'lifetime'})`;
}

function isOtherThanBefore(h: string, { actual, now, desired }: Situation, before: Before): boolean {
  const { ledger, listsApplied, appliedAt } = before;
  if (ledger === undefined) return listsApplied && (desired.get(h)?.terms.starts?.at ?? 0) <= appliedAt;
  return outline(ledger.actual, h, now) !== outline(actual, h, now);
}

/** What a plan goes by, but for times: renewals go on meanwhile. */
function outline(actual: Actual, h: string, now: number): string {
  const { judgements, dangling } = recordOf(actual, h);
  const linksOf = (links: ActualJudgement['links']) => links.map(({ id, target, tlp }) => [id, target, tlp]).sort();
  const those = judgements.map(({ id, observable: { type, value }, words, once, lifetimeMs, links, ...times }) => {
    return [id, type, value, Object.entries(wordsOf(words)), once, lifetimeMs, isDead(times, now), linksOf(links)];
  });
  return JSON.stringify([those.sort(), linksOf(dangling)]);
}

/** Whether anything of ours that is live is linked to the indicator of this feed. */
function hasLinks({ actual, indicators, now }: Situation, feed: string): boolean {
  const target = indicators.get(feed);
  for (const it of glances(actual.judgements))
    if (isLive(it, now) && it.links.some((link) => link.target === target)) return true;
  return false;
}

const SAID: Readonly<Record<DriftKind, string>> = {
  missing: 'missing judgements',
  extra: 'judgements that no list wants',
  changed: 'edited judgements',
  unlinked: 'judgements without their link',
  'links-wiped': 'judgements without their link, which is all of them',
  'wrong-indicator': 'links to a wrong indicator',
  'wrong-type': 'values of another type in the feed',
  duplicate: 'entries with several live judgements',
  'feed-ending': 'the feed ends soon',
  'feed-gone': 'the feed was deleted',
  'indicator-gone': 'the indicator was deleted',
  'allowed-kept': 'allowed values that a foreign judgement keeps in the feed',
};

/** One line for a person. */
export function driftLine({ kind, feed, count, examples, whose }: Drift): string {
  const more = count > examples.length ? `${examples.length === 0 ? '' : ', '}…` : '';
  const where = feed === '' ? '' : ` ${feed}:`;
  const who = whose === 'ours' ? '' : ' (not ours to change)';
  return `drift:${where} ${count} × ${SAID[kind]}${who}: ${examples.join(', ')}${more}`;
}
