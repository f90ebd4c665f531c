import type { Entry } from '../ctim/entry.ts';
import type { ListAction } from '../ctim/feed.ts';
import { type Observable, type ObservableType, observableKey } from '../ctim/observable.ts';
import { type Problem, quoted } from '../ctim/problem.ts';
import { placeOf, textFault } from './file-text.ts';
import { type Guards, makeGuards } from './guards.ts';
import { laterLifetime } from './lifetime.ts';
import { type Item, type ListFile, readListFile } from './list-file.ts';
import { didYouMean } from './nearest.ts';
import { normalise } from './normalise.ts';
import { applyPrecedence } from './precedence.ts';
import { type ChannelSettings, defaultSettings, readSettings, type Settings } from './settings.ts';
import { textLines } from './text-list.ts';
import { makeTermsPool, type Words } from './words.ts';

/** What became of one list: each of its lines and entries is counted exactly once. */
export interface ListSummary {
  readonly file: string;
  readonly name: string;
  readonly action: ListAction;
  readonly channel: string;
  readonly example: boolean;
  readonly accepted: number;
  readonly duplicates: number;
  readonly unsupported: number;
  readonly invalid: number;
  readonly by_type: Partial<Record<ObservableType, number>>;
}

/** A whole feeds folder, understood. `entries` are to be published: accepted, not past `expires`, not shadowed by an allow entry. */
export interface Reading {
  readonly settings: Settings;
  readonly lists: ListSummary[];
  readonly entries: Entry[];
  readonly problems: Problem[];
}

/** A file's text, or why it could not be had. */
export type FileText =
  | { readonly text: string }
  | { readonly fault: { readonly code: string; readonly message: string } };

/** A feeds folder, wherever it lies. Paths are relative to it and have slashes; problems put `folder` before them. */
export interface FeedsFiles {
  readonly folder: string;
  readonly settings?: FileText;
  readonly lists: ReadonlyMap<string, FileText>;
  /** The text of an `entries_from` file, by its path below the folder. */
  textFile(path: string): Promise<FileText>;
}

export interface ReadOptions {
  /** Epoch ms: decides what is past its `expires`. */
  readonly now: number;
  /** Awaited between slices of long lists, so that the event loop gets its turn. */
  readonly pause: () => Promise<void>;
  /** What people allowed by hand; it shadows and never makes a list invalid. */
  readonly adhocAllow?: readonly Observable[];
}

/** Some ten milliseconds of work. */
const SLICE = 10_000;

export async function readLists(files: FeedsFiles, options: ReadOptions): Promise<Reading> {
  const problems: Problem[] = [];
  const settings = settingsOf(files, problems);
  const guards = makeGuards(settings);
  const drafts: ListDraft[] = [];
  const names = new Map<string, string>();
  for (const [path, file] of [...files.lists].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const shown = `${files.folder}/${path}`;
    if ('fault' in file) {
      problems.push({ severity: 'error', ...file.fault, file: shown, line: 1, column: 1 });
      continue;
    }
    const { list, faults } = readListFile(file.text, { path, now: options.now });
    for (const fault of faults) problems.push({ severity: 'error', ...fault, file: shown });
    if (list === undefined) continue;
    const other = names.get(list.name);
    if (other !== undefined) {
      const message = `the list name ${quoted(list.name)} is taken by ${other}: a name is the identity of a list; give one of them another name:`;
      problems.push({ severity: 'error', code: 'list-name', message, file: shown, line: 1, column: 1 });
    }
    names.set(list.name, other ?? shown);
    const channel = channelFor(list, settings, shown, problems);
    drafts.push(await readEntries(list, { path, shown, channel, guards, files, problems, options }));
  }
  const entries: Entry[] = [];
  for (const draft of drafts) for (const entry of draft.entries.values()) entries.push(entry);
  const live = notExpired(entries, options.now, problems);
  const allowing = new Set(
    drafts.filter(({ summary }) => summary.action === 'allow').map(({ summary }) => summary.name),
  );
  const ruled = applyPrecedence(live, (entry) => allowing.has(entry.list), options.adhocAllow ?? []);
  for (const problem of ruled.problems) problems.push(problem);
  return { settings, lists: drafts.map((draft) => draft.summary), entries: ruled.published, problems };
}

