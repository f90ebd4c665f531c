import { readFileSync } from 'node:fs';

/**
 * A process by its number and, where the system tells, the moment it began: numbers are used again, soonest after a
 * reboot, and what is recorded in a file outlives both. Undefined when no such process lives.
 */
export function identify(pid: number): string | undefined {
  try {
    // The name in parentheses may hold anything, so fields are counted from its end: state is the 3rd, start the 22nd.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie is dead; only its parent has not looked yet.
    return fields[0] === 'Z' ? undefined : `${pid} ${fields[19]}`;
  } catch {
    return process.platform === 'linux' || !answersSignals(pid) ? undefined : String(pid);
  }
}

export function lives(identity: string): boolean {
  const pid = Number(identity.split(' ')[0]);
  return pid > 0 && identify(pid) === identity;
}

/** The process that runs this. */
export function ownIdentity(): string {
  return identify(process.pid) ?? String(process.pid);
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
