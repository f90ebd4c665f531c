import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { readListFile } from '../lists/list-file.ts';
import type { Upstream } from '../lists/upstream-schema.ts';
import { readListTexts } from './feeds-folder.ts';

/** A list whose entries are pulled. */
export interface UpstreamList {
  readonly name: string;
  readonly upstream: Upstream;
}

export interface UpstreamLists {
  readonly lists: readonly UpstreamList[];
  /** Every list that may have an upstream could be read; where one could not, what was known of upstreams goes on. */
  readonly isWhole: boolean;
}

const MAY_HAVE_UPSTREAM = /\bupstream\b/;

/** The lists of a feeds folder that have an upstream. Shipped examples are nobody's but our own embedded server's. */
export async function readUpstreamLists(
  dir: string,
  { ownEmbedded }: { ownEmbedded: boolean },
): Promise<UpstreamLists> {
  const texts = await readListTexts(dir, MAY_HAVE_UPSTREAM);
  const lists: UpstreamList[] = [];
  let isWhole = texts !== undefined;
  for (const [path, source] of texts ?? []) {
    if ('fault' in source) {
      isWhole = false;
      continue;
    }
    const { list, faults } = await readListFile(source.text, { path, now: 0, bounds: {}, pause: setImmediate });
    if (faults.length > 0) isWhole = false;
    else if (list?.upstream && (ownEmbedded || !list.example)) lists.push({ name: list.name, upstream: list.upstream });
  }
  return { lists, isWhole };
}

/** Of the address, which may hold a secret: a copy of another one is nothing to compare with. */
export function addressDigest({ url }: Upstream): string {
  return createHash('sha256').update(url).digest('hex').slice(0, 16);
}
