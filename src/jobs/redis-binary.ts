import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** In this order, because Redis is what the queues were measured with; Valkey speaks the same protocol. */
const PROGRAMS = ['redis-server', 'valkey-server'];

/** Where packages put servers. A user's PATH often lacks the sbin folders and cron's lacks /usr/local/bin. */
export const USUAL_FOLDERS = ['/usr/bin', '/usr/sbin', '/usr/local/bin'];

/**
 * The whole path of a Redis-compatible server, or undefined: first what the user's PATH has, under either name, as
 * that is where a choice is made. The PATH is passed in: one place reads the environment.
 */
export function findRedisBinary(pathVariable: string, usualFolders = USUAL_FOLDERS): string | undefined {
  return findIn(pathVariable.split(delimiter)) ?? findIn(usualFolders);
}

function findIn(folders: string[]): string | undefined {
  const absolute = folders.filter(isAbsolute);
  return PROGRAMS.flatMap((program) => absolute.map((folder) => join(folder, program))).find(isExecutable);
}

export const WAYS_TO_A_REDIS = `There are three ways out:
  - set REDIS_URL to a Redis (6.2 or newer) that you have, e.g. REDIS_URL=redis://127.0.0.1:6379
  - install one here; it is then started and stopped for you: apt-get install redis-server, dnf install valkey, brew install redis
  - run everything in containers: docker compose --profile embedded up`;

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
