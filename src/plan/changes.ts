import { type Entry, RESERVED_LISTS, type Terms } from '../ctim/entry.ts';
import { entryHash } from '../ctim/external-id.ts';
import { type FeedName, feedKey } from '../ctim/feed.ts';
import { sameObservable } from '../ctim/observable.ts';
import {
  type Actual,
  type ActualJudgement,
  type ActualLink,
  type Glance,
  isDead,
  isLive,
  isOf,
  type JudgementWords,
  listOf,
} from './actual.ts';
import { adoption, type ForeignJudgement } from './adopt.ts';
import { type Apart, makeFeedCounts } from './apart.ts';
import { CHANGE_ORDER, type Change, type ChangeKind, hashOf } from './change.ts';
import { type Collecting, collectsInSlices } from './collect.ts';
import { endFor, entryOfStored, lifetimeText, outlives, saySame } from './documents.ts';
import type { EntriesByHash } from './entries-by-hash.ts';
import { meet } from './meet.ts';
import { MARGIN_SHARE } from './renewals.ts';
import { atOnce, SLICE, type Sliced, sorted } from './slices.ts';
import { latestFirst, mustEnd, nextGeneration, nextOf } from './succession.ts';

/**
 * desired × actual → changes. The whole decision is this table; `right` is a link to the indicator of the entry's feed.
 *
 *   desired | actual                              | changes
 *   --------+-------------------------------------+----------------------------------------------
 *   yes     | nothing of this h                   | create g 0
 *   yes     | nothing live; it names others'      | adopt: one goes on as ours, the rest end, see adopt.ts
 *   yes     | live, right link; it names others'  | adopt: they end, beside what else the row below says
 *   yes     | live, right link, same words        | – or renew, when less than half its life is left
 *   yes     | live, right link, other words or end | change (so is another observable, or a start that is still to come)
 *   yes     | live, no right link                 | link (link g + 1); by succession, where it is due too: create g + 1
 *   yes     | dead, right link                    | revive
 *   yes     | dead, no right link                 | create g + 1 (dead ids stay taken)
 *   yes     | several                             | the highest g with a right link stays, of equal g the smallest id; live others: withdraw
 *           (succession: but for those of a lower g that end no later, which lapse by themselves)
 *   yes     | any link to another indicator       | unlink, after the right one stands
 *   no      | live, of a reserved list            | – (a person's will: the judgement itself says until when)
 *           |   and its link is deleted or moved  | link, unlink
 *   no      | live, of a list that is not known   | – (its upstream has no copy yet: what it wants may be just this)
 *   no      | live                                | withdraw
 *   no      | dead                                | – until it is collected, see collect.ts
 *   no      | a link whose judgement is gone      | unlink (gone, or no longer ours: then the link would keep its value in the feed)
 */
export interface Situation extends Collecting {
  readonly now: number;
  readonly desired: EntriesByHash;
  readonly actual: Actual;
  /** The indicator of each feed, by `feedKey`; undefined where it is still to be made. */
  readonly indicators: ReadonlyMap<string, string | undefined>;
  /** Lists of which it is not known what they want: what is live of them stays. */
  readonly unknownLists?: ReadonlySet<string>;
  /** What is of a reserved list, and allowed since, by h: it does not stay. */
  readonly overruled?: ReadonlySet<string>;
  /** What entries name with `adopt:` and can be taken over, by h. */
  readonly adoptable?: ReadonlyMap<string, readonly ForeignJudgement[]>;
  /** This tenant closes bulk PUT to us: what goes on is made anew before it ends. */
  readonly succession?: boolean;
}

export function computeChanges(situation: Situation): Change[] {
  return atOnce(changesInSlices(situation)).changes;
}

