import { createHash } from 'node:crypto';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { AllowedByHand } from '../ctim/entry.ts';
import type { Problem } from '../ctim/problem.ts';
import { type FileText, upstreamListOf } from '../lists/feeds-files.ts';
import type { GuardKnowledge } from '../lists/guards/guards.ts';
import { type ListCache, makeListCache } from '../lists/list-cache.ts';
import { type Reading, readLists } from '../lists/reading.ts';
import { defaultSettings, type Settings } from '../lists/settings.ts';
import { type Revision, revisionOf } from './git.ts';
import type { CopyCache } from './upstream-copies.ts';

const MIB = 1024 * 1024;
/** Entries with words take a second for each MB of YAML; what is larger belongs into a text file. */
const LIST_BYTES_MAX = 32 * MIB;
const TEXT_BYTES_MAX = 256 * MIB;
const LISTS_MAX = 10_000;

const SETTINGS = 'settings.yaml';
const LIST_FILE = /\.ya?ml$/i;
/** A file of this kind that no list names was probably meant to be read. */
const TEXT_FILE = /\.(?:txt|lst|list|netset|ipset)$/i;

export interface ReadFeedsOptions {
  readonly now: number;
  readonly adhocAllow?: readonly AllowedByHand[];
  readonly cache?: FeedsCache | undefined;
  /** What guards go by besides the settings. */
  readonly knowledge?: GuardKnowledge | undefined;
  /** The last good copy of a list's upstream; absent for who looks at nothing but files. */
  readonly upstreamText?: UpstreamText | undefined;
}

export type UpstreamText = (list: string) => Promise<string | undefined>;

/** For a process that reads one folder again and again: a file of the same digest is not decoded, its list not parsed again. */
export interface FeedsCache {
  lists: ListCache;
  /** What guards went by then: with other knowledge every list is looked at again. */
  knowledge: GuardKnowledge | undefined;
  /** By path below the folder, as it was read last. */
  files: ReadonlyMap<string, FileRead>;
  readonly copies: CopyCache;
}

export function makeFeedsCache(): FeedsCache {
  return { lists: makeListCache(), knowledge: undefined, files: new Map(), copies: new Map() };
}

export interface FeedsRead {
  readonly reading: Reading;
  readonly revision: Revision;
}

/** Reads a feeds folder whole. What cannot be read is an error among the problems: never an empty desired state in silence. */
export async function readFeeds(
  dir: string,
  { now, adhocAllow = [], cache, knowledge, upstreamText }: ReadFeedsOptions,
): Promise<FeedsRead> {
  if (cache && cache.knowledge !== knowledge) Object.assign(cache, { lists: makeListCache(), knowledge });
  const folder = path.basename(path.resolve(dir));
  const problems: Problem[] = [];
  const say = (severity: 'error' | 'notice', code: string, message: string, below = '') => {
    problems.push({ severity, code, message, file: below === '' ? folder : `${folder}/${below}`, line: 1, column: 1 });
  };
  const root = await realFolder(dir);
  const reader = makeReader(root ?? path.resolve(dir), cache?.files);
  const found = root === undefined ? NOTHING : await walk(root, say);
  if (root === undefined) {
    say(
      'error',
      'no-feeds-folder',
      `there is no readable folder ${path.resolve(dir)}: create it with a list in it, or name another one (--feeds or FEEDS_DIR; FEEDS_REPO for a repository)`,
    );
  } else if (found.lists.length === 0) {
    say(
      'error',
      'no-lists',
      `there is no list (*.yaml) in ${path.resolve(dir)}: nothing would be left to publish; add a list, or name another folder`,
    );
  }
  const lists = new Map<string, FileText>();
  for (const below of found.lists) lists.set(below, await reader.read(below, LIST_BYTES_MAX));
  const settings = found.settings ? await reader.read(SETTINGS, LIST_BYTES_MAX) : undefined;
  const reading = await readLists(
    {
      folder,
      lists,
      ...(settings !== undefined && { settings }),
      async textFile(below) {
        const list = upstreamListOf(below);
        if (list === undefined) return reader.read(below, TEXT_BYTES_MAX);
        const text = await upstreamText?.(list);
        return text === undefined ? NO_COPY : { text };
      },
    },
    { now, adhocAllow, cache: cache?.lists, knowledge, pause: setImmediate },
  );
  if (cache) cache.files = reader.files;
  for (const below of found.texts) {
    if (!reader.paths().includes(below))
      say('notice', 'unused-file', 'no list reads this file: name it in entries_from, or remove it', below);
  }
  const revision = await revisionOf({
    root: root ?? path.resolve(dir),
    digest: reader.digest(),
    paths: reader.paths(),
  });
  return { reading: { ...reading, problems: [...problems, ...reading.problems] }, revision };
}

