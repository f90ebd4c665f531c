import { createHash } from 'node:crypto';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Clock, SECOND } from '../../runtime/clock.ts';
import { makeLineCutter } from './log-lines.ts';

/** How far a log was read: to the end of a line, in this file and not in another that has its name since. */
export interface LogPosition {
  readonly device: number;
  readonly inode: number;
  readonly offset: number;
  /** SHA-256 of the first bytes: a file system gives the number of a deleted file to the next one. */
  readonly head: { readonly bytes: number; readonly sha256: string };
}

export interface LogPiece {
  readonly lines: readonly string[];
  /** After these lines; to be kept once they are dealt with. */
  readonly position: LogPosition;
}

export interface FollowOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Where to go on; without it the file is read from its beginning. */
  readonly from?: LogPosition | undefined;
  /** What a person should know: lines that are lost. */
  notice(message: string): void;
}

const POLL_MS = SECOND;
const CHUNK_BYTES = 256 * 1024;
const HEAD_BYTES = 256;

/**
 * The lines of a file that is written to, for ever. What can become of it meanwhile, ours or its own:
 *
 *   we were restarted                       on at the position
 *   renamed, another one has its name       the old one to its end, also where it was renamed while we were away, then the new one
 *   cut to nothing and written on           from its beginning
 *   not there (yet)                         waited for
 *   renamed and removed while we were away  what was in it is lost, and said so
 *
 * A line without an end is not told before it has one; of a renamed file it is told when that grows no more.
 */
export async function* followLog(options: FollowOptions): AsyncGenerator<LogPiece> {
  const { path, clock, signal, notice } = options;
  let from = options.from;
  for (;;) {
    const file = await openedAt(path, from, notice);
    if (file === undefined) {
      await clock.sleep(POLL_MS, signal);
      continue;
    }
    try {
      yield* readWhileNamed(file.handle, file.offset, options);
    } finally {
      await file.handle.close();
    }
    from = undefined;
    signal.throwIfAborted();
  }
}

/** Until the name belongs to another file, or this one became shorter than what was read. */
async function* readWhileNamed(
  handle: FileHandle,
  start: number,
  { path, clock, signal }: FollowOptions,
): AsyncGenerator<LogPiece> {
  const cut = makeLineCutter();
  const buffer = Buffer.alloc(CHUNK_BYTES);
  let read = start;
  let told = start;
  let last = false;
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, read);
    if (bytesRead > 0) {
      const chunk = buffer.subarray(0, bytesRead);
      const lines = cut.linesOf(chunk);
      const end = chunk.lastIndexOf(0x0a);
      if (end >= 0) told = read + end + 1;
      read += bytesRead;
      if (lines.length > 0) yield { lines, position: await positionOf(handle, told) };
      continue;
    }
    if (last) {
      const rest = cut.end();
      if (rest !== undefined) yield { lines: [rest], position: await positionOf(handle, read) };
      return;
    }
    const { size, ino, dev } = await handle.stat();
    if (size < read) return;
    const named = await stat(path).catch(missing);
    // Whoever wrote to the renamed file may do so for a moment still.
    last = named !== undefined && (named.ino !== ino || named.dev !== dev);
    await clock.sleep(POLL_MS, signal);
  }
}

async function openedAt(
  path: string,
  from: LogPosition | undefined,
  notice: (message: string) => void,
): Promise<{ handle: FileHandle; offset: number } | undefined> {
  if (from !== undefined) {
    for (const candidate of [path, ...(await besides(path))]) {
      const handle = await open(candidate).catch(missing);
      if (handle === undefined) continue;
      if (await isAt(handle, from)) return { handle, offset: from.offset };
      await handle.close();
    }
  }
  const handle = await open(path).catch(missing);
  if (handle !== undefined && from !== undefined)
    notice(
      `${path} is another file than when it was last read, and that one is not beside it: what was written to it since then is not read`,
    );
  return handle === undefined ? undefined : { handle, offset: 0 };
}

/** `access.log.1`, `access.log-20261125`: what rotation makes of it. A compressed one is another file, and is not found. */
async function besides(path: string): Promise<string[]> {
  const names = await readdir(dirname(path)).catch(() => []);
  return names
    .filter((name) => name !== basename(path) && name.startsWith(basename(path)))
    .map((name) => join(dirname(path), name));
}

async function isAt(handle: FileHandle, { device, inode, offset, head }: LogPosition): Promise<boolean> {
  const { dev, ino, size } = await handle.stat();
  return dev === device && ino === inode && size >= offset && (await headOf(handle, head.bytes)).sha256 === head.sha256;
}

async function positionOf(handle: FileHandle, offset: number): Promise<LogPosition> {
  const { dev, ino } = await handle.stat();
  return { device: dev, inode: ino, offset, head: await headOf(handle, Math.min(offset, HEAD_BYTES)) };
}

async function headOf(handle: FileHandle, bytes: number): Promise<LogPosition['head']> {
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = await handle.read(buffer, 0, bytes, 0);
  return { bytes, sha256: createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex') };
}

function missing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
