import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readGuardList } from '../lists/guards/fetched-format.ts';
import type { FetchedGuardList } from '../lists/guards/fetched-list.ts';
import type { GuardListSource } from '../lists/guards/guard-settings.ts';
import type { Clock } from '../runtime/clock.ts';
import { type Downloader, shownUrl } from './download.ts';
import { type CopyFacts, type LastGood, makeLastGood } from './last-good.ts';
import { makeTextFolder } from './text-folder.ts';
import { backOffMs, isDue } from './upstream-pull.ts';

/**
 * What became of one guard list. `waited`: it is not time yet. `kept`: nothing came, or what is not believed; the last good
 * copy stays.
 */
export interface GuardPull {
  readonly url: string;
  readonly did: 'waited' | 'same' | 'changed' | 'kept';
  readonly size: number;
  readonly message?: string;
}

/** Copies of guard lists below the user's data folder: of this machine, for commands that ask no Redis. */
export function guardCopies(dataDir: string): LastGood {
  return makeLastGood(makeTextFolder(join(dataDir, 'guards')));
}

/** Below this share of the last good copy a list is not believed. */
const SHRINK_LEAST = 0.5;

export interface UpdateParts {
  readonly clock: Clock;
  readonly download: Downloader;
  readonly lastGood: LastGood;
  readonly signal?: AbortSignal | undefined;
  /** Only what it is time for, by this period; by hand all of them. */
  readonly everyMs?: number | undefined;
}

export async function updateGuardLists(sources: readonly GuardListSource[], parts: UpdateParts): Promise<GuardPull[]> {
  const pulls: GuardPull[] = [];
  for (const source of sources) pulls.push(await updateOne(source, parts));
  return pulls;
}

/** What others fetched, for commands on this machine that ask nobody: `check` has no network and no Redis. */
export async function bringHome(sources: readonly GuardListSource[], from: LastGood, home: LastGood): Promise<void> {
  for (const source of sources) {
    const name = nameOf(source);
    const [there, here] = [(await from.facts(name)).copy, (await home.facts(name)).copy];
    if (there === undefined || (here !== undefined && here.fetchedAt >= there.fetchedAt)) continue;
    const copy = await from.copy(name);
    if (copy === undefined) continue;
    const { fetchedAt, validators, counts } = copy.facts;
    await home.keep(name, { text: copy.text, fetchedAt, validators, counts }, fetchedAt);
  }
}

async function updateOne(
  source: GuardListSource,
  { clock, download, lastGood, signal, everyMs }: UpdateParts,
): Promise<GuardPull> {
  const name = nameOf(source);
  const now = clock.now();
  const { failures, nextPullAt } = await lastGood.facts(name);
  const nextAt = now + (everyMs ?? 0);
  const retryAt = now + (everyMs === undefined ? 0 : backOffMs({ everyMs }, failures + 1));
  const copy = await lastGood.copy(name);
  const before = copy && readCopy(copy, source);
  const size = before?.size ?? 0;
  const url = shownUrl(source.url);
  if (everyMs !== undefined && !isDue({ nextPullAt }, { everyMs }, now)) return { url, did: 'waited', size };
  const answer = await download(source.url, { validators: before && copy?.facts.validators, signal });
  if (answer.is === 'same') {
    await lastGood.confirm(name, now, nextAt);
    return { url, did: 'same', size };
  }
  if (answer.is === 'failed') {
    await lastGood.fail(name, { at: now, kind: answer.kind, message: answer.message }, retryAt);
    return { url, did: 'kept', size, message: answer.message };
  }
  const { text, validators } = answer;
  const read = readGuardList(text, { source, title: url, fetchedAt: now });
  const fault = 'fault' in read ? read.fault : shrunk(read.list.size, size);
  if ('fault' in read || fault !== undefined) {
    const message = fault ?? '';
    await lastGood.quarantine(name, { text, validators }, { at: now, kind: 'suspect', message }, retryAt);
    return { url, did: 'kept', size, message };
  }
  const { list } = read;
  const counts = { taken: list.size, comments: 0, blanks: 0, leftOut: list.leftOut, invalid: 0 };
  await lastGood.keep(name, { text, fetchedAt: now, validators, counts }, nextAt);
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
 * Reads the copies of these lists, of several places the newest: what a machine fetched itself counts beside what the workers
 * share. A copy that is as it was is not parsed again, and where all are the answer is the same array. A list without a copy
 * is left out: guards go by what comes with the product then.
 */
export function makeGuardListReader(): (
  sources: readonly GuardListSource[],
  places: readonly LastGood[],
) => Promise<readonly FetchedGuardList[]> {
  const parsed = new Map<string, { key: string; list: FetchedGuardList | undefined }>();
  let known: readonly FetchedGuardList[] = [];
  return async (sources, places) => {
    const lists: FetchedGuardList[] = [];
    for (const source of sources) {
      const name = nameOf(source);
      const newest = await newestCopy(name, places);
      // That it was looked at again makes no other list of it: whoever read lists by it need not read them again.
      const key = JSON.stringify([newest?.copy.digest, source]);
      if (parsed.get(name)?.key !== key) {
        const whole = await newest?.place.copy(name);
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

async function newestCopy(name: string, places: readonly LastGood[]) {
  let newest: { place: LastGood; copy: CopyFacts } | undefined;
  for (const place of places) {
    const { copy } = await place.facts(name);
    if (copy !== undefined && copy.fetchedAt > (newest?.copy.fetchedAt ?? -1)) newest = { place, copy };
  }
  return newest;
}

/** What became of the pulls of a list since its copy, where that is not as it should be. */
export async function guardListTrouble(
  source: GuardListSource,
  places: readonly LastGood[],
): Promise<string | undefined> {
  for (const place of places) {
    const { failures, error } = await place.facts(nameOf(source));
    if (failures > 0 && error !== undefined)
      return `failed ${failures} ${failures === 1 ? 'time' : 'times'} since (${error.message}); what was known of it stays`;
  }
  return undefined;
}
