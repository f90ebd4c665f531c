import { createHash } from 'node:crypto';
import type { Queue } from 'bullmq';
import { RENEW_EVERY_MS } from '../plan/renewals.ts';
import { DAY, HOUR, MINUTE } from '../runtime/clock.ts';
import { readSoundSettings } from '../sources/feeds-folder.ts';
import { type KnownUpstreams, readUpstreamLists, type UpstreamList } from '../sources/upstream-lists.ts';
import { RETRY_MS } from '../sources/upstream-pull.ts';
import { takeTurns } from './connect.ts';
import { KEEP_JOBS, PAYLOAD_VERSION, type RequestName } from './queues.ts';
import type { Workplace } from './workplace.ts';

/**
 * What runs by itself. A renewal keeps alive what is live, whatever is wrong with the lists; a sync publishes what changed
 * in the checkout and proves the feeds; an audit only looks.
 */
interface Schedule {
  readonly name: RequestName;
  /** Of which list, where each has a schedule of its own. */
  readonly list?: string;
  readonly queue: 'requests' | 'renewals';
  readonly everyMs: number;
  /** Not at once: who starts us enqueues the first sync and waits for it. A renewal may be overdue. */
  readonly firstMs: number;
}

/** A webhook is faster; this is for who has none, and for the push that was not told. */
const FETCH_EVERY_MS = 5 * MINUTE;
const WATCH_EVERY_MS = 5 * MINUTE;

interface Asked {
  /** The lists are fetched by us. */
  readonly fetches?: boolean;
  /** There is somebody to tell. */
  readonly tells?: boolean;
  /** How often guard lists are fetched; absent where nobody asked for that. */
  readonly guardsMs?: number | undefined;
}

export function schedulesFor(
  renewMs: number,
  { fetches = false, tells = false, guardsMs }: Asked = {},
): readonly Schedule[] {
  const fetch: Schedule = { name: 'fetch', queue: 'requests', everyMs: FETCH_EVERY_MS, firstMs: FETCH_EVERY_MS };
  const watch: Schedule = { name: 'watch', queue: 'requests', everyMs: WATCH_EVERY_MS, firstMs: 0 };
  return [
    ...(fetches ? [fetch] : []),
    ...(tells ? [watch] : []),
    ...(guardsMs === undefined ? [] : [guardsSchedule(guardsMs)]),
    { name: 'renew', queue: 'renewals', everyMs: renewMs, firstMs: 0 },
    { name: 'sync', queue: 'requests', everyMs: HOUR, firstMs: HOUR },
    { name: 'audit', queue: 'requests', everyMs: DAY, firstMs: DAY },
  ];
}

/** As often as a failed list may be asked for again; it does nothing while it is not time. */
function guardsSchedule(everyMs: number): Schedule {
  return { name: 'guards', queue: 'requests', everyMs: Math.min(everyMs, RETRY_MS), firstMs: 0 };
}

/**
 * One for each list with an upstream, begun at once: until its first pull nothing of it is known. It comes as often as a failed
 * pull may be tried again, and does nothing while it is not time.
 */
export function pullSchedules(lists: readonly UpstreamList[]): readonly Schedule[] {
  return lists.map(({ name: list, upstream: { everyMs } }) => {
    return { name: 'pull', list, queue: 'requests', everyMs: Math.min(everyMs, RETRY_MS), firstMs: 0 };
  });
}

type Queues = Pick<Workplace, 'requests' | 'renewals' | 'batches' | 'clock'>;

/**
 * By the same ids, so that several workers have one schedule between them; one that is there as it should be is left where
 * it stands in time. Those of ours that are wanted no longer are removed.
 */
