import { isRecord } from '../ctia/answer.ts';
import { type CtiaError, isCtiaError } from '../ctia/error.ts';
import type { Entry } from '../ctim/entry.ts';
import type { FeedName } from '../ctim/feed.ts';
import type { JudgementDocument } from '../ctim/judgement.ts';
import type { ActualJudgement } from '../plan/actual.ts';
import { isDead } from '../plan/actual.ts';
import type { Batch } from '../plan/batch.ts';
import { renewed, rewritten, withdrawn } from '../plan/documents.ts';
import { judgementSaid } from './actual.ts';
import type { ApplyContext } from './apply.ts';
import { importPairs, invalidPositions, type Pair, parts, REFRESH_MS } from './import-pairs.ts';
import { type Failure, type Outcome, together } from './outcome.ts';

type ReplaceChange = Extract<Batch, { kind: 'replace' | 'withdraw' }>['changes'][number];

const ROUNDS_MAX = 4;

/** What PUT made of one judgement. */
type Fate = 'done' | 'gone' | 'forbidden' | 'unknown' | { readonly refused: string };

/**
 * Replaces whole documents, at most 2000 a request, until each is known written or known to fail.
 *
 *   updated                       | written                              | done
 *   not-found                     | deleted, or not visible yet          | after the refresh look: gone → made anew with g + 1
 *   forbidden                     | readable, not writable (or neither)  | a failure that a person must see
 *   internal-error, or in no list | unknown                              | after the refresh, the same documents again
 *   400 that names one            | one bad document failed all          | the rest again; the bad one anew from its list
 *   400 that names none           |                                      | in halves
 */
export async function replaceJudgements(context: ApplyContext, changes: readonly ReplaceChange[]): Promise<Outcome> {
  const outcomes: Outcome[] = [];
  let waiting = changes;
  for (let round = 1; waiting.length > 0; round += 1) {
    const fates = new Map<string, Fate>();
    for (const part of parts(waiting, context.entitiesMax)) await replaceOnce(context, part, fates);
    const { outcome, again } = await settle(context, waiting, fates);
    outcomes.push(outcome);
    if (again.length > 0 && round === ROUNDS_MAX) {
      outcomes.push({
        applied: 0,
        notices: [],
        failures: again.map((it) => failure(it, 'unknown', 'CTIA did not say what became of it')),
      });
      break;
    }
    waiting = again;
    if (waiting.length > 0) await context.clock.sleep(REFRESH_MS, context.signal);
  }
  return together(outcomes);
}

function documentFor(context: ApplyContext, change: ReplaceChange): JudgementDocument {
  const moment = context.moment();
  switch (change.kind) {
    case 'renew':
      return renewed(moment, change.stored, change.lifetimeMs);
    case 'withdraw':
      return withdrawn(moment, change.stored);
    default:
      return rewritten(moment, change.entry, change.stored, isDead(change.stored, moment.now));
  }
}

async function replaceOnce(
  context: ApplyContext,
  changes: readonly ReplaceChange[],
  fates: Map<string, Fate>,
): Promise<void> {
  if (changes.length === 0) return;
  try {
    const documents = changes.map((change) => documentFor(context, change));
    const result = await context.client.replace(documents);
    for (const [n, { stored }] of changes.entries()) {
      const document = documents[n];
      if (document && result.done.has(stored.id)) {
        fates.set(stored.id, 'done');
        const judgement = judgementSaid(context.self.owner, stored.id, document, stored.links);
        if (judgement) context.learned.push({ h: stored.h, judgement });
      } else if (result.forbidden.has(stored.id)) fates.set(stored.id, 'forbidden');
      else if (result.notFound.has(stored.id)) fates.set(stored.id, 'gone');
      else fates.set(stored.id, 'unknown');
    }
  } catch (error) {
    if (isCtiaError(error, 'too-many') && error.facts.entitiesMax !== undefined && changes.length > 1) {
      context.learnEntitiesMax(error.facts.entitiesMax);
      for (const part of parts(changes, error.facts.entitiesMax)) await replaceOnce(context, part, fates);
      return;
    }
    if (!isCtiaError(error, 'invalid')) throw error;
    await withoutInvalid(context, changes, error, fates);
  }
}

