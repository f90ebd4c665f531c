import { randomUUID } from 'node:crypto';
import { lstat, mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { systemClock } from '../runtime/clock.ts';
import { withoutCredentials } from './git-address.ts';
import { GitFailed, runGit } from './git-command.ts';

/**
 * A repository of lists that we fetch ourselves. What lies where:
 *
 *   <home>/repository.git   a bare clone, with all of its history
 *   <home>/<commit>/        the tree of a commit, as git checked it out; never changed afterwards
 *   <home>/current          a link to the latest of them
 *
 * The link is replaced in one step, and who reads lists resolves it once: a reading is of one commit, whatever is fetched
 * meanwhile. The tree before the latest stays until the next fetch, for who is still reading it.
 */
export interface FeedsRepository {
  /** A path or a URL, as git takes it. Credentials are git's own matter: a key, a helper, or in the URL. */
  readonly url: string;
  /** Where it is not said: the one that the remote calls its default. */
  readonly branch: string | undefined;
}

export interface Fetched {
  readonly commit: string;
  /** What `current` was until now; undefined at the first fetch. */
  readonly before: string | undefined;
}

/** The message says what failed and how to go on, and holds no credential. */
export class FetchError extends Error {
  override readonly name = 'FetchError';
}

const CURRENT = 'current';

/** Where the lists are read, below the folder in which the repository is kept. */
export function currentTree(home: string): string {
  return join(home, CURRENT);
}

/** Git gives up where another process has a file locked, or a tree half made. That takes it milliseconds. */
const BUSY = /worktrees\/draft-|could not lock|cannot lock ref|File exists/;
const ATTEMPTS = 10;
const BUSY_WAIT_MS = 20;

/** Brings `current` to the tip of the branch. At most one at a time in one process; several processes may. */
export async function fetchRepository(home: string, repository: FeedsRepository): Promise<Fetched> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await fetchOnce(home, repository);
    } catch (error) {
      if (attempt === ATTEMPTS || !(error instanceof FetchError) || !BUSY.test(error.message)) throw error;
      await systemClock.sleep(BUSY_WAIT_MS * attempt);
    }
  }
}

async function fetchOnce(home: string, { url, branch }: FeedsRepository): Promise<Fetched> {
  const git = gitFor(url);
  await mkdir(home, { recursive: true });
  const repository = await cloneOnce(home, url, git);
  const former = (await git(repository, ['remote', 'get-url', 'origin'])).trim();
  if (former !== url) await git(repository, ['remote', 'set-url', 'origin', url]);
  const isOther = shown(former) !== shown(url);
  try {
    return await fetchInto(home, repository, { url, branch });
  } catch (error) {
    if (!isOther || !(error instanceof FetchError)) throw error;
    // What lies here are lists of somewhere else: nobody may take them for those of this repository.
    await rm(join(home, CURRENT), { force: true });
    throw new FetchError(
      `${error.message}; what was fetched before is of ${shown(former)} and does not stand in for it`,
    );
  }
}

async function fetchInto(home: string, repository: string, { url, branch }: FeedsRepository): Promise<Fetched> {
  const git = gitFor(url);
  const from = branch ?? (await defaultBranch(repository, git));
  const tracked = `refs/remotes/origin/${from}`;
  await git(repository, ['fetch', '--quiet', '--no-tags', 'origin', `+refs/heads/${from}:${tracked}`]);
  const isShallow = (await git(repository, ['rev-parse', '--is-shallow-repository'])).trim() === 'true';
  if (isShallow)
    throw new FetchError(`${shown(url)} is shallow itself: fetch all of its history there (git fetch --unshallow)`);
  const commit = (await git(repository, ['rev-parse', '--verify', `${tracked}^{commit}`])).trim();
  await checkOut(home, repository, commit, git);
  const before = await linkedCommit(home);
  if (before !== commit) await point(home, commit);
  await removeOthers(home, repository, [commit, ...(before === undefined ? [] : [before])], git);
  return { commit, before };
}

/** Whole or not at all: a clone that was killed midway is none. */
async function cloneOnce(home: string, url: string, git: Git): Promise<string> {
  const repository = join(home, 'repository.git');
  if (await isThere(repository)) return repository;
  const draft = join(home, `draft-${randomUUID()}`);
  try {
    await git(home, ['clone', '--bare', '--quiet', '--', url, draft]);
    await rename(draft, repository);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another process was faster.
    if (!(await isThere(repository))) throw error;
  }
  return repository;
}

async function defaultBranch(repository: string, git: Git): Promise<string> {
  const told = await git(repository, ['ls-remote', '--symref', 'origin', 'HEAD']);
  const [, name] = /^ref: refs\/heads\/(\S+)\s+HEAD$/m.exec(told) ?? [];
  if (name === undefined) throw new FetchError('the repository names no default branch: set FEEDS_BRANCH');
  return name;
}

async function checkOut(home: string, repository: string, commit: string, git: Git): Promise<void> {
  const tree = join(home, commit);
  if (await isThere(tree)) return;
  // Git remembers trees whose folder somebody removed.
  await git(repository, ['worktree', 'prune']);
  const draft = join(home, `draft-${randomUUID()}`);
  try {
    await git(repository, ['worktree', 'add', '--quiet', '--detach', draft, commit]);
    await git(repository, ['worktree', 'move', draft, tree]);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (!(await isThere(tree))) throw error;
  }
}

async function linkedCommit(home: string): Promise<string | undefined> {
  const target = await readlink(join(home, CURRENT)).catch(() => undefined);
  return target === undefined ? undefined : basename(target);
}

async function point(home: string, commit: string): Promise<void> {
  const draft = join(home, `draft-${randomUUID()}`);
  await symlink(commit, draft);
  await rename(draft, join(home, CURRENT));
}

const COMMIT = /^[0-9a-f]{40,64}$/;

async function removeOthers(home: string, repository: string, kept: readonly string[], git: Git): Promise<void> {
  for (const name of await readdir(home)) {
    if (COMMIT.test(name) && !kept.includes(name)) {
      await git(repository, ['worktree', 'remove', '--force', join(home, name)]).catch(() => undefined);
    }
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

type Git = (directory: string, args: readonly string[]) => Promise<string>;

const TIMEOUT_MS = 5 * 60_000;

function gitFor(url: string): Git {
  return async (directory, args) => {
    try {
      return await runGit(directory, args, { timeoutMs: TIMEOUT_MS });
    } catch (error) {
      if (error instanceof GitFailed) throw new FetchError(`${shown(url)} cannot be fetched: ${error.message}`);
      throw error;
    }
  };
}

function shown(url: string): string {
  return withoutCredentials(url) ?? url;
}
