import type { Entry, Lifetime, Terms } from '../ctim/entry.ts';
import { feedId, type Generation, indicatorId, judgementIds, linkIds, ownedId, stateId } from '../ctim/external-id.ts';
import { type Channel, type FeedDocument, type IndicatorDocument, LINK_TYPE, type LinkDocument } from '../ctim/feed.ts';
import { DISPOSITIONS, type ExternalReference, type JudgementDocument } from '../ctim/judgement.ts';
import type { ObservableType } from '../ctim/observable.ts';
import { type ActualJudgement, type JudgementWords, listOf } from './actual.ts';

/** The documents that reach somebody's tenant, literally. Pure: the same entry at the same moment gives the same bytes. */

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Clocks differ: a judgement that starts a little in the past is valid on every server at once. */
const START_BEFORE_MS = 5 * MINUTE_MS;

/** Ends are spread over this share of a lifetime, by the entry's hash, so that renewals never come as a herd. */
const JITTER_SHARE = 0.05;

/** A withdrawn judgement ended this long ago: bounds are inclusive, so `now` would still be valid. */
const WITHDRAWN_BEFORE_MS = 2_000;

const FEED_LIFETIME_DAYS = 180;
/** A feed whose lifetime ended answers 404 to the firewalls, so it is prolonged long before. */
export const FEED_LIFETIME_LEFT_MIN_MS = 90 * DAY_MS;

export interface Moment {
  /** The server's now, epoch ms. */
  readonly now: number;
  readonly owner: string;
  /** The commit, or the digest of a tree that is none. */
  readonly revision: string;
}

/** Who says words: a list's terms, or a judgement as CTIA stored it. */
type Said = Omit<JudgementWords, 'source_uri' | 'reason'> & {
  source_uri?: string | undefined;
  reason?: string | undefined;
};

/** The words of a list's terms, or of a judgement as CTIA stored it; what is absent has no key. */
export function wordsOf(said: Said): JudgementWords {
  const { disposition, source, source_uri, reason, priority, severity, confidence, tlp } = said;
  return {
    disposition,
    source,
    ...(source_uri !== undefined && { source_uri }),
    ...(reason !== undefined && { reason }),
    priority,
    severity,
    confidence,
    tlp,
  };
}

const WORDS = [
  'disposition',
  'source',
  'source_uri',
  'reason',
  'priority',
  'severity',
  'confidence',
  'tlp',
] as const satisfies readonly (keyof JudgementWords)[];

/** Whether two say the same of their observable, word by word. Of what else they hold nothing is compared. */
export function saySame(a: Said, b: Said): boolean {
  for (const word of WORDS) if (a[word] !== b[word]) return false;
  return true;
}

/** The words that two do not say alike. */
export function differingWords(a: Said, b: Said): (keyof JudgementWords)[] {
  return WORDS.filter((word) => a[word] !== b[word]);
}

/** The end of a validity that begins now. What is renewed is spread; all else ends when its list says, to the millisecond. */
export function endFor(lifetime: Lifetime, h: string, now: number): number {
  if (lifetime.kind === 'once') return lifetime.end;
  if (lifetime.kind === 'runs-out') return now + lifetime.ms;
  const share = Number.parseInt(h.slice(0, 8), 16) / 0x1_0000_0000;
  return Math.round(now + lifetime.ms * (1 + JITTER_SHARE * share));
}

/** Later than any list would have it end that says so now. */
export function outlives({ end }: { end: number }, lifetimeMs: number, now: number): boolean {
  return end - now > lifetimeMs * (1 + JITTER_SHARE) + START_BEFORE_MS;
}

export function newJudgement(
  { now, owner, revision }: Moment,
  entry: Entry,
  generation: Generation,
  kept: Kept = {},
): JudgementDocument {
  const { terms, observable } = entry;
  return judgement(wordsOf(terms), observable, {
    external_ids: judgementIds(owner, generation, terms.lifetime.kind !== 'renewed'),
    start: now - START_BEFORE_MS,
    end: kept.end ?? endFor(terms.lifetime, generation.h, now),
    references: kept.references ?? referencesOf(owner, revision, entry),
  });
}

/** What a judgement takes over from the one that it was, or that it follows. */
export interface Kept {
  readonly references?: ExternalReference[];
  readonly end?: number;
}

