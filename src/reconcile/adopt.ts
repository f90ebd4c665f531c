import { isCtiaError } from '../ctia/error.ts';
import { REFRESH_MS } from '../ctia/retry.ts';
import { feedKey } from '../ctim/feed.ts';
import type { ActualLink } from '../plan/actual.ts';
import { adopted, adoptedAndEnded, type Taken, takenOf } from '../plan/adopt.ts';
import type { Batch } from '../plan/batch.ts';
import { newLink } from '../plan/documents.ts';
import { judgementSaid } from './actual.ts';
import type { ApplyContext } from './apply.ts';
import { importPairs, type Pair } from './import-pairs.ts';
import { redness } from './link-tlp.ts';
import { expireForeign } from './one-by-one.ts';
import { type Failure, type Outcome, together } from './outcome.ts';
import { type Fate, judgementsPut, linksPut, putUntilKnown } from './put-documents.ts';

type Adopt = Extract<Batch, { kind: 'adopt' }>['changes'][number];

/**
 * Takes over what others made: the only write to what is foreign. Nothing leaves a feed at any moment:
 *
 *   1. links        ours by id; those that are to be seen by more only after step 2, as a view may show no more than it may
 *   2. what stays   ours, with the entry's words and end. Where it has no link, or none could be written, one is imported
 *   3. what ends    ours and ended, where what stays is known live
 *
 * Links go first, for a crash: one of ours tells of its entry in every read, and the next run goes on from there.
 */
export async function adopt(context: ApplyContext, changes: readonly Adopt[]): Promise<Outcome> {
  let lacking = await context.rights.lacking();
  if (lacking === undefined) {
    try {
      return await inPlace(context, changes);
    } catch (error) {
      if (!isCtiaError(error, 'capability')) throw error;
      lacking = error.message;
      await context.rights.learn(lacking);
    }
  }
  const notices = [`what is adopted is made anew, and the old one ended one by one: ${lacking}`];
  return together([{ applied: 0, failures: [], notices }, await beside(context, changes)]);
}

async function inPlace(context: ApplyContext, changes: readonly Adopt[]): Promise<Outcome> {
  const { learned, self } = context;
  const moment = context.moment();
  const links = changes.flatMap((change) => takenOf(change).flatMap((taken) => linkDocuments(context, change, taken)));
  const isFirst = ({ to, link }: (typeof links)[number]) => redness(to) >= redness(link.tlp);
  const putLinks = (some: typeof links) =>
    putUntilKnown(
      context,
      linksPut(context),
      some.map(({ document }) => document),
    );
  const linkFates = new Map(await putLinks(links.filter(isFirst)));

  const staying = changes.flatMap((change) => {
    const { stays, entry, judgement } = change;
    return stays ? [{ change, stays, document: adopted(moment, entry, judgement.h, stays) }] : [];
  });
  const fates = await putUntilKnown(
    context,
    judgementsPut(context),
    staying.map(({ document }) => document),
  );
  for (const [id, fate] of await putLinks(links.filter((it) => !isFirst(it)))) linkFates.set(id, fate);
  const linksOf = (change: Adopt, { links: those }: Taken): ActualLink[] =>
    those.filter(({ id }) => linkFates.get(id) === 'done').map((link) => ({ ...link, tlp: change.entry.terms.tlp }));

  const failures: Failure[] = [];
  const pairs: Pair[] = [];
  let applied = changes.length - staying.length;
  for (const { change, stays, document } of staying) {
    const { h } = change.judgement;
    const fate = fates.get(stays.foreign.id) ?? 'unknown';
    if (fate === 'gone') pairs.push(pairOf(context, change, { g: change.judgement.g }));
    else if (fate !== 'done') {
      if (fate !== 'unknown') learned.push({ h, unchanged: true });
      failures.push(failure(change, fate));
    } else {
      const stands = linksOf(change, stays);
      const judgement = judgementSaid(self.owner, stays.foreign.id, document, stands);
      if (judgement) learned.push({ h, judgement });
      if (stands.length > 0) applied += 1;
      else pairs.push(pairOf(context, change, { g: stays.g }));
    }
  }
  const imported = await importPairs(context, pairs);
  const failed = new Set([...failures, ...imported.failures].map(({ h }) => h));
  const ended = await endInPlace(
    context,
    changes.filter(({ judgement: { h } }) => !failed.has(h)),
    linksOf,
  );
  return together([{ applied, failures, notices: [] }, imported, ended]);
}

