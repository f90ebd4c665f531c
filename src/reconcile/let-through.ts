import { ATTACKERS, type Entry, RESERVED_LISTS } from '../ctim/entry.ts';
import { entryHash } from '../ctim/external-id.ts';
import { type Channel, feedKey } from '../ctim/feed.ts';
import type { Observable } from '../ctim/observable.ts';
import { rangeOf, without } from '../lists/address.ts';
import type { ActualJudgement } from '../plan/actual.ts';
import { entryOfStored, lifetimeText } from '../plan/documents.ts';
import { channelByHash } from '../plan/hold.ts';
import {
  becomes,
  entryByHand,
  HandRefused,
  type HandReport,
  type HandWork,
  look,
  makeReady,
  only,
  put,
  refuseOnHold,
  withdraw,
} from './by-hand.ts';
import { isReserved, type Neighbours, neighboursOf, placeOf } from './neighbours.ts';
import { type Outcome, together } from './outcome.ts';

export interface RemoveRequest {
  readonly observable: Observable;
  /** All that there are. */
  readonly channels: readonly Channel[];
  /** Let it through for so long, although a list blocks it; `carveOut`: also out of ranges that hold it. */
  readonly allow:
    | { readonly channel: Channel; readonly lifetimeMs: number; readonly reason: string; readonly carveOut: boolean }
    | undefined;
}

/**
 * Takes a value out of what is blocked:
 *
 *   blocked by                     without a time                with `--for`
 *   nothing of ours                refused                       an allow entry: no list and no sync blocks it for that time
 *   hand, or for a log's attack    withdrawn                     withdrawn, and that allow entry
 *   a list                         refused, its line is named    withdrawn, and that allow entry
 *   a range that holds it          refused, the line and the split are named; with `--carve-out` the range is published
 *                                  in parts around it for that time, which each sync keeps; afterwards it is whole again
 *   a name above it                refused: firewalls match the names below it, and a name has no parts
 */
export async function removeByHand(work: HandWork, request: RemoveRequest): Promise<HandReport> {
  const { observable, allow } = request;
  const channels = only(observable.type, request.channels);
  const looked = await look(work, channels);
  const blocks = channels.filter(({ action }) => action === 'block');
  const end = allow && work.client.serverNow() + allow.lifetimeMs;
  const { outcome, feeds, split } = await work.exclusively(async () => {
    const held = await neighboursOf(work.client, looked.self, observable);
    const decided = decide(request, blocks, held);
    refuseOnHold(looked, [...(allow ? [allow.channel] : []), ...decided.channels.map((name) => ({ name }))]);
    // Only now is anything made: who is refused finds the tenant as it was.
    const ready = await makeReady(work, looked, allow ? only(observable.type, [allow.channel]) : []);
    const entries: Entry[] = [...decided.parts];
    if (allow && end !== undefined) {
      await work.notes?.letThrough(decided.parts.length > 0 ? { ...observable, carveOut: true } : observable);
      entries.push(entryByHand(allow.channel, observable, end, { reason: allow.reason }, decided.parts.length > 0));
    }
    const outcomes: Outcome[] = entries.length === 0 ? [] : [await put(ready.context, ...entries)];
    const made = entries.map((it) => entryHash(it.channel, it.list, it.observable));
    const failed = new Set(outcomes.flatMap(({ failures }) => failures.map(({ h }) => h)));
    outcomes.push(await withdraw(ready, decided.leaving, made, failed));
    return { outcome: together(outcomes), feeds: ready.feeds, split: decided.ranges };
  });
  const gone: string[] = [];
  const troubles: string[] = [];
  for (const feed of feeds) {
    const isBlocked = feed.type === observable.type && blocks.some(({ name }) => name === feed.channel);
    const values = [observable.value, ...split];
    if (!isBlocked) continue;
    const isGone = await allGone(work, feed, values);
    if (typeof isGone === 'string') troubles.push(isGone);
    else if (isGone) gone.push(feedKey(feed));
  }
  return {
    observable,
    did: allow ? `allowed in ${allow.channel.name}, withdrawn where it was blocked` : 'withdrawn',
    shown: [],
    gone,
    ...(troubles.length > 0 && { troubles }),
    ...(end !== undefined && { until: new Date(end).toISOString() }),
    ...(split.length > 0 && { split }),
    failures: outcome.failures,
  };
}

async function allGone(
  work: HandWork,
  feed: Parameters<typeof becomes>[1],
  values: readonly string[],
): Promise<boolean | string> {
  for (const value of values) {
    const isGone = await becomes(work, feed, value, false);
    if (isGone !== true) return isGone;
  }
  return true;
}

