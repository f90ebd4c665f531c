import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * A body with what lets a client skip it. CTIA has none of this (its ETags are off): feeds are pulled every few minutes and
 * change a few times a day.
 *
 * The two codings of one body are two representations with two strong tags: `"x"` and `"x-gzip"`.
 */
export interface Representation {
  readonly body: Buffer;
  readonly tag: string;
  readonly md5: string;
  /** Made when it is first asked for. */
  gzipped?: Buffer;
}

/** A smaller body fits into the packet that its headers are in. */
const WORTH_GZIP_BYTES = 1024;
/** Of a list of addresses a twentieth larger than at zlib's own level, and made in less than half the time. */
const GZIP_LEVEL = 4;
const compressed = promisify(gzip);

export function represented(body: Buffer): Representation {
  return {
    body,
    tag: createHash('sha256').update(body).digest('base64url'),
    // Of the bytes that a client has in the end, whatever their coding on the way.
    md5: createHash('md5').update(body).digest('hex'),
  };
}

/** Answers a GET or HEAD; `kept` is told when the gzipped bytes came into being. */
export async function sendRepresentation(
  request: FastifyRequest,
  reply: FastifyReply,
  representation: Representation,
  kept: (bytes: number) => void,
): Promise<FastifyReply> {
  const { body, tag } = representation;
  const tags = { plain: `"${tag}"`, gzip: `"${tag}-gzip"` };
  reply.headers({ Vary: 'Accept, Accept-Encoding', 'Cache-Control': 'private, no-cache' });
  const zip = body.length >= WORTH_GZIP_BYTES && acceptsGzip(request.headers['accept-encoding']);
  const own = zip ? tags.gzip : tags.plain;
  // Whoever holds either coding holds this text.
  const held = matching(request.headers['if-none-match'], [own, tags.plain, tags.gzip]);
  if (held !== undefined) {
    reply.removeHeader('Content-Type');
    return reply.code(304).header('ETag', held).send();
  }
  reply.header('ETag', own);
  if (!zip) return reply.send(body);
  if (representation.gzipped === undefined) {
    representation.gzipped = await compressed(body, { level: GZIP_LEVEL });
    kept(representation.gzipped.length);
  }
  return reply.header('Content-Encoding', 'gzip').send(representation.gzipped);
}

/** The first of our tags that the header names, by weak comparison as RFC 9110 has it for If-None-Match. */
function matching(header: string | undefined, ours: readonly string[]): string | undefined {
  if (header === undefined) return undefined;
  if (header.trim() === '*') return ours[0];
  const theirs = new Set(Array.from(header.matchAll(/(?:W\/)?("[^"]*")/g), ([, opaque]) => opaque));
  return ours.find((tag) => theirs.has(tag));
}

function acceptsGzip(header: string | undefined): boolean {
  const weights = new Map<string, number>();
  for (const part of (header ?? '').toLowerCase().split(',')) {
    const [coding = '', ...params] = part.split(';').map((word) => word.trim());
    const q = params.find((param) => param.startsWith('q='));
    weights.set(coding, q === undefined ? 1 : Number(q.slice(2)));
  }
  return (weights.get('gzip') ?? weights.get('x-gzip') ?? weights.get('*') ?? 0) > 0;
}
