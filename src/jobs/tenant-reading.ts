import type { StoredIndicator } from '../ctia/stored.ts';
import { stateId } from '../ctim/external-id.ts';
import type { Channel } from '../ctim/feed.ts';
import type { Actual } from '../plan/actual.ts';
import { recordOf } from '../plan/learned.ts';
import { readActual, readOwnIndicators, type Self } from '../reconcile/actual.ts';
import { coversChannels, type FeedEntities, readFeedEntities } from '../reconcile/feeds.ts';
import { readTwice, type TenantReader } from '../reconcile/prepare.ts';
import type { ReadFrom } from '../reconcile/report.ts';
import type { LedgerFacts } from './ledger.ts';
import { journalFound, LOOKS_MAX, lookAtLeft } from './left-in-flight.ts';
import type { Desk, Workplace } from './workplace.ts';

/**
 * How a run gets to know what CTIA holds: from the ledger, or by reading CTIA in full and writing the ledger anew. In
 * doubt always the latter:
 *
 *   no ledger, another format, another tenant's                in full
 *   an answer of CTIA's contradicted it                        in full
 *   the state in CTIA is not the one that we know              in full: somebody applied past this Redis
 *   entries left in flight, a few                              from the ledger; those are read back first
 *   entries left in flight, many                               in full
 *   otherwise                                                  from the ledger
 */
export interface TenantReading extends TenantReader {
  /** Which it was, and why. */
  told(): ReadFrom;
  /**
   * After a full read: it becomes the ledger. To be called before anything is written. False where somebody else wrote
   * meanwhile: then what was read may be older than what the ledger says.
   */
  keep(): Promise<boolean>;
}

/** `inFull`: why this run does not go by the ledger whatever it says. */
export function readTenant(work: Workplace, desk: Desk, inFull?: string): TenantReading {
  const { client, lock } = desk;
  const { store, mirror } = work.ledger;
  let from: ReadFrom | undefined;
  let known: LedgerFacts | undefined;
  let full: { stamp: string; actual: Actual; readAt: string } | undefined;
  let entities: FeedEntities | undefined;
  let ownIndicators: FeedEntities['ownIndicators'] | undefined;

  async function readFromCtia(self: Self, why: string): Promise<Actual> {
    from = { from: 'ctia', why };
    const stamp = await store.takeStamp(lock);
    const left = await store.leftInFlight();
    const facts = await store.facts();
    const before = left.size > 0 && 'id' in facts && (await store.records(facts.id, [...left.keys()]));
    const readAt = new Date(client.serverNow()).toISOString();
    const actual = await readTwice(() => readActual(client, self));
    full = { stamp, actual, readAt };
    if (before) await journalFound(work, client.serverNow(), left, before, (h) => recordOf(actual, h));
    return actual;
  }

  return {
    async readActual(self) {
      if (inFull !== undefined) return readFromCtia(self, inFull);
      const facts = await store.facts();
      if ('unusable' in facts) return readFromCtia(self, facts.unusable);
      ownIndicators = await readOwnIndicators(client, self);
      const moved = stateMoved(self, facts, ownIndicators);
      if (moved !== undefined) return readFromCtia(self, moved);
      const left = await store.leftInFlight();
      if (left.size > LOOKS_MAX) return readFromCtia(self, `${left.size} entries were left in flight`);
      let actual = await mirror.catchUp(facts);
      if (actual !== undefined && left.size > 0) {
        await lookAtLeft(work, desk, self, actual);
        const after = await store.facts();
        actual = 'id' in after && after.id === facts.id ? await mirror.catchUp(after) : undefined;
      }
      if (actual === undefined) return readFromCtia(self, 'the ledger was replaced while it was read');
      from = { from: 'ledger', why: `read in full at ${facts.readAt}, kept since` };
      known = facts;
      return actual;
    },
    async readFeedEntities(self, channels) {
      // The indicators are of just now: a channel may have come on hold, of which nobody tells the ledger.
      if (known?.entities && ownIndicators && coversChannels(known.entities, channels))
        return { ...known.entities, ownIndicators };
      entities = await readFeedEntities(client, self, channels);
      work.ledger.keepViewUrls(entities);
      return entities;
    },
    told: () => from ?? { from: 'ctia', why: 'nothing was read yet' },
    async keep() {
      if (entities === undefined) return true;
      if (full === undefined) {
        if (known !== undefined) await store.noteEntities(known.id, entities);
        return true;
      }
      const id = await store.rewrite(lock, { ...full, entities });
      if (id !== undefined) await mirror.take(id, full.actual);
      // What is written from now on the ledger hears of: it is not to be put back to what was read.
      full = undefined;
      const facts = await store.facts();
      known = 'id' in facts && facts.id === id ? facts : undefined;
      return id !== undefined;
    },
  };
}

/** Feeds as the ledger knows them; where it does not, as CTIA does, and then the ledger too. */
export async function feedEntitiesOf(
  { ledger }: Workplace,
  { client }: Desk,
  self: Self,
  channels: readonly Channel[],
): Promise<{ entities: FeedEntities; id: string | undefined }> {
  const facts = await ledger.store.facts();
  const id = 'id' in facts ? facts.id : undefined;
  if ('id' in facts && facts.entities && coversChannels(facts.entities, channels))
    return { entities: facts.entities, id };
  const entities = await readFeedEntities(client, self, channels);
  ledger.keepViewUrls(entities);
  if (id !== undefined) await ledger.store.noteEntities(id, entities);
  return { entities, id };
}

/**
 * One request, for all indicators of ours, tells whether somebody applied lists past this Redis: from a machine without
 * it, or before it was restored from an older copy.
 */
function stateMoved(
  { owner }: Self,
  { entities }: LedgerFacts,
  ownIndicators: readonly StoredIndicator[],
): string | undefined {
  const isState = ({ externalIds }: StoredIndicator) => externalIds.includes(stateId(owner));
  const known = entities?.ownIndicators.find(isState);
  if (known === undefined) return 'the state in CTIA is not known';
  const now = ownIndicators.find(({ id }) => id === known.id);
  if (now === undefined) return 'the state in CTIA is gone';
  if (now.modified === known.modified) return undefined;
  return `somebody else applied ${now.short_description ?? 'lists'} at ${now.modified}`;
}
