import { entryHash } from '../ctim/external-id.ts';
import type { Observable } from '../ctim/observable.ts';
import type { JournalRecord } from '../jobs/journal.ts';
import type { Done } from '../plan/done.ts';

/** One change of the journal, with what its whole batch has in common; as people and programs get it, with times in ISO 8601. */
export interface HistoryRow extends Omit<Done, 'end' | 'endBefore' | 'wordsBefore'> {
  readonly at: string;
  readonly run: string;
  readonly who: string;
  readonly revision: string;
  readonly end_before?: string;
  readonly end?: string;
  readonly words_before?: NonNullable<Done['wordsBefore']>;
}

export interface HistoryFilter {
  readonly observable?: Observable | undefined;
  readonly run?: string | undefined;
  readonly list?: string | undefined;
  /** `firewall-block`, or `firewall-block/ip`. */
  readonly feed?: string | undefined;
}

/** What is known of lists, for what the journal does not say itself: renewals read no list, and so name no channel. */
export interface KnownLists {
  /** By name of the list. */
  readonly channels: ReadonlyMap<string, string>;
}

/** Those that fit, in the order of the records. */
export async function* historyOf(
  records: AsyncIterable<JournalRecord>,
  filter: HistoryFilter,
  { channels }: KnownLists,
): AsyncGenerator<HistoryRow> {
  const { observable, run, list, feed } = filter;
  const hashes = new Set(observable && [...channels].map(([name, channel]) => entryHash(channel, name, observable)));
  const isOf = (done: Done) =>
    done.value === undefined
      ? hashes.has(done.h ?? '')
      : done.value === observable?.value && done.type === observable.type;
  for await (const { changes, at, ...about } of records) {
    if (run !== undefined && about.run !== run) continue;
    for (const done of changes) {
      if (observable !== undefined && !isOf(done)) continue;
      if (list !== undefined && done.list !== list) continue;
      const row = rowOf({ at: iso(at), ...about }, withFeed(done, channels));
      if (feed === undefined || row.feed === feed || row.feed?.startsWith(`${feed}/`)) yield row;
    }
  }
}

function withFeed(done: Done, channels: ReadonlyMap<string, string>): Done {
  const channel = done.feed === undefined && done.list !== undefined ? channels.get(done.list) : undefined;
  return channel === undefined || done.type === undefined ? done : { ...done, feed: `${channel}/${done.type}` };
}

function rowOf(
  about: Pick<HistoryRow, 'at' | 'run' | 'who' | 'revision'>,
  { end, endBefore, words, wordsBefore, ...rest }: Done,
): HistoryRow {
  return {
    ...about,
    ...rest,
    ...(endBefore !== undefined && { end_before: iso(endBefore) }),
    ...(end !== undefined && { end: iso(end) }),
    ...(wordsBefore && { words_before: wordsBefore }),
    ...(words && { words }),
  };
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** As people read a commit; of a tree that was not as its commit has it, that is said. */
export function shortRevision(revision: string): string {
  const [, commit, rest] = /^([0-9a-f]{12})[0-9a-f]{28,52}(\+dirty-[0-9a-f]+)?/.exec(revision) ?? [];
  return commit === undefined ? revision : `${commit}${rest ?? ''}`;
}