function settingsOf(files: FeedsFiles, problems: Problem[]): Settings {
  if (files.settings === undefined) return defaultSettings();
  const file = `${files.folder}/settings.yaml`;
  if ('fault' in files.settings) {
    problems.push({ severity: 'error', ...files.settings.fault, file, line: 1, column: 1 });
    return defaultSettings();
  }
  const { settings, faults } = readSettings(files.settings.text);
  for (const fault of faults) problems.push({ severity: 'error', ...fault, file });
  return settings;
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
  } else if (channel.action !== list.action) {
    const message = `a list with action ${list.action} cannot publish to the channel ${list.channel}, which has the action ${channel.action}: a feed lists all that is linked to it`;
    problems.push({ ...at, code: 'channel-action', message });
    return undefined;
  }
  return channel;
}

interface ListDraft {
  readonly summary: ListSummary;
  readonly entries: Map<string, Entry>;
}

interface ListContext {
  readonly path: string;
  readonly shown: string;
  readonly channel: ChannelSettings | undefined;
  readonly guards: Guards;
  readonly files: FeedsFiles;
  readonly problems: Problem[];
  readonly options: ReadOptions;
}

async function readEntries(list: ListFile, context: ListContext): Promise<ListDraft> {
  const { path, shown, channel, guards, files, problems, options } = context;
  const counts = { accepted: 0, duplicates: 0, unsupported: 0, invalid: 0 };
  const byType: Partial<Record<ObservableType, number>> = {};
  const entries = new Map<string, Entry>();
  const lay = makeTermsPool();
  const overrides = readOverrides(list, shown, problems);

  const take = (item: Item, file: string): void => {
    const position = { file, line: item.line, column: item.column };
    const say = (severity: 'error' | 'notice', code: string, message: string) =>
      problems.push({ severity, code, message, ...position });
    const result =
      item.broken && item.value === '' ? undefined : normalise(item.value, { type: item.type, refang: list.refang });
    if (result === undefined || 'refused' in result) {
      counts.invalid++;
      if (result !== undefined)
        say('error', result.refused.code, result.refused.message + (item.hint === undefined ? '' : `; ${item.hint}`));
      return;
    }
    if (item.broken) {
      counts.invalid++;
      return;
    }
    const { observable, notice } = result;
    if (list.action === 'block' && observable.type === 'domain' && observable.value.startsWith('*.')) {
      counts.invalid++;
      say(
        'error',
        'wildcard-on-block-list',
        `${quoted(observable.value)} stands on allow lists only: write ${quoted(observable.value.slice(2))}, firewalls match the names below it anyway`,
      );
      return;
    }
    if (channel !== undefined && !channel.titles.has(observable.type)) {
      counts.unsupported++;
      say(
        'notice',
        'unsupported-type',
        `${quoted(observable.value)} is of type ${observable.type}, which the channel ${channel.name} does not declare: it is not published`,
      );
      return;
    }
    const key = observableKey(observable);
    const override = overrides.size === 0 ? undefined : overrides.get(key);
    if (override !== undefined) override.used = true;
    const words = override === undefined ? item.words : both(item.words, override.words);
    const first = entries.get(key);
    if (first !== undefined) {
      counts.duplicates++;
      const terms = lay(list.terms, words.terms);
      const lifetime = laterLifetime(first.terms.lifetime, terms.lifetime);
      if (lifetime !== first.terms.lifetime) entries.set(key, { ...first, terms: lay(first.terms, { lifetime }) });
      say(
        'notice',
        'duplicate',
        `${quoted(observable.value)} stands first in ${first.position.file}:${first.position.line}, whose words count; of the two the later end counts`,
      );
      return;
    }
    const guarded = list.action === 'block' ? guards(observable) : undefined;
    if (guarded !== undefined && words.force === undefined) {
      counts.invalid++;
      say('error', guarded.code, guarded.message);
      return;
    }
    if (guarded !== undefined)
      say(
        'notice',
        'forced',
        `${quoted(observable.value)} is published against ${guarded.code}: ${quoted(words.force ?? '')}`,
      );
    if (notice !== undefined) say('notice', notice.code, notice.message);
    counts.accepted++;
    byType[observable.type] = (byType[observable.type] ?? 0) + 1;
    entries.set(key, {
      observable,
      terms: lay(list.terms, words.terms),
      list: list.name,
      channel: list.channel,
      position,
    });
  };

  let taken = 0;
  for (const item of list.observables) {
    take(item, shown);
    if (++taken % SLICE === 0) await options.pause();
  }
  for (const from of list.entriesFrom) {
    const text = await entriesText(from, path, shown, files, problems);
    if (text === undefined) continue;
    const file = `${files.folder}/${text.path}`;
    for (const line of textLines(text.text)) {
      take({ ...line, words: NO_WORDS }, file);
      if (++taken % SLICE === 0) await options.pause();
    }
  }
  for (const { item, used } of overrides.values()) {
    if (used) continue;
    const message = `${quoted(item.value)} stands in no entry of this list: the override changes nothing`;
    problems.push({
      severity: 'notice',
      code: 'unused-override',
      message,
      file: shown,
      line: item.line,
      column: item.column,
    });
  }
  const { name, action, example } = list;
  const summary = { file: shown, name, action, channel: list.channel, example, ...counts, by_type: byType };
  return { summary, entries };
}

