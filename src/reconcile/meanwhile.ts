import type { CtiaClient } from '../ctia/client.ts';
import type { AllowedByHand, Entry } from '../ctim/entry.ts';
import { makePrecedence, type Precedence } from '../lists/precedence.ts';
import type { Batch } from '../plan/batch.ts';
import type { Change } from '../plan/change.ts';
import { entryOfStored } from '../plan/documents.ts';
import { channelByHash, EMPTY, type Hold, holdsAmong } from '../plan/hold.ts';
import { type Clock, SECOND } from '../runtime/clock.ts';
import { readOwnIndicators, type Self } from './actual.ts';

/**
 * What people did by hand since a plan was made. A batch about to go asks once more, as the only writer: a plan of a
 * million entries is carried out for an hour, and nobody waits so long for a panic or for one address.
 */
export interface Meanwhile {
  readonly holds: readonly Hold[];
  /** What was let through since. */
  readonly letThrough: readonly AllowedByHand[];
}

export type AskMeanwhile = () => Promise<Meanwhile>;

/** The changes of a batch that are still wanted. What a hold keeps from being created it keeps from being withdrawn too. */
export function stillWanted(batch: Batch, { holds, letThrough }: Meanwhile): Batch {
  if (holds.length === 0 && letThrough.length === 0) return batch;
  const byChannel = new Map(holds.map((hold) => [hold.channel, hold]));
  const precedence = makePrecedence([], letThrough);
  const changes = batch.changes as readonly Change[];
  const left = changes.filter((change) => mayGo(change, byChannel) && !isLetThrough(change, precedence));
  return left.length === changes.length ? batch : ({ kind: batch.kind, changes: left } as Batch);
}

function mayGo(change: Change, holds: ReadonlyMap<string, Hold>): boolean {
  const channel =
    change.feed?.channel ?? ('stored' in change ? channelByHash(holds.keys(), change.stored) : undefined) ?? '';
  const hold = holds.get(channel);
  return hold === undefined || (change.kind === 'renew' && hold.to !== EMPTY);
}

const CLEAN = 1;

function isLetThrough(change: Change, precedence: Precedence): boolean {
  const entry = enteringOf(change);
  if (entry === undefined || entry.terms.disposition === CLEAN) return false;
  const { published, parts } = precedence(entry);
  return !published || parts !== undefined;
}

function enteringOf(change: Change): Entry | undefined {
  if ('entry' in change && change.entry !== undefined) return change.entry;
  return change.kind === 'renew' ? entryOfStored(change.stored, change.lifetimeMs) : undefined;
}

/** Holds as CTIA has them: one request. */
export async function readHolds(client: CtiaClient, self: Self): Promise<Hold[]> {
  return holdsAmong(self.owner, await readOwnIndicators(client, self));
}

const ASK_EVERY_MS = 10 * SECOND;

/** For a process without a Redis, which nobody tells anything: it asks CTIA, and not for each of a hundred batches a second. */
export function askCtia(client: CtiaClient, clock: Clock, self: Self): AskMeanwhile {
  let askedAt = clock.now();
  let holds: readonly Hold[] = [];
  return async () => {
    if (clock.now() - askedAt >= ASK_EVERY_MS) {
      holds = await readHolds(client, self);
      askedAt = clock.now();
    }
    return { holds, letThrough: [] };
  };
}
