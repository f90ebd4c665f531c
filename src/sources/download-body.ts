import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

/** The text of an answer, or why it has none. Never more than `bytesMax` in memory, as sent or as unpacked. */
export type Body =
  | { readonly text: string }
  | { readonly fault: 'too-large' | 'truncated' | 'not-text'; readonly message: string };

const UNPACK = new Map([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
]);

export async function bodyText(response: IncomingMessage, bytesMax: number): Promise<Body> {
  const {
    'content-length': length,
    'content-encoding': encoding = 'identity',
    'content-type': type = '',
  } = response.headers;
  const tooLarge: Body = { fault: 'too-large', message: `is larger than ${bytesMax} bytes, the most that is pulled` };
  if (Number(length) > bytesMax) {
    response.destroy();
    return tooLarge;
  }
  const makeUnpack = UNPACK.get(encoding.toLowerCase());
  if (makeUnpack === undefined && encoding !== 'identity') {
    response.destroy();
    return { fault: 'not-text', message: `is packed as ${encoding}, which nobody asked for` };
  }
  // What fails on the way is told by the last stream, which is the one that is read.
  const body: Readable = makeUnpack === undefined ? response : pipeline(response, makeUnpack(), () => undefined);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > bytesMax) return tooLarge;
      chunks.push(chunk);
    }
  } catch (error) {
    return unread(error, bytes, length);
  } finally {
    response.destroy();
  }
  return decoded(Buffer.concat(chunks), type);
}

/** Node ends an answer that is shorter than its Content-Length, or lacks its last chunk, with an error. */
function unread(error: unknown, bytes: number, length: string | undefined): Body {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code.startsWith('Z_') && code !== 'Z_BUF_ERROR')
    return { fault: 'not-text', message: `cannot be unpacked (${code})` };
  const of = length === undefined ? '' : ` of ${length}`;
  return { fault: 'truncated', message: `was cut off: ${bytes} bytes came${of}` };
}

function decoded(bytes: Buffer, contentType: string): Body {
  const charset = /charset="?([\w-]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  const [a, b] = bytes;
  if ((a === 0x1f && b === 0x8b) || (a === 0x50 && b === 0x4b))
    return { fault: 'not-text', message: 'is an archive: name the address of the plain text' };
  try {
    return { text: new TextDecoder(charset, { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { fault: 'not-text', message: `is no text in ${charset}` };
  }
}