/**
 * Other words are no other life. What runs out ends when it would have:
 *
 *   its list gives it another lifetime now       that begins now
 *   it ends at a moment that its list may mean   then
 *   somebody gave it an end that no list gave    a lifetime after its start; where that is past, nobody knows, and one begins now
 */
export function keptEnd({ lifetime }: Terms, stored: ActualJudgement, now: number): Kept {
  if (lifetime.kind !== 'runs-out' || !stored.once || stored.lifetimeMs !== lifetime.ms || stored.end < now) return {};
  if (!outlives(stored, lifetime.ms, now)) return { end: stored.end };
  const meant = stored.start + START_BEFORE_MS + lifetime.ms;
  return meant >= now ? { end: meant } : {};
}

/** The stored judgement as its list wants it now: its start stays, so that its history does. A dead one starts anew. */
export function rewritten(moment: Moment, entry: Entry, stored: ActualJudgement, dead: boolean): JudgementDocument {
  const fresh = newJudgement(moment, entry, stored, keptEnd(entry.terms, stored, moment.now));
  const start = dead ? moment.now - START_BEFORE_MS : Math.min(stored.start, moment.now);
  return {
    id: stored.id,
    ...fresh,
    valid_time: { ...fresh.valid_time, start_time: iso(start) },
    // Behind our own stands what an adopted one was.
    external_references: [...fresh.external_references, ...behindOurs(stored.references)],
  };
}

/** The stored judgement with a later end and nothing else: what its list said when it was written still stands on it. */
export function renewed({ now, owner }: Moment, stored: ActualJudgement, lifetimeMs: number): JudgementDocument {
  const lifetime: Lifetime = { kind: 'renewed', text: '', ms: lifetimeMs };
  return {
    id: stored.id,
    ...judgement(stored.words, stored.observable, {
      external_ids: judgementIds(owner, stored, false),
      start: stored.start,
      end: endFor(lifetime, stored.h, now),
      references: stored.references,
    }),
  };
}

/** What a stored judgement says, as the entry that it was made of, where no list can be read. Its channel is its link's. */
export function entryOfStored(stored: ActualJudgement, lifetimeMs: number): Entry {
  const [file = 'unknown', line] = (stored.references[0]?.external_id ?? '').split(':').slice(-2);
  return {
    observable: stored.observable,
    terms: { ...stored.words, lifetime: { kind: 'renewed', text: lifetimeText(stored) ?? '', ms: lifetimeMs } },
    list: listOf(stored) ?? 'unknown',
    channel: '',
    position: { file, line: Number(line) || 1, column: 1 },
  };
}

const REASON_MAX = 1024;

/** The stored judgement, ended. It loses *once*: what was withdrawn may come back. */
export function withdrawn({ now, owner, revision }: Moment, stored: ActualJudgement): JudgementDocument {
  const end = now - WITHDRAWN_BEFORE_MS;
  // What is cut is the old reason: who withdrew it, and by which commit, is what somebody will ask.
  const why = ` withdrawn ${revision}`.slice(0, REASON_MAX);
  const reason = `${(stored.words.reason ?? '').slice(0, REASON_MAX - why.length)}${why}`.trim();
  return {
    id: stored.id,
    ...judgement({ ...stored.words, reason }, stored.observable, {
      external_ids: judgementIds(owner, stored, false),
      start: Math.min(stored.start, end),
      end,
      references: stored.references,
    }),
  };
}

function judgement(
  words: JudgementWords,
  observable: JudgementDocument['observable'],
  rest: { external_ids: string[]; start: number; end: number; references: JudgementDocument['external_references'] },
): JudgementDocument {
  return {
    external_ids: rest.external_ids,
    observable,
    disposition: words.disposition,
    disposition_name: DISPOSITIONS[words.disposition],
    source: words.source,
    ...(words.source_uri !== undefined && { source_uri: words.source_uri }),
    ...(words.reason !== undefined && { reason: words.reason }),
    priority: words.priority,
    severity: words.severity,
    confidence: words.confidence,
    tlp: words.tlp,
    valid_time: { start_time: iso(rest.start), end_time: iso(rest.end) },
    external_references: rest.references,
  };
}

