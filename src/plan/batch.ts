import { takenOf } from './adopt.ts';
import type { Change, ChangeKind } from './change.ts';

/** Changes of one request. Judgements and relationships never share a PUT; an import and a collecting DELETE hold both. */
export type Batch =
  | { readonly kind: 'import'; readonly changes: readonly Extract<Change, { kind: 'create' | 'link' }>[] }
  | { readonly kind: 'adopt'; readonly changes: readonly Extract<Change, { kind: 'adopt' }>[] }
  | { readonly kind: 'replace'; readonly changes: readonly Extract<Change, { kind: 'renew' | 'revive' | 'change' }>[] }
  | { readonly kind: 'withdraw'; readonly changes: readonly Extract<Change, { kind: 'withdraw' }>[] }
  | { readonly kind: 'unlink'; readonly changes: readonly Extract<Change, { kind: 'unlink' }>[] }
  | { readonly kind: 'collect'; readonly changes: readonly Extract<Change, { kind: 'collect' }>[] };

/** What CTIA takes in one request, summed over types, unless a tenant said another number. */
export const ENTITIES_MAX = 2000;

const BATCH_OF: Readonly<Record<ChangeKind, Batch['kind']>> = {
  create: 'import',
  link: 'import',
  adopt: 'adopt',
  renew: 'replace',
  revive: 'replace',
  change: 'replace',
  withdraw: 'withdraw',
  unlink: 'unlink',
  collect: 'collect',
};

/**
 * Changes arrive in the order of work, so batches do too: renewals that would lapse are their own batches and first;
 * an external id stands in one batch once, since `create` and `link` are one for each h.
 */
export function makeBatches(changes: readonly Change[], entitiesMax: number = ENTITIES_MAX): Batch[] {
  const batches: { kind: Batch['kind']; group: string; entities: number; changes: Change[] }[] = [];
  for (const change of changes) {
    const kind = BATCH_OF[change.kind];
    const group = change.kind === 'renew' ? 'renew' : kind;
    const entities = entitiesOf(change);
    const last = batches.findLast((batch) => batch.group === group);
    if (last && last.entities + entities <= entitiesMax) {
      last.changes.push(change);
      last.entities += entities;
    } else batches.push({ kind, group, entities, changes: [change] });
  }
  return batches.map(({ kind, changes }) => ({ kind, changes }) as Batch);
}

function entitiesOf(change: Change): number {
  if (change.kind === 'adopt') return takenOf(change).reduce((sum, { links }) => sum + 1 + links.length, 0);
  if (change.kind === 'collect') return 1 + change.stored.links.length;
  return BATCH_OF[change.kind] === 'import' ? 2 : 1;
}

/** Whether a batch takes something away: it starts only after all that enters is known live. */
export function takesAway(batch: Batch): boolean {
  return batch.kind === 'withdraw' || batch.kind === 'unlink' || batch.kind === 'collect';
}
