import type { Entry } from '../ctim/entry.ts';
import type { Observable } from '../ctim/observable.ts';
import { type Problem, quoted } from '../ctim/problem.ts';
import type { ChannelSettings } from './channels.ts';
import type { FeedsFiles, FileText } from './feeds-files.ts';
import { makeGuards } from './guards.ts';
import { type ListSummary, readEntries } from './list-entries.ts';
import { type ListFile, readListFile } from './list-file.ts';
import { didYouMean } from './nearest.ts';
import { makePrecedence } from './precedence.ts';
import { defaultSettings, readSettings, type Settings } from './settings.ts';

/** A whole feeds folder, understood. `entries` are to be published: accepted, not past `expires`, not shadowed by an allow entry. */
export interface Reading {
  readonly settings: Settings;
  readonly lists: ListSummary[];
  readonly entries: Entry[];
  readonly problems: Problem[];
}

export interface ReadOptions {
  /** Epoch ms: decides what is past its `expires`. */
  readonly now: number;
  /** Awaited between slices of long lists, so that the event loop gets its turn. */
  readonly pause: () => Promise<void>;
  /** What people allowed by hand: it shadows, and never makes a list invalid. */
  readonly adhocAllow?: readonly Observable[];
}

/** A few milliseconds of plain lines, some ten of entries with words. */
const SLICE = 1000;

/**
 * Settings, then each list by itself (text → observable → guards, duplicates), then all of them together: what has run out
 * or is allowed elsewhere is left out. Problems come from every step; only who plans decides what they hold.
 */
export async function readLists(files: FeedsFiles, { now, pause, adhocAllow = [] }: ReadOptions): Promise<Reading> {
  const problems: Problem[] = [];
  const settings = settingsOf(files, problems);
  const guards = makeGuards(settings);
  let done = 0;
  const breathe = () => (++done % SLICE === 0 ? pause() : undefined);

  const lists: ListSummary[] = [];
  const allows: Entry[] = [];
  const blocks: Entry[] = [];
  const names = new Map<string, string>();
  for (const path of [...files.lists.keys()].sort()) {
    const list = await listAt(path, files, { now, pause }, problems);
    if (list === undefined) continue;
    const file = `${files.folder}/${path}`;
    oneName(list, file, names, problems);
    const channel = channelFor(list, settings, file, problems);
    const { summary, entries } = await readEntries(list, { path, channel, guards, files, problems, breathe });
    lists.push(summary);
    const into = list.action === 'allow' ? allows : blocks;
    for (const entry of entries) {
      if (isLive(entry, now, problems)) into.push(entry);
      const turn = breathe();
      if (turn !== undefined) await turn;
    }
  }

  const precedence = makePrecedence(allows, adhocAllow);
  const entries = allows;
  for (const entry of blocks) {
    const { published, problems: said } = precedence(entry);
    if (published) entries.push(entry);
    for (const problem of said) problems.push(problem);
    const turn = breathe();
    if (turn !== undefined) await turn;
  }
  return { settings, lists, entries, problems: problems.sort(byPlace) };
}

function byPlace(a: Problem, b: Problem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}

function settingsOf(files: FeedsFiles, problems: Problem[]): Settings {
  if (files.settings === undefined) return defaultSettings();
  const file = `${files.folder}/settings.yaml`;
  if ('fault' in files.settings) {
    problems.push(wholeFile(files.settings, file));
    return defaultSettings();
  }
  const { settings, faults } = readSettings(files.settings.text);
  for (const fault of faults) problems.push({ severity: 'error', ...fault, file });
  return settings;
}

async function listAt(
  path: string,
  files: FeedsFiles,
  options: { now: number; pause: () => Promise<void> },
  problems: Problem[],
): Promise<ListFile | undefined> {
  const file = `${files.folder}/${path}`;
  const source = files.lists.get(path);
  if (source === undefined) return undefined;
  if ('fault' in source) {
    problems.push(wholeFile(source, file));
    return undefined;
  }
  const { list, faults } = await readListFile(source.text, { path, ...options });
  for (const fault of faults) problems.push({ severity: 'error', ...fault, file });
  return list;
}

function wholeFile({ fault }: Extract<FileText, { fault: unknown }>, file: string): Problem {
  return { severity: 'error', ...fault, file, line: 1, column: 1 };
}

/** External ids are made of the name: two lists with one name would own each other's judgements. */
function oneName({ name, namePlace }: ListFile, file: string, names: Map<string, string>, problems: Problem[]): void {
  const other = names.get(name);
  names.set(name, other ?? file);
  if (other === undefined) return;
  const message = `the list name ${quoted(name)} is taken by ${other}: a name is the identity of a list; give one of them another with "name:"`;
  problems.push({ severity: 'error', code: 'list-name', message, file, ...namePlace });
}

function channelFor(
  list: ListFile,
  settings: Settings,
  file: string,
  problems: Problem[],
): ChannelSettings | undefined {
  const channel = settings.channels.get(list.channel);
  const at = { severity: 'error', file, ...list.channelPlace } as const;
  if (channel === undefined) {
    const known = [...settings.channels.keys()];
    const message = `there is no channel ${quoted(list.channel)}${didYouMean(list.channel, known)} (known: ${known.join(', ')}; others are declared in settings.yaml)`;
    problems.push({ ...at, code: 'unknown-channel', message });
    return undefined;
  }
  if (channel.action === list.action) return channel;
  const message = `a list with action ${list.action} cannot publish to the channel ${list.channel}, whose action is ${channel.action}: a feed lists all that is linked to it`;
  problems.push({ ...at, code: 'channel-action', message });
  return undefined;
}

function isLive({ terms: { lifetime }, observable, position }: Entry, now: number, problems: Problem[]): boolean {
  if (lifetime.kind === 'renewed' || lifetime.end >= now) return true;
  const message = `${quoted(observable.value)} ran out on ${lifetime.text} and is not published: remove the entry or give it a later date`;
  problems.push({ severity: 'notice', code: 'expired', message, ...position });
  return false;
}
