import { type ActualJudgement, type ActualLink, isDead, listOf, listPlaceOf } from './actual.ts';
import type { ChangeKind } from './change.ts';
import { changedWords, type Done } from './done.ts';
import type { EntryRecord } from './learned.ts';

/** Epoch ms: of the attempt, and of this look. */
interface Moments {
  readonly at: number;
  readonly now: number;
}

/**
 * What became of one entry whose writer died before it could tell: what was known before, against what is there. It may as
 * well be another's edit, so each is marked.
 *
 *   before             | after                         | journal
 *   -------------------+-------------------------------+-----------------------------
 *   no judgement       | one                           | create
 *   a judgement        | none                          | collect
 *   dead               | valid again                   | revive
 *   live               | its end brought forward, past | withdraw
 *   live               | other words                   | change
 *   live               | another end                   | renew
 *   a link             | none                          | unlink
 *   no link            | one                           | link, unless the row says more already
 *   live               | dead, of the same end         | nothing: it lapsed, which is nobody's deed
 */
export function changesFound(h: string, before: EntryRecord, after: EntryRecord, when: Moments): Done[] {
  const done: Done[] = [];
  const links = new Set([...after.judgements.flatMap((it) => it.links), ...after.dangling].map(({ id }) => id));
  const gone = (those: readonly ActualLink[]) => those.filter(({ id }) => !links.has(id));
  for (const stored of before.judgements) {
    const left = after.judgements.find(({ id }) => id === stored.id);
    const kind = left === undefined ? 'collect' : kindOf(stored, left, when);
    if (kind !== undefined) done.push(doneOf(kind, stored, left));
    if (kind !== 'collect')
      for (const _ of gone(stored.links)) done.push({ ...doneOf('unlink', stored, undefined), h });
  }
  for (const made of after.judgements)
    if (!before.judgements.some(({ id }) => id === made.id)) done.push(doneOf('create', undefined, made));
  for (const _ of gone(before.dangling)) done.push({ kind: 'unlink', h, found: true });
  return done;
}

function kindOf(stored: ActualJudgement, left: ActualJudgement, { at, now }: Moments): ChangeKind | undefined {
  if (isDead(stored, at)) return isDead(left, now) ? undefined : 'revive';
  if (isDead(left, now) && left.end < stored.end) return 'withdraw';
  if (Object.keys(changedWords(stored.words, left.words)).length > 0) return 'change';
  if (left.end !== stored.end) return 'renew';
  const known = new Set(stored.links.map(({ id }) => id));
  return left.links.some(({ id }) => !known.has(id)) ? 'link' : undefined;
}

function doneOf(kind: ChangeKind, stored: ActualJudgement | undefined, left: ActualJudgement | undefined): Done {
  const said = left ?? stored;
  if (said === undefined) return { kind, found: true };
  const list = listOf(said);
  const place = listPlaceOf(said);
  return {
    ...{ kind, ...said.observable, judgement: said.id, found: true },
    ...(list && { list }),
    ...(place && { place }),
    ...(stored && kind !== 'unlink' && { endBefore: stored.end }),
    ...(left && { end: left.end }),
    ...(kind === 'create' && left && { words: left.words }),
    ...(kind === 'change' && stored && left && changedWords(stored.words, left.words)),
  };
}
