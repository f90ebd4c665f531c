import type { AllowedByHand } from '../ctim/entry.ts';
import { type Problem, problemLine } from '../ctim/problem.ts';
import type { Standing } from '../ctim/standing.ts';
import type { GuardKnowledge } from '../lists/guards/guards.ts';
import type { Reading } from '../lists/reading.ts';
import type { Settings } from '../lists/settings.ts';
import { ANNOUNCED_CODES } from '../lists/standing.ts';
import { type Desired, EXAMPLES_REPOSITORY, type ListsAt } from '../reconcile/prepare.ts';
import type { PulledList } from '../reconcile/pulled-lists.ts';
import { readFeedsAt } from '../sources/feeds-at.ts';
import { type FeedsCache, type FeedsRead, readFeeds } from '../sources/feeds-folder.ts';
import { standingOf } from '../sources/git.ts';
import type { LastGood } from '../sources/last-good.ts';
import { makeCopyReader, upstreamNotices } from '../sources/upstream-copies.ts';
import type { UpstreamList } from '../sources/upstream-lists.ts';

/** What a feeds folder wants of a tenant. */
export interface Will {
  readonly desired: Desired;
  readonly problems: readonly Problem[];
}

export interface WillOptions {
  readonly feedsDir: string;
  readonly now: number;
  readonly adhocAllow: readonly AllowedByHand[];
  /** Shipped examples are published to our own embedded server only. */
  readonly ownEmbedded: boolean;
  readonly cache?: FeedsCache;
  readonly knowledge?: GuardKnowledge | undefined;
  /** Where the copies of upstreams are; without it no upstream is known. */
  readonly lastGood?: LastGood | undefined;
}

export async function readWill(options: WillOptions): Promise<Will> {
  const { feedsDir, now, adhocAllow, ownEmbedded, cache, knowledge, lastGood } = options;
  const copies = lastGood && makeCopyReader(lastGood, cache?.copies ?? new Map());
  const read = await readFeeds(feedsDir, { now, adhocAllow, cache, knowledge, upstreamText: copies?.text });
  const upstreams = upstreamsOf(read.reading, ownEmbedded);
  const notices = lastGood === undefined ? [] : await upstreamNotices(upstreams, lastGood, now);
  const will = willOf(read, ownEmbedded, { notices, copies: copies?.digest() });
  const { commit } = read.revision;
  const listsAt: Desired['listsAt'] = (of, allowed) =>
    readListsAt({ feedsDir, ownEmbedded, now, knowledge, lastGood }, of, allowed);
  if (commit === undefined) return { ...will, desired: { ...will.desired, listsAt } };
  const standingTo = (revision: string) => standing(feedsDir, commit, revision);
  return { ...will, desired: { ...will.desired, listsAt, standingTo } };
}

/**
 * What the lists wanted at a commit of the repository that the folder is in, by the guards of today; upstreams say what they
 * say today. Lists with errors want nothing that one could go by.
 */
export async function readListsAt(
  { feedsDir, ownEmbedded, now, knowledge, lastGood }: Omit<WillOptions, 'adhocAllow' | 'cache'>,
  name: string,
  adhocAllow: readonly AllowedByHand[],
): Promise<ListsAt> {
  const copies = lastGood && makeCopyReader(lastGood, new Map());
  const found = await readFeedsAt(feedsDir, name, { now, adhocAllow, knowledge, upstreamText: copies?.text });
  if ('unreadable' in found) return found;
  const { commit, reading } = found;
  const { desired } = willOf(
    { reading, revision: { label: commit, commit, dirty: false, digest: commit } },
    ownEmbedded,
  );
  const { entries, problems, firstProblem } = desired;
  if (problems === 0) return { commit, entries, pulled: await pulledOf(reading, ownEmbedded, lastGood) };
  return { unreadable: `its lists have ${problems} errors, the first is ${firstProblem}` };
}

