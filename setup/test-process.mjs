import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** @typedef {{ name: string, args: string[], limitMs: number }} TestProcess what Node is given to run, how it is called, and when it hangs */

/**
 * @typedef {object} TestResult
 * @property {string} name
 * @property {string} output
 * @property {number} passed
 * @property {string[]} failures what went wrong, beyond the failed tests that `output` shows
 * @property {number} failed
 * @property {{ name: string, reason: string }[]} leftOut
 * @property {number} seconds
 */

/**
 * Runs tests in a process of their own, and that in a process group of its own, so that whatever it started can be ended with it.
 * @param {string} root
 * @param {TestProcess} tests
 * @param {{ signal: AbortSignal, env: NodeJS.ProcessEnv }} options
 * @returns {Promise<TestResult>}
 */
export async function runTests(root, { name, args: own, limitMs }, { signal, env }) {
  const began = performance.now();
  const reporter = join(root, 'setup', 'reporter.mjs');
  const args = ['--enable-source-maps', `--test-reporter=${reporter}`, '--test-reporter-destination=stdout', ...own];
  const child = spawn(process.execPath, args, {
    cwd: root,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  /** @type {TestResult} */
  const result = { name, output: '', passed: 0, failed: 0, failures: [], leftOut: [], seconds: 0 };
  /** @type {Set<string>} */
  const running = new Set();
  child.stdout.on('data', (chunk) => (result.output += chunk));
  child.stderr.on('data', (chunk) => (result.output += chunk));
  createInterface({ input: child.stdio[3] }).on('line', (line) => {
    const told = JSON.parse(line);
    if (told.began !== undefined) running.add(told.began);
    if (told.ended !== undefined) running.delete(told.ended);
    if (told.outcome === 'pass') result.passed++;
    if (told.outcome === 'fail') result.failed++;
    if (told.outcome === 'skip') result.leftOut.push({ name: told.name, reason: String(told.reason) });
  });

  const endIt = (/** @type {string} */ why) => {
    const at =
      running.size > 0 ? `while it ran ${[...running].join(', ')}` : 'after its last test (something stays open)';
    result.failures.push(`${why} ${at}`);
    killGroup(child.pid);
  };
  const limit = setTimeout(() => endIt(`hung for ${Math.round(limitMs / 1000)} s`), limitMs);
  const stop = () => endIt(String(signal.reason));
  signal.addEventListener('abort', stop, { once: true });

  const { code, killedBy } = await new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, killedBy: error.message }));
    child.once('exit', (code, killedBy) => resolve({ code, killedBy }));
  });
  clearTimeout(limit);
  signal.removeEventListener('abort', stop);
  if (killGroup(child.pid)) result.failures.push('left processes running (they were ended)');
  // After the kill: whoever was left running held our pipes open.
  await Promise.all([closed(child.stdout), closed(child.stderr), closed(child.stdio[3])]);
  if (code !== 0 && result.failed === 0 && result.failures.length === 0) {
    result.failures.push(`ended with ${killedBy ?? `status ${code}`} although no test failed`);
  }
  result.seconds = (performance.now() - began) / 1000;
  return result;
}

/**
 * A server that was started detached left its group, but not its folder: whatever works below the folder of this test
 * run once all tests have ended was left behind. Only Linux tells; elsewhere nothing is found.
 * @param {string} folder
 * @returns {number[]}
 */
export function processesWorkingIn(folder) {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        return `${readlinkSync(`/proc/${pid}/cwd`)}/`.startsWith(`${folder}/`);
      } catch {
        return false; // Ended meanwhile, or another user's.
      }
    })
    .map(Number);
}

/** @param {number | undefined} leader @returns {boolean} whether anybody was there */
function killGroup(leader) {
  if (leader === undefined) return false;
  const lived = livesInGroup(leader);
  try {
    process.kill(-leader, 'SIGKILL');
    return lived;
  } catch {
    return false;
  }
}

/**
 * A helper of git's that ended after git itself is a zombie for as long as nobody asks for its status: in a container
 * without an init, for ever. It can be signalled and runs no more. Only Linux tells.
 * @param {number} leader
 */
function livesInGroup(leader) {
  if (process.platform !== 'linux') return true;
  return readdirSync('/proc').some((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    try {
      // After the name, which may hold anything: state, parent, group.
      const [state, , group] = readFileSync(`/proc/${entry}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
      return Number(group) === leader && state !== 'Z';
    } catch {
      return false; // Ended meanwhile.
    }
  });
}

/** @param {import('node:stream').Readable} stream */
function closed(stream) {
  return stream.closed ? undefined : new Promise((resolve) => stream.once('close', resolve));
}