async function withoutInvalid(
  context: ApplyContext,
  changes: readonly ReplaceChange[],
  error: CtiaError,
  fates: Map<string, Fate>,
): Promise<void> {
  const bad = new Map(invalidPositions(error, 'judgements').map(([n, why]) => [changes[n]?.stored.id, why]));
  const named = namedEntity(error);
  if (named !== undefined) bad.set(named, error.message);
  const good = changes.filter(({ stored }) => !bad.has(stored.id));
  if (good.length < changes.length) {
    for (const { stored } of changes) {
      const why = bad.get(stored.id);
      if (why !== undefined) fates.set(stored.id, { refused: why });
    }
    return replaceOnce(context, good, fates);
  }
  if (changes.length === 1) {
    for (const { stored } of changes) fates.set(stored.id, { refused: error.message });
    return;
  }
  for (const half of parts(changes, Math.ceil(changes.length / 2))) await replaceOnce(context, half, fates);
}

/** A spec or tlp error carries the document as `entity`, a realization error as `judgement`. */
function namedEntity({ facts: { body } }: CtiaError): string | undefined {
  if (!isRecord(body)) return undefined;
  const entity = isRecord(body.entity) ? body.entity : body.judgement;
  return isRecord(entity) && typeof entity.id === 'string' ? entity.id : undefined;
}

async function settle(
  context: ApplyContext,
  changes: readonly ReplaceChange[],
  fates: ReadonlyMap<string, Fate>,
): Promise<{ outcome: Outcome; again: ReplaceChange[] }> {
  const again: ReplaceChange[] = [];
  const failures: Failure[] = [];
  const notices: string[] = [];
  const anew: Pair[] = [];
  let applied = 0;
  const missing = changes.filter(({ stored }) => fates.get(stored.id) === 'gone');
  if (missing.length > 0) await context.clock.sleep(REFRESH_MS, context.signal);
  const { visible, unreadable } = await context.client.whereabouts(missing.map(({ stored }) => stored.id));

  for (const change of changes) {
    const fate = fates.get(change.stored.id) ?? 'unknown';
    const { id, h } = change.stored;
    if (fate === 'gone' && !visible.has(id) && !unreadable.has(id)) context.learned.push({ h, gone: id, lost: true });
    if (fate === 'forbidden' || unreadable.has(id)) context.learned.push({ h, unchanged: true });
    if (fate === 'done') applied += 1;
    else if (fate === 'unknown' || (fate === 'gone' && visible.has(change.stored.id))) again.push(change);
    else if (fate === 'forbidden' || unreadable.has(change.stored.id))
      failures.push(failure(change, 'forbidden', `we may not write it; it lapses on ${day(change.stored.end)}`));
    else if (change.kind === 'withdraw') {
      if (fate === 'gone') applied += 1;
      else failures.push(failure(change, 'entry', `it cannot be withdrawn: ${fate.refused}`));
    } else {
      const why = fate === 'gone' ? 'somebody deleted it' : fate.refused;
      const pair = pairAnew(context, change);
      if (pair === undefined) failures.push(failure(change, 'entry', `${why}; it lapses on ${day(change.stored.end)}`));
      else {
        notices.push(`${change.stored.observable.value}: ${why}; made anew`);
        anew.push(pair);
      }
    }
  }
  const made = anew.length > 0 ? [await importPairs(context, anew)] : [];
  return { outcome: together([{ applied, failures, notices }, ...made]), again };
}

/** The next generation, built from its list: the ids of what was there stay taken. A renewal without a list has nothing to build from. */
function pairAnew(context: ApplyContext, change: Exclude<ReplaceChange, { kind: 'withdraw' }>): Pair | undefined {
  const entry: Entry | undefined = change.kind === 'renew' ? context.entryOf(change.stored.h) : change.entry;
  const feed: FeedName | undefined = entry && { channel: entry.channel, type: entry.observable.type };
  const target = feed && context.targetOf(feed);
  if (entry === undefined || target === undefined) return undefined;
  const g = Math.max(change.stored.g, ...change.stored.links.map((link) => link.g)) + 1;
  return { entry, target, judgement: { h: change.stored.h, g }, link: { h: change.stored.h, g } };
}

function failure({ stored }: { stored: ActualJudgement }, kind: Failure['kind'], why: string): Failure {
  return { h: stored.h, kind, message: `${stored.observable.type} ${stored.observable.value}: ${why}` };
}

function day(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