/**
 * Where the entry came from, and its lifetime: a renewal needs it when no list can be read; then its ticket. Written when a
 * judgement is made or really changes and never compared, so that an inserted line does not touch the thousand entries below it.
 */
function referencesOf(owner: string, revision: string, { list, position, terms }: Entry): ExternalReference[] {
  const origin = {
    source_name: `${owner}/${list}`,
    external_id: `${revision}:${position.file}:${position.line}`,
    description: `lifetime ${terms.lifetime.text}`,
  };
  return terms.ticket === undefined ? [origin] : [origin, { source_name: TICKET, external_id: terms.ticket }];
}

const TICKET = 'ticket';

/** What stands in a judgement's references behind those that `referencesOf` wrote. */
function behindOurs(references: readonly ExternalReference[]): ExternalReference[] {
  return references.slice(references[1]?.source_name === TICKET ? 2 : 1);
}

const LIFETIME_SAID = /^lifetime (\S+)$/;

/** The lifetime as its list wrote it, read back from the judgement. */
export function lifetimeText({ references }: Pick<ActualJudgement, 'references'>): string | undefined {
  return LIFETIME_SAID.exec(references[0]?.description ?? '')?.[1];
}

export function newLink(
  owner: string,
  generation: Generation,
  sourceRef: string,
  targetRef: string,
  tlp: Terms['tlp'],
): LinkDocument {
  return {
    external_ids: linkIds(owner, generation),
    relationship_type: LINK_TYPE,
    source_ref: sourceRef,
    target_ref: targetRef,
    source: owner,
    tlp,
  };
}

export function indicatorDocument(owner: string, channel: Channel, type: ObservableType): IndicatorDocument {
  return {
    external_ids: [indicatorId(owner, channel.name, type), ownedId(owner)],
    producer: 'ctim-feeds',
    title: titlesOf(channel, type).indicator,
    description: `What the lists of channel ${channel.name} hold of type ${type}, published by ctim-feeds for ${owner}.`,
    source: owner,
    tlp: 'amber',
  };
}

export function feedDocument(
  { owner, now }: Moment,
  channel: Channel,
  type: ObservableType,
  target: { g: number; indicatorId: string; start?: string },
): FeedDocument {
  return {
    external_ids: [feedId(owner, channel.name, type, target.g), ownedId(owner)],
    feed_type: 'indicator',
    output: 'observables',
    title: titlesOf(channel, type).feed,
    indicator_id: target.indicatorId,
    lifetime: {
      start_time: target.start ?? iso(now - START_BEFORE_MS),
      end_time: iso(now + FEED_LIFETIME_DAYS * DAY_MS),
    },
    tlp: 'amber',
  };
}

export const STATE_TITLE = 'ctim-feeds state';

/** The last applied revision and where it came from. It lives in CTIA, so that losing Redis does not lose it. */
export function stateDocument({ owner, revision }: Moment, repository: string | undefined): IndicatorDocument {
  return {
    external_ids: [stateId(owner), ownedId(owner)],
    producer: 'ctim-feeds',
    title: STATE_TITLE,
    short_description: revision,
    ...(repository !== undefined && { source_uri: repository }),
    tlp: 'amber',
  };
}

function titlesOf(channel: Channel, type: ObservableType) {
  const titles = channel.titles.get(type);
  if (titles === undefined) throw new Error(`channel ${channel.name} has no type ${type}`);
  return titles;
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** As `withdrawn` writes it, and CTIA where it ended one by one: then the mark *once* may be left, and the reason alone tells. */
export function wasWithdrawn({ words: { reason } }: { words: { reason?: string | undefined } }): boolean {
  return /(?:^| )withdrawn \S+$/.test(reason ?? '');
}

/** The judgement that ended last of an entry that is dead tells why it is: a predecessor lapsed because it had a successor. */
export function lastToEnd(those: readonly ActualJudgement[]): ActualJudgement | undefined {
  return those.reduce<ActualJudgement | undefined>((a, b) => (a === undefined || b.end > a.end ? b : a), undefined);
}

/** Of an entry that is dead: neither its list nor a person ended it. Others did, or nobody renewed it. */
export function endedEarly(those: readonly ActualJudgement[]): boolean {
  const last = lastToEnd(those);
  return last !== undefined && !last.once && !wasWithdrawn(last);
}
