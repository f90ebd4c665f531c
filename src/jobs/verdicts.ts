import { feedKey } from '../ctim/feed.ts';
import type { Self } from '../reconcile/actual.ts';
import type { TypedFeed } from '../reconcile/feeds.ts';
import { wantedOnHold } from '../reconcile/on-hold.ts';
import type { Desired } from '../reconcile/prepare.ts';
import { type FeedVerdict, verifyFeed } from '../reconcile/verify.ts';
import { HOUR } from '../runtime/clock.ts';
import { type SyncState, wantedValues } from './sync-state.ts';
import { readTenant } from './tenant-reading.ts';
import type { Desk, Workplace } from './workplace.ts';

/** A verdict as the ledger keeps it, and how many jobs by hand had ended when it was found. */
interface KeptVerdict {
  readonly verdict: FeedVerdict;
  readonly byHand: string;
}

/** Scheduled syncs read every view; who publishes more often reads what he touched, and no view is older than this. */
const KEPT_MS_MAX = 2 * HOUR;

/**
 * A verdict on each feed. The view of a feed is read where the plan touched it, or all are to be read; that of another is
 * not where the latest verdict still says something: it was good, nothing was done by hand since, and as many values are
 * wanted as then. Its `at` stays the time of the read that decided.
 */
export async function verdictsOnFeeds(
  work: Workplace,
  desk: Desk,
  self: Self,
  {
    desired,
    state,
    feeds,
    ledgerId,
  }: { desired: Desired; state: SyncState; feeds: readonly TypedFeed[]; ledgerId: string | undefined },
): Promise<FeedVerdict[]> {
  const { clock, ledger } = work;
  const { client, signal } = desk;
  const kept = state.views === 'all' ? new Map<string, FeedVerdict>() : await keptVerdicts(work, state, feeds);
  const wanted = wantedValues(desired, state, new Set(feeds.map(feedKey).filter((key) => !kept.has(key))));
  const onHold = await wantedOnHold(state.holds, desired, state.allowedByHand, {
    actual: () => readTenant(work, desk).readActual(self),
    now: client.serverNow(),
  });
  const verdicts: FeedVerdict[] = [];
  for (const feed of feeds) {
    const key = feedKey(feed);
    const before = kept.get(key);
    if (before) {
      verdicts.push(before);
      continue;
    }
    const [readable = feed] = await ledger.withViewUrls(client, [feed]);
    const verdict = await verifyFeed(
      { client, clock, self, signal },
      readable,
      onHold(feed) ?? wanted.get(key) ?? new Set(),
    );
    verdicts.push(verdict);
    if (ledgerId === undefined) continue;
    const note: KeptVerdict = { verdict, byHand: state.byHand };
    await ledger.store.note(ledgerId, noteOf(key), JSON.stringify(note));
  }
  return verdicts;
}

async function keptVerdicts(
  work: Workplace,
  state: SyncState,
  feeds: readonly TypedFeed[],
): Promise<Map<string, FeedVerdict>> {
  const { clock, ledger } = work;
  const kept = new Map<string, FeedVerdict>();
  const untouched = feeds.map(feedKey).filter((key) => !state.views.includes(key));
  if (untouched.length === 0) return kept;
  const notes = await ledger.store.notes(untouched.map(noteOf));
  for (const [n, key] of untouched.entries()) {
    const text = notes[n];
    if (!text) continue;
    const { verdict, byHand } = JSON.parse(text) as KeptVerdict;
    const entries = state.plan.feeds.find(({ feed }) => feedKey(feed) === key)?.entries;
    const isYoung = clock.now() - Date.parse(verdict.at) < KEPT_MS_MAX;
    if (verdict.verified && isYoung && byHand === state.byHand && verdict.entries === entries) kept.set(key, verdict);
  }
  return kept;
}

function noteOf(key: string): string {
  return `verdict:${key}`;
}
