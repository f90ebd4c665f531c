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

/** What a list's text says of its upstream, by path, for who asks again and again: a text that is the same is not parsed again. */
export type KnownUpstreams = Map<string, Told>;

interface Told {
  readonly text: string;
  readonly isSound: boolean;
  readonly example: boolean;
  readonly list: UpstreamList | undefined;
}

/** The lists of a feeds folder that have an upstream. Shipped examples are nobody's but our own embedded server's. */
export async function readUpstreamLists(
  dir: string,
  { ownEmbedded }: { ownEmbedded: boolean },
  known: KnownUpstreams = new Map(),
): Promise<UpstreamLists> {
  const texts = await readListTexts(dir, MAY_HAVE_UPSTREAM);
  const lists: UpstreamList[] = [];
  let isWhole = texts !== undefined;
  for (const path of known.keys()) if (texts?.has(path) !== true) known.delete(path);
  for (const [path, source] of texts ?? []) {
    if ('fault' in source) {
      isWhole = false;
      continue;
    }
    const before = known.get(path);
    const told = before?.text === source.text ? before : await toldBy(path, source.text);
    known.set(path, told);
    if (!told.isSound) isWhole = false;
    else if (told.list && (ownEmbedded || !told.example)) lists.push(told.list);
  }
  return { lists, isWhole };
}

async function toldBy(path: string, text: string): Promise<Told> {
  const { list, faults } = await readListFile(text, { path, now: 0, bounds: {}, pause: setImmediate });
  const own = list?.upstream && { name: list.name, upstream: list.upstream };
  return { text, isSound: faults.length === 0, example: list?.example === true, list: own };
}

/** Of the address, which may hold a secret: a copy of another one is nothing to compare with. */
export function addressDigest({ url }: Upstream): string {
  return createHash('sha256').update(url).digest('hex').slice(0, 16);
}
