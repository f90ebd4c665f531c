import type { Plural } from '../ctim/bundle.ts';
import { shortId } from '../ctim/short-id.ts';
import { MINUTE } from '../runtime/clock.ts';
import { type Answer, isRecord, jsonOf } from './answer.ts';
import { CtiaError, isCtiaError } from './error.ts';

/** A request line of more than 8 KiB may be refused: some 58 characters an id. */
const IDS_PER_GET = 100;

export interface ReadById {
  readonly found: unknown[];
  /** How many are there and not ours to read. */
  readonly unreadable: number;
}

/**
 * Many records by id, in bulk or, once this token was told that it may not, one by one. What is gone is in neither number.
 */
export function makeReadingById(read: (path: string) => Promise<Answer>, takeOneByOne: () => Promise<boolean>) {
  let idsPerGet = IDS_PER_GET;
  let mayReadInBulk = true;

  /** A bulk read asks for the right to read every kind, which a token that may import need not have. */
  async function oneByOne(ids: readonly string[], before: ReadById): Promise<ReadById> {
    const { found } = before;
    let { unreadable } = before;
    for (const id of ids) {
      if (!(await takeOneByOne())) throw usedUp();
      try {
        found.push(jsonOf(`GET ${pathOf(id)}`, await read(pathOf(id))));
      } catch (error) {
        if (isCtiaError(error, 'forbidden')) unreadable += 1;
        else if (!isCtiaError(error, 'not-found')) throw error;
      }
    }
    return { found, unreadable };
  }

  return async (kind: Plural, ids: readonly string[]): Promise<ReadById> => {
    const found: unknown[] = [];
    let unreadable = 0;
    for (let at = 0; at < ids.length; ) {
      if (!mayReadInBulk) return oneByOne(ids.slice(at), { found, unreadable });
      const some = ids.slice(at, at + idsPerGet);
      const query = some.map((id) => `${kind}=${shortId(id)}`);
      let body: unknown;
      try {
        body = jsonOf('GET /ctia/bulk', await read(`/ctia/bulk?${query.join('&')}`));
      } catch (error) {
        if (isCtiaError(error, 'capability')) mayReadInBulk = false;
        else if (isCtiaError(error, 'too-many') && takesFewer(error, some.length)) idsPerGet = error.facts.entitiesMax;
        else throw error;
        continue;
      }
      const records = isRecord(body) ? body[kind] : undefined;
      if (Array.isArray(records)) {
        const readable = records.filter((record) => record !== null);
        found.push(...readable);
        unreadable += records.length - readable.length;
      }
      at += some.length;
    }
    return { found, unreadable };
  };
}

function usedUp(): CtiaError {
  const message = 'this token may not read in bulk, and what may be read one by one within the hour is used up';
  return new CtiaError('throttled', message, { retryAfterMs: 5 * MINUTE });
}

/** Whether the tenant named a number that the next try can keep to. */
function takesFewer(error: CtiaError, than: number): error is CtiaError & { facts: { entitiesMax: number } } {
  const { entitiesMax } = error.facts;
  return entitiesMax !== undefined && entitiesMax > 0 && entitiesMax < than;
}

/** A long id is a working URL, but its host and port are the server's idea of itself; we keep to the host we were given. */
export function pathOf(longId: string): string {
  const [path] = /\/ctia\/[a-z-]+\/[^/]+$/.exec(longId) ?? [];
  if (path === undefined) throw new Error(`not a long id: ${longId}`);
  return path;
}
