import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { isCtiaError } from '../ctia/error.ts';
import {
  doByHand,
  errandOf,
  type HandRequest,
  type HandResult,
  handsOf,
  isReleased,
  type PersonRequest,
} from '../jobs/by-hand.ts';
import { openQueueEvents } from '../jobs/connect.ts';
import { readListsAt } from '../jobs/desired.ts';
import { enqueue } from '../jobs/enqueue.ts';
import { journalled, NO_LEDGER } from '../jobs/journal.ts';
import { fileJournal } from '../jobs/journal-files.ts';
import { hasManagedRedis } from '../jobs/managed-redis.ts';
import { openWorkplace } from '../jobs/open-workplace.ts';
import { PAYLOAD_VERSION, parseRequest } from '../jobs/queues.ts';
import { openRedis } from '../jobs/redis.ts';
import { type OpenRedis, RedisError } from '../jobs/redis-connection.ts';
import { deskFor, tenantOf, type Workplace } from '../jobs/workplace.ts';
import { NO_APPROVAL } from '../plan/safety.ts';
import { readActual } from '../reconcile/actual.ts';
import { rightsOfThisRun } from '../reconcile/bulk-rights.ts';
import { HandRefused } from '../reconcile/by-hand.ts';
import type { PanicWork } from '../reconcile/panic.ts';
import { readTwice } from '../reconcile/prepare.ts';
import { MINUTE } from '../runtime/clock.ts';
import { applyTo } from './apply.ts';
import { CommandRefused, EXIT, type Exit } from './exit.ts';
import { renderHand } from './hand-report.ts';
import { resultOf } from './job-result.ts';
import { bringLists, openTenant, type Session, type Tenant } from './session.ts';
import { workingClient } from './tenant-client.ts';
import { copiesOf } from './upstreams.ts';
import { prepareWriteBack, type WriteBackOptions } from './write-back.ts';

export interface ByHand {
  readonly name: PersonRequest['name'];
  readonly payload: Record<string, unknown>;
  readonly json: boolean;
  readonly writeBack?: WriteBackOptions | undefined;
}

/**
 * `add`, `remove` and `panic`: by the workers where some run, since they know the tenant already; otherwise in this
 * process, with their lock where there is a Redis. None that answers stops nobody: then no worker works either.
 */
export async function byHand(session: Session, { name, payload, json, writeBack }: ByHand): Promise<Exit> {
  const request = parseRequest(name, { v: PAYLOAD_VERSION, ...payload });
  if ('wrong' in request) throw new CommandRefused(EXIT.usage, request.wrong);
  const asked = request as PersonRequest;
  // Who blocks an address now does not wait for a fetch.
  if (!existsSync(session.config.feedsDir)) await bringLists(session);
  const writing = writeBack && (await prepareWriteBack(session, writeBack, asked));
  const tenant = await openTenant(session);
  const { result, queued } = await carryOut(session, tenant, asked);
  const { lines, exit } = renderHand(result);
  const written = exit === EXIT.done && writing ? await writing(result) : undefined;
  if (json) session.print(JSON.stringify({ ...result, ...written }, null, 2));
  else {
    for (const line of lines) session.print(line);
    if (written) session.print(written.said);
  }
  if (queued || !isReleased(asked)) return exit;
  // Nobody else would: what the lists want of it comes back now.
  await bringLists(session);
  return applyTo(session, tenant, { ...NO_APPROVAL, json });
}

/** By the workers where some run (`queued`), or here. */
export async function carryOut(
  session: Session,
  tenant: Tenant,
  request: HandRequest,
): Promise<{ result: HandResult; queued: boolean }> {
  const redis = await openRedisIfAny(session);
  const work =
    redis && (await openWorkplace({ ...session.config, ...session, ...tenant, connection: redis.connection }));
  if (redis && work && (await work.requests.getWorkersCount()) > 0)
    return { result: await ask(session, work, redis, request), queued: true };
  return { result: await doHere(session, tenant, work, request), queued: false };
}

async function openRedisIfAny({ config, clock, log, releases }: Session): Promise<OpenRedis | undefined> {
  if (config.redisUrl === undefined && !hasManagedRedis(config.dataDir)) return undefined;
  try {
    const redis = await openRedis({ ...config, clock, log });
    releases.add('Redis', () => redis.close());
    return redis;
  } catch (error) {
    if (!(error instanceof RedisError)) throw error;
    console.error(`${error.message}; going on without it, and without its lock`);
    return undefined;
  }
}

async function ask(session: Session, work: Workplace, redis: OpenRedis, request: HandRequest): Promise<HandResult> {
  const events = await openQueueEvents(redis.connection, work.names.requests, session.releases);
  const { v: _, ...payload } = request.payload;
  const job = await enqueue(work.requests, request.name, payload);
  return (await resultOf(job, { ...session, events, redis })) as HandResult;
}

async function doHere(
  session: Session,
  tenant: Tenant,
  work: Workplace | undefined,
  request: HandRequest,
): Promise<HandResult> {
  const { clock, log, signal, config } = session;
  const run = randomUUID();
  for (;;) {
    const hands = work
      ? handsOf(work, deskFor(work, log, errandOf(request), run, signal))
      : await handsWithoutRedis(session, tenant, request.name, run);
    try {
      const knowledge = await (work?.guardKnowledge() ?? session.guardKnowledge());
      return await doByHand(hands, config.feedsDir, knowledge, request);
    } catch (error) {
      if (error instanceof HandRefused) throw new CommandRefused(EXIT.problems, error.message);
      if (!isCtiaError(error, 'throttled')) throw error;
      // Said again it goes on where it stopped.
      const waitMs = error.facts.retryAfterMs ?? MINUTE;
      console.error(`${error.message}; waiting ${Math.ceil(waitMs / 1000)} s`);
      await clock.sleep(waitMs, signal);
    }
  }
}

async function handsWithoutRedis(session: Session, tenant: Tenant, who: string, run: string): Promise<PanicWork> {
  const { clock, signal, config } = session;
  const { owner, ownEmbedded } = tenant;
  const client = workingClient(session, tenant, undefined);
  const journal = fileJournal(config.dataDir, await tenantOf(tenant.ctia), owner);
  return {
    ...{ client, clock, signal, owner },
    exclusively: (work) => work(),
    rights: rightsOfThisRun(),
    record: journalled(NO_LEDGER, journal, who, run),
    readActual: (self) => readTwice(() => readActual(client, self)),
    async listsAt(commit, allowed) {
      const { feedsDir } = config;
      const knowledge = await session.guardKnowledge();
      const lastGood = copiesOf(session, undefined);
      return readListsAt({ feedsDir, ownEmbedded, knowledge, lastGood, now: client.serverNow() }, commit, allowed);
    },
  };
}
