import { CONSUMERS, type ConsumerName } from '../ctim/consumer.ts';
import { feedKey } from '../ctim/feed.ts';
import { glances, isLive, listOf } from './actual.ts';
import { spaceAdded } from './address-space.ts';
import type { Apart } from './apart.ts';
import type { Situation } from './changes.ts';
import { type ConsumersOf, headroomOf, headroomText, sizesOf } from './headroom.ts';
import {
  asksForShare,
  type Limits,
  limitsOf,
  type Moved,
  overChannelLimits,
  overFeedLimits,
  overListLimits,
} from './limits.ts';
import { countByList, type FeedMoves, findMoves, NO_MOVES } from './moves.ts';
import { type Held, isRestoring, type Plan } from './plan.ts';

export interface SizeInput extends Situation {
  /** Undefined: nobody asked for any. */
  readonly limits: Limits | undefined;
  readonly consumers: ConsumersOf;
  /** Names of the channels that allow lists publish to. */
  readonly allowChannels: ReadonlySet<string>;
  /** Channels whose hold a person just lifted: what their lists want now may come back, however much it is. */
  readonly released: ReadonlySet<string>;
  /** What the tenant last applied; undefined where this owner never applied anything. */
  readonly state: object | undefined;
}

/** Why a plan may not go for how much it does. A person who saw the numbers lifts each of these. */
export function heldBySize(input: SizeInput, plan: Plan, apart: Apart): Held[] {
  const counted = asCounted(input, plan);
  return [overLimit, overConsumer, becomesEmpty].flatMap((rule) => rule(input, counted, apart) ?? []);
}

/** What comes back into a feed that it was in is no addition, and a channel whose hold a person lifted is approved. */
function asCounted({ actual, released }: SizeInput, plan: Plan): Plan {
  const isReleased = (channel: string | undefined) => channel !== undefined && released.has(channel);
  return {
    ...plan,
    changes: plan.changes.filter((change) => !isReleased(change.feed?.channel) && !isRestoring(change, actual)),
    feeds: plan.feeds.flatMap((it) =>
      isReleased(it.feed.channel) ? [] : [{ ...it, enters: it.enters - it.restores, restores: 0 }],
    ),
  };
}

/** A message is read by a person and kept in each report. */
const NAMED_MAX = 12;

/** Counts observables that enter or leave a feed: a list that moved is no withdrawal. */
function overLimit(input: SizeInput, plan: Plan, apart: Apart): Held | undefined {
  const { limits, allowChannels, state } = input;
  if (limits === undefined) return undefined;
  if (plan.feeds.every(({ enters, leaves }) => enters + leaves === 0)) return undefined;
  const anew = state === undefined;
  const moves = asksForMoves(input, limits, plan)
    ? findMoves(input, plan.changes, apart)
    : new Map<string, FeedMoves>();
  const over = plan.feeds.flatMap(({ feed, entries, enters, leaves }) => {
    const { channel, type } = feed;
    const name = feedKey(feed);
    const before = entries - enters + leaves;
    const { entering, leaving } = moves.get(name) ?? NO_MOVES;
    const space = type === 'ip' || type === 'ipv6' ? spaceAdded(entering, leaving) : 0n;
    const moved = { name, type, before, entries, enters, leaves, space, allow: allowChannels.has(channel) };
    return overFeedLimits(limitsOf(limits, channel), moved, anew);
  });
  for (const [channel, { feeds, ...moved }] of byChannel(plan)) {
    if (feeds > 1) over.push(...overChannelLimits(limits.channels.get(channel) ?? {}, moved, anew));
  }
  over.push(...listsOverLimit(input, apart, limits, moves, anew));
  if (over.length === 0) return undefined;
  const more = over.length > NAMED_MAX ? ` and ${over.length - NAMED_MAX} more` : '';
  const message = `over the limits: ${over.slice(0, NAMED_MAX).join(', ')}${more}; if the plan is right, --force or --digest ${plan.digest} (limits are set in settings.yaml, in a channel or in a list)`;
  return { rule: 'over-limit', message };
}