const NO_WORDS: Words = { terms: {} };

interface Override {
  readonly item: Item;
  readonly words: Words;
  used: boolean;
}

function readOverrides(list: ListFile, file: string, problems: Problem[]): Map<string, Override> {
  const overrides = new Map<string, Override>();
  for (const item of list.overrides) {
    const result = normalise(item.value, { refang: list.refang });
    const at = { severity: 'error', file, line: item.line, column: item.column } as const;
    if ('refused' in result) {
      problems.push({ ...at, code: result.refused.code, message: result.refused.message });
      continue;
    }
    const key = observableKey(result.observable);
    const other = overrides.get(key);
    if (other === undefined) {
      overrides.set(key, { item, words: item.words, used: false });
    } else {
      const message = `${quoted(item.value)} is the same observable as ${quoted(other.item.value)} at line ${other.item.line}: keep one override`;
      problems.push({ ...at, code: 'duplicate-override', message });
    }
  }
  return overrides;
}

/** An entry's own words before those of its override. */
function both(own: Words, override: Words): Words {
  const force = own.force ?? override.force;
  return { terms: { ...override.terms, ...own.terms }, ...(force !== undefined && { force }) };
}

async function entriesText(
  from: Item,
  listPath: string,
  shown: string,
  files: FeedsFiles,
  problems: Problem[],
): Promise<{ path: string; text: string } | undefined> {
  const at = { severity: 'error', file: shown, line: from.line, column: from.column } as const;
  const path = beside(listPath, from.value);
  if (path === undefined) {
    const message = `${quoted(from.value)} leads out of the feeds folder: entries_from names files inside it, relative to this one`;
    problems.push({ ...at, code: 'path-outside', message });
    return undefined;
  }
  const file = await files.textFile(path);
  if ('fault' in file) {
    problems.push({ ...at, code: file.fault.code, message: `${quoted(from.value)}: ${file.fault.message}` });
    return undefined;
  }
  const fault = textFault(file.text);
  if (fault !== undefined) {
    const { code, offset, message } = fault;
    problems.push({ severity: 'error', code, message, file: `${files.folder}/${path}`, ...placeOf(file.text, offset) });
    return undefined;
  }
  return { path, text: file.text };
}

/** A path beside a list's file, as a path below the feeds folder; undefined where it leads out of it. */
function beside(listPath: string, name: string): string | undefined {
  if (name.startsWith('/') || name.includes('\\')) return undefined;
  const steps = listPath.split('/').slice(0, -1);
  for (const step of name.split('/')) {
    if (step === '..') {
      if (steps.pop() === undefined) return undefined;
    } else if (step !== '.' && step !== '') {
      steps.push(step);
    }
  }
  return steps.join('/');
}

function notExpired(entries: readonly Entry[], now: number, problems: Problem[]): Entry[] {
  return entries.filter(({ terms: { lifetime }, observable, position }) => {
    if (lifetime.kind === 'renewed' || lifetime.end >= now) return true;
    const message = `${quoted(observable.value)} ran out on ${lifetime.text} and is not published: remove the entry or give it a later date`;
    problems.push({ severity: 'notice', code: 'expired', message, ...position });
    return false;
  });
}
