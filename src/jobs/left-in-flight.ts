import { REFRESH_MS } from '../ctia/retry.ts';
import type { Actual } from '../plan/actual.ts';
import type { Done } from '../plan/done.ts';
import { changesFound } from '../plan/found.ts';
import { type EntryRecord, type Learned, NOTHING_HELD, recordOf } from '../plan/learned.ts';
import type { Self } from '../reconcile/actual.ts';
import { lookAtEntry } from '../reconcile/look.ts';
import { type Attempt, tell } from './journal.ts';
import type { Desk, Workplace } from './workplace.ts';

/** Two requests for each; more than this cost as much as the pages of a large owner. */
export const LOOKS_MAX = 25;

/**
 * What was in flight when its writer died may have been written a moment ago: after the refresh it is seen. Asked again
 * which they are once we are the only writer: one that was merely slow has told by then what became of its own.
 */
export async function lookAtLeft(work: Workplace, desk: Desk, self: Self, actual: Actual): Promise<void> {
  const { store } = work.ledger;
  const { client, lock, signal } = desk;
  await lock.exclusively(async () => {
    const left = new Map([...(await store.leftInFlight())].slice(0, LOOKS_MAX));
    if (left.size === 0) return;
    work.log.info({ entries: left.size }, 'entries were left in flight: looking at them before anything is written');
    await work.clock.sleep(REFRESH_MS, signal);
    const before = new Map<string, EntryRecord>();
    const after = new Map<string, EntryRecord>();
    const facts: Learned[] = [];
    for (const h of left.keys()) {
      await lock.assertHeld();
      const known = recordOf(actual, h);
      const whole = await lookAtEntry(client, self, h, known);
      before.set(h, known);
      after.set(h, whole);
      facts.push({ h, whole });
    }
    await journalFound(work, client.serverNow(), left, before, (h) => after.get(h) ?? NOTHING_HELD);
    await store.recorder(lock).end(facts);
  });
}

/** Told under the run that did it, at the time at which it set out to. */
export async function journalFound(
  { journal, log }: Workplace,
  now: number,
  left: ReadonlyMap<string, Attempt>,
  before: ReadonlyMap<string, EntryRecord>,
  after: (h: string) => EntryRecord,
): Promise<void> {
  const found = new Map<Attempt, Done[]>();
  for (const [h, attempt] of left) {
    const changes = changesFound(h, before.get(h) ?? NOTHING_HELD, after(h), { at: attempt.at, now });
    found.set(attempt, [...(found.get(attempt) ?? []), ...changes]);
  }
  try {
    for (const [attempt, changes] of found) await tell(journal, attempt, changes);
  } catch (error) {
    log.warn({ error }, 'the journal does not tell what a writer did that died');
  }
}
