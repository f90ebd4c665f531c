/**
 * What a plan may do unasked. Who sets nothing is protected by these; the shares begin to count where more than so many
 * observables move, so that a handful may always go and come:
 *
 *   limit                 default  counts where more than  why this much
 *   withdrawals_share     0.2      10 leave                octoDNS and its like hold from 30 %; a block list that lost a fifth is one that broke
 *   additions_share       0.3      10,000 enter            a list that went wild (two million domains in one commit); the Tor exits pass
 *   growth                2        the feed held 1,000     a generated file that doubled (Cloudflare, November 2025)
 *   additions             100,000  –                       a feed that held nothing yet has no share
 *   allow_losses          10       –                       what was protected is blocked at once
 *   address_space_ip      /12      –                       a million addresses: one prefix mistyped
 *   address_space_ipv6    /28      –                       sixteen providers
 *   of a list: withdrawals_share  0.5  10 leave            a list that was emptied hides in a large feed
 */
type Limit = number | 'off' | undefined;
type Space = string | undefined;

/** Of what enters or leaves, in observables: a list that moved is no withdrawal. */
export interface MoveLimits {
  readonly additions?: Limit;
  readonly additions_share?: Limit;
  readonly withdrawals?: Limit;
  readonly withdrawals_share?: Limit;
}

export interface FeedLimits extends MoveLimits {
  readonly growth?: Limit;
  readonly allow_losses?: Limit;
  readonly entries_per_feed?: Limit;
  /** The size of a network: `/12`. */
  readonly address_space_ip?: Space;
  readonly address_space_ipv6?: Space;
}

export interface ListLimits extends MoveLimits {
  readonly entries?: Limit;
}

export interface Limits {
  /** Of every feed. */
  readonly all: FeedLimits;
  /** Of a channel: of its feeds, where they come before those of all, and of all of them together. */
  readonly channels: ReadonlyMap<string, FeedLimits>;
  readonly lists: ReadonlyMap<string, ListLimits>;
}

/** Only what a default says is asked from so many on; who says a share of their own means it from ten entries on. */
interface Default {
  readonly limit: number;
  readonly unlessAtMost: number;
}

const DEFAULT_SHARES = {
  feed: { withdrawals_share: { limit: 0.2, unlessAtMost: 10 }, additions_share: { limit: 0.3, unlessAtMost: 10_000 } },
  list: { withdrawals_share: { limit: 0.5, unlessAtMost: 10 }, additions_share: undefined },
} as const;
const DEFAULT_ADDITIONS = 100_000;
const DEFAULT_GROWTH = { limit: 2, unlessAtMost: 999 };
const DEFAULT_ALLOW_LOSSES = 10;
const DEFAULT_SPACE = { ip: '/12', ipv6: '/28' } as const;

/** Of what holds fewer entries than this no share is taken: three of four may well go. */
const SHARE_OF_MIN = 10;

/** What enters and leaves a feed, or of a list. */
export interface Moved {
  readonly name: string;
  readonly before: number;
  readonly enters: number;
  readonly leaves: number;
}

export interface FeedMoved extends Moved {
  readonly entries: number;
  readonly allow: boolean;
  readonly type: string;
  /** Addresses that enter and did not just leave. */
  readonly space: bigint;
}

export function limitsOf({ all, channels }: Limits, channel: string): FeedLimits {
  const said = Object.entries(channels.get(channel) ?? {}).filter(([, limit]) => limit !== undefined);
  return { ...all, ...Object.fromEntries(said) };
}