async function pulledOf(
  reading: Reading,
  ownEmbedded: boolean,
  lastGood: LastGood | undefined,
): Promise<Map<string, PulledList>> {
  const pulled = new Map<string, PulledList>();
  for (const { name } of upstreamsOf(reading, ownEmbedded)) {
    const channel = reading.lists.find((list) => list.name === name)?.channel ?? '';
    pulled.set(name, { channel, copiedAt: (await lastGood?.facts(name))?.copy?.fetchedAt });
  }
  return pulled;
}

/** Lists that were applied without a commit, from a folder as it lay, stand nowhere in its history. */
async function standing(feedsDir: string, commit: string, revision: string): Promise<Standing | undefined> {
  const [, other] = APPLIED_COMMIT.exec(revision) ?? [];
  return other === undefined ? undefined : standingOf(feedsDir, commit, other);
}

/** Of a dirty tree the label goes on after the commit. */
const APPLIED_COMMIT = /^([0-9a-f]{40,64})(?:\+|$)/;

function upstreamsOf({ lists }: Reading, ownEmbedded: boolean): UpstreamList[] {
  return lists.flatMap(({ name, example, upstream }) =>
    upstream === undefined || (example && !ownEmbedded) ? [] : [{ name, upstream }],
  );
}

interface OfUpstreams {
  readonly notices: readonly string[];
  readonly copies?: string | undefined;
}

export function willOf(
  { reading, revision }: FeedsRead,
  ownEmbedded: boolean,
  { notices, copies }: OfUpstreams = { notices: [] },
): Will {
  const { settings } = reading;
  const examples = new Set(reading.lists.filter((list) => list.example).map((list) => list.name));
  const lists = reading.lists.filter((list) => ownEmbedded || !list.example);
  const problems = [...reading.problems];
  if (lists.length === 0 && reading.lists.length > 0) problems.push(onlyExamples(reading.lists[0]?.file ?? 'feeds'));
  const errors = problems.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  const used = new Set(lists.map((list) => list.channel));
  const unknown = lists.filter((list) => list.unknown).map((list) => list.name);
  const allExamples = lists.length > 0 && lists.every((list) => list.example);
  const desired: Desired = {
    entries: ownEmbedded ? reading.entries : reading.entries.filter((entry) => !examples.has(entry.list)),
    problems: errors.length,
    ...(first && { firstProblem: problemLine(first) }),
    lists: new Set(lists.map((list) => list.name)),
    channels: [...settings.channels.values()].filter((channel) => used.has(channel.name)),
    revision: revision.label,
    leftOut: revision.leftOut,
    limits: {
      all: settings.limits,
      channels: new Map([...settings.channels].map(([name, { limits }]) => [name, limits])),
      lists: new Map(lists.map(({ name, limits }) => [name, limits])),
    },
    collectAfterMs: settings.collectAfterMs,
    expired: ownEmbedded ? reading.expired : reading.expired.filter((entry) => !examples.has(entry.list)),
    notices: [...notices, ...announced(problems)],
    ...(unknown.length > 0 && { unknownLists: new Set(unknown) }),
    ...(copies !== undefined && { copies }),
    repository: allExamples ? EXAMPLES_REPOSITORY : revision.repository,
  };
  return { desired, problems };
}

const ANNOUNCED_MAX = 20;

function announced(problems: readonly Problem[]): string[] {
  const those = problems.filter(({ code }) => ANNOUNCED_CODES.has(code));
  const lines = those.slice(0, ANNOUNCED_MAX).map(({ file, line, message }) => `${file}:${line} ${message}`);
  const more = those.length - lines.length;
  return more > 0
    ? [...lines, `${more} more entries are not published, begin later or end soon: check names them`]
    : lines;
}

function onlyExamples(file: string): Problem {
  const message =
    'every list here is a shipped example (example: true), and examples are published to the embedded server only: point --feeds or FEEDS_DIR to your own lists';
  return { severity: 'error', code: 'only-examples', message, file, line: 1, column: 1 };
}

/** The owner that the settings name; `local` on the embedded server that we started ourselves. */
export function ownerOf(settings: Settings, ownEmbedded: boolean): string | undefined {
  return settings.owner ?? (ownEmbedded ? 'local' : undefined);
}
