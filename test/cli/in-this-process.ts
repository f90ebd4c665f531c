import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import { format } from 'node:util';
import { main } from '../../src/cli/main.ts';
import type { Ended } from './ctim-feeds-process.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
let last: Promise<unknown> = Promise.resolve();

/**
 * What `run` gives, without a process of its own, which would take a second to load what this one has loaded. One after another,
 * since folder, status and output belong to the process. What is a matter of the process itself (signals, the environment
 * that git inherits, who is left behind, help on stdout) needs `run` or `start`, as does one command of each kind in each file.
 */
export function runHere(cwd: string, args: string[], env: Record<string, string> = {}): Promise<Ended> {
  const ended = last.then(() => runNow(cwd, args, env));
  last = ended.catch(() => undefined);
  return ended;
}

async function runNow(cwd: string, args: string[], env: Record<string, string>): Promise<Ended> {
  const said = { stdout: '', stderr: '' };
  const hear = (to: keyof typeof said, end: string) => (text: unknown) => {
    said[to] += `${format(text)}${end}`;
    return true;
  };
  const before = {
    cwd: process.cwd(),
    exit: process.exitCode,
    heard: SIGNALS.map((signal) => process.listeners(signal)),
  };
  // The log goes to the descriptor of stderr, past whoever listens to the stream.
  const folder = mkdtempSync(join(tmpdir(), 'ctim-feeds-log-'));
  const log = join(folder, 'log');
  const mocks = [
    mock.method(console, 'log', hear('stdout', '\n')),
    mock.method(console, 'error', hear('stderr', '\n')),
    mock.method(process.stderr, 'write', hear('stderr', '')),
  ];
  process.chdir(cwd);
  process.exitCode = 0;
  try {
    await main(['node', 'ctim-feeds', ...args], { PATH: process.env.PATH, CTIM_FEEDS_LOG: `file:${log}`, ...env });
    if (existsSync(log)) said.stderr += readFileSync(log, 'utf8');
    return { exit: Number(process.exitCode), signal: null, ...said };
  } finally {
    process.exitCode = before.exit;
    process.chdir(before.cwd);
    for (const it of mocks) it.mock.restore();
    SIGNALS.forEach((signal, n) => {
      for (const listener of process.listeners(signal))
        if (!before.heard[n]?.includes(listener)) process.removeListener(signal, listener);
    });
    rmSync(folder, { recursive: true });
  }
}
