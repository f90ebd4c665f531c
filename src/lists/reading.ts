import type { AllowedByHand, Entry } from '../ctim/entry.ts';
import { type Problem, quoted } from '../ctim/problem.ts';
import type { ChannelSettings } from './channels.ts';
import type { FeedsFiles, FileText } from './feeds-files.ts';
import { overSpace } from './guards/address-space.ts';
import { type GuardKnowledge, type Guards, makeGuards } from './guards/guards.ts';
import type { LifetimeBounds } from './lifetime.ts';
import type { ListCache, ListRead } from './list-cache.ts';
import { type ListSummary, readEntries } from './list-entries.ts';
import { type ListFile, readListFile } from './list-file.ts';
import { didYouMean } from './nearest.ts';
import { makePrecedence, type Precedence } from './precedence.ts';
import { defaultSettings, readSettings, type Settings } from './settings.ts';
import { STANDS, standingOf } from './standing.ts';

/** A whole feeds folder, understood. `entries` are to be published: accepted, not past `expires`, not shadowed by an allow entry. */
export interface Reading {
  readonly settings: Settings;
  readonly lists: ListSummary[];
  readonly entries: Entry[];
  /** Listed still, and past their last day. */
  readonly expired: Entry[];
  readonly problems: Problem[];
}

export interface ReadOptions {
  /** Epoch ms: decides what is past its `expires`. */
  readonly now: number;
  /** Awaited between slices of long lists, so that the event loop gets its turn. */
  readonly pause: () => Promise<void>;
  /** What people allowed by hand: it shadows, and never makes a list invalid. */
  readonly adhocAllow?: readonly AllowedByHand[];
  /** What earlier readings left; of what is the same nothing is parsed again. */
  readonly cache?: ListCache | undefined;
  /** What guards go by besides the settings. A cache serves one of these. */
  readonly knowledge?: GuardKnowledge | undefined;
}

/** A few milliseconds of plain lines, some ten of entries with words. */
const SLICE = 1000;

/**
 * Settings, then each list by itself (text → observable → guards, duplicates), then all of them together: what has run out
 * or is allowed elsewhere is left out. Problems come from every step; only who plans decides what they hold.
 */
export async function readLists(
  files: FeedsFiles,
  { now, pause, adhocAllow = [], cache, knowledge }: ReadOptions,
): Promise<Reading> {
  const problems: Problem[] = [];
  const settings = settingsOf(files, problems);
  const guards = makeGuards(settings, knowledge);
  let done = 0;
  const breathe = () => (++done % SLICE === 0 ? pause() : undefined);

  const reads = new Map<string, ListRead>();
  for (const path of [...files.lists.keys()].sort()) {
    const read =
      (await cache?.find(path, files)) ??
      (await readList(path, files, { settings, guards, now, pause, breathe, cache }, problems));
    if (read !== undefined) reads.set(path, read);
  }
  const parts = { lists: [...reads.values()], adhocAllow, now };
  // With a list that could not be read at all there is a problem, and a reading that is not to be kept.
  const whole = reads.size === files.lists.size ? cache?.findWhole(parts) : undefined;
  if (whole !== undefined) return whole;

  const allows: Entry[] = [];
  const blocks: Entry[] = [];
  const expired: Entry[] = [];
  const names = new Map<string, string>();
  const adopters = new Map<string, Entry>();
  let until = Number.POSITIVE_INFINITY;
  for (const [path, read] of reads) {
    oneName(read, `${files.folder}/${path}`, names, problems);
    for (const problem of read.problems) problems.push(problem);
    const into = read.action === 'allow' ? allows : blocks;
    // Mostly all entries of a list share their terms.
    let always: Entry['terms'] | undefined;
    for (const entry of read.entries) {
      if (entry.adopt !== undefined) oneAdopter(entry, entry.adopt, adopters, problems);
      const standing = entry.terms === always ? STANDS : standingOf(entry, read.action, now);
      if (standing === STANDS) always = entry.terms;
      if (standing.is === 'stands') into.push(entry);
      else if (standing.is === 'ran out') expired.push(entry);
      if (standing.problem) problems.push(standing.problem);
      until = Math.min(until, standing.until);
      const turn = breathe();
      if (turn !== undefined) await turn;
    }
  }

  const precedence = allows.length + adhocAllow.length === 0 ? undefined : makePrecedence(allows, adhocAllow);
  const blocked = await notAllowed(blocks, precedence, breathe);
  for (const problem of blocked.problems) problems.push(problem);
  problems.push(...(await overSpace(blocked.entries, settings.guards.addressSpace, breathe)));
  const entries = allows.concat(blocked.entries);
  const lists = parts.lists.map(({ summary }) => summary);
  const reading: Reading = { settings, lists, entries, expired, problems: problems.sort(byPlace) };
  cache?.keep(files, reads, parts, until, reading);
  return reading;
}

