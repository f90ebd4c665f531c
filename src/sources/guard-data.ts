import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readGuardList } from '../lists/guards/fetched-format.ts';
import type { FetchedGuardList } from '../lists/guards/fetched-list.ts';
import type { GuardListSource } from '../lists/guards/guard-settings.ts';
import type { Clock } from '../runtime/clock.ts';
import { type Downloader, shownUrl } from './download.ts';
import { type LastGood, makeLastGood } from './last-good.ts';
import { makeTextFolder } from './text-folder.ts';

/** What became of one list of `guards update`. `kept`: nothing came, or what is not believed; the last good copy stays. */
export interface GuardPull {
  readonly url: string;
  readonly did: 'same' | 'changed' | 'kept';
  readonly size: number;
  readonly message?: string;
}

/** Copies of guard lists below the user's data folder, one machine's own. */
export function guardCopies(dataDir: string): LastGood {
  return makeLastGood(makeTextFolder(join(dataDir, 'guards')));
}

/** Below this share of the last good copy a list is not believed. */
const SHRINK_LEAST = 0.5;

export async function updateGuardLists(
  sources: readonly GuardListSource[],
  parts: { clock: Clock; download: Downloader; lastGood: LastGood; signal?: AbortSignal },
): Promise<GuardPull[]> {
  const pulls: GuardPull[] = [];
  for (const source of sources) pulls.push(await updateOne(source, parts));
  return pulls;
}

async function updateOne(
  source: GuardListSource,
  { clock, download, lastGood, signal }: Parameters<typeof updateGuardLists>[1],
): Promise<GuardPull> {
  const name = nameOf(source);
  const now = clock.now();
  const copy = await lastGood.copy(name);
  const before = copy && readCopy(copy, source);
  const size = before?.size ?? 0;
  const url = shownUrl(source.url);
  const answer = await download(source.url, { validators: before && copy?.facts.validators, signal });
  if (answer.is === 'same') {
    await lastGood.confirm(name, now, now);
    return { url, did: 'same', size };
  }
  if (answer.is === 'failed') {
    await lastGood.fail(name, { at: now, kind: answer.kind, message: answer.message }, now);
    return { url, did: 'kept', size, message: answer.message };
  }
  const { text, validators } = answer;
  const read = readGuardList(text, { source, title: url, fetchedAt: now });
  const fault = 'fault' in read ? read.fault : shrunk(read.list.size, size);
  if ('fault' in read || fault !== undefined) {
    const message = fault ?? '';
    await lastGood.quarantine(name, { text, validators }, { at: now, kind: 'suspect', message }, now);
    return { url, did: 'kept', size, message };
  }
  const { list } = read;
  const counts = { taken: list.size, comments: 0, blanks: 0, leftOut: list.leftOut, invalid: 0 };
  await lastGood.keep(name, { text, fetchedAt: now, validators, counts }, now);
  return { url, did: copy?.text === text ? 'same' : 'changed', size: list.size };
}

function shrunk(size: number, before: number): string | undefined {
  if (size >= before * SHRINK_LEAST) return undefined;
  return `it has ${size} values where the last good copy has ${before}`;
}

function nameOf({ url }: GuardListSource): string {
  return `${shownUrl(url)} ${createHash('sha256').update(url).digest('hex').slice(0, 8)}`;
}

type Copy = NonNullable<Awaited<ReturnType<LastGood['copy']>>>;

function readCopy({ text, facts }: Copy, source: GuardListSource): FetchedGuardList | undefined {
  const read = readGuardList(text, { source, title: shownUrl(source.url), fetchedAt: facts.fetchedAt });
  return 'list' in read ? read.list : undefined;
}

/**
 * Reads the copies of these lists. A copy that is as it was is not parsed again, and where all are the answer is the same
 * array. A list without a copy is left out: guards go by what comes with the product then.
 */
export function makeGuardListReader(
  lastGood: LastGood,
): (sources: readonly GuardListSource[]) => Promise<readonly FetchedGuardList[]> {
  const parsed = new Map<string, { key: string; list: FetchedGuardList | undefined }>();
  let known: readonly FetchedGuardList[] = [];
  return async (sources) => {
    const lists: FetchedGuardList[] = [];
    for (const source of sources) {
      const name = nameOf(source);
      const { copy } = await lastGood.facts(name);
      const key = JSON.stringify([copy?.digest, copy?.fetchedAt, source]);
      if (parsed.get(name)?.key !== key) {
        const whole = copy && (await lastGood.copy(name));
        parsed.set(name, { key, list: whole && readCopy(whole, source) });
      }
      const list = parsed.get(name)?.list;
      if (list !== undefined) lists.push(list);
    }
    const isSame = lists.length === known.length && lists.every((list, n) => list === known[n]);
    if (!isSame) known = lists;
    return known;
  };
}
