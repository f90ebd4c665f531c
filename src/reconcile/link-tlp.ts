import type { LinkDocument } from '../ctim/feed.ts';
import { TLPS, type Tlp } from '../ctim/judgement.ts';
import type { ActualLink } from '../plan/actual.ts';
import type { Batch } from '../plan/batch.ts';
import { newLink } from '../plan/documents.ts';
import type { ApplyContext } from './apply.ts';
import type { Failure, Outcome } from './outcome.ts';
import { linksPut, putDocuments } from './put-documents.ts';

type ReplaceChange = Extract<Batch, { kind: 'replace' }>['changes'][number];
type Reworded = Extract<ReplaceChange, { kind: 'change' | 'revive' }>;

/** Links that are to be seen by fewer. What is left are the changes whose links stand so. */
export async function linksFirst(
  context: ApplyContext,
  changes: readonly ReplaceChange[],
): Promise<{ changes: readonly ReplaceChange[]; outcome: Outcome }> {
  const { written, failures } = await write(context, changes, (to, from) => redness(to) > redness(from));
  const failed = new Set(failures.map(({ h }) => h));
  return {
    changes: changes
      .filter(({ stored }) => !failed.has(stored.h))
      .map((change) => ({ ...change, stored: { ...change.stored, links: retold(change, written) } })),
    outcome: { applied: 0, failures, notices: [] },
  };
}

/** Links that are to be seen by more. */
export async function linksLast(context: ApplyContext, changes: readonly ReplaceChange[]): Promise<Outcome> {
  const { written, failures } = await write(context, changes, (to, from) => redness(to) < redness(from));
  for (const change of changes) {
    const { h, links } = change.stored;
    if (!links.some(({ id }) => written.has(id))) continue;
    const said = context.learned.findLast((fact) => fact.h === h && 'judgement' in fact);
    if (said !== undefined && 'judgement' in said)
      context.learned.push({ h, judgement: { ...said.judgement, links: retold(change, written) } });
  }
  return { applied: 0, failures, notices: [] };
}

async function write(
  context: ApplyContext,
  changes: readonly ReplaceChange[],
  isTurn: (to: Tlp, from: Tlp) => boolean,
): Promise<{ written: ReadonlySet<string>; failures: Failure[] }> {
  const { owner } = context.self;
  const turns: { change: Reworded; link: ActualLink; document: LinkDocument & { id: string } }[] = [];
  for (const change of changes) {
    if (change.kind === 'renew') continue;
    const { tlp } = change.entry.terms;
    for (const link of change.stored.links) {
      if (!isTurn(tlp, link.tlp)) continue;
      const { h, id } = change.stored;
      turns.push({
        change,
        link,
        document: { id: link.id, ...newLink(owner, { h, g: link.g }, id, link.target, tlp) },
      });
    }
  }
  const fates = await putDocuments(
    context,
    linksPut(context),
    turns.map(({ document }) => document),
  );
  const written = new Set(turns.filter(({ link }) => fates.get(link.id) === 'done').map(({ link }) => link.id));
  const failures = turns.flatMap(({ change, link }): Failure[] => {
    const fate = fates.get(link.id);
    // A link that is gone is made anew by the next plan.
    if (fate === 'done' || fate === 'gone') return [];
    const { h, observable } = change.stored;
    const kind = fate === 'forbidden' ? 'forbidden' : 'unknown';
    return [{ h, kind, message: `${observable.type} ${observable.value}: the tlp of its link could not be changed` }];
  });
  return { written, failures };
}

function retold(change: ReplaceChange, written: ReadonlySet<string>): readonly ActualLink[] {
  const { links } = change.stored;
  if (change.kind === 'renew') return links;
  const { tlp } = change.entry.terms;
  return links.map((link) => (written.has(link.id) ? { ...link, tlp } : link));
}

export function redness(tlp: Tlp): number {
  return TLPS.indexOf(tlp);
}