export function* changesInSlices(situation: Situation): Sliced<{ changes: Change[]; apart: Apart }> {
  const { desired, actual, adoptable } = situation;
  const changes: Change[] = [];
  const wanted = new Set<Entry>();
  const held: (readonly ActualJudgement[])[] = [];
  const feeds = makeFeedCounts(situation.indicators);
  const { met: all, strangers } = meet(desired, actual.judgements);
  let done = 0;
  for (const met of all) {
    if (++done % SLICE === 0) yield;
    const { entry } = met;
    const target = feeds.count(entry);
    const isThere = typeof met.held !== 'number' && isInFeed(met.held, entry, target, situation);
    if (isThere && isSettled(met.held, entry, situation) && !adoptable?.has(met.h)) continue;
    const { h } = met;
    changes.push(...changesFor(situation, h, entry));
    if (isThere) continue;
    wanted.add(entry);
    const those = actual.judgements.get(h);
    if (those !== undefined) held.push(those);
  }
  const made = madeByObservable(changes, situation.now);
  yield;
  const notDesired = new Map<string, readonly ActualJudgement[]>();
  for (const h of strangers) {
    notDesired.set(h, actual.judgements.get(h) ?? []);
    if (++done % SLICE === 0) yield;
  }
  for (const [h, stored] of notDesired) {
    changes.push(...withdrawals(situation, stored, made), ...relinksOfStanding(situation, h, stored));
    if (++done % SLICE === 0) yield;
  }
  for (const [h, links] of actual.dangling) {
    if (!desired.has(h)) changes.push(...unlinks(situation, h, links));
  }
  yield;
  const collects = yield* collectsInSlices(situation, (stored) => feedOf(stored, situation.indicators));
  for (const change of collects) changes.push(change);
  yield;
  return { changes: yield* inOrder(changes), apart: { wanted, held, notDesired, counts: feeds.counts } };
}

/**
 * The row that nearly all entries are in on nearly all days: one judgement, live, one link and the right one, the same
 * value. Asked first and without making anything, since a list of a million asks a million times.
 */
function isInFeed(held: Glance, { observable }: Entry, target: string | undefined, { now }: Situation): boolean {
  const { links } = held;
  if (target === undefined || links.length !== 1 || links[0]?.target !== target) return false;
  return isLive(held, now) && isOf(held, observable);
}

/** And in that row the same words, and not due. */
function isSettled(held: Glance | number, entry: Entry, { now }: Situation): boolean {
  return typeof held !== 'number' && !saysOther(held, entry, now) && !isDue(held, entry, now);
}

function changesFor({ now, actual, indicators, succession, adoptable }: Situation, h: string, entry: Entry): Change[] {
  const feed: FeedName = { channel: entry.channel, type: entry.observable.type };
  const target = indicators.get(feedKey(feed));
  const isRight = (link: ActualLink) => link.target === target;
  const known = actual.judgements.get(h) ?? [];
  const nextLink = () => {
    const links = [...known.flatMap((judgement) => judgement.links), ...(actual.dangling.get(h) ?? [])];
    return { h, g: nextOf(links) };
  };
  const next = nextGeneration(actual, h);
  const anew = { h, g: next };
  const named = adoptable?.get(h) ?? [];
  const adopt = (oursLives: boolean) =>
    adoption({ feed, entry, h }, named, { judgement: next, link: nextLink().g }, oursLives);

  const stored = chosen(known, now, isRight);
  if (named.length > 0 && known.every((it) => isDead(it, now)))
    return [adopt(false), ...wrongLinks(known, feed, isRight)];
  if (stored === undefined) {
    return [{ kind: 'create', feed, entry, judgement: anew, link: anew }];
  }
  const changes: Change[] = [];
  const linked = stored.links.some(isRight);
  if (isDead(stored, now)) {
    if (linked) changes.push({ kind: 'revive', feed, entry, stored, next });
    else changes.push({ kind: 'create', feed, entry, judgement: anew, link: anew });
  } else {
    if (differs(stored, entry, now)) changes.push({ kind: 'change', feed, entry, stored, next });
    else if (isDue(stored, entry, now)) {
      if (succession && !linked) changes.push({ kind: 'create', feed, entry, judgement: anew, link: anew });
      else changes.push({ kind: 'renew', feed, entry, stored, lifetimeMs: entry.terms.lifetime.ms, next });
    }
    // A successor comes with a link of its own.
    if (!linked && !(succession && changes.length > 0))
      changes.push({ kind: 'link', feed, entry, judgement: { h, g: stored.g }, link: nextLink() });
  }
  const changed = changes.some(({ kind }) => kind === 'change');
  const staying = changed ? { end: endFor(entry.terms.lifetime, h, now), observable: entry.observable } : stored;
  for (const other of known) {
    if (other === stored || isDead(other, now)) continue;
    const lapses = isLive(stored, now) && other.g < stored.g && !mustEnd(other, staying);
    if (!lapses) changes.push({ kind: 'withdraw', feed, stored: other, after: [h] });
    else if (!succession) changes.push({ kind: 'withdraw', feed, stored: other, after: [h], lapses });
  }
  if (named.length > 0 && linked && isLive(stored, now)) changes.push(adopt(true));
  changes.push(...wrongLinks(known, feed, isRight));
  return changes;
}