async function endInPlace(
  context: ApplyContext,
  changes: readonly Adopt[],
  linksOf: (change: Adopt, taken: Taken) => ActualLink[],
): Promise<Outcome> {
  const moment = context.moment();
  const ending = changes.flatMap((change) =>
    change.ends.map((taken) => {
      const { h } = change.judgement;
      return { change, taken, document: adoptedAndEnded(moment, change.entry, h, taken) };
    }),
  );
  const fates = await putUntilKnown(
    context,
    judgementsPut(context),
    ending.map(({ document }) => document),
  );
  const failures: Failure[] = [];
  for (const { change, taken, document } of ending) {
    const { h } = change.judgement;
    const fate = fates.get(taken.foreign.id) ?? 'unknown';
    if (fate === 'done') {
      const judgement = judgementSaid(context.self.owner, taken.foreign.id, document, linksOf(change, taken));
      if (judgement) context.learned.push({ h, judgement });
      continue;
    }
    if (fate !== 'unknown') context.learned.push({ h, unchanged: true });
    if (fate !== 'gone') failures.push(failure(change, fate));
  }
  return { applied: 0, failures, notices: [] };
}

/** Where a token may import and not replace: ours is made and known live, then theirs is ended. */
async function beside(context: ApplyContext, changes: readonly Adopt[]): Promise<Outcome> {
  const making = changes.filter(({ stays }) => stays !== undefined);
  const imported = await importPairs(
    context,
    making.map((change) => pairOf(context, change, { g: change.judgement.g })),
  );
  const failed = new Set(imported.failures.map(({ h }) => h));
  const ended = await expireForeign(
    context,
    changes
      .filter(({ judgement: { h } }) => !failed.has(h))
      .flatMap((change) =>
        takenOf(change).map(({ foreign: { id } }) => ({
          ...{ h: change.judgement.h, id },
          name: `${change.entry.observable.type} ${change.entry.observable.value}: ${id}`,
        })),
      ),
  );
  // A view may still show what was ended until the refresh.
  await context.clock.sleep(REFRESH_MS, context.signal);
  return together([imported, { ...ended, applied: changes.length - making.length }]);
}

function linkDocuments({ self }: ApplyContext, { entry, judgement: { h } }: Adopt, { foreign, links }: Taken) {
  const { tlp } = entry.terms;
  return links.map((link) => ({
    link,
    to: tlp,
    document: { id: link.id, ...newLink(self.owner, { h, g: link.g }, foreign.id, link.target, tlp) },
  }));
}

function pairOf(context: ApplyContext, { entry, judgement: { h }, link, feed }: Adopt, { g }: { g: number }): Pair {
  const target = context.targetOf(feed);
  if (target === undefined) throw new Error(`no indicator is known for ${feedKey(feed)}`);
  return { entry, judgement: { h, g }, link, target };
}

function failure({ entry, judgement: { h } }: Adopt, fate: Exclude<Fate, 'done' | 'gone'>): Failure {
  const { observable, position } = entry;
  const [kind, why] =
    fate === 'unknown'
      ? (['unknown', 'CTIA did not say what became of it'] as const)
      : fate === 'forbidden'
        ? (['forbidden', 'we may not write it: ask who made it, or take "adopt:" out'] as const)
        : (['entry', fate.refused] as const);
  return { h, kind, message: `${observable.type} ${observable.value}: not adopted, ${why}`, position };
}