/** A first sync of a million entries stops nobody for the second that this costs: of what enters then only numbers are asked. */
function asksForMoves({ state }: SizeInput, { lists }: Limits, { feeds }: Plan): boolean {
  if (state !== undefined || feeds.some(({ leaves }) => leaves > 0)) return true;
  return [...lists.values()].some(({ entries }) => entries !== undefined);
}

function listsOverLimit(
  { actual, now }: SizeInput,
  apart: Apart,
  limits: Limits,
  moves: ReadonlyMap<string, FeedMoves>,
  anew: boolean,
): string[] {
  const counts = countByList(moves.values());
  if (counts.size === 0) return [];
  const held = new Map<string, number>();
  if ([...counts].some(([list, moved]) => asksForShare(limits.lists.get(list) ?? {}, moved))) {
    for (const judgement of glances(actual.judgements)) {
      const list = isLive(judgement, now) ? listOf(judgement) : undefined;
      if (list !== undefined && counts.has(list)) held.set(list, (held.get(list) ?? 0) + 1);
    }
  }
  const entries = new Map<string, number>();
  for (const lists of apart.counts.values())
    for (const [list, count] of lists) entries.set(list, (entries.get(list) ?? 0) + count);
  return [...counts].flatMap(([list, { enters, leaves }]) => {
    const moved = { name: `list ${list}`, before: held.get(list) ?? 0, enters, leaves };
    return overListLimits(limits.lists.get(list) ?? {}, moved, entries.get(list) ?? 0, anew);
  });
}

/** What a firewall does with a feed that holds more than it takes, it does in silence. One that was so before is a notice. */
function overConsumer({ consumers, ...situation }: SizeInput, plan: Plan): Held | undefined {
  const growing = plan.feeds.filter(({ enters }) => enters > 0);
  const over = headroomOf(sizesOf(growing, situation, consumers), consumers).filter(({ share }) => share > 1);
  if (over.length === 0) return undefined;
  const said = over.map((row) => `${headroomText(row)}: ${CONSUMERS[row.consumer].over}`).join('; ');
  return {
    rule: 'over-consumer',
    message: `more than a consumer takes: ${said}. Shorten the lists or publish some in another channel; if the plan is right, --force or --digest ${plan.digest}`,
  };
}

/**
 * Nobody means to block nothing at all, and what firewalls do then differs. One entry that is taken out is what somebody
 * did; two that go at once look like a list that broke.
 */
function becomesEmpty({ limits, consumers }: SizeInput, plan: Plan): Held | undefined {
  if (limits === undefined) return undefined;
  const emptied = [...byChannel(plan)].filter(([, { entries, leaves }]) => entries === 0 && leaves > 1);
  if (emptied.length === 0) return undefined;
  const said = emptied.map(
    ([channel, { leaves }]) => `${channel} (${leaves} leave): ${whenEmpty(consumers.get(channel))}`,
  );
  return {
    rule: 'becomes-empty',
    message: `a channel would become empty: ${said.join('; ')}; if you mean that, --force or --digest ${plan.digest}`,
  };
}

function byChannel({ feeds }: Plan) {
  const channels = new Map<string, Moved & { entries: number; feeds: number }>();
  for (const { feed, entries, enters, leaves } of feeds) {
    const none = { name: `channel ${feed.channel}`, before: 0, entries: 0, enters: 0, leaves: 0, feeds: 0 };
    const known = channels.get(feed.channel) ?? none;
    channels.set(feed.channel, {
      name: known.name,
      before: known.before + entries - enters + leaves,
      entries: known.entries + entries,
      enters: known.enters + enters,
      leaves: known.leaves + leaves,
      feeds: known.feeds + (enters + leaves > 0 ? 1 : 0),
    });
  }
  return channels;
}

function whenEmpty(names: readonly ConsumerName[] | undefined): string {
  const told = (names ?? []).filter((name) => name !== 'plain');
  if (told.length > 0) return told.map((name) => `${name}: ${CONSUMERS[name].empty}`).join(', ');
  return 'Cisco FMC keeps its old entries, FortiGate unblocks everything';
}
