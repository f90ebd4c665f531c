import { type Problem, quoted } from '../ctim/problem.ts';
import { placeOf, textFault } from './file-text.ts';
import type { Item } from './list-file.ts';

/** A file's text, or why it could not be had. */
export type FileText =
  | { readonly text: string }
  | { readonly fault: { readonly code: string; readonly message: string } };

/** A feeds folder, wherever it lies. Paths are relative to it and have slashes; problems put `folder` before them. */
export interface FeedsFiles {
  readonly folder: string;
  readonly settings?: FileText;
  readonly lists: ReadonlyMap<string, FileText>;
  /** The text of an `entries_from` file, by its path below the folder; the last good copy of an upstream, by `upstreamPath`. */
  textFile(path: string): Promise<FileText>;
}

const UPSTREAMS = '/upstream/';

/** Beside all paths of files: none of those begins with a slash. */
export function upstreamPath(list: string): string {
  return `${UPSTREAMS}${list}`;
}

/** The list whose upstream is meant, or undefined: a file is. */
export function upstreamListOf(path: string): string | undefined {
  return path.startsWith(UPSTREAMS) ? path.slice(UPSTREAMS.length) : undefined;
}

/** `file` as problems name it, and `path` below the feeds folder. */
export interface EntriesText {
  readonly file: string;
  readonly path: string;
  readonly text: string;
}

/** The text that an item of `entries_from` names, or a problem at that item (at the fault, where the file itself has one). */
export async function entriesText(
  from: Item,
  listPath: string,
  files: FeedsFiles,
  problems: Problem[],
): Promise<EntriesText | undefined> {
  const at = { severity: 'error', file: `${files.folder}/${listPath}`, line: from.line, column: from.column } as const;
  const path = beside(listPath, from.value);
  if (path === undefined) {
    const message = `${quoted(from.value)} leads out of the feeds folder: entries_from names files inside it, relative to this one`;
    problems.push({ ...at, code: 'path-outside', message });
    return undefined;
  }
  const source = await files.textFile(path);
  if ('fault' in source) {
    problems.push({ ...at, code: source.fault.code, message: `${quoted(from.value)}: ${source.fault.message}` });
    return undefined;
  }
  const file = `${files.folder}/${path}`;
  const fault = textFault(source.text);
  if (fault !== undefined) {
    const { code, offset, message } = fault;
    problems.push({ severity: 'error', code, message, file, ...placeOf(source.text, offset) });
    return undefined;
  }
  return { file, path, text: source.text };
}

/** A path beside a list's file, as a path below the feeds folder; undefined where it leads out of it. */
function beside(listPath: string, name: string): string | undefined {
  if (name.startsWith('/') || name.includes('\\') || name.includes('\0')) return undefined;
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
