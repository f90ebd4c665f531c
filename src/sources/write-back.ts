import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { GitFailed, runGit } from './git-command.ts';

/** Where a file of a feeds folder may be committed to. Opened before the work is done that the commit tells of. */
export interface WriteBack {
  /** Who commits: `Name <mail>`. */
  readonly author: string;
  readonly branch: string;
  commit(file: { below: string; text: string }, message: string): Promise<Written>;
}

export interface Written {
  readonly branch: string;
  readonly commit: string;
  readonly pushed: boolean;
}

/** What is wrong, and how to go on; without a credential. */
export class WriteBackError extends Error {
  override readonly name = 'WriteBackError';
}

export interface WriteBackInput {
  readonly feedsDir: string;
  readonly branch: string;
  /** `Name <mail>`; as git is configured where it is not said. */
  readonly author: string | undefined;
  /** The lists were fetched from a remote, and the commit goes there: nobody looks at the clone. */
  readonly fetched: boolean;
}

const AUTHOR = /^([^<>\p{Cc}]+) <([^<>\s]+)>$/u;

/**
 * A commit on a branch made by git's plumbing, with an index of its own: neither the files nor the index of a checkout that
 * somebody works in are touched, no branch that is checked out is moved, and no hook runs.
 */
export async function openWriteBack({ feedsDir, branch, author, fetched }: WriteBackInput): Promise<WriteBack> {
  const root = await realpath(feedsDir).catch(() => undefined);
  const here = root && (await git(root, [], ['rev-parse', '--show-toplevel']).catch(() => undefined));
  if (root === undefined || here === undefined)
    throw new WriteBackError(`${feedsDir} is in no git checkout: there is nothing to commit to; leave out --commit`);
  const top = await realpath(here);
  const who = await authorOf(top, author);
  const ref = `refs/heads/${branch}`;
  if (branch.startsWith('-') || !(await succeeds(top, ['check-ref-format', ref])))
    throw new WriteBackError(`${JSON.stringify(branch.slice(0, 80))} is no branch name: give another one by --branch`);
  const trees = await git(top, [], ['worktree', 'list', '--porcelain']);
  if (trees.split('\n').includes(`branch ${ref}`))
    throw new WriteBackError(
      `${branch} is checked out, and what somebody works in is not moved: give another one by --branch`,
    );
  return {
    author: who,
    branch,
    async commit({ below, text }, message) {
      const tip = fetched ? await remoteTip(top, ref) : await tipOf(top, ref);
      const parent = tip ?? (await git(top, [], ['rev-parse', '--verify', 'HEAD^{commit}']));
      const folder = path.relative(top, root).split(path.sep).join('/');
      const file = folder === '' ? below : `${folder}/${below}`;
      const commit = await commitOf(top, { parent, file, text, message, who });
      if (fetched) await git(top, [], ['push', '--quiet', 'origin', `${commit}:${ref}`]);
      else await git(top, [], ['update-ref', ref, commit, tip ?? NO_COMMIT]);
      return { branch, commit, pushed: fetched };
    },
  };
}

/** Of update-ref: the branch must not be there yet. */
const NO_COMMIT = '';

async function authorOf(top: string, said: string | undefined): Promise<string> {
  if (said !== undefined) {
    if (AUTHOR.test(said)) return said;
    throw new WriteBackError('--author is not of the form "Name <mail>"');
  }
  const known = await git(top, [], ['-c', 'user.useConfigOnly=true', 'var', 'GIT_AUTHOR_IDENT']).catch(() => '');
  const [who] = /^[^<>]+ <[^<>]+>/.exec(known) ?? [];
  if (who !== undefined) return who;
  throw new WriteBackError(
    'git does not know who commits: say --author "Name <mail>", or set user.name and user.email',
  );
}

async function tipOf(top: string, ref: string): Promise<string | undefined> {
  const tip = await git(top, [], ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]).catch(() => '');
  return tip === '' ? undefined : tip;
}

async function remoteTip(top: string, ref: string): Promise<string | undefined> {
  const [tip] = (await git(top, [], ['ls-remote', 'origin', ref])).split('\t');
  if (!tip) return undefined;
  await git(top, [], ['fetch', '--quiet', '--no-tags', 'origin', ref]);
  return tip;
}

async function commitOf(
  top: string,
  { parent, file, text, message, who }: { parent: string; file: string; text: string; message: string; who: string },
): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'write-back-'));
  try {
    const [, name = '', mail = ''] = AUTHOR.exec(who) ?? [];
    const environment = [
      `GIT_INDEX_FILE=${path.join(folder, 'index')}`,
      ...['AUTHOR', 'COMMITTER'].flatMap((role) => [`GIT_${role}_NAME=${name}`, `GIT_${role}_EMAIL=${mail}`]),
    ];
    const written = path.join(folder, 'file');
    const told = path.join(folder, 'message');
    await writeFile(written, text);
    await writeFile(told, message);
    const blob = await git(top, environment, ['hash-object', '-w', '--no-filters', '--', written]);
    await git(top, environment, ['read-tree', parent]);
    await git(top, environment, ['update-index', '--add', '--cacheinfo', `100644,${blob},${file}`]);
    const tree = await git(top, environment, ['write-tree']);
    return await git(top, environment, ['commit-tree', tree, '-p', parent, '-F', told]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function succeeds(top: string, args: readonly string[]): Promise<boolean> {
  return git(top, [], args).then(
    () => true,
    () => false,
  );
}

const TIMEOUT_MS = 60_000;

async function git(directory: string, environment: readonly string[], args: readonly string[]): Promise<string> {
  try {
    return (await runGit(directory, args, { timeoutMs: TIMEOUT_MS, environment })).trim();
  } catch (error) {
    if (error instanceof GitFailed) throw new WriteBackError(`git ${args[0]} failed: ${error.message}`);
    throw error;
  }
}
