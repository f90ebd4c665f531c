import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/** What stops the set-up, in words for the person who typed the command. Its status is the one for "the surroundings failed". */
export class SetupError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.exitStatus = 4;
  }
}

/** Goes to stderr: what a command prints on stdout may be read by a program. @param {string} line */
export function say(line) {
  process.stderr.write(`set-up: ${line}\n`);
}

/**
 * Runs a program to its end and keeps what it printed, to be shown only if it fails.
 * @param {string} program
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<{ status: number, output: string }>}
 */
export function runQuietly(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    /** @type {Buffer[]} */
    const printed = [];
    child.stdout.on('data', (chunk) => printed.push(chunk));
    child.stderr.on('data', (chunk) => printed.push(chunk));
    const stopForwarding = forwardSignals(child);
    child.once('error', (error) => {
      stopForwarding();
      resolve({ status: 127, output: error.message });
    });
    child.once('close', (code, signal) => {
      // Whoever stopped us need not read that what we ran was stopped.
      const stoppedBy = stopForwarding() ?? signal;
      if (stoppedBy !== null) endLike(null, stoppedBy);
      else resolve({ status: code ?? 1, output: Buffer.concat(printed).toString().trimEnd() });
    });
  });
}

/**
 * Runs a program in our place: its streams are ours, and so are its end and its signals.
 * @param {string} program
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<{ code: number | null, signal: NodeJS.Signals | null }>}
 */
export function runAttached(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: 'inherit' });
    const stopForwarding = forwardSignals(child);
    child.once('error', (error) => {
      stopForwarding();
      reject(error);
    });
    child.once('exit', (code, signal) => {
      stopForwarding();
      resolve({ code, signal });
    });
  });
}

/**
 * Ends this process as another one ended.
 * @param {number | null} code
 * @param {NodeJS.Signals | null} signal
 */
export function endLike(code, signal) {
  if (signal !== null) process.kill(process.pid, signal);
  process.exitCode = code ?? 1;
}

/**
 * A child of ours must hear each signal exactly once. SIGTERM and SIGHUP are sent to us alone, so they are passed on.
 * SIGINT is what a terminal sends to the whole process group, the child included, and npm passes on to us once more:
 * where there is a terminal it is swallowed here. Without one somebody sent it to us, and it is passed on.
 * @param {import('node:child_process').ChildProcess} child
 * @returns {() => NodeJS.Signals | undefined} ends it, and tells which signal came
 */
function forwardSignals(child) {
  /** @type {NodeJS.Signals | undefined} */
  let received;
  const keep = (/** @type {NodeJS.Signals} */ signal) => {
    received = signal;
  };
  const passOn = (/** @type {NodeJS.Signals} */ signal) => {
    received = signal;
    child.kill(signal);
  };
  const onInterrupt = hasTerminal() ? keep : passOn;
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', passOn);
  process.on('SIGHUP', passOn);
  return () => {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', passOn);
    process.off('SIGHUP', passOn);
    return received;
  };
}

function hasTerminal() {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
