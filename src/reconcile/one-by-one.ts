import { isCtiaError } from '../ctia/error.ts';
import { REFRESH_MS } from '../ctia/retry.ts';
import { type ActualJudgement, type ActualLink, isDead } from '../plan/actual.ts';
import type { ApplyContext } from './apply.ts';
import type { Failure, Outcome } from './outcome.ts';

/**
 * What a token may not do in bulk, one request for each record, within the share of the hourly budget that is kept for it.
 * What does not fit is left for the next run and named: the workers' imports do not wait for it.
 */

/**
 * Ends judgements now. One that has not begun cannot end: it is deleted, its links first. Expiring takes no `wait_for`, so
 * the refresh is waited for here: who plans next would end them once more.
 */
export async function expireEach(context: ApplyContext, those: readonly ActualJudgement[]): Promise<Outcome> {
  if (those.length === 0) return { applied: 0, failures: [], notices: [] };
  const outcome = await each(context, named(those), 'is not withdrawn', (stored) => {
    const { now, revision } = context.moment();
    if (isDead(stored, now)) return [];
    if (stored.start > now) return removals(context, stored);
    const { h, id } = stored;
    return [
      async () => {
        const there = await isThere(() => context.client.expire(id, `withdrawn ${revision}`));
        context.learned.push(
          there ? { h, judgement: expired(stored, now, `withdrawn ${revision}`) } : { h, gone: id, lost: true },
        );
      },
    ];
  });
  await context.clock.sleep(REFRESH_MS, context.signal);
  return outcome;
}

/** As CTIA leaves it. Who reads it in the ledger is to know as well as in CTIA that we ended it. */
function expired(stored: ActualJudgement, now: number, why: string): ActualJudgement {
  return { ...stored, words: { ...stored.words, reason: `${stored.words.reason ?? ''} ${why}` }, end: now - 1 };
}

/** Ends what others made and ours stands in for. Of what we hold nothing changes. */
export function expireForeign(
  context: ApplyContext,
  those: readonly { readonly h: string; readonly id: string; readonly name: string }[],
): Promise<Outcome> {
  const not = 'stands beside ours and was not ended';
  return each(context, those, not, ({ id }) => [
    async () => {
      await isThere(() => context.client.expire(id, `adopted ${context.moment().revision}`));
    },
  ]);
}

/** Deletes what has long been dead, its links first. */
export function removeEach(context: ApplyContext, those: readonly ActualJudgement[]): Promise<Outcome> {
  return each(context, named(those), 'is not collected', (stored) => removals(context, stored));
}

/** Deletes links that lead to another indicator than their entry's. */
export function unlinkEach(
  context: ApplyContext,
  those: readonly { readonly h: string; readonly link: ActualLink }[],
): Promise<Outcome> {
  const named = those.map(({ h, link }) => ({ h, id: link.id, name: `the link ${link.id}` }));
  return each(context, named, 'leads to a former indicator and was not deleted', ({ h, id }) => [
    removal(context, h, id),
  ]);
}

/** A link whose judgement is gone costs every pull, so links go first. */
function removals(context: ApplyContext, { h, id, links }: ActualJudgement): Request[] {
  return [...links.map((link) => link.id), id].map((one) => removal(context, h, one));
}

function removal(context: ApplyContext, h: string, id: string): Request {
  return async () => {
    await isThere(() => context.client.removeOne(id));
    context.learned.push({ h, gone: id });
  };
}

type Request = () => Promise<void>;

async function each<T extends { readonly h: string }>(
  context: ApplyContext,
  those: readonly (T & { readonly name: string })[],
  not: string,
  requestsFor: (one: T) => Request[],
): Promise<Outcome> {
  const failures: Failure[] = [];
  let left = true;
  for (const one of those) {
    const { h, name } = one;
    const fail = (kind: Failure['kind'], why: string) => failures.push({ h, kind, message: `${name} ${not}${why}` });
    // Also where nothing is sent this entry is known as it was.
    context.learned.push({ h, unchanged: true });
    try {
      for (const request of requestsFor(one)) {
        left &&= await context.client.takeOneByOne();
        if (!left) break;
        await request();
      }
    } catch (error) {
      if (!isCtiaError(error, 'forbidden', 'invalid')) throw error;
      fail(error.kind === 'forbidden' ? 'forbidden' : 'entry', `: ${error.message}`);
    }
    if (!left) fail('waiting', ' yet: what may go one by one within the hour is used up, and the next run goes on');
  }
  return { applied: those.length - failures.length, failures, notices: [] };
}

function named(those: readonly ActualJudgement[]): (ActualJudgement & { name: string })[] {
  return those.map((it) => ({ ...it, name: `${it.observable.type} ${it.observable.value}` }));
}

async function isThere(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!isCtiaError(error, 'not-found')) throw error;
    return false;
  }
}
