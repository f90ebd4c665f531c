import type { AllowedByHand, Entry } from '../ctim/entry.ts';
import type { ListAction } from '../ctim/feed.ts';
import type { Problem } from '../ctim/problem.ts';
import type { FeedsFiles, FileText } from './feeds-files.ts';
import { findsInOrder } from './in-order.ts';
import type { KnownLines, ListSummary } from './list-entries.ts';
import type { Place } from './list-file.ts';
import type { Reading } from './reading.ts';

/** One list, read by itself: everything in which neither other lists nor the time has a part. */
export interface ListRead {
  readonly name: string;
  readonly namePlace: Place;
  readonly action: ListAction;
  readonly summary: ListSummary;
  /** Those that have run out included. */
  readonly entries: readonly Entry[];
  readonly problems: readonly Problem[];
  /** The texts that it was made of, by path. */
  readonly sources: ReadonlyMap<string, FileText>;
}

/**
 * What was read before, for a process that reads the same folder again and again. A list is taken from it only where
 * every text that decides its entries is the same, letter for letter; and the reading as a whole only where no list, no
 * hand and no passing of time changes it:
 *
 *   the list, a text file it names, settings.yaml   that list is read again, with settings all of them
 *   an entry runs out, or the clock is set back     nothing is parsed, what is live is chosen anew
 *   an allow entry, also by hand                    nothing else is parsed, what it shadows is found anew
 *   a list with an error                            never kept: an error may be one of time (a date too far away)
 *
 * Of a list that is read again because one of its text files changed, a line that stood in it before is not looked at again.
 */
export interface ListCache {
  find(path: string, files: FeedsFiles): Promise<ListRead | undefined>;
  /** For a list of which nothing but text files changed. */
  knownLines(path: string, files: FeedsFiles): KnownLines | undefined;
  findWhole(parts: WholeParts): Reading | undefined;
  /** In the place of all that was kept before. `until`: the first moment at which another reading would differ. */
  keep(
    files: FeedsFiles,
    lists: ReadonlyMap<string, ListRead>,
    parts: WholeParts,
    until: number,
    reading: Reading,
  ): void;
}

export interface WholeParts {
  readonly lists: readonly ListRead[];
  readonly adhocAllow: readonly AllowedByHand[];
  readonly now: number;
}

/** Some 100 MB. Longer lists than these together are read each time. */
const ENTRIES_MAX = 400_000;

export function makeListCache(entriesMax: number = ENTRIES_MAX): ListCache {
  let folder: string | undefined;
  let settings: FileText | undefined;
  let kept = new Map<string, ListRead>();
  let whole: { parts: WholeParts; until: number; reading: Reading } | undefined;

  return {
    async find(path, files) {
      const known = kept.get(path);
      if (known === undefined || folder !== files.folder || !isSame(settings, files.settings)) return undefined;
      for (const [below, before] of known.sources) {
        const now = below === path ? files.lists.get(path) : await files.textFile(below);
        if (!isSame(before, now)) return undefined;
      }
      return known;
    },
    knownLines(path, files) {
      const known = kept.get(path);
      if (known === undefined || folder !== files.folder || !isSame(settings, files.settings)) return undefined;
      return isSame(known.sources.get(path), files.lists.get(path)) ? linesOf(known) : undefined;
    },
    findWhole({ lists, adhocAllow, now }) {
      if (whole === undefined || now < whole.parts.now || now >= whole.until) return undefined;
      const before = whole.parts;
      const sameLists = lists.length === before.lists.length && lists.every((list, n) => list === before.lists[n]);
      return sameLists && JSON.stringify(adhocAllow) === JSON.stringify(before.adhocAllow) ? whole.reading : undefined;
    },
    keep(files, lists, parts, until, reading) {
      folder = files.folder;
      settings = files.settings;
      kept = new Map();
      let room = entriesMax;
      for (const [path, list] of lists) {
        room -= list.entries.length;
        if (room >= 0 && !list.problems.some(({ severity }) => severity === 'error')) kept.set(path, list);
      }
      // Of what is not kept the next reading makes other objects, so the whole would never be found again.
      whole = kept.size === parts.lists.length ? { parts, until, reading } : undefined;
    },
  };
}

/** By the value in normal form: of a line that is written so only guards have something to say, and it means what it meant. */
function linesOf({ entries, problems, summary }: ListRead): KnownLines {
  const inFile: KnownLines['of'] = (file) => {
    const warned = new Set<number>();
    for (const { code, file: where, line } of problems)
      if (where === file && code.startsWith('guard-')) warned.add(line);
    const those = entries.filter(({ position }) => position.file === file && !warned.has(position.line));
    const find = findsInOrder(those);
    return ({ value, line, column }) => {
      const entry = those[find(({ observable }) => observable.value === value) ?? -1];
      if (entry === undefined) return undefined;
      const { position } = entry;
      const stays = position.line === line && position.column === column;
      return stays ? entry : { ...entry, position: { file, line, column } };
    };
  };
  return { of: inFile, areApart: summary.duplicates === 0 };
}

function isSame(a: FileText | undefined, b: FileText | undefined): boolean {
  if (a === b) return true;
  return a !== undefined && b !== undefined && 'text' in a && 'text' in b && a.text === b.text;
}
