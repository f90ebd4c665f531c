import { pipeline, Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';

/** A line that is longer is no request that a server answered, and must not fill the memory. */
const LINE_CHARS_MAX = 64 * 1024;

/** The lines of a log, one after the other, gzip undone where its first bytes say so. Of a line that is too long the beginning. */
export async function* logLines(input: Readable): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let open = '';
  for await (const chunk of plain(input)) {
    const lines = (open + decoder.write(chunk)).split('\n');
    open = (lines.pop() ?? '').slice(0, LINE_CHARS_MAX);
    for (const line of lines) yield withoutEnd(line);
  }
  open += decoder.end();
  if (open !== '') yield withoutEnd(open);
}

function withoutEnd(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
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