/** What is left of what is blocked. */
async function notAllowed(
  blocks: Entry[],
  precedence: Precedence | undefined,
  breathe: () => Promise<void> | undefined,
): Promise<Pick<Reading, 'entries' | 'problems'>> {
  if (precedence === undefined) return { entries: blocks, problems: [] };
  const entries: Entry[] = [];
  const problems: Problem[] = [];
  for (const entry of blocks) {
    const { published, parts, problems: said } = precedence(entry);
    if (parts !== undefined) for (const part of parts) entries.push(part);
    else if (published) entries.push(entry);
    for (const problem of said) problems.push(problem);
    const turn = breathe();
    if (turn !== undefined) await turn;
  }
  return { entries, problems };
}

interface ListContext {
  readonly settings: Settings;
  readonly guards: Guards;
  readonly now: number;
  readonly pause: () => Promise<void>;
  readonly breathe: () => Promise<void> | undefined;
  readonly cache: ListCache | undefined;
}

/** One list by itself; undefined where its file is none, which is among the problems then. */
async function readList(
  path: string,
  files: FeedsFiles,
  { settings, guards, now, pause, breathe, cache }: ListContext,
  problemsOfAll: Problem[],
): Promise<ListRead | undefined> {
  const sources = new Map<string, FileText>();
  const source = files.lists.get(path);
  if (source !== undefined) sources.set(path, source);
  const noting: FeedsFiles = {
    ...files,
    async textFile(below) {
      const text = await files.textFile(below);
      sources.set(below, text);
      return text;
    },
  };
  const problems: Problem[] = [];
  const list = await listAt(path, files, { now, pause, bounds: settings.lifetime }, problems);
  if (list === undefined) {
    problemsOfAll.push(...problems);
    return undefined;
  }
  const channel = channelFor(list, settings, `${files.folder}/${path}`, problems);
  const known = cache?.knownLines(path, files);
  const context = { path, channel, guards, files: noting, problems, breathe, known };
  const { summary, entries } = await readEntries(list, context);
  const { name, namePlace, action } = list;
  return { name, namePlace, action, summary, entries, problems, sources };
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
  options: { now: number; pause: () => Promise<void>; bounds: LifetimeBounds },
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
function oneName(
  { name, namePlace }: Pick<ListFile, 'name' | 'namePlace'>,
  file: string,
  names: Map<string, string>,
  problems: Problem[],
): void {
  const other = names.get(name);
  names.set(name, other ?? file);
  if (other === undefined) return;
  const message = `the list name ${quoted(name)} is taken by ${other}: a name is the identity of a list; give one of them another with "name:"`;
  problems.push({ severity: 'error', code: 'list-name', message, file, ...namePlace });
}

/** A judgement becomes that of one entry. */
function oneAdopter(entry: Entry, ids: readonly string[], adopters: Map<string, Entry>, problems: Problem[]): void {
  for (const id of ids) {
    const other = adopters.get(id);
    adopters.set(id, other ?? entry);
    if (other === undefined) continue;
    const { file, line } = other.position;
    const { observable } = entry;
    const message = `${id} is adopted by ${quoted(other.observable.value)} in ${file}:${line} already: a judgement becomes that of one entry; take it out of one of the two`;
    problems.push({ severity: 'error', code: 'adopted-twice', message, observable, ...entry.position });
  }
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
