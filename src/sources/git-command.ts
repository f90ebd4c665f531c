import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { withoutCredentials } from './git-address.ts';

/** Why git did not do it, in its own words, one line, without a credential. */
export class GitFailed extends Error {
  override readonly name = 'GitFailed';
}

export interface GitLimits {
  readonly timeoutMs: number;
  /** `NAME=value` each, beside what this process has. */
  readonly environment?: readonly string[];
}

const run = promisify(execFile);
const OUTPUT_MAX = 64 * 1024 * 1024;
const SAID_MAX = 300;

/**
 * Nothing of a checkout that somebody works in is locked or refreshed by the way, and no process is left behind: what git
 * tidies up now and then, it does before it ends. A password that is missing is an error: git would ask the terminal, and wait.
 */
const COMMAND = ['GIT_TERMINAL_PROMPT=0'];
const OPTIONS = [
  '--no-optional-locks',
  ...['core.fsmonitor=false', 'gc.autoDetach=false', 'maintenance.autoDetach=false'].flatMap((it) => ['-c', it]),
];

/** What git prints. `env` sets the environment: it is the only way to add to it without reading it. */
export async function runGit(
  directory: string,
  args: readonly string[],
  { timeoutMs, environment = [] }: GitLimits,
): Promise<string> {
  const command = [...COMMAND, ...environment, 'git', ...OPTIONS, ...args];
  try {
    const { stdout } = await run('env', command, { cwd: directory, timeout: timeoutMs, maxBuffer: OUTPUT_MAX });
    return stdout;
  } catch (error) {
    throw new GitFailed(why(error, timeoutMs));
  }
}

/** What `env` ends with where there is no such command. */
const NOT_FOUND = 127;

function why(error: unknown, timeoutMs: number): string {
  const { code, killed, stderr = '' } = error as { code?: unknown; killed?: boolean; stderr?: string };
  if (code === 'ENOENT' || code === NOT_FOUND) return 'git is not installed';
  if (killed === true) return `git did not answer within ${timeoutMs / 1000} s`;
  const text = stderr.trim().replaceAll(/\s*\n\s*/g, '; ');
  return withoutSecrets(text).slice(0, SAID_MAX) || `git ended with ${code}`;
}

/** Git repeats URLs as they were given to it. */
const QUOTED_URL = /(['"]?)([\w+.-]+:\/\/\S+?)(['"]?[:;,.]?)(?=\s|$)/g;

function withoutSecrets(text: string): string {
  return text.replaceAll(QUOTED_URL, (_, before: string, url: string, after: string) => {
    return `${before}${withoutCredentials(url) ?? 'a URL'}${after}`;
  });
}