function wrongLinks(
  known: readonly ActualJudgement[],
  feed: FeedName,
  isRight: (link: ActualLink) => boolean,
): Change[] {
  return known.flatMap((stored) => {
    const { h, links, observable } = stored;
    const of = { observable, list: listOf(stored) };
    return links.flatMap((link): Change[] => (isRight(link) ? [] : [{ kind: 'unlink', feed, h, link, of }]));
  });
}

function chosen(
  known: readonly ActualJudgement[],
  now: number,
  isRight: (link: ActualLink) => boolean,
): ActualJudgement | undefined {
  const rank = (judgement: ActualJudgement) =>
    (isLive(judgement, now) ? 2 : 0) + (judgement.links.some(isRight) ? 1 : 0);
  if (known.length === 1) return known[0];
  return [...known].sort((a, b) => rank(b) - rank(a) || latestFirst(a, b))[0];
}

/**
 * Only what the list decides, in canonical form: never times, order or ids of the server. `external_references` are not
 * compared either, but for the lifetime they tell. Observable and start are ours from the beginning: another one means
 * that somebody edited the judgement, and it is not in the feed as its list wants it. So does an end that its lifetime never gave.
 */
function differs(stored: ActualJudgement, entry: Entry, now: number): boolean {
  return !sameObservable(stored.observable, entry.observable) || stored.start > now || saysOther(stored, entry, now);
}

function saysOther(stored: Glance, { terms }: Entry, now: number): boolean {
  const once = terms.lifetime.kind !== 'renewed';
  if (stored.once !== once || stored.links.some(({ tlp }) => tlp !== terms.tlp)) return true;
  if (terms.lifetime.kind === 'once' ? stored.end !== terms.lifetime.end : stored.lifetimeMs !== terms.lifetime.ms)
    return true;
  if (terms.lifetime.kind !== 'once' && outlives(stored, terms.lifetime.ms, now)) return true;
  return !sayTheSame(stored.words, terms);
}

/** Entries of a list share their terms, and judgements that were read together their words: neighbours are asked once. */
let compared: { readonly terms: Terms; readonly words: JudgementWords; readonly same: boolean } | undefined;

function sayTheSame(words: JudgementWords, terms: Terms): boolean {
  if (compared?.terms !== terms || compared.words !== words) compared = { terms, words, same: saySame(words, terms) };
  return compared.same;
}

type Renewable = Entry & { terms: { lifetime: { kind: 'renewed'; ms: number } } };

function isDue(stored: Glance, entry: Entry, now: number): entry is Renewable {
  return entry.terms.lifetime.kind === 'renewed' && stored.end - now < entry.terms.lifetime.ms * MARGIN_SHARE;
}

/**
 * What this run brings into feeds, by observable and channel: until it is known live, what it replaces stays. All else
 * that is desired was read as live. A change counts where the judgement is not valid yet, or on another observable.
 */
function madeByObservable(changes: readonly Change[], now: number): Map<string, string[]> {
  const made = new Map<string, string[]>();
  for (const change of changes) {
    if (!('entry' in change) || change.entry === undefined || change.kind === 'renew') continue;
    const { entry } = change;
    if (
      change.kind === 'change' &&
      isLive(change.stored, now) &&
      sameObservable(change.stored.observable, entry.observable)
    )
      continue;
    const h = hashOf(change);
    const key = `${feedKey(change.feed)} ${entry.observable.value}`;
    made.set(key, [...(made.get(key) ?? []), h]);
  }
  return made;
}

function withdrawals(
  situation: Situation,
  those: readonly ActualJudgement[],
  made: ReadonlyMap<string, readonly string[]>,
): Change[] {
  const { now, indicators } = situation;
  const changes: Change[] = [];
  for (const stored of those) {
    if (isDead(stored, now) || isStanding(stored, situation)) continue;
    const feed = feedOf(stored, indicators);
    const after = feed ? (made.get(`${feedKey(feed)} ${stored.observable.value}`) ?? []) : [];
    changes.push({ kind: 'withdraw', feed, stored, after });
  }
  return changes;
}

