import type { ExternalReference, JudgementDocument, Tlp, ValidTime } from '../ctim/judgement.ts';
import { type Observable, sameObservable } from '../ctim/observable.ts';

/** What CTIA holds and we own, as the planner reads it. Filled by `reconcile/actual.ts`; a value, with no way back to CTIA. */

/** One link of ours, dead or alive: a link has no validity of its own. */
export interface ActualLink {
  readonly id: string;
  readonly g: number;
  /** The indicator that it ends at. */
  readonly target: string;
  readonly tlp: Tlp;
}

/** Everything that a PUT would lose if we did not send it again, in little room: texts that repeat are shared. */
export interface ActualJudgement {
  readonly id: string;
  readonly h: string;
  readonly g: number;
  readonly observable: Observable;
  readonly words: JudgementWords;
  readonly start: number;
  readonly end: number;
  readonly once: boolean;
  /** What its list gave it, as far as its reference still says so: a renewal stands on it when no list can be read. */
  readonly lifetimeMs: number | undefined;
  readonly references: ExternalReference[];
  readonly links: readonly ActualLink[];
}

/** What a judgement says besides its observable and its times. */
export type JudgementWords = Pick<
  JudgementDocument,
  'disposition' | 'source' | 'source_uri' | 'reason' | 'priority' | 'severity' | 'confidence'
> & { readonly tlp: Tlp };

export interface Actual {
  /** By h. More than one where a race, a crash or a succession made several. */
  readonly judgements: Judgements;
  /** Links of ours whose judgement is gone, by h: they cost every pull, and their generation is taken. */
  readonly dangling: ReadonlyMap<string, readonly ActualLink[]>;
}

/** A map will do. Who holds a million has columns (judgement-columns.ts), which may be asked without making an object of each. */
export interface Judgements extends ReadonlyMap<string, readonly ActualJudgement[]> {
  /** Each, in any order; of a kind only those that end before what is said for it. */
  readonly glances?: (endingBefore?: EndingBefore) => Iterable<Glance>;
  readonly meeting?: () => Meeting;
  /** As they lie, without making an object of each. */
  readonly copy?: () => HeldJudgements;
}

/** Somebody asks for one h after the other, and then for those that he never asked for. */
export interface Meeting {
  /** Of the h on its desk (hash-keys.ts) the only one; where there are none or several, how many, and more than 1 is as good as another. */
  onDesk(): Glance | number;
  notAsked(): Iterable<string>;
}

/** Of whoever keeps what is held, and hears what becomes of it. */
export interface HeldJudgements extends Judgements {
  set(h: string, those: readonly ActualJudgement[]): unknown;
  delete(h: string): unknown;
}

/**
 * One judgement where it lies: what is asked of each of a million, of which none is to be made an object for that. Good
 * until the next one is asked for, so nobody keeps it.
 */
export type Glance = Pick<ActualJudgement, 'h' | 'observable' | 'words' | 'start' | 'end' | 'once' | 'lifetimeMs'> & {
  readonly links: readonly Pick<ActualLink, 'target' | 'tlp'>[];
  readonly references: readonly { readonly source_name: string }[];
  /** Without writing its value out. */
  readonly isOf?: (observable: Observable) => boolean;
  /** The only one of its h. Where it is not said, who wants to know looks. */
  readonly alone?: boolean;
};

export function isOf(held: Glance, observable: Observable): boolean {
  return held.isOf?.(observable) ?? sameObservable(held.observable, observable);
}

/** What very many judgements have in common. */
export type GlanceKind = Pick<Glance, 'words' | 'once' | 'lifetimeMs' | 'links' | 'references'>;

/** Epoch ms. Who wants none of a kind gives NEVER, and who wants all of it ALWAYS. */
export type EndingBefore = (kind: GlanceKind) => number;

export const NEVER: number = Number.NEGATIVE_INFINITY;
export const ALWAYS: number = Number.POSITIVE_INFINITY;

/** All that is held, one after the other. Who says what he wants is not shown each of a million for the few that he does. */
export function glances(judgements: Judgements, endingBefore?: EndingBefore): Iterable<Glance> {
  return judgements.glances?.(endingBefore) ?? each(judgements, endingBefore);
}

function* each(judgements: Judgements, endingBefore: EndingBefore = () => ALWAYS): Generator<Glance> {
  for (const those of judgements.values()) for (const it of those) if (it.end < endingBefore(it)) yield it;
}

/** When a stored judgement is valid, in epoch ms. */
export function timesOf({ valid_time: { start_time, end_time } }: { valid_time: ValidTime }): {
  start: number;
  end: number;
} {
  return { start: Date.parse(start_time), end: Date.parse(end_time) };
}

/** The rule of feed views: valid at both bounds, inclusive. */
export function isLive(judgement: { start: number; end: number }, now: number): boolean {
  return judgement.start <= now && now <= judgement.end;
}

/** Not yet valid, and not past: it will be in its feed without anybody's help. */
export function isDead(judgement: { end: number }, now: number): boolean {
  return judgement.end < now;
}

/** Those that are live and of such a kind; of a million none of the others becomes an object for that. */
export function liveWhere(judgements: Judgements, now: number, isSo: (kind: GlanceKind) => boolean): ActualJudgement[] {
  const hs = new Set<string>();
  for (const it of glances(judgements, (kind) => (isSo(kind) ? ALWAYS : NEVER))) if (isLive(it, now)) hs.add(it.h);
  return [...hs].flatMap((h) => (judgements.get(h) ?? []).filter((it) => isSo(it) && isLive(it, now)));
}

/** The list that a judgement of ours came from: what its external reference says, `<owner>/<list>`. */
export function listOf(judgement: Pick<GlanceKind, 'references'>): string | undefined {
  const name = judgement.references[0]?.source_name;
  const slash = name?.indexOf('/') ?? -1;
  return slash < 0 ? undefined : name?.slice(slash + 1);
}

/** `feeds/tor.yaml:12` of the `<commit>:feeds/tor.yaml:12` that a judgement of ours says it was made of. */
export function listPlaceOf({ references }: Pick<ActualJudgement, 'references'>): string | undefined {
  const id = references[0]?.external_id;
  return id?.slice(id.indexOf(':') + 1);
}
