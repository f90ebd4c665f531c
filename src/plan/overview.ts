import type { FeedName } from '../ctim/feed.ts';
import { isRange } from '../ctim/observable.ts';
import type { Problem } from '../ctim/problem.ts';
import { sizeOf, spaceAdded } from './address-space.ts';
import type { AgainstLog } from './against.ts';
import { feedNamed, type Situation } from './changes.ts';
import { type Budget, type Estimate, estimateOf } from './estimate.ts';
import { type ConsumersOf, type Headroom, headroomOf, sizesOf } from './headroom.ts';
import { type FeedMoves, findMoves } from './moves.ts';
import type { Plan } from './plan.ts';

/** A plan with all that a person wants to know before they say yes. Text, Markdown and JSON are made of it. */
export interface Overview {
  readonly plan: Plan;
  /** Ranges that enter a feed of a channel that blocks, the widest first: what one line of a list blocks. */
  readonly radius: readonly RangeRadius[];
  /** Addresses that enter such a feed and did not just leave it. */
  readonly space: readonly { readonly feed: FeedName; readonly addresses: bigint }[];
  readonly headroom: readonly Headroom[];
  readonly estimate: Estimate;
  /** What guards refused or let pass for a reason, why listed values leave, and what else is wrong in the lists. */
  readonly findings: readonly Problem[];
  readonly notices: readonly string[];
  readonly against?: AgainstLog | undefined;
}

export interface RangeRadius {
  readonly feed: FeedName;
  readonly value: string;
  readonly list: string;
  readonly addresses: bigint;
}

export interface OverviewParts {
  readonly plan: Plan;
  readonly situation: Situation;
  readonly consumers: ConsumersOf;
  readonly allowChannels: ReadonlySet<string>;
  readonly budget: Budget;
  readonly problems: readonly Problem[];
  readonly notices: readonly string[];
  readonly against?: AgainstLog | undefined;
}

export function overviewOf({
  plan,
  situation,
  consumers,
  allowChannels,
  budget,
  problems,
  notices,
  against,
}: OverviewParts): Overview {
  const moves = [...findMoves(situation, plan.changes)].map(([key, its]) => ({ feed: feedNamed(key), ...its }));
  const ofAddresses = moves.filter(({ feed: { channel, type } }) => {
    return (type === 'ip' || type === 'ipv6') && !allowChannels.has(channel);
  });
  return {
    plan,
    radius: ofAddresses
      .flatMap(radiiOf)
      .sort((a, b) => (a.addresses < b.addresses ? 1 : a.addresses > b.addresses ? -1 : 0)),
    space: ofAddresses.map(({ feed, entering, leaving }) => ({
      feed,
      addresses: spaceAdded(entering, leaving),
    })),
    headroom: headroomOf(sizesOf(plan.feeds, situation, consumers), consumers),
    estimate: estimateOf(plan, situation.succession ?? false, budget),
    findings: problems.filter((it) => {
      return it.severity === 'error' || TOLD.has(it.code) || warnsOfEntering(it, moves) || saysWhyItLeaves(it, moves);
    }),
    notices,
    against,
  };
}

/** A guard's warning is told of what enters now; of what was in its feed before somebody has read it. */
function warnsOfEntering({ code, observable }: Problem, moves: readonly ({ feed: FeedName } & FeedMoves)[]): boolean {
  if (observable === undefined || !code.startsWith('guard-')) return false;
  return moves.some(({ feed, entering }) => feed.type === observable.type && entering.has(observable.value));
}

/** A value that is listed still and leaves all the same: the line that lets it through, or its day, is the reason. */
function saysWhyItLeaves({ code, observable }: Problem, moves: readonly ({ feed: FeedName } & FeedMoves)[]): boolean {
  if (observable === undefined || !WHY_IT_LEAVES.has(code)) return false;
  return moves.some(({ feed, leaving }) => feed.type === observable.type && leaving.has(observable.value));
}

const WHY_IT_LEAVES: ReadonlySet<string> = new Set(['shadowed', 'expired', 'starts-later']);

/** Notices that tell of an exception somebody made; what is shadowed and was not published, or a duplicate, `check` says. */
const TOLD: ReadonlySet<string> = new Set(['forced', 'carved-out', 'url-of-allowed-host']);

function radiiOf({ feed, entering }: { feed: FeedName } & FeedMoves): RangeRadius[] {
  return [...entering].flatMap(([value, lists]) =>
    isRange({ type: feed.type, value }) ? [{ feed, value, list: lists.join(', '), addresses: sizeOf(value) }] : [],
  );
}

/** What a plan brings into the feeds of these channels: what a log can be held against. */
export function enteringOf(
  situation: Situation,
  { changes }: Plan,
  channels: ReadonlySet<string>,
): Map<string, string> {
  const values = new Map<string, string>();
  for (const [key, { entering }] of findMoves(situation, changes)) {
    if (!channels.has(feedNamed(key).channel)) continue;
    for (const [value, lists] of entering) values.set(value, lists.join(', '));
  }
  return values;
}

export function movedIn({ feeds }: Plan): { enters: number; leaves: number } {
  return feeds.reduce((sum, it) => ({ enters: sum.enters + it.enters, leaves: sum.leaves + it.leaves }), {
    enters: 0,
    leaves: 0,
  });
}
