import type { Redis } from 'ioredis';
import { isOfRenewals, isWithin, type Journal, newestFirst, type Range } from './journal.ts';
import { fromBytes, toBytes } from './journal-format.ts';
import { redisKeys } from './keys.ts';

/**
 * The journal of workers, one for each tenant and owner. Two streams, each within its own size:
 *
 *   <journal>:changes    fields `at` and `record`, oldest first
 *   <journal>:renewals   the same, of renewals alone
 *   <journal>:bytes      hash: how much each of the two holds
 */
const STREAMS = { changes: 128 * 1024 * 1024, renewals: 32 * 1024 * 1024 } as const;
type StreamName = keyof typeof STREAMS;

/** Some 20 kB each. */
const RECORDS_READ_AT_ONCE = 32;

/** The oldest go while there is more than there may be. */
const APPEND = `
local stream, bytes, name, max = KEYS[1], KEYS[2], ARGV[1], tonumber(ARGV[2])
redis.call('XADD', stream, '*', 'at', ARGV[3], 'record', ARGV[4])
local size = redis.call('HINCRBY', bytes, name, #ARGV[4])
while size > max do
  local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  if not first then break end
  redis.call('XDEL', stream, first[1])
  size = redis.call('HINCRBY', bytes, name, -#first[2][4])
end
return size`;

const FORGET = `
local stream, bytes, name, before = KEYS[1], KEYS[2], ARGV[1], tonumber(ARGV[2])
local gone = 0
while true do
  local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  if not first or tonumber(first[2][2]) >= before then return gone end
  redis.call('XDEL', stream, first[1])
  redis.call('HINCRBY', bytes, name, -#first[2][4])
  gone = gone + 1
end`;

/** Of each organisation that one was written for. */
export async function redisJournalsOf(
  redis: Redis,
  { ctiaUrl, owner }: { readonly ctiaUrl: string; readonly owner: string },
): Promise<Journal[]> {
  const literally = (text: string) => text.replaceAll(/[[\]?*\\]/g, '\\$&');
  const { journal } = redisKeys(`${literally(ctiaUrl)} *`, owner);
  const keys = new Set<string>();
  for await (const names of redis.scanStream({ match: `${journal}:bytes`, count: 1000 }))
    for (const name of names as string[]) keys.add(name.slice(0, -':bytes'.length));
  return [...keys].map((key) => redisJournal(redis, key));
}

export function redisJournal(redis: Redis, key: string, maxBytes: Record<StreamName, number> = STREAMS): Journal {
  const bytes = `${key}:bytes`;
  const streamOf = (name: StreamName) => `${key}:${name}`;
  const names = Object.keys(STREAMS) as StreamName[];

  async function* recordsOf(name: StreamName, range: Range) {
    // The last one of a page begins the next one and is left out of it: exclusive bounds are newer than some Redis.
    for (let last = '+'; ; ) {
      const page = await redis.xrevrangeBuffer(streamOf(name), last, '-', 'COUNT', RECORDS_READ_AT_ONCE);
      const fresh = page.filter(([id]) => id.toString() !== last);
      for (const [, [, at, , record]] of fresh) {
        if (record === undefined || !isWithin(Number(at), range)) continue;
        const read = await fromBytes(record);
        if (read !== undefined) yield read;
      }
      const end = page.at(-1)?.[0].toString();
      if (end === undefined || page.length < RECORDS_READ_AT_ONCE) return;
      last = end;
    }
  }

  return {
    async append(record) {
      const name = isOfRenewals(record) ? 'renewals' : 'changes';
      await redis.eval(APPEND, 2, streamOf(name), bytes, name, maxBytes[name], record.at, await toBytes(record));
    },
    records: (range) => newestFirst(names.map((name) => recordsOf(name, range))),
    async begins() {
      const [oldest] = await redis.xrange(streamOf('changes'), '-', '+', 'COUNT', 1);
      return oldest === undefined ? undefined : Number(oldest[1][1]);
    },
    async forget(before) {
      for (const name of names) await redis.eval(FORGET, 2, streamOf(name), bytes, name, before);
    },
  };
}
