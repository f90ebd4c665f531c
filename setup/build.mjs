import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runQuietly, SetupError, say } from './run.mjs';

const STAMP = join('dist', '.stamp');
const SOURCES = ['src', 'test'];

/** @param {string} root */
export function buildIsFresh(root) {
  const stamp = join(root, STAMP);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint(root) && everyOutputExists(root);
}

/** @param {string} root */
export async function build(root) {
  say('compiling to dist/');
  // Until this build has succeeded nothing vouches for what lies there: a failed one writes its outputs too.
  rmSync(join(root, STAMP), { force: true });
  removeOutputsWithoutSource(root);
  // The compiler trusts its own notes and would not write an output again that somebody deleted.
  if (!everyOutputExists(root)) rmSync(join(root, 'dist', '.tsbuildinfo'), { force: true });
  const before = fingerprint(root);
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status, output } = await runQuietly(process.execPath, [compiler, '-p', 'tsconfig.json'], { cwd: root });
  if (status !== 0) {
    throw new SetupError(
      `the compiler found problems:\n${output}\n` +
        'On an untouched checkout delete node_modules and dist and run the same command again; ' +
        'after an edit, mend what it names (`npm run watch` shows it as you type).',
    );
  }
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(join(root, STAMP), before);
}

/** Contents rather than dates: a `git switch` back and forth, or a copied checkout, compiles nothing. @param {string} root */
function fingerprint(root) {
  const hash = createHash('sha256');
  for (const path of ['tsconfig.json', 'package-lock.json', ...sourcesOf(root)]) {
    hash.update(`${path}\0`).update(readFileSync(join(root, path)));
  }
  return hash.digest('hex');
}

/** A test whose source is gone must not run again, nor a module be found that no longer exists. @param {string} root */
function removeOutputsWithoutSource(root) {
  for (const folder of SOURCES) {
    const compiled = join(root, 'dist', folder);
    const entries = existsSync(compiled) ? readdirSync(compiled, { recursive: true }).map(String) : [];
    // Longest first: a folder comes after everything in it.
    for (const entry of entries.sort((a, b) => b.length - a.length)) {
      const source = join(root, folder, entry.replace(/\.js(\.map)?$/, '.ts'));
      if (existsSync(source)) continue;
      if (/\.js(\.map)?$/.test(entry)) rmSync(join(compiled, entry));
      else if (readdirSync(join(compiled, entry)).length === 0) rmdirSync(join(compiled, entry));
    }
  }
}

/** @param {string} root @returns {string[]} */
function sourcesOf(root) {
  return SOURCES.flatMap((folder) =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder), { recursive: true })
          .map((entry) => join(folder, String(entry)))
          .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
          .sort()
      : [],
  );
}

/** @param {string} root */
function everyOutputExists(root) {
  return sourcesOf(root).every((source) => existsSync(join(root, 'dist', source.replace(/\.ts$/, '.js'))));
}
