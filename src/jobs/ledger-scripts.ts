/**
 * The steps of a ledger that must happen whole or not at all, as Redis runs them. Each of a writer compares the lock first
 * (KEYS[1] with ARGV[1]) and gives 0 where it is another's: who was stopped for too long changes nothing. Marking and writing
 * set the stamp anew, by which a full read that overlaps them is known to be out of date. The keys are drawn in `ledger.ts`.
 */

/** Marks entries (ARGV 4 and on) with ARGV[3]; gives those that bore a mark before. */
export const BEGIN = `
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('set', KEYS[2], ARGV[2])
local left = {}
for i = 4, #ARGV do
  if redis.call('hset', KEYS[3], ARGV[i], ARGV[3]) == 0 then left[#left + 1] = ARGV[i] end
end
return left
`;

/** Writes records (h and text in turn, ARGV 7 and on) where the ledger is still the one they were made for, and takes the marks away. */
export const END = `
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('set', KEYS[2], ARGV[2])
local is_same = redis.call('hget', KEYS[4], 'id') == ARGV[3]
for i = 7, #ARGV, 2 do
  if is_same and ARGV[i + 1] == '' then redis.call('hdel', KEYS[6], ARGV[i])
  elseif is_same then redis.call('hset', KEYS[6], ARGV[i], ARGV[i + 1]) end
  redis.call('hdel', KEYS[3], ARGV[i])
end
if is_same then
  local version = redis.call('hincrby', KEYS[4], 'version', 1)
  redis.call('rpush', KEYS[5], version .. ' ' .. ARGV[4])
  redis.call('ltrim', KEYS[5], -tonumber(ARGV[5]), -1)
  if ARGV[6] ~= '' then redis.call('hset', KEYS[4], 'doubt', ARGV[6]) end
end
return 1
`;

/** Puts a draft in the place of the ledger, unless a writer took a step since the stamp; gives the id of the former one. */
export const SWAP = `
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
if redis.call('get', KEYS[2]) ~= ARGV[2] then return 'moved' end
local old = redis.call('hget', KEYS[4], 'id')
redis.call('del', KEYS[3], KEYS[4], KEYS[5])
redis.call('hset', KEYS[4], 'version', 0, unpack(ARGV, 3))
redis.call('persist', KEYS[6])
return old or ''
`;

/** One field of the ledger, where it is still the one that is meant. */
export const NOTE = `
if redis.call('hget', KEYS[1], 'id') ~= ARGV[1] then return 0 end
redis.call('hset', KEYS[1], ARGV[2], ARGV[3])
return 1
`;
