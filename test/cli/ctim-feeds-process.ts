import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A test, or a whole file. */
export type Cleanup = { after(undo: () => void | Promise<void>): void };

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.js');

/** `ctim-feeds` as people start it: a process in a folder, with an environment and nothing else. */
export interface Running {
  readonly child: ChildProcess;
  readonly stdout: string;
  readonly stderr: string;
  /** Waits until its output shows this. */
  shows(pattern: RegExp): Promise<RegExpExecArray>;
  /** Waits for its end. */
  ended(): Promise<Ended>;
}

export interface Ended {
  readonly exit: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function start(t: Cleanup, cwd: string, args: string[], env: Record<string, string> = {}): Running {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const exited = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
    child.emit('shown');
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
    child.emit('shown');
  });
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await exited;
  });
  return {
    child,
    get stdout() {
      return stdout;
    },
    get stderr() {
      return stderr;
    },
    async shows(pattern) {
      for (;;) {
        const found = pattern.exec(stdout) ?? pattern.exec(stderr);
        if (found) return found;
        await Promise.race([once(child, 'shown'), exited]);
        if (child.exitCode === null && child.signalCode === null) continue;
        const last = pattern.exec(stdout) ?? pattern.exec(stderr);
        assert(last, `${args.join(' ')} ended (${child.exitCode}) and never showed ${pattern}:\n${stdout}\n${stderr}`);
        return last;
      }
    },
    async ended() {
      const [exit, signal] = await exited;
      return { exit, signal, stdout, stderr };
    },
  };
}

export function run(t: Cleanup, cwd: string, args: string[], env: Record<string, string> = {}): Promise<Ended> {
  return start(t, cwd, args, env).ended();
}

/** A folder to work in, with these files; gone after the test. */
export function folderWith(t: Cleanup, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'ctim-feeds-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFiles(folder, files);
  return folder;
}

export function writeFiles(folder: string, files: Record<string, string>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<string> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  assert(typeof address === 'object' && address !== null);
  return String(address.port);
}

export function checkEnded(ended: Ended, exit: number): Ended {
  assert.equal(ended.exit, exit, `ended with ${ended.exit ?? ended.signal}:\n${ended.stdout}\n${ended.stderr}`);
  return ended;
}

/** Who still works in a folder: a Redis that nobody stopped does. */
export function processesIn(folder: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
    } catch {
      return false;
    }
  });
}
