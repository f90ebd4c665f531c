import { realpath } from 'node:fs/promises';
import { git } from './git.ts';

/** Who wrote a line of a list, as its repository tells. */
export interface LineOrigin {
  readonly commit: string;
  readonly author: string;
  /** ISO 8601. */
  readonly at: string;
  readonly subject: string;
  /** `#123` or `!45`, where the commit's message, or that of the merge that brought it, has one. */
  readonly pullRequest?: string;
}

export interface Line {
  /** With the name of the feeds folder in front: `feeds/tor.yaml`. */
  readonly file: string;
  readonly line: number;
  /** Which state of the file is meant; the tree as it lies where nothing is said. */
  readonly commit?: string | undefined;
}

export type Origin = LineOrigin | 'not-committed' | undefined;

/** Undefined where git cannot say: no repository, no such commit in this checkout, no such line in it. */
export async function originOfLine(feedsDir: string, { file, line, commit }: Line): Promise<Origin> {
  const root = await realpath(feedsDir).catch(() => undefined);
  const below = file.slice(file.indexOf('/') + 1);
  if (root === undefined || below === '') return undefined;
  const state = commit === undefined ? [] : [commit];
  const blame = await git(root, ['blame', '--porcelain', '-L', `${line},${line}`, ...state, '--', below]);
  const [, found] = /^([0-9a-f]{40,64}) /.exec(blame ?? '') ?? [];
  if (found === undefined)
    return commit === undefined && (await isUntracked(root, below)) ? 'not-committed' : undefined;
  if (/^0+$/.test(found)) return 'not-committed';
  const told = await git(root, ['log', '-1', '--format=%an%x00%aI%x00%B', found]);
  const [author = 'unknown', at = '', message = ''] = (told ?? '').split('\0');
  const pullRequest = pullRequestIn(message) ?? (await pullRequestOfMerge(root, found));
  const subject = message.split('\n', 1)[0] ?? '';
  return { commit: found, author, at, subject, ...(pullRequest !== undefined && { pullRequest }) };
}

async function isUntracked(root: string, below: string): Promise<boolean> {
  if ((await git(root, ['rev-parse', '--verify', 'HEAD'])) === undefined) return false;
  return (await git(root, ['ls-files', '--error-unmatch', '--', below])) === undefined;
}

/** As GitHub (merged, squashed), GitLab and Bitbucket write them. */
const PULL_REQUESTS = [
  /^Merge pull request (#\d+)/,
  /^[^\n]*\((#\d+)\)/,
  /^See merge request \S*?(!\d+)/m,
  /^Merged in [^\n]*\(pull request (#\d+)\)/,
];

export function pullRequestIn(message: string): string | undefined {
  for (const pattern of PULL_REQUESTS) {
    const [, found] = pattern.exec(message) ?? [];
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Of the merge that brought a commit to this branch: the oldest one in its first line that contains the commit, unless the
 * branch had it before: then it was pushed, and the merge is another's.
 */
async function pullRequestOfMerge(root: string, commit: string): Promise<string | undefined> {
  const path = ['rev-list', '--first-parent', '--merges', '--ancestry-path', `${commit}..HEAD`];
  const merge = (await git(root, path))?.trim().split('\n').at(-1);
  if (!merge) return undefined;
  if ((await git(root, ['merge-base', '--is-ancestor', commit, `${merge}^1`])) !== undefined) return undefined;
  return pullRequestIn((await git(root, ['log', '-1', '--format=%B', merge])) ?? '');
}
