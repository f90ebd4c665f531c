import { isCtiaError } from '../../ctia/error.ts';
import { asWritten, type Entity } from '../../ctim/bundle.ts';
import { SHORT_TEXT_MAX, type ValidTime } from '../../ctim/judgement.ts';
import { SECOND } from '../../runtime/clock.ts';
import type { ImportWork } from '../write/import.ts';

export interface Expired {
  readonly expired: number;
  readonly failures: readonly { readonly id: string; readonly why: string }[];
}

const DOCUMENTS_MAX = 1000;

/** Ends them now, whole documents in place; a token that may not do that ends them one by one, within its share of the hour. */
export async function expire(
  { client, exclusively }: Pick<ImportWork, 'client' | 'exclusively'>,
  ids: readonly string[],
  reason: string,
): Promise<Expired> {
  let expired = 0;
  const failures: { id: string; why: string }[] = [];
  for (let at = 0; at < ids.length; at += DOCUMENTS_MAX) {
    const some = ids.slice(at, at + DOCUMENTS_MAX);
    const { found } = await client.entitiesById('judgements', some);
    const gone = some.filter((id) => !found.some((it) => it.id === id));
    failures.push(...gone.map((id) => ({ id, why: 'it is gone, or not ours to read' })));
    const end = client.serverNow() - 2 * SECOND;
    try {
      const documents = found.map((judgement) => ended(judgement, end, reason));
      const { done, notFound, forbidden } = await exclusively(() => client.replaceEntities('judgements', documents));
      expired += done.size;
      for (const { id } of found.filter((it) => !done.has(it.id))) {
        const why = forbidden.has(id) ? 'CTIA forbids it' : notFound.has(id) ? 'it is gone' : 'CTIA failed';
        failures.push({ id, why });
      }
    } catch (error) {
      if (!isCtiaError(error, 'capability')) throw error;
      for (const { id } of found) {
        const why = await expireOne({ client, exclusively }, id, reason);
        if (why === undefined) expired += 1;
        else failures.push({ id, why });
      }
    }
  }
  return { expired, failures };
}

/** Undefined, or why not: what was ended before stays told of. */
async function expireOne(
  { client, exclusively }: Pick<ImportWork, 'client' | 'exclusively'>,
  id: string,
  reason: string,
): Promise<string | undefined> {
  if (!(await client.takeOneByOne())) return 'what may go one by one within the hour is used up: say it again later';
  try {
    await exclusively(() => client.expire(id, reason));
    return undefined;
  } catch (error) {
    if (!isCtiaError(error, 'not-found', 'forbidden', 'invalid')) throw error;
    return error.message;
  }
}

/** The end is inclusive in a feed, so it lies a little back; one that has not begun ends when it would have begun, or before. */
function ended(judgement: Entity & { id: string }, end: number, reason: string): Entity & { id: string } {
  const times = judgement.valid_time as ValidTime;
  // What is cut is the old one: why it ended is what somebody will ask.
  const before =
    judgement.reason === undefined ? '' : String(judgement.reason).slice(0, SHORT_TEXT_MAX - reason.length - 1);
  const end_time = new Date(end).toISOString();
  return {
    ...asWritten(judgement),
    id: judgement.id,
    valid_time: { start_time: times.start_time < end_time ? times.start_time : end_time, end_time },
    reason: `${before} ${reason}`.trim().slice(0, SHORT_TEXT_MAX),
  };
}
