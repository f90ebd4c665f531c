import type { Entry } from '../ctim/entry.ts';
import type { ObservableType } from '../ctim/observable.ts';
import { type Actual, listOf, liveWhere } from '../plan/actual.ts';
import { channelByHash } from '../plan/hold.ts';

/**
 * Lists that follow an upstream, as a commit has them. What the upstream said then no commit tells, and its copy of now may be
 * just what a person wants to go back from, or what limits hold. So, in a channel that is put back:
 *
 *   something of the list is live      that stays, as it is: nothing of it enters, nothing leaves
 *   nothing is, and there is a copy    the copy is published
 *   neither                            nothing of it is
 */
export interface PulledList {
  readonly channel: string;
  /** Of the last good copy, epoch ms; undefined where there is none. */
  readonly copiedAt: number | undefined;
}

export interface Kept {
  /** Those of which something is live. */
  readonly lists: ReadonlySet<string>;
  /** Of these lists, by type of feed. */
  readonly values: ReadonlyMap<ObservableType, readonly string[]>;
}

export const NOTHING_KEPT: Kept = { lists: new Set(), values: new Map() };

/** What is live in a channel of the lists that follow an upstream. */
export function keptOfPulled(
  { judgements }: Actual,
  channel: string,
  pulled: ReadonlyMap<string, PulledList>,
  now: number,
): Kept {
  const lists = new Set<string>();
  const values = new Map<ObservableType, string[]>();
  if (pulled.size === 0) return NOTHING_KEPT;
  for (const stored of liveWhere(judgements, now, (it) => pulled.has(listOf(it) ?? ''))) {
    if (channelByHash([channel], stored) === undefined) continue;
    lists.add(listOf(stored) ?? '');
    const { type, value } = stored.observable;
    const known = values.get(type);
    if (known) known.push(value);
    else values.set(type, [value]);
  }
  return { lists, values };
}

/** The entries of a commit that are published: of a list whose live entries stay, none of its copy. */
export function withoutKept(entries: readonly Entry[], { lists }: Kept): readonly Entry[] {
  return lists.size === 0 ? entries : entries.filter(({ list }) => !lists.has(list));
}

/** What a person must hear who put a channel back to a commit. */
export function pulledNotices(
  channel: string,
  pulled: ReadonlyMap<string, PulledList>,
  kept: Kept,
  entries: readonly Entry[],
): string[] {
  return [...pulled].flatMap(([list, { channel: its, copiedAt }]) => {
    if (its !== channel) return [];
    const head = `list ${list} follows an upstream, of which a commit tells nothing`;
    if (kept.lists.has(list)) return `${head}: what is live of it stays as it is`;
    const count = entries.filter((entry) => entry.list === list).length;
    return copiedAt === undefined
      ? `${head}; nothing of it is live, and there is no copy of it here: nothing of it is published`
      : `${head}; nothing of it is live, so its last good copy is published, ${count} entries of ${new Date(copiedAt).toISOString()}`;
  });
}

/** What a feed of that channel is to hold. */
export function valuesOf({ type }: { type: ObservableType }, entries: readonly Entry[], kept: Kept): Set<string> {
  const listed = entries.flatMap(({ observable }) => (observable.type === type ? observable.value : []));
  return new Set([...listed, ...(kept.values.get(type) ?? [])]);
}
