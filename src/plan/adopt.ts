import type { Entry } from '../ctim/entry.ts';
import type { FeedName } from '../ctim/feed.ts';
import { DISPOSITIONS, type ExternalReference, type JudgementDocument, type Tlp } from '../ctim/judgement.ts';
import type { Observable } from '../ctim/observable.ts';
import { shortId } from '../ctim/short-id.ts';
import type { ActualJudgement, ActualLink, JudgementWords } from './actual.ts';
import type { Change } from './change.ts';
import { type Moment, newJudgement, withdrawn } from './documents.ts';

/**
 * A live judgement that somebody else of our organisation made, on the observable of the entry that names it with
 * `adopt:`. Read for such entries and for no others.
 */
export interface ForeignJudgement {
  readonly id: string;
  readonly words: JudgementWords;
  readonly externalIds: readonly string[];
  readonly references: readonly ExternalReference[];
  readonly start: number;
  readonly end: number;
  /** Those that end at the indicator of the entry's feed; with a generation where an earlier run made them ours. */
  readonly links: readonly ForeignLink[];
}

export interface ForeignLink {
  readonly id: string;
  readonly target: string;
  readonly tlp: Tlp;
  readonly g: number | undefined;
}

/** With the generations that make it and its links ours. */
export interface Taken {
  readonly foreign: ForeignJudgement;
  readonly g: number;
  readonly links: readonly ActualLink[];
}

/**
 * What an entry names is taken over in place:
 *
 *   of ours             | what it names, live            | becomes
 *   --------------------+--------------------------------+-------------------------------------------------
 *   nothing that lives  | one                            | ours, with the entry's words and a finite end
 *                       | several                        | the first that is in the feed so; the others ours and ended, once that is known live
 *   live, in its feed   | any                            | ours and ended: the entry has its judgement
 */
export function adoption(
  { feed, entry, h }: { feed: FeedName; entry: Entry; h: string },
  named: readonly ForeignJudgement[],
  from: { readonly judgement: number; readonly link: number },
  oursLives: boolean,
): Extract<Change, { kind: 'adopt' }> {
  const linkedFirst = [...named].sort((a, b) => Number(b.links.length > 0) - Number(a.links.length > 0));
  const known = linkedFirst.flatMap(({ links }) => links.flatMap(({ g }) => g ?? []));
  let nextLink = known.reduce((next, g) => Math.max(next, g + 1), from.link);
  const taken = linkedFirst.map((foreign, n): Taken => {
    const links = foreign.links.map(({ g, ...link }) => ({ ...link, g: g ?? nextLink++ }));
    return { foreign, g: from.judgement + n, links };
  });
  const [first, ...others] = taken;
  const stays = oursLives ? undefined : first;
  return {
    kind: 'adopt',
    feed,
    entry,
    judgement: { h, g: from.judgement },
    link: { h, g: nextLink },
    ...(stays && { stays }),
    ends: stays ? others : taken,
  };
}

/** What stays is the first. */
export function takenOf({ stays, ends }: Extract<Change, { kind: 'adopt' }>): readonly Taken[] {
  return stays ? [stays, ...ends] : ends;
}

/** Short ones. */
export function takenIds(change: Extract<Change, { kind: 'adopt' }>): string[] {
  return takenOf(change).map(({ foreign: { id } }) => shortId(id));
}

/** As its entry wants it, with the start that it has; what it was stands behind our own reference. */
export function adopted(moment: Moment, entry: Entry, h: string, { foreign, g }: Taken): JudgementDocument {
  const fresh = newJudgement(moment, entry, { h, g });
  const start = new Date(Math.min(foreign.start, moment.now)).toISOString();
  return {
    id: foreign.id,
    ...fresh,
    valid_time: { ...fresh.valid_time, start_time: start },
    external_references: [...fresh.external_references, ...wasOf(foreign)],
  };
}

/** With its own words, ended: the entry has another judgement that stands in its feed. */
export function adoptedAndEnded(moment: Moment, entry: Entry, h: string, taken: Taken): JudgementDocument {
  return withdrawn(moment, storedAs(adopted(moment, entry, h, taken), entry.observable, h, taken));
}

function storedAs(
  { external_references: references }: JudgementDocument,
  observable: Observable,
  h: string,
  { foreign, g }: Taken,
): ActualJudgement {
  const { id, words, start, end } = foreign;
  return { id, h, g, observable, words, start, end, once: false, lifetimeMs: undefined, references, links: [] };
}

/**
 * Its own external ids go: a tool that looks for them would take ours for its own, and end or change it. What they were can
 * be read here, with what else it referred to.
 */
function wasOf({ words, externalIds, references, end }: ForeignJudgement): ExternalReference[] {
  const description = `adopted, was ${DISPOSITIONS[words.disposition]} until ${new Date(end).toISOString()}`;
  const was = { source_name: words.source, description };
  const ids = externalIds.length === 0 ? [was] : externalIds.map((id) => ({ ...was, external_id: id }));
  return [...ids, ...references];
}
