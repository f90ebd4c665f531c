import { isCtiaError } from '../ctia/error.ts';
import { RESERVED_LISTS } from '../ctim/entry.ts';
import { isDead, listOf, timesOf } from '../plan/actual.ts';
import type { Batch } from '../plan/batch.ts';
import type { ApplyContext } from './apply.ts';
import { removeEach, unlinkEach } from './one-by-one.ts';
import { type Failure, type Outcome, together } from './outcome.ts';

/** Deletes links of ours to other indicators. Of an entry that could not be made the old link stays: it may be all that there is. */
export async function unlink(
  context: ApplyContext,
  changes: Extract<Batch, { kind: 'unlink' }>['changes'],
  failed: ReadonlySet<string>,
): Promise<Outcome> {
  const goes = changes.filter(({ h }) => !failed.has(h));
  for (const { h } of changes) if (failed.has(h)) context.learned.push({ h, unchanged: true });
  const removed = await removeInBulk(
    context,
    goes.map(({ link }) => ({ links: [link.id] })),
  );
  if (removed === undefined) return unlinkEach(context, goes);
  for (const { h, link } of goes) if (removed.has(link.id)) context.learned.push({ h, gone: link.id });
  const failures = goes.flatMap(({ h, link }): Failure[] =>
    removed.has(link.id)
      ? []
      : [{ h, kind: 'unknown', message: `the link ${link.id} leads to a former indicator and could not be deleted` }],
  );
  return { applied: goes.length - failures.length, failures, notices: [] };
}

/** Deletes what has long been dead, judgement and links in one request. */
export async function collect(
  context: ApplyContext,
  changes: Extract<Batch, { kind: 'collect' }>['changes'],
): Promise<Outcome> {
  const goes = await stillDead(context, changes);
  const removed = await removeInBulk(
    context,
    goes.map(({ stored }) => ({ judgement: stored.id, links: stored.links.map(({ id }) => id) })),
  );
  if (removed === undefined) {
    const ended = await removeEach(
      context,
      goes.map(({ stored }) => stored),
    );
    return together([ended, { applied: changes.length - goes.length, failures: [], notices: [] }]);
  }
  const failures: Failure[] = [];
  for (const { stored } of goes) {
    const { h, id, links, observable } = stored;
    // Links first: that of a judgement that is gone is told as one.
    for (const one of [...links.map((link) => link.id), id])
      if (removed.has(one)) context.learned.push({ h, gone: one });
    if (removed.has(id) && links.every((link) => removed.has(link.id))) continue;
    const message = `${observable.type} ${observable.value}: it is dead and could not be collected`;
    failures.push({ h, kind: 'unknown', message });
  }
  return { applied: changes.length - failures.length, failures, notices: [] };
}

/** A person may have added it again a moment ago, in place: the lists do not tell of that. */
async function stillDead(
  context: ApplyContext,
  changes: Extract<Batch, { kind: 'collect' }>['changes'],
): Promise<Extract<Batch, { kind: 'collect' }>['changes']> {
  const byHand = changes.filter(({ stored }) => RESERVED_LISTS.some((list) => list === listOf(stored)));
  if (byHand.length === 0) return changes;
  const found = await context.client.judgementsById(byHand.map(({ stored }) => stored.id));
  const { now } = context.moment();
  const alive = new Set(found.filter((it) => !isDead(timesOf(it), now)).map(({ id }) => id));
  return changes.filter(({ stored }) => !alive.has(stored.id));
}

interface Removal {
  readonly judgement?: string;
  readonly links: readonly string[];
}

/** Those that are gone now: deleted, or deleted before by somebody. Undefined where bulk DELETE is closed to us. */
async function removeInBulk(
  context: ApplyContext,
  removals: readonly Removal[],
): Promise<ReadonlySet<string> | undefined> {
  const gone = new Set<string>();
  for (let at = 0; at < removals.length; ) {
    const some = firstOf(removals.slice(at), context.entitiesMax);
    try {
      const judgements = some.flatMap(({ judgement }) => judgement ?? []);
      const { done, notFound } = await context.client.remove(
        judgements,
        some.flatMap(({ links }) => links),
      );
      for (const id of [...done, ...notFound]) gone.add(id);
      at += some.length;
    } catch (error) {
      if (isCtiaError(error, 'capability')) return undefined;
      const max = isCtiaError(error, 'too-many') ? error.facts.entitiesMax : undefined;
      if (max === undefined || max >= context.entitiesMax || some.length === 1) throw error;
      context.learnEntitiesMax(max);
    }
  }
  return gone;
}

/** As many as fit into one request, at least one. */
function firstOf(removals: readonly Removal[], entitiesMax: number): readonly Removal[] {
  let entities = 0;
  const fit = removals.findIndex(({ judgement, links }, n) => {
    entities += links.length + (judgement === undefined ? 0 : 1);
    return n > 0 && entities > entitiesMax;
  });
  return fit < 0 ? removals : removals.slice(0, fit);
}
