import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Reading } from '../lists/reading.ts';
import { type ReadFeedsOptions, readFeeds } from './feeds-folder.ts';
import { git } from './git.ts';

export type FeedsAt = { readonly commit: string; readonly reading: Reading } | { readonly unreadable: string };

/** What names a commit and nothing else: git would take other texts for options, ranges or paths. */
export const COMMIT_NAME = /^[0-9a-f]{7,64}$/;

/** A hundred thousand files are written out in less. */
const WRITE_OUT_MS = 60_000;

/**
 * A feeds folder as it was at a commit of the repository that it is in. Written out beside it by git's plumbing, with an
 * index of its own, so that neither the work tree nor the index of whoever keeps that checkout is touched and no hook runs.
 */
export async function readFeedsAt(
  dir: string,
  name: string,
  options: Pick<ReadFeedsOptions, 'now' | 'adhocAllow' | 'knowledge' | 'upstreamText'>,
): Promise<FeedsAt> {
  if (!COMMIT_NAME.test(name)) return { unreadable: 'it is no commit: 7 to 64 of 0-9 and a-f are expected' };
  const root = await realpath(dir).catch(() => undefined);
  const top = root && (await git(root, ['rev-parse', '--show-toplevel']))?.trimEnd();
  if (root === undefined || !top) return { unreadable: `${dir} is in no git checkout that can be read` };
  const commit = (await git(root, ['rev-parse', '--verify', '--quiet', `${name}^{commit}`]))?.trim();
  if (!commit)
    return { unreadable: 'it is not in this checkout: fetch it (git fetch --unshallow where it is shallow)' };
  const below = path
    .relative(await realpath(top), root)
    .split(path.sep)
    .join('/');
  const folder = await mkdtemp(path.join(tmpdir(), 'feeds-at-'));
  try {
    const limits = { timeoutMs: WRITE_OUT_MS, environment: [`GIT_INDEX_FILE=${path.join(folder, 'index')}`] };
    const tree = path.join(folder, path.basename(root));
    await mkdir(tree);
    const read = await git(top, ['read-tree', below === '' ? commit : `${commit}:${below}`], limits);
    const out =
      read === undefined
        ? undefined
        : await git(top, ['checkout-index', '--all', '--force', `--prefix=${tree}/`], limits);
    if (out === undefined) return { unreadable: `it has no folder ${below === '' ? '.' : below}` };
    return { commit, reading: (await readFeeds(tree, options)).reading };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
