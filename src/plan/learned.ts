import type { Actual, ActualJudgement, ActualLink, HeldJudgements } from './actual.ts';

/**
 * What a write taught us of one entry, for whoever keeps a copy of *actual*. An entry of which a batch tells nothing is
 * not known any more: it is looked at before anything else is written to it.
 */
export type Learned =
  /** It stands in CTIA just so; links that are not among its own here are as they were. `found`: it stood there before. */
  | { readonly h: string; readonly judgement: ActualJudgement; readonly found?: boolean }
  /** No judgement and no link of this id is there any more. `lost`: it was not there to be written to. */
  | { readonly h: string; readonly gone: string; readonly lost?: boolean }
  /** Nothing was written. */
  | { readonly h: string; readonly unchanged: true }
  /** It was read anew: all that there is of it. */
  | { readonly h: string; readonly whole: EntryRecord };

/** All that we hold of one entry: what `Actual` has under one h. */
export interface EntryRecord {
  readonly judgements: readonly ActualJudgement[];
  readonly dangling: readonly ActualLink[];
}

export const NOTHING_HELD: EntryRecord = { judgements: [], dangling: [] };

export function recordOf(actual: Actual, h: string): EntryRecord {
  return { judgements: actual.judgements.get(h) ?? [], dangling: actual.dangling.get(h) ?? [] };
}

export function isNothing({ judgements, dangling }: EntryRecord): boolean {
  return judgements.length === 0 && dangling.length === 0;
}

/** Whether an answer shows that what was known of an entry was wrong before this write: then more of it may be. */
export function contradicts({ judgements }: EntryRecord, fact: Learned): boolean {
  if ('judgement' in fact) return fact.found === true && !judgements.some(({ id }) => id === fact.judgement.id);
  return 'gone' in fact && fact.lost === true && judgements.some(({ id }) => id === fact.gone);
}

export function learn(record: EntryRecord, fact: Learned): EntryRecord {
  if ('unchanged' in fact) return record;
  if ('whole' in fact) return fact.whole;
  const { judgements, dangling } = record;
  if ('gone' in fact) {
    const isLeft = ({ id }: { id: string }) => id !== fact.gone;
    const lost = judgements.find(({ id }) => id === fact.gone);
    return {
      judgements: judgements.filter(isLeft).map((it) => ({ ...it, links: it.links.filter(isLeft) })),
      // Whose judgement is deleted stays, and costs every pull.
      dangling: [...dangling.filter(isLeft), ...(lost?.links ?? [])],
    };
  }
  const { judgement } = fact;
  const before = judgements.find(({ id }) => id === judgement.id);
  const told = new Set(judgement.links.map(({ id }) => id));
  const links = [...(before?.links.filter(({ id }) => !told.has(id)) ?? []), ...judgement.links];
  const learned = { ...judgement, links };
  return {
    judgements:
      before === undefined ? [...judgements, learned] : judgements.map((it) => (it === before ? learned : it)),
    dangling: dangling.filter(({ id }) => !told.has(id)),
  };
}

/** What is held after all of this was learned; the same value where nothing was. */
export function withLearned(actual: Actual, facts: readonly Learned[]): Actual {
  if (facts.length === 0) return actual;
  const judgements: HeldJudgements = actual.judgements.copy?.() ?? new Map(actual.judgements);
  const dangling = new Map(actual.dangling);
  for (const fact of facts) {
    const record = learn(recordOf({ judgements, dangling }, fact.h), fact);
    if (record.judgements.length > 0) judgements.set(fact.h, record.judgements);
    else judgements.delete(fact.h);
    if (record.dangling.length > 0) dangling.set(fact.h, record.dangling);
    else dangling.delete(fact.h);
  }
  return { judgements, dangling };
}