/** Which feed it was in its h tells; of a channel that no list publishes to there is none to link to. */
function relinksOfStanding(
  { actual, indicators, now, overruled }: Situation,
  h: string,
  those: readonly ActualJudgement[],
): Change[] {
  if (overruled?.has(h)) return [];
  const live = those.filter((it) => isLive(it, now)).sort(latestFirst);
  const [stored] = live;
  if (stored === undefined) return [];
  const feed = feedByHash(stored, indicators);
  const target = feed && indicators.get(feedKey(feed));
  if (feed === undefined || target === undefined) return [];
  const changes: Change[] = [];
  const links = live.flatMap((it) => it.links);
  if (!links.some((link) => link.target === target)) {
    const bare = entryOfStored(stored, 0);
    const terms = {
      ...bare.terms,
      lifetime: { kind: 'once', text: lifetimeText(stored) ?? '', end: stored.end } as const,
    };
    const g = nextOf([...those.flatMap((it) => it.links), ...(actual.dangling.get(h) ?? [])]);
    const entry = { ...bare, terms, channel: feed.channel };
    changes.push({ kind: 'link', feed, entry, judgement: { h, g: stored.g }, link: { h, g } });
  }
  const of = { observable: stored.observable, list: listOf(stored) };
  for (const link of links) if (link.target !== target) changes.push({ kind: 'unlink', feed, h, link, of });
  return changes;
}

/** The feed that what a person did by hand is in, or was until somebody deleted its link; that of what an unknown list left; else undefined. */
export function feedKeyOfStanding(
  stored: ActualJudgement,
  situation: Pick<Situation, 'indicators' | 'unknownLists' | 'overruled'>,
): string | undefined {
  const { indicators, overruled } = situation;
  if (overruled?.has(stored.h)) return undefined;
  const feed = feedByHash(stored, indicators);
  if (feed !== undefined) return feedKey(feed);
  return isStanding(stored, situation) ? feedKeyOf(stored, indicators) : undefined;
}

/** By its h: to which of these channels a reserved list published it. */
function feedByHash(
  stored: Pick<Glance, 'h' | 'observable'>,
  indicators: Situation['indicators'],
): FeedName | undefined {
  for (const key of indicators.keys()) {
    const feed = feedNamed(key);
    if (feed.type !== stored.observable.type) continue;
    if (RESERVED_LISTS.some((list) => entryHash(feed.channel, list, stored.observable) === stored.h)) return feed;
  }
  return undefined;
}

function unlinks({ indicators }: Situation, h: string, links: readonly ActualLink[]): Change[] {
  return links.flatMap((link): Change[] => {
    const feed = feedOf({ links: [link] }, indicators);
    return feed === undefined ? [] : [{ kind: 'unlink', feed, h, link }];
  });
}

/**
 * What stays although no list tells it: of a list that is not known today, or of a reserved list, which has no file: its h is
 * that of the list with the judgement's own observable. It is desired until its end, and no sync undoes it, unless it is
 * overruled (reconcile/overruled.ts). Of a channel that
 * no list publishes to the judgement's own reference tells.
 */
export function isStanding(
  stored: Glance,
  { indicators, unknownLists, overruled }: Pick<Situation, 'indicators' | 'unknownLists' | 'overruled'>,
): boolean {
  if (overruled?.has(stored.h)) return false;
  const list = unknownLists === undefined && !stored.once ? undefined : listOf(stored);
  if (list !== undefined && unknownLists?.has(list)) return true;
  if (stored.once && RESERVED_LISTS.some((reserved) => reserved === list)) return true;
  return feedByHash(stored, indicators) !== undefined;
}

/** The feed that a judgement of ours is in, by its link; undefined where its indicator belongs to no channel of today. */
export function feedOf(stored: Pick<Glance, 'links'>, indicators: Situation['indicators']): FeedName | undefined {
  const key = feedKeyOf(stored, indicators);
  return key === undefined ? undefined : feedNamed(key);
}

/** The same as `feedKey` writes it. */
export function feedKeyOf(stored: Pick<Glance, 'links'>, indicators: Situation['indicators']): string | undefined {
  const [first] = stored.links;
  // Asked of a million judgements, nearly all of which have one link.
  if (first === undefined) return undefined;
  for (const [key, indicator] of indicators) {
    if (indicator === undefined) continue;
    if (first.target === indicator || stored.links.some(({ target }) => target === indicator)) return key;
  }
  return undefined;
}

export function feedNamed(key: string): FeedName {
  const slash = key.lastIndexOf('/');
  return { channel: key.slice(0, slash), type: key.slice(slash + 1) as FeedName['type'] };
}

/** By kind, and of renewals what ends first; otherwise as they were found. */
function* inOrder(changes: readonly Change[]): Sliced<Change[]> {
  const renewals: Extract<Change, { kind: 'renew' }>[] = [];
  const others = new Map<ChangeKind, Change[]>(CHANGE_ORDER.map((kind) => [kind, []]));
  for (const change of changes) {
    if (change.kind === 'renew') renewals.push(change);
    else others.get(change.kind)?.push(change);
  }
  others.set('renew', [...(yield* sorted(renewals, (a, b) => a.stored.end - b.stored.end))]);
  return [...others.values()].flat();
}
