import type { CtiaClient } from '../ctia/client.ts';
import { isCtiaError } from '../ctia/error.ts';
import { type FeedName, feedKey } from '../ctim/feed.ts';
import { type Batch, ENTITIES_MAX } from '../plan/batch.ts';
import { hashOf } from '../plan/change.ts';
import type { Moment } from '../plan/documents.ts';
import { changesDone, type Done } from '../plan/done.ts';
import type { Learned } from '../plan/learned.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Self } from './actual.ts';
import { adopt } from './adopt.ts';
import { type BulkRights, rightsOfThisRun, successionNotice } from './bulk-rights.ts';
import { importPairs } from './import-pairs.ts';
import { linksFirst, linksLast } from './link-tlp.ts';
import { type AskMeanwhile, stillWanted } from './meanwhile.ts';
import { expireEach } from './one-by-one.ts';
import { type Failure, NOTHING_DONE, type Outcome, together } from './outcome.ts';
import { collect, unlink } from './remove.ts';
import { replaceJudgements } from './replace.ts';
import { succeed } from './succeed.ts';

/** What carrying out a batch needs to know, in this process or in a worker that got the batch from a queue. */
export interface ApplyContext {
  readonly client: CtiaClient;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly self: Self;
  /** Taken anew at each request: start, end and withdrawal are by the server's clock at that moment. */
  moment(): Moment;
  /** The indicator of a feed. */
  targetOf(feed: FeedName): string | undefined;
  entitiesMax: number;
  learnEntitiesMax(max: number): void;
  readonly record: Recorder;
  readonly rights: BulkRights;
  /** Asked before a batch goes: what of it people want no more. Absent for what a person does now. */
  readonly meanwhile?: AskMeanwhile | undefined;
  /** What this batch came to know, in order. An entry of which nothing is said here is not known any more. */
  readonly learned: Learned[];
}

/** Who keeps a copy of what we hold hears of each batch before it is sent and of what became of it after. */
export interface Recorder {
  begin(hs: readonly string[], moment: Moment): Promise<void>;
  end(facts: readonly Learned[]): Promise<void>;
  /** For the journal: what was changed for these lists, and when by the server's clock. */
  note(done: readonly Done[], moment: Moment): Promise<void>;
}

export const NO_RECORD: Recorder = { begin: async () => {}, end: async () => {}, note: async () => {} };

export function makeApplyContext(
  parts: Pick<ApplyContext, 'client' | 'clock' | 'self' | 'signal'> & {
    revision: string;
    indicators: ReadonlyMap<string, string | undefined>;
    record?: Recorder | undefined;
    rights?: BulkRights | undefined;
    meanwhile?: AskMeanwhile | undefined;
  },
): ApplyContext {
  const { client, clock, self, signal, revision, indicators, record = NO_RECORD, rights = rightsOfThisRun() } = parts;
  const context: ApplyContext = {
    client,
    clock,
    self,
    signal,
    moment: () => ({ now: client.serverNow(), owner: self.owner, revision }),
    targetOf: (feed) => indicators.get(feedKey(feed)),
    entitiesMax: ENTITIES_MAX,
    learnEntitiesMax(max) {
      context.entitiesMax = Math.max(2, Math.min(context.entitiesMax, max));
    },
    record,
    rights,
    meanwhile: parts.meanwhile,
    learned: [],
  };
  return context;
}

/**
 * Carries out one batch and tells what became of each change. `failed` are the entries (h) that earlier batches of this
 * run could not make: what would be withdrawn for them stays where it is.
 */
export async function applyBatch(context: ApplyContext, batch: Batch, failed: ReadonlySet<string>): Promise<Outcome> {
  const wanted = context.meanwhile ? stillWanted(batch, await context.meanwhile()) : batch;
  const leftOut = batch.changes.length - wanted.changes.length;
  const notices =
    leftOut === 0 ? [] : [`${leftOut} changes were left out: a person holds their channel, or let them through`];
  if (wanted.changes.length === 0) return { applied: 0, failures: [], notices };
  await context.record.begin(wanted.changes.map(hashOf), context.moment());
  context.learned.length = 0;
  const outcome = await carryOut(context, wanted, failed);
  const unknown = new Set(outcome.failures.filter(({ kind }) => kind === 'unknown').map(({ h }) => h));
  const said = { ...outcome, notices: [...outcome.notices, ...notices] };
  // Before the marks go: who dies between the two leaves them, and is told of by whoever looks next.
  const noted = await note(context, wanted, outcome, unknown);
  await context.record.end(context.learned.filter(({ h }) => !unknown.has(h)));
  return together([said, noted]);
}