/** What of a feed is over its limits, each with its numbers. `anew`: nothing was ever applied, and a person approves all of it. */
export function overFeedLimits(limits: FeedLimits, moved: FeedMoved, anew: boolean): string[] {
  const { name, before, enters, leaves, entries, allow, type, space } = moved;
  const over = [...withdrawalsOver(limits, moved, DEFAULT_SHARES.feed.withdrawals_share)];
  if (enters > 0) over.push(...above(`${name} entries`, entries, limits.entries_per_feed));
  if (allow) over.push(...above(`${name} allow entries lost`, leaves, limits.allow_losses, DEFAULT_ALLOW_LOSSES));
  if (anew) return over;
  over.push(...additionsOver(limits, moved, DEFAULT_SHARES.feed.additions_share, DEFAULT_ADDITIONS));
  const growth = numberOf(limits.growth, before > DEFAULT_GROWTH.unlessAtMost ? DEFAULT_GROWTH.limit : undefined);
  if (growth !== undefined && before > 0 && entries > before && entries >= growth * before)
    over.push(`${name} grows from ${before} to ${entries} entries (limit: ${growth} times)`);
  if (type === 'ip' || type === 'ipv6') {
    const said = (type === 'ip' ? limits.address_space_ip : limits.address_space_ipv6) ?? DEFAULT_SPACE[type];
    if (said !== 'off' && space > networkSize(said, type))
      over.push(
        `${name} ${spaceText(space, type)} more (limit: a ${said}, ${spaceText(networkSize(said, type), type)})`,
      );
  }
  return over;
}

/** What a channel says of its own in numbers holds for all its feeds together; each of them alone is asked before. */
export function overChannelLimits({ withdrawals, additions }: MoveLimits, moved: Moved, anew: boolean): string[] {
  const { name, enters, leaves } = moved;
  const over = above(`${name} withdrawals`, leaves, withdrawals);
  return anew ? over : [...over, ...above(`${name} additions`, enters, additions)];
}

/** Whether a share is asked for, of what was there before: to count that, all that is held is looked at. */
export function asksForShare(
  { withdrawals_share, additions_share }: ListLimits,
  { leaves }: { leaves: number },
): boolean {
  return (
    withdrawals_share !== undefined ||
    additions_share !== undefined ||
    leaves > DEFAULT_SHARES.list.withdrawals_share.unlessAtMost
  );
}

export function overListLimits(limits: ListLimits, moved: Moved, entries: number, anew: boolean): string[] {
  const over = [...withdrawalsOver(limits, moved, DEFAULT_SHARES.list.withdrawals_share)];
  if (moved.enters > 0) over.push(...above(`${moved.name} entries`, entries, limits.entries));
  return anew ? over : [...over, ...additionsOver(limits, moved, undefined, undefined)];
}

function withdrawalsOver(limits: MoveLimits, moved: Moved, byDefault: Default): string[] {
  const { name, before, leaves } = moved;
  return [
    ...above(`${name} withdrawals`, leaves, limits.withdrawals),
    ...shareAbove(`${name} withdrawals`, leaves, before, limits.withdrawals_share, byDefault),
  ];
}

function additionsOver(limits: MoveLimits, moved: Moved, share: Default | undefined, most: number | undefined) {
  const { name, before, enters } = moved;
  return [
    ...above(`${name} additions`, enters, limits.additions, most),
    ...shareAbove(`${name} additions`, enters, before, limits.additions_share, share),
  ];
}

function above(what: string, count: number, said: Limit, byDefault?: number): string[] {
  const limit = numberOf(said, byDefault);
  return limit !== undefined && count > limit ? [`${what} ${count} (limit ${limit})`] : [];
}

function shareAbove(what: string, part: number, before: number, said: Limit, byDefault: Default | undefined): string[] {
  const limit = numberOf(said, part > (byDefault?.unlessAtMost ?? 0) ? byDefault?.limit : undefined);
  if (limit === undefined || before < SHARE_OF_MIN || part <= limit * before) return [];
  return [`${what} ${part} of ${before}, ${percent(part / before)} (limit ${percent(limit)})`];
}

function numberOf(said: Limit, byDefault: number | undefined): number | undefined {
  return said === 'off' ? undefined : (said ?? byDefault);
}

export function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}

function networkSize(prefix: string, type: 'ip' | 'ipv6'): bigint {
  return 1n << BigInt((type === 'ip' ? 32 : 128) - Number(prefix.slice(1)));
}

/** IPv4 in addresses; of IPv6, where one subnet has more than all of IPv4, in subnets (/64). */
export function spaceText(space: bigint, type: string): string {
  if (type === 'ip' || space < 1n << 64n)
    return `${space.toLocaleString('en')} ${space === 1n ? 'address' : 'addresses'}`;
  const subnets = space >> 64n;
  return `${subnets.toLocaleString('en')} ${subnets === 1n ? 'subnet' : 'subnets'} (/64)`;
}