const NO_COPY: FileText = { fault: { code: 'upstream-unknown', message: 'there is no copy yet' } };

/** The lists whose text has this in it, by path; undefined where the folder cannot be read. No list is parsed. */
export async function readListTexts(dir: string, having: RegExp): Promise<Map<string, FileText> | undefined> {
  const root = await realFolder(dir);
  if (root === undefined) return undefined;
  let isWhole = true;
  const { lists } = await walk(root, () => {
    isWhole = false;
  });
  const texts = new Map<string, FileText>();
  const reader = makeReader(root);
  for (const below of lists) {
    const text = await reader.read(below, LIST_BYTES_MAX);
    if ('fault' in text || having.test(text.text)) texts.set(below, text);
  }
  return isWhole ? texts : undefined;
}

/** The settings alone, for who asks for the owner or a channel and not for a million entries. Defaults where there are none. */
export async function readSettingsAlone(dir: string): Promise<Settings> {
  return (await readNoList(dir)).settings;
}

/** The same; undefined where the folder is gone or they have a mistake, so that what was known before goes on. */
export async function readSoundSettings(dir: string): Promise<Settings | undefined> {
  const root = await realFolder(dir);
  if (root === undefined) return undefined;
  // That there are no settings is said by the folder: a file that cannot be read is not the same.
  if (!(await readdir(root)).includes(SETTINGS)) return defaultSettings();
  const { settings, problems } = await readNoList(dir);
  return problems.some(({ severity }) => severity === 'error') ? undefined : settings;
}

async function readNoList(dir: string): Promise<Reading> {
  const root = (await realFolder(dir)) ?? path.resolve(dir);
  const settings = await makeReader(root).read(SETTINGS, LIST_BYTES_MAX);
  const files = { folder: path.basename(root), lists: new Map(), settings, textFile: async () => settings };
  return readLists(files, { now: 0, pause: setImmediate });
}

interface Found {
  lists: string[];
  texts: string[];
  settings: boolean;
}

const NOTHING: Found = { lists: [], texts: [], settings: false };

async function realFolder(dir: string): Promise<string | undefined> {
  try {
    const root = await realpath(dir);
    await readdir(root);
    return root;
  } catch {
    return undefined;
  }
}

/** Names that begin with a dot are left out (`.git`, and the `..data` of Kubernetes, whose files are linked one level up). */
async function walk(
  root: string,
  say: (severity: 'error', code: string, message: string, below: string) => void,
): Promise<Found> {
  const found: Found = { lists: [], texts: [], settings: false };
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    let names: string[];
    try {
      names = await readdir(path.join(root, folder));
    } catch (error) {
      say('error', 'unreadable', `the folder cannot be read (${reasonOf(error)})`, folder);
      continue;
    }
    for (const name of names.sort()) {
      if (name.startsWith('.')) continue;
      const below = folder === '' ? name : `${folder}/${name}`;
      const kind = await kindOf(root, below);
      if (kind === 'folder') folders.push(below);
      else if (kind === 'linked-folder')
        say(
          'error',
          'linked-folder',
          'a link to a folder is not followed: move the lists here, or link the files',
          below,
        );
      else if (below === SETTINGS) found.settings = true;
      else if (LIST_FILE.test(name)) found.lists.push(below);
      else if (TEXT_FILE.test(name)) found.texts.push(below);
    }
    if (found.lists.length > LISTS_MAX) {
      say('error', 'too-many-lists', `there are more than ${LISTS_MAX} lists: is this the right folder?`, '');
      return NOTHING;
    }
  }
  return found;
}