export async function upsertSchedules(
  queues: Queues,
  schedules: readonly Schedule[],
  { keepPulls = false }: { keepPulls?: boolean } = {},
): Promise<void> {
  await takeTurns(queues);
  for (const schedule of schedules) {
    const { name, list, queue, everyMs, firstMs } = schedule;
    await queues[queue].upsertJobScheduler(
      schedulerId(schedule),
      { every: everyMs, startDate: queues.clock.now() + firstMs },
      {
        name,
        data: { v: PAYLOAD_VERSION, ...(list !== undefined && { list }) },
        opts: { attempts: 5, backoff: { type: 'exponential', delay: 5000 }, ...KEEP_JOBS },
      },
    );
  }
  for (const key of ['requests', 'renewals'] as const) {
    const wanted = new Set(schedules.filter(({ queue }) => queue === key).map(schedulerId));
    await removeOthers(queues[key], (id) => wanted.has(id) || (keepPulls && id.startsWith(PULLS)));
  }
}

async function removeOthers(queue: Queue, isWanted: (id: string) => boolean): Promise<void> {
  for (const { key } of await queue.getJobSchedulers())
    if (key.startsWith(PREFIX) && !isWanted(key)) await queue.removeJobScheduler(key);
}

const PREFIX = 'schedule-';

const PULLS = `${PREFIX}pull-`;

function schedulerId({ name, list }: Pick<Schedule, 'name' | 'list'>): string {
  if (list === undefined) return `${PREFIX}${name}`;
  // A list's name has any letters; an id must not have all of them.
  return `${PULLS}${createHash('sha256').update(list).digest('hex').slice(0, 16)}`;
}

/** Somebody flushed the Redis under running workers: what would lapse first has still most of its margin left. */
const KEEP_EVERY_MS = MINUTE;

export interface KeptSchedules {
  stop(): Promise<void>;
}

/**
 * Upserts all schedules now and every minute. Settings that do not parse, or are gone, keep the schedules as they were; a
 * worker that started with such keeps those that are there, or the defaults.
 */
export async function keepSchedules(work: Workplace): Promise<KeptSchedules> {
  const stop = new AbortController();
  let wanted: readonly Schedule[] | undefined;
  let pulls: readonly Schedule[] = [];
  const upstreams: KnownUpstreams = new Map();
  const runs = { fetches: work.fetch !== undefined, tells: work.notifier !== undefined };
  const upsert = async () => {
    // In memory too: a Redis that was flushed does not know any more what the settings said when they could be read.
    const settings = await readSoundSettings(work.feedsDir);
    if (settings !== undefined || wanted === undefined) {
      const guardsMs = settings === undefined ? await everyOf(work, 'guards') : settings.guards.updateEveryMs;
      wanted = schedulesFor(await renewEveryMs(work), { ...runs, guardsMs });
    }
    const { lists, isWhole } = await readUpstreamLists(work.feedsDir, work, upstreams);
    if (isWhole) pulls = pullSchedules(lists);
    await upsertSchedules(work, [...wanted, ...pulls], { keepPulls: !isWhole });
  };
  await upsert();
  const keeping = (async () => {
    while (!stop.signal.aborted) {
      await work.clock.sleep(KEEP_EVERY_MS, stop.signal);
      await upsert().catch((error) => work.log.warn(`schedules are not upserted: ${error.message}`));
    }
  })().catch((error) => {
    if (!stop.signal.aborted) throw error;
  });
  return {
    async stop() {
      stop.abort();
      await keeping;
    },
  };
}

async function everyOf({ requests }: Pick<Workplace, 'requests'>, name: RequestName): Promise<number | undefined> {
  return (await requests.getJobScheduler(schedulerId({ name })))?.every;
}

/** How often renewals run: as the settings say or, where they cannot be read, as they are scheduled. */
export async function renewEveryMs({ feedsDir, renewals }: Pick<Workplace, 'feedsDir' | 'renewals'>): Promise<number> {
  const settings = await readSoundSettings(feedsDir);
  const scheduled = settings === undefined ? await renewals.getJobScheduler(schedulerId({ name: 'renew' })) : undefined;
  return settings?.renewEveryMs ?? scheduled?.every ?? RENEW_EVERY_MS;
}
