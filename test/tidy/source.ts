import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** A file as the rules see it: its path from the root, with `/`, and what is in it. */
export interface Source {
  path: string;
  text: string;
}

/** What a rule finds, in words that tell what to do: `path:line says this; do that`. */
export type Finding = string;

/** Compiled, this lies in dist/test/tidy. */
export const ROOT = join(import.meta.dirname, '..', '..', '..');

export function readSources(folder: string): Source[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

/** Undefined where there is no git: a tarball has no list of what is tracked. */
export function readTracked(): Source[] | undefined {
  if (!existsSync(join(ROOT, '.git'))) return undefined;
  const paths = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' }).split('\0');
  return paths
    .filter((path) => path !== '' && existsSync(join(ROOT, path)))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

/** Empty instead of gone, so that the lines keep their numbers. A `//` inside a URL is none. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, (comment) => comment.replace(/[^\n]/g, ''));
}

export interface Mention {
  /** As written: `../ctim/entry.ts`, `node:fs`, `zod`. */
  what: string;
  line: number;
}

/** Every module that a file names: imported, exported from, loaded later, or started by its URL. */
export function modulesOf({ text }: Source): Mention[] {
  const code = withoutComments(text);
  // Not in quotes: 'import' is also the name of a batch.
  const patterns = [
    /(?<!['"\w.])from\s+['"]([^'"\s]+)['"]/g,
    /(?<!['"\w.])import\s*\(?\s*['"]([^'"\s]+)['"]/g,
    /\bcreateRequire\([^)]*\)\(\s*['"]([^'"\s]+)['"]/g,
    /\bnew URL\(\s*['"](\.[^'"\s]+)['"]/g,
  ];
  return patterns.flatMap((pattern) =>
    [...code.matchAll(pattern)].map((match) => ({ what: match[1] ?? '', line: lineOf(code, match.index) })),
  );
}

/** The path from the root that a relative module means. */
export function resolveModule(from: Source, what: string): string {
  return normalize(join(dirname(from.path), what)).replace(/\.js$/, '.ts');
}

export function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
