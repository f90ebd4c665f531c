import type { AllowedByHand, Entry } from '../ctim/entry.ts';
import type { ListAction } from '../ctim/feed.ts';
import type { Problem } from '../ctim/problem.ts';
import { changedPart, countLines } from './changed-part.ts';
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
 * Of a list that is read again because one of its text files changed, a line that stood in it before is not looked at again;
 * and where there was nothing to say of that file, only the lines between the first and the last that changed are looked at.
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
function linesOf({ entries, problems, summary, sources }: ListRead): KnownLines {
  const inFile: KnownLines['of'] = (file) => {
    const warned = new Set<number>();
    for (const { code, file: where, line } of problems)
      if (where === file && code.startsWith('guard-')) warned.add(line);
    let those: readonly Entry[] = [];
    let find: ReturnType<typeof findsInOrder<Entry>> | undefined;
    return ({ value, line, column }) => {
      if (find === undefined) {
        those = inOrderOfLines(entries, file).filter(({ position }) => !warned.has(position.line));
        find = findsInOrder(those);
      }
      const entry = those[find(({ observable }) => observable.value === value) ?? -1];
      if (entry === undefined) return undefined;
      const { position } = entry;
      const stays = position.line === line && position.column === column;
      return stays ? entry : { ...entry, position: { file, line, column } };
    };
  };
  const around: KnownLines['around'] = ({ file, path, text }) => {
    const before = sources.get(path);
    if (before === undefined || 'fault' in before) return undefined;
    // Only where each line that is no comment is an entry: of one that is none something is said.
    if (problems.some((it) => it.file === file)) return undefined;
    const its = inOrderOfLines(entries, file);
    if (before.text === text) return { head: its, changed: { text: '', firstLine: 1 }, tail: [] };
    const { from, endBefore, endNow } = changedPart(before.text, text);
    const firstLine = countLines(text, 0, from) + 1;
    const lineBehind = firstLine + countLines(before.text, from, endBefore);
    const isToTheEnd = endBefore === before.text.length;
    const shift = firstLine + countLines(text, from, endNow) - lineBehind;
    const placeOf = (line: number) => its.findIndex(({ position }) => position.line >= line);
    const [first, behind] = [placeOf(firstLine), isToTheEnd ? -1 : placeOf(lineBehind)];
    const tail = behind < 0 ? [] : its.slice(behind);
    return {
      head: first < 0 ? its : its.slice(0, first),
      changed: { text: text.slice(from, endNow), firstLine },
      tail: shift === 0 ? tail : tail.map((entry) => movedBy(shift, entry)),
    };
  };
  return { of: inFile, areApart: summary.duplicates === 0, around };
}

/** Entries of a list come type by type. */
function inOrderOfLines(entries: readonly Entry[], file: string): readonly Entry[] {
  const its: Entry[] = [];
  let line = 0;
  let isInOrder = true;
  for (const entry of entries) {
    const { position } = entry;
    if (position.file !== file) continue;
    isInOrder &&= position.line > line;
    line = position.line;
    its.push(entry);
  }
  return isInOrder ? its : its.sort((a, b) => a.position.line - b.position.line);
}

function movedBy(lines: number, entry: Entry): Entry {
  const { file, line, column } = entry.position;
  return { ...entry, position: { file, line: line + lines, column } };
}

function isSame(a: FileText | undefined, b: FileText | undefined): boolean {
  if (a === b) return true;
  return a !== undefined && b !== undefined && 'text' in a && 'text' in b && a.text === b.text;
}
