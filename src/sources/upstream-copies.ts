import type { LastGood } from './last-good.ts';
import { healthNotice } from './upstream-health.ts';
import type { UpstreamList } from './upstream-lists.ts';

/** Texts that this process has read before, by list: a copy that is the same is not fetched from the store again. */
export type CopyCache = Map<string, { readonly digest: string; readonly text: string }>;

export interface CopyReader {
  /** The last good copy; undefined where there is none. */
  text(list: string): Promise<string | undefined>;
  /** What tells what was read from other copies; undefined where nothing was asked for. */
  digest(): string | undefined;
}

/** Copies as they are while one reading lasts: another one may come in meanwhile, and is seen by the next. */
export function makeCopyReader(lastGood: LastGood, cache: CopyCache): CopyReader {
  const read = new Map<string, string>();
  return {
    async text(list) {
      const copy = await lastGood.copy(list, cache.get(list));
      read.set(list, copy?.facts.digest ?? 'none');
      if (copy === undefined) return undefined;
      cache.set(list, { digest: copy.facts.digest, text: copy.text });
      return copy.text;
    },
    digest: () => (read.size === 0 ? undefined : JSON.stringify([...read].sort())),
  };
}

/** What a run says of its upstreams: of one that is as it should be, nothing. */
export async function upstreamNotices(
  lists: readonly UpstreamList[],
  lastGood: LastGood,
  now: number,
): Promise<string[]> {
  const notices: string[] = [];
  for (const { name, upstream } of lists) {
    const notice = healthNotice(name, await lastGood.facts(name), upstream, now);
    if (notice !== undefined) notices.push(notice);
  }
  return notices;
}