/** A link that leads nowhere is a file that cannot be read, and is told so when it is. */
async function kindOf(root: string, below: string): Promise<'file' | 'folder' | 'linked-folder'> {
  const full = path.join(root, below);
  const target = await stat(full).catch(() => undefined);
  if (target === undefined || !target.isDirectory()) return 'file';
  return (await realpath(full)) === full ? 'folder' : 'linked-folder';
}

interface Reader {
  readonly files: ReadonlyMap<string, FileRead>;
  read(below: string, bytesMax: number): Promise<FileText>;
  paths(): string[];
  /** Over all that was read, by path: the same for the same tree on every machine. */
  digest(): string;
}

interface FileRead {
  readonly digest: string;
  readonly text: FileText;
}

/** Bytes are read and digested each time: nothing else tells that a file is the same, since its times may lie. */
function makeReader(root: string, before: ReadonlyMap<string, FileRead> = new Map()): Reader {
  const files = new Map<string, FileRead>();
  return {
    files,
    async read(below, bytesMax) {
      const known = files.get(below);
      if (known !== undefined) return known.text;
      const found = await readInside(root, below, bytesMax);
      const digest = 'bytes' in found ? createHash('sha256').update(found.bytes).digest('hex') : 'unread';
      const earlier = before.get(below);
      const read =
        'bytes' in found && earlier?.digest === digest
          ? earlier
          : { digest, text: 'bytes' in found ? decoded(found.bytes) : found };
      files.set(below, read);
      return read.text;
    },
    paths: () => [...files.keys()].sort(),
    digest() {
      const rows = [...files]
        .map(([below, { digest }]) => [below, digest])
        .sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
      return createHash('sha256').update(JSON.stringify(rows)).digest('hex');
    },
  };
}

/** A pull request must not print a key file: links are resolved before anything is read. */
async function readInside(
  root: string,
  below: string,
  bytesMax: number,
): Promise<{ bytes: Buffer } | { fault: { code: string; message: string } }> {
  const fault = (code: string, message: string) => ({ fault: { code, message } });
  try {
    const real = await realpath(path.join(root, below));
    if (real !== root && !real.startsWith(root + path.sep)) {
      return fault('path-outside', 'it leads out of the feeds folder through a link: what lists read lies inside');
    }
    const { size, isFile } = await stat(real).then((found) => ({ size: found.size, isFile: found.isFile() }));
    if (!isFile) return fault('unreadable', 'it is no file');
    if (size > bytesMax) {
      return fault(
        'too-large',
        `it has ${size} bytes, more than ${bytesMax}: split it, or put the entries of a YAML list into a text file (entries_from)`,
      );
    }
    return { bytes: await readFile(real) };
  } catch (error) {
    return fault('unreadable', `it cannot be read (${reasonOf(error)})`);
  }
}

function decoded(bytes: Buffer): FileText {
  const [a, b] = bytes;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff))
    return { fault: { code: 'not-text', message: 'it is UTF-16: save it as UTF-8' } };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    const before = bytes.toString('utf8').split('\ufffd', 1)[0] ?? '';
    const line = before.split('\n').length;
    return { fault: { code: 'not-text', message: `it is no UTF-8 (first seen in line ${line}): save it as UTF-8` } };
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT') return 'it does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'no permission';
  return code === '' ? String(error) : code;
}
