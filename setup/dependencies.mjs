import { createHash } from 'node:crypto';
import { lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runQuietly, SetupError, say } from './run.mjs';

/** Lies inside node_modules, so that it goes when they go. */
const STAMP = join('node_modules', '.ctim-feeds-stamp');

/** @param {string} root */
export function dependenciesAreFresh(root) {
  // A node_modules that is a link (a git worktree that borrows them) is kept fresh where it really lies.
  if (isLink(join(root, 'node_modules'))) return true;
  return readOr(join(root, STAMP), '') === fingerprint(root);
}

/** @param {string} root */
export async function installDependencies(root) {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  say(`installing ${Object.keys(lock.packages).length - 1} packages with npm (10 to 60 seconds)`);
  // `--include=dev` because the compiler is one: with NODE_ENV=production npm would leave it out.
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  // Under `npm start` this is the npm that was typed; otherwise whichever is on the PATH.
  const npm = process.env.npm_execpath;
  const { status, output } = npm?.endsWith('.js')
    ? await runQuietly(process.execPath, [npm, ...args], { cwd: root })
    : await runQuietly('npm', args, { cwd: root });
  if (status !== 0) {
    throw new SetupError(
      `npm ci ended with status ${status}; this is what it printed:\n${beginningOf(output)}\n` +
        'If that names no cause: does this machine reach its npm registry (`npm ping`), does `npm config get proxy` name ' +
        'the proxy it is behind, is the disk full (`df .`)? Then run the same command again.',
    );
  }
  writeFileSync(join(root, STAMP), fingerprint(root));
}

/**
 * What decides whether the installed packages are the right ones. The Node version counts because some packages bring
 * compiled code; of package.json only the dependencies, so that a new script does not install everything again.
 * @param {string} root
 */
function fingerprint(root) {
  const { dependencies, devDependencies, overrides } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(JSON.stringify({ dependencies, devDependencies, overrides }))
    .update(`${process.versions.node.split('.')[0]} ${process.platform} ${process.arch}`)
    .digest('hex');
}

/** npm says what went wrong first, and its whole usage after it. @param {string} output */
function beginningOf(output) {
  return output.split('\n').slice(0, 20).join('\n').replace(/^/gm, '  ');
}

/** @param {string} path @param {string} otherwise */
function readOr(path, otherwise) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}

/** @param {string} path */
function isLink(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}
