import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A repository of somebody's lists, as it lies on a git server; made by git itself. */
export interface GitRepository {
  readonly path: string;
  git(...args: string[]): string;
  /** Writes files (null removes one) and commits; gives the commit. */
  commit(files: Record<string, string | null>, message?: string): string;
}

export function gitRepository(path: string): GitRepository {
  mkdirSync(path, { recursive: true });
  const git = (...args: string[]) =>
    execFileSync(
      'git',
      [
        '-c',
        'user.name=a',
        '-c',
        'user.email=a@example.org',
        '-c',
        'commit.gpgsign=false',
        '-c',
        'gc.autoDetach=false',
        '-c',
        'maintenance.autoDetach=false',
        ...args,
      ],
      {
        cwd: path,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    ).trim();
  git('init', '--quiet', '--initial-branch=main');
  return {
    path,
    git,
    commit(files, message = 'lists') {
      for (const [file, text] of Object.entries(files)) {
        const full = join(path, file);
        mkdirSync(dirname(full), { recursive: true });
        if (text === null) rmSync(full);
        else writeFileSync(full, text);
      }
      git('add', '--all');
      git('commit', '--quiet', '--allow-empty', '-m', message);
      return git('rev-parse', 'HEAD');
    },
  };
}
