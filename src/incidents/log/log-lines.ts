import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** A line that is longer is no request that a server answered, and must not fill the memory. */
export const LINE_BYTES_MAX = 64 * 1024;

/** The lines of a log, one after the other, gzip undone where its first bytes say so. Of a line that is too long the beginning. */
export async function* logLines(input: Readable): AsyncGenerator<string> {
  for await (const lines of logPieces(input)) yield* lines;
}

/** The same lines, as many at a time as came together: a turn of the event loop for each of a million would cost more than reading it. */
export async function* logPieces(input: Readable): AsyncGenerator<readonly string[]> {
  const cut = makeLineCutter();
  for await (const chunk of plain(input)) yield cut.linesOf(chunk);
  const last = cut.end();
  if (last !== undefined) yield [last];
}

export interface LineCutter {
  /** The lines that end in this chunk. */
  linesOf(chunk: Buffer): string[];
  /** The last one, if it has no end. */
  end(): string | undefined;
}

/** Each line is a text of its own: a part of a larger one would keep all of that in memory with what is kept of the line. */
export function makeLineCutter(): LineCutter {
  let open: Buffer[] = [];
  let openBytes = 0;
  const keep = (part: Buffer) => {
    const room = LINE_BYTES_MAX - openBytes;
    if (room <= 0 || part.length === 0) return;
    // Copied: the chunk itself is large, and goes.
    const kept = Buffer.from(part.subarray(0, room));
    open.push(kept);
    openBytes += kept.length;
  };
  const close = (): string => {
    const line = textOf(Buffer.concat(open));
    open = [];
    openBytes = 0;
    return line;
  };
  return {
    linesOf(chunk) {
      const lines: string[] = [];
      let start = 0;
      for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
        const part = chunk.subarray(start, end);
        start = end + 1;
        if (openBytes === 0) lines.push(textOf(part.subarray(0, LINE_BYTES_MAX)));
        else {
          keep(part);
          lines.push(close());
        }
      }
      keep(chunk.subarray(start));
      return lines;
    },
    end: () => (openBytes === 0 ? undefined : close()),
  };
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

function textOf(line: Buffer): string {
  return line.toString('utf8', 0, line.at(-1) === CARRIAGE_RETURN ? line.length - 1 : line.length);
}

async function* plain(input: Readable): AsyncGenerator<Buffer> {
  const chunks = input[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const first = await chunks.next();
  if (first.done) return;
  const all = async function* () {
    yield first.value;
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
  };
  const isGzip = first.value[0] === 0x1f && first.value[1] === 0x8b;
  yield* isGzip ? gunzipped(all()) : all();
}

async function* gunzipped(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  // What breaks on the way is thrown where the lines are read.
  pipeline(Readable.from(chunks), gunzip, () => {});
  for await (const chunk of gunzip) yield chunk as Buffer;
}