/** What is written is written: a journal that cannot be kept stops nothing. */
async function note(
  context: ApplyContext,
  batch: Batch,
  { failures }: Outcome,
  unknown: ReadonlySet<string>,
): Promise<Outcome> {
  const done = changesDone(batch, context.learned, { failed: new Set(failures.map(({ h }) => h)), unknown });
  if (done.length === 0) return NOTHING_DONE;
  try {
    await context.record.note(done, context.moment());
    return NOTHING_DONE;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { ...NOTHING_DONE, notices: [`the journal does not tell of ${done.length} changes: ${why}`] };
  }
}

async function carryOut(context: ApplyContext, batch: Batch, failed: ReadonlySet<string>): Promise<Outcome> {
  switch (batch.kind) {
    case 'import':
      return importPairs(
        context,
        batch.changes.map(({ entry, judgement, link, feed }) => {
          const target = context.targetOf(feed);
          if (target === undefined) throw new Error(`no indicator is known for ${feedKey(feed)}`);
          return { entry, judgement, link, target };
        }),
      );
    case 'adopt':
      return adopt(context, batch.changes);
    case 'replace':
      return replace(context, batch.changes);
    case 'withdraw':
      return withdraw(context, batch.changes, failed);
    case 'unlink':
      return unlink(context, batch.changes, failed);
    case 'collect':
      return collect(context, batch.changes);
  }
}

/** A link bears its judgement's tlp. Towards red the links go first, away from it last: a view never shows less than it may. */
async function replaceWithLinks(
  context: ApplyContext,
  changes: Extract<Batch, { kind: 'replace' }>['changes'],
): Promise<Outcome> {
  const first = await linksFirst(context, changes);
  const outcome = await replaceJudgements(context, first.changes);
  const failed = new Set(outcome.failures.map(({ h }) => h));
  const last = await linksLast(
    context,
    first.changes.filter(({ stored }) => !failed.has(stored.h)),
  );
  return together([first.outcome, outcome, last]);
}

/** In place, or, where the token may import and not use bulk PUT, by succession. */
async function replace(
  context: ApplyContext,
  changes: Extract<Batch, { kind: 'replace' }>['changes'],
): Promise<Outcome> {
  let lacking = await context.rights.lacking();
  if (lacking === undefined) {
    try {
      return await replaceWithLinks(context, changes);
    } catch (error) {
      if (!isCtiaError(error, 'capability')) throw error;
      lacking = error.message;
      await context.rights.learn(lacking);
    }
  }
  const notice: Outcome = { applied: 0, failures: [], notices: [successionNotice(lacking)] };
  return together([notice, await succeed(context, changes)]);
}

async function withdraw(
  context: ApplyContext,
  changes: Extract<Batch, { kind: 'withdraw' }>['changes'],
  failed: ReadonlySet<string>,
): Promise<Outcome> {
  const stays = changes.filter(({ after }) => after.some((h) => failed.has(h)));
  const goes = changes.filter(({ after }) => !after.some((h) => failed.has(h)));
  const failures = stays.map(
    ({ stored }): Failure => ({
      h: stored.h,
      kind: 'waiting',
      message: `${stored.observable.type} ${stored.observable.value}: not withdrawn, since what replaces it is not known live`,
    }),
  );
  const waiting: Outcome = { applied: 0, failures, notices: [] };
  for (const { stored } of stays) context.learned.push({ h: stored.h, unchanged: true });
  if (goes.length === 0) return waiting;
  let lacking = await context.rights.lacking();
  if (lacking === undefined) {
    try {
      return together([waiting, await replaceJudgements(context, goes)]);
    } catch (error) {
      if (!isCtiaError(error, 'capability')) throw error;
      lacking = error.message;
      await context.rights.learn(lacking);
    }
  }
  for (const { stored, lapses } of goes) if (lapses) context.learned.push({ h: stored.h, unchanged: true });
  const ended = await expireEach(
    context,
    goes.flatMap(({ stored, lapses }) => (lapses ? [] : [stored])),
  );
  return together([waiting, ended, { applied: 0, failures: [], notices: [`withdrawn one by one: ${lacking}`] }]);
}
