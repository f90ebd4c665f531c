import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { say } from './run.mjs';

const SECOND = 1000;
/** The holder touches its lock this often… */
const TOUCHED_EVERY = 2 * SECOND;
/** …so one that was not touched for this long belongs to nobody, even if its process number lives again elsewhere. */
const ABANDONED_AFTER = 20 * SECOND;

/**
 * Lets one set-up at a time work on a checkout: `npm start` and `npm test` begun together must not both empty
 * node_modules. The lock is a folder because making one either succeeds or fails, on every file system.
 * @template T
 * @param {string} folder
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(folder, work) {
  for (let tries = 0; !take(folder); tries++) {
    removeAbandoned(folder);
    if (tries === 1) say('another set-up is at work on this checkout, waiting for it');
    await new Promise((resolve) => setTimeout(resolve, SECOND / 10));
  }
  const touch = setInterval(() => utimesSync(folder, new Date(), new Date()), TOUCHED_EVERY);
  const release = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    clearInterval(touch);
    process.off('exit', release);
    release();
  }
}

/** @param {string} folder */
function take(folder) {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(join(folder, 'pid'), String(process.pid));
  return true;
}

/** @param {string} folder */
function removeAbandoned(folder) {
  try {
    const owner = ownerOf(folder);
    const untouched = Date.now() - statSync(folder).mtimeMs;
    if (untouched < ABANDONED_AFTER && (owner === '' || isAlive(Number(owner)))) return;
    // Two waiters may both see an abandoned lock. A rename has one winner, and whoever then holds a different lock than
    // the one it judged gives it back.
    const aside = `${folder}.${process.pid}`;
    renameSync(folder, aside);
    if (ownerOf(aside) === owner) rmSync(aside, { recursive: true });
    else renameSync(aside, folder);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}

/** @param {string} folder */
function ownerOf(folder) {
  try {
    return readFileSync(join(folder, 'pid'), 'utf8');
  } catch {
    return '';
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
