import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { MEDIUM_TEXT_MAX } from '../ctim/judgement.ts';
import type { Standing } from '../ctim/standing.ts';
import { withoutCredentials } from './git-address.ts';
import { GitFailed, type GitLimits, runGit } from './git-command.ts';

/** Which state of the lists was read. */
export interface Revision {
  /** The commit, `<commit>+dirty-<digest>` where the folder has uncommitted changes, or `tree-<digest>` without a commit. */
  readonly label: string;
  readonly commit?: string;
  readonly dirty: boolean;
  /** SHA-256 over paths and contents of all files that were read: the tree as it lies. */
  readonly digest: string;
  /**
   * A URI that stays the same for one set of lists and holds no secret: the address of the remote `origin` without user,
   * password and query; where there is none the `file:` URL of the feeds folder.
   */
  readonly repository?: string;
  /** Lists and settings of the commit that a partial checkout does not have here; absent where it has all. */
  readonly leftOut?: readonly string[];
}

export interface TreeRead {
  /** The feeds folder, links resolved. */
  readonly root: string;
  readonly digest: string;
  /** Paths below `root` of the files that were read. */
  readonly paths: readonly string[];
}

/** Never fails: without git, a repository, or the right to read it, the digest of the tree speaks. */
export async function revisionOf({ root, digest, paths }: TreeRead): Promise<Revision> {
  const short = digest.slice(0, 12);
  const [repository, head] = await Promise.all([repositoryOf(root), headOf(root)]);
  const rest = { digest, ...(repository !== undefined && { repository }) };
  if (head === undefined) return { label: `tree-${short}`, dirty: false, ...rest };
  const { commit, top } = head;
  const [dirty, leftOut] = await Promise.all([isDirty(root, top, paths), filesLeftOut(root)]);
  const label = dirty ? `${commit}+dirty-${short}` : commit;
  return { label, commit, dirty, ...rest, ...(leftOut.length > 0 && { leftOut }) };
}

/** To git a file that `git sparse-checkout` leaves out is not missing: the tree is as clean as a whole one. */
async function filesLeftOut(root: string): Promise<string[]> {
  const rows = (await git(root, ['ls-files', '-v', '-z', '--', '.']))?.split('\0') ?? [];
  return rows
    .flatMap((row) => /^s (.*\.ya?ml)$/is.exec(row)?.[1] ?? [])
    .filter((below) => !existsSync(path.join(root, below)))
    .map((below) => `${path.basename(root)}/${below}`);
}

/** The commit, and the folder that it is checked out in. */
async function headOf(root: string): Promise<{ commit: string; top: string } | undefined> {
  const said = await git(root, ['rev-parse', '--show-toplevel', 'HEAD^{commit}']);
  const [, top, commit] = said === undefined ? [] : (/^(.*)\n([0-9a-f]+)\n$/s.exec(said) ?? []);
  return top === undefined || commit === undefined ? undefined : { commit, top };
}

/** Files that git ignores count too where we read them: the commit does not hold them. */
async function isDirty(root: string, top: string, paths: readonly string[]): Promise<boolean> {
  const status = await git(root, [
    'status',
    '--porcelain=v1',
    '-z',
    '--no-renames',
    '--untracked-files=all',
    '--ignored=matching',
    '--',
    '.',
  ]);
  if (status === undefined) return true;
  const prefix = path
    .relative(await realpath(top), root)
    .split(path.sep)
    .join('/');
  const read = paths.map((below) => (prefix === '' ? below : `${prefix}/${below}`));
  return status.split('\0').some((row) => {
    if (row === '') return false;
    const named = row.slice(3);
    return (
      !row.startsWith('!!') || read.some((file) => file === named || (named.endsWith('/') && file.startsWith(named)))
    );
  });
}

async function repositoryOf(root: string): Promise<string | undefined> {
  const uri = (await originOf(root)) ?? pathToFileURL(root).href;
  return uri.length <= MEDIUM_TEXT_MAX ? uri : undefined;
}

/** The remote that a checkout came from; undefined where there is none, or no checkout any more. */
export async function originOf(root: string): Promise<string | undefined> {
  const origin = (await git(root, ['remote', 'get-url', 'origin']))?.trim();
  return origin === undefined ? undefined : withoutCredentials(origin);
}

export async function standingOf(dir: string, commit: string, other: string): Promise<Standing> {
  if (commit === other) return 'same';
  if ((await git(dir, ['cat-file', '-e', `${other}^{commit}`])) === undefined) return 'unknown';
  const contains = async (whole: string, part: string) =>
    (await git(dir, ['merge-base', '--is-ancestor', part, whole])) !== undefined;
  if (await contains(commit, other)) return 'newer';
  return (await contains(other, commit)) ? 'older' : 'apart';
}

const TIMEOUT_MS = 20_000;

/**
 * What git prints, or undefined where it cannot say: it is missing, this is no repository, or the repository belongs to
 * another user. The latter is git's protection against foreign hooks and filters, so it is left in force.
 */
export async function git(
  directory: string,
  args: readonly string[],
  limits: GitLimits = { timeoutMs: TIMEOUT_MS },
): Promise<string | undefined> {
  try {
    return await runGit(directory, args, limits);
  } catch (error) {
    if (error instanceof GitFailed) return undefined;
    throw error;
  }
}
