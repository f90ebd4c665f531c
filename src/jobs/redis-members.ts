import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../runtime/clock.ts';
import { MINUTE } from '../runtime/clock.ts';
import { lives, ownIdentity } from './process-identity.ts';

/**
 * Who uses the Redis of a data directory: one file for each process, in `members/`. It is started by the first and
 * stopped by the last to leave, whoever that is, so that `enqueue` may come before `up` and leave before it. The file
 * of a process that was killed names nobody who lives, and does not count.
 */
export interface Members {
  join(): void;
  /** True when nobody else is left. */
  leave(): boolean;
  /** One at a time may decide whether to start or stop: joining while the last one leaves would find a dying server. */
  exclusively<T>(decide: () => Promise<T>): Promise<T>;
}

const LOCK_POLL_MS = 25;
const LOCK_WAIT_MS = 2 * MINUTE;
let opened = 0;

export function makeMembers(folder: string, clock: Clock): Members {
  const membersFolder = join(folder, 'members');
  mkdirSync(membersFolder, { recursive: true, mode: 0o700 });
  // A process may open the same directory twice, and each counts.
  const own = join(membersFolder, `${process.pid}-${++opened}`);
  const lock = join(folder, 'lock');

  return {
    join() {
      writeFileSync(own, ownIdentity());
    },
    leave() {
      rmSync(own, { force: true });
      return livingMembers(membersFolder) === 0;
    },
    async exclusively(decide) {
      const until = clock.now() + LOCK_WAIT_MS;
      while (!take(lock)) {
        if (clock.now() > until) throw new Error(`waited too long for ${lock}, held by process ${readOr(lock)}`);
        await clock.sleep(LOCK_POLL_MS);
      }
      try {
        return await decide();
      } finally {
        rmSync(lock, { force: true });
      }
    },
  };
}

function livingMembers(membersFolder: string): number {
  return readdirSync(membersFolder).filter((name) => {
    const file = join(membersFolder, name);
    if (lives(readOr(file))) return true;
    rmSync(file, { force: true });
    return false;
  }).length;
}

function take(lock: string): boolean {
  const own = `${lock}.${process.pid}`;
  writeFileSync(own, ownIdentity());
  try {
    // A link appears whole or not at all: nobody reads a lock that does not name its holder yet.
    linkSync(own, lock);
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    removeIfDead(lock);
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

/** Two waiters may judge the same dead holder; a rename has one winner, and who moved another lock puts it back. */
function removeIfDead(lock: string): void {
  const holder = readOr(lock);
  if (holder === '' || lives(holder)) return;
  const aside = `${lock}.${process.pid}.dead`;
  try {
    renameSync(lock, aside);
  } catch {
    return;
  }
  if (readOr(aside) === holder) rmSync(aside);
  else renameSync(aside, lock);
}

function readOr(file: string, otherwise = ''): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
}
