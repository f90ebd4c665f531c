import type { Change, ChangeKind } from './change.ts';

/** Changes of one request. Judgements and relationships never share a PUT or DELETE; an import holds pairs of both. */
export type Batch =
  | { readonly kind: 'import'; readonly changes: readonly Extract<Change, { kind: 'create' | 'link' }>[] }
  | { readonly kind: 'replace'; readonly changes: readonly Extract<Change, { kind: 'renew' | 'revive' | 'change' }>[] }
  | { readonly kind: 'withdraw'; readonly changes: readonly Extract<Change, { kind: 'withdraw' }>[] }
  | { readonly kind: 'unlink'; readonly changes: readonly Extract<Change, { kind: 'unlink' }>[] };

/** What CTIA takes in one request, summed over types, unless a tenant said another number. */
export const ENTITIES_MAX = 2000;

const BATCH_OF: Readonly<Record<ChangeKind, Batch['kind']>> = {
  create: 'import',
  link: 'import',
  renew: 'replace',
  revive: 'replace',
  change: 'replace',
  withdraw: 'withdraw',
  unlink: 'unlink',
};

/**
 * Changes arrive in the order of work, so batches do too: renewals that would lapse are their own batches and first;
 * an external id stands in one batch once, since `create` and `link` are one for each h.
 */
export function makeBatches(changes: readonly Change[], entitiesMax: number = ENTITIES_MAX): Batch[] {
  const batches: { kind: Batch['kind']; group: string; changes: Change[] }[] = [];
  for (const change of changes) {
    const kind = BATCH_OF[change.kind];
    const group = change.kind === 'renew' ? 'renew' : kind;
    const room = kind === 'import' ? Math.floor(entitiesMax / 2) : entitiesMax;
    const last = batches.findLast((batch) => batch.group === group);
    if (last && last.changes.length < room) last.changes.push(change);
    else batches.push({ kind, group, changes: [change] });
  }
  return batches.map(({ kind, changes }) => ({ kind, changes }) as Batch);
}

/** Whether a batch takes something away: it starts only after all that enters is known live. */
export function takesAway(batch: Batch): boolean {
  return batch.kind === 'withdraw' || batch.kind === 'unlink';
}
