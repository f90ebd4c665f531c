import { REFRESH_MS } from '../ctia/retry.ts';
import type { JudgementDocument } from '../ctim/judgement.ts';
import type { ActualJudgement } from '../plan/actual.ts';
import { isDead } from '../plan/actual.ts';
import type { Batch } from '../plan/batch.ts';
import { renewed, rewritten, withdrawn } from '../plan/documents.ts';
import { judgementSaid } from './actual.ts';
import type { ApplyContext } from './apply.ts';
import { importPairs, type Pair } from './import-pairs.ts';
import { type Failure, type Outcome, together } from './outcome.ts';
import { type Fate, judgementsPut, putDocuments } from './put-documents.ts';
import { successorOf } from './succeed.ts';

type ReplaceChange = Extract<Batch, { kind: 'replace' | 'withdraw' }>['changes'][number];

const ROUNDS_MAX = 4;

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
    const fates = await replaceOnce(context, waiting);
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
): Promise<ReadonlyMap<string, Fate>> {
  const documents = changes.map((change) => documentFor(context, change));
  const fates = await putDocuments(context, judgementsPut(context), documents);
  for (const [n, { stored }] of changes.entries()) {
    const document = documents[n];
    if (document === undefined || fates.get(stored.id) !== 'done') continue;
    const judgement = judgementSaid(context.self.owner, stored.id, document, stored.links);
    if (judgement) context.learned.push({ h: stored.h, judgement });
  }
  return fates;
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
      // What CTIA refuses of a stored judgement it refuses of a copy too: that takes a list to make anew.
      const pair = fate === 'gone' || change.entry !== undefined ? successorOf(context, change) : undefined;
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

function failure({ stored }: { stored: ActualJudgement }, kind: Failure['kind'], why: string): Failure {
  return { h: stored.h, kind, message: `${stored.observable.type} ${stored.observable.value}: ${why}` };
}

function day(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