/** What a person added, and what a log made us block: no file names it, so that taking it back is enough. */
const BLOCKING_WITHOUT_FILE = ['adhoc-block', ATTACKERS] as const;

interface Decided {
  readonly leaving: readonly ActualJudgement[];
  /** What is published in place of `ranges`, and those. */
  readonly parts: readonly Entry[];
  readonly ranges: readonly string[];
  /** Where anything leaves. */
  readonly channels: readonly string[];
}

function decide({ observable, allow }: RemoveRequest, blocks: readonly Channel[], held: Neighbours): Decided {
  const names = blocks.map(({ name }) => name);
  const isBlocking = (it: ActualJudgement) => channelByHash(names, it) !== undefined;
  const blocking = held.same.filter(isBlocking);
  const wider = held.wider.filter(isBlocking);
  const listed = blocking.filter((it) => !BLOCKING_WITHOUT_FILE.some((list) => isReserved(it, blocks, list)));
  if (listed.length > 0 && allow === undefined) throw new HandRefused(stillListed(observable, listed));
  const isWhole = allow === undefined || !allow.carveOut;
  // Without a time what was added by hand is taken back, whatever holds it too.
  if (wider.length > 0 && isWhole && (allow !== undefined || blocking.length === 0))
    throw new HandRefused(insideOf(observable, wider));
  if (blocking.length === 0 && allow === undefined)
    throw new HandRefused(`${observable.type} ${observable.value} is not blocked by us: nothing to remove`);
  const ranges = allow?.carveOut ? wider : [];
  const leaving = [...blocking, ...ranges];
  return {
    leaving,
    parts: ranges.flatMap((range) => partsOf(range, observable, names)),
    ranges: [...new Set(ranges.map((range) => range.observable.value))],
    channels: leaving.flatMap((it) => channelByHash(names, it) ?? []),
  };
}

/** What a list says of a range, said of the largest ranges around one address: as a sync that carves it out would have it. */
function partsOf(stored: ActualJudgement, hole: Observable, channels: readonly string[]): Entry[] {
  const range = rangeOf(stored.observable);
  const inside = rangeOf(hole);
  const { list, ...said } = entryOfStored(stored, stored.lifetimeMs ?? 0);
  if (range === undefined || inside === undefined) throw new HandRefused(insideOf(hole, [stored]));
  if (RESERVED_LISTS.some((reserved) => reserved === list)) {
    throw new HandRefused(
      `${hole.value} lies inside ${stored.observable.value}, which was blocked by hand: remove that, and add ${splitOf(stored, hole)}`,
    );
  }
  const text = lifetimeText(stored) ?? '';
  const lifetime: Entry['terms']['lifetime'] = !stored.once
    ? said.terms.lifetime
    : stored.lifetimeMs === undefined
      ? { kind: 'once', text, end: stored.end }
      : { kind: 'runs-out', text, ms: stored.lifetimeMs };
  if (!stored.once && stored.lifetimeMs === undefined)
    throw new HandRefused(
      `${stored.observable.value} tells no lifetime, so it cannot be split: change ${placeOf(stored)}`,
    );
  const entry = { ...said, list, terms: { ...said.terms, lifetime }, channel: channelByHash(channels, stored) ?? '' };
  return [...without(range, [inside])].map((value) => ({
    ...entry,
    observable: { type: stored.observable.type, value },
  }));
}

function stillListed(observable: Observable, listed: readonly ActualJudgement[]): string {
  return `${observable.value} stands in ${listed.map(placeOf).join(', ')}: take it out there, or let it through for a time with --for, for example --for 24h`;
}

function insideOf({ type, value }: Observable, wider: readonly ActualJudgement[]): string {
  const [first] = wider;
  if (first === undefined) throw new Error('nothing holds it');
  const where = wider.map((it) => `${it.observable.value}, which stands in ${placeOf(it)}`).join(', and ');
  if (type === 'domain')
    return `${value} lies below ${where}: firewalls match the names below a name; list the single names there instead`;
  return `${value} lies inside ${where}: write there instead ${splitOf(first, { type, value })}, or split it for a time with --for and --carve-out`;
}

/** A range without one IPv4 address has up to 32 parts. */
const SPLIT_SHOWN = 32;

function splitOf({ observable }: ActualJudgement, hole: Observable): string {
  const range = rangeOf(observable);
  const inside = rangeOf(hole);
  if (range === undefined || inside === undefined) return 'its parts';
  const parts = [...without(range, [inside])];
  return `${parts.slice(0, SPLIT_SHOWN).join(', ')}${parts.length > SPLIT_SHOWN ? ' and further parts' : ''}`;
}
