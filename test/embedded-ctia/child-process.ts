import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';

const CHILD = new URL('./child-server.js', import.meta.url);

/** A server in a process of its own, from when it has told its URL. */
export async function child(
  t: TestContext,
  dataDir: string,
  lastStatement?: number,
): Promise<{ process: ChildProcess; url: string }> {
  const args = [CHILD.pathname, dataDir, ...(lastStatement === undefined ? [] : [String(lastStatement)])];
  const started = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => started.kill('SIGKILL'));
  const [line] = (await once(createInterface(started.stdout), 'line')) as [string];
  return { process: started, url: line };
}
