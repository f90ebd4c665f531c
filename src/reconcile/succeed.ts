import { type FeedName, feedKey } from '../ctim/feed.ts';
import type { Change } from '../plan/change.ts';
import { entryOfStored, keptEnd } from '../plan/documents.ts';
import type { ApplyContext } from './apply.ts';
import { importPairs, type Pair } from './import-pairs.ts';
import type { Failure, Outcome } from './outcome.ts';
import { together } from './outcome.ts';

type Succeeding = Extract<Change, { kind: 'renew' | 'revive' | 'change' }>;

/** Makes the next generation of each, in its feed before the one before it ends. */
export async function succeed(context: ApplyContext, changes: readonly Succeeding[]): Promise<Outcome> {
  const pairs: Pair[] = [];
  const failures: Failure[] = [];
  for (const change of changes) {
    const pair = successorOf(context, change);
    if (pair !== undefined) pairs.push(pair);
    else failures.push(inNoFeed(context, change));
  }
  return together([{ applied: 0, failures, notices: [] }, await importPairs(context, pairs)]);
}

/** Built from its list's entry, or from what is stored where no list was read; undefined where it was in no feed. */
export function successorOf(context: ApplyContext, change: Succeeding): Pair | undefined {
  const { stored, next } = change;
  const generation = { h: stored.h, g: next };
  const common = { judgement: generation, link: generation, predecessors: [stored] };
  if (change.entry !== undefined) {
    const feed: FeedName = { channel: change.entry.channel, type: change.entry.observable.type };
    const target = context.targetOf(feed);
    if (target === undefined) throw new Error(`no indicator is known for ${feedKey(feed)}`);
    return { ...common, entry: change.entry, target, kept: keptEnd(change.entry.terms, stored, context.moment().now) };
  }
  const latest = stored.links.reduce<(typeof stored.links)[number] | undefined>(
    (best, link) => (best === undefined || link.g > best.g ? link : best),
    undefined,
  );
  if (latest === undefined || change.kind !== 'renew') return undefined;
  const entry = entryOfStored(stored, change.lifetimeMs);
  return { ...common, entry, target: latest.target, kept: { references: stored.references } };
}

function inNoFeed({ learned }: ApplyContext, { kind, stored }: Succeeding): Failure {
  learned.push({ h: stored.h, unchanged: true });
  const { type, value } = stored.observable;
  const message = `${type} ${value}: no ${kind}, since it is in no feed; it ends ${new Date(stored.end).toISOString()}`;
  return { h: stored.h, kind: 'forbidden', message };
}
