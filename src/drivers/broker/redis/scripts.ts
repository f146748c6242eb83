import { script } from './script.ts';

/**
 * An entry of a stream has `m`, the message as JSON, and, when it has been tried, `a`, how often. A member of the
 * sorted set of what comes later is `attempts:id:message`, where id is that of the entry that failed.
 *
 * Where a script adds and takes away, it adds first: a server without memory refuses to add, and then nothing is lost.
 */

/** KEYS groups; ARGV prefix of streams, channel, message, bound. Answers 1 where a group has as many as are kept. */
export const PUBLISH = script(`
local full = 0
for _, group in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local stream = ARGV[1] .. group
  redis.call('XADD', stream, 'MAXLEN', '~', ARGV[4], '*', 'm', ARGV[3])
  if redis.call('XLEN', stream) >= tonumber(ARGV[4]) then full = 1 end
end
redis.call('PUBLISH', ARGV[2], ARGV[3])
return full`);

/** KEYS groups, stream; ARGV group. */
export const JOIN = script(`
redis.call('SADD', KEYS[1], ARGV[1])
local made = redis.pcall('XGROUP', 'CREATE', KEYS[2], ARGV[1], '0', 'MKSTREAM')
if type(made) == 'table' and made.err and not string.find(made.err, 'BUSYGROUP', 1, true) then return made end
return 1`);

/** KEYS stream; ARGV group, id. */
export const DONE = script(`
local held = redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
redis.call('XDEL', KEYS[1], ARGV[2])
return held`);

/** KEYS stream, later; ARGV group, id, attempts, message, milliseconds to wait, bound. */
export const RETRY = script(`
local now = redis.call('TIME')
local due = now[1] * 1000 + math.floor(now[2] / 1000) + ARGV[5]
local member = ARGV[3] .. ':' .. ARGV[2] .. ':' .. ARGV[4]
redis.call('ZADD', KEYS[2], due, member)
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 0 then
  redis.call('ZREM', KEYS[2], member)
  return 0
end
redis.call('XDEL', KEYS[1], ARGV[2])
if redis.call('ZCARD', KEYS[2]) > tonumber(ARGV[6]) then redis.call('ZREMRANGEBYRANK', KEYS[2], 0, 0) end
return 1`);

/** KEYS stream; ARGV group, id, attempts, message. */
export const HAND_BACK = script(`
local added = redis.call('XADD', KEYS[1], '*', 'm', ARGV[4], 'a', ARGV[3])
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 0 then
  redis.call('XDEL', KEYS[1], added)
  return 0
end
redis.call('XDEL', KEYS[1], ARGV[2])
return 1`);

/** KEYS stream, later; ARGV most. Brings back what is due; answers the milliseconds until the next is, or -1. */
export const BRING_DUE = script(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, ARGV[1])) do
  local attempts, message = string.match(member, '^(%d+):[^:]*:(.*)$')
  redis.call('XADD', KEYS[1], '*', 'm', message, 'a', attempts)
  redis.call('ZREM', KEYS[2], member)
end
local next = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
if #next == 0 then return -1 end
return math.max(0, next[2] - now)`);

/** KEYS stream; ARGV group, consumer, ids. Renews the hold on what the consumer still holds. */
export const RENEW = script(`
for n = 3, #ARGV do
  if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[n], ARGV[n], 1, ARGV[2]) > 0 then
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[n], 'JUSTID')
  end
end
return 1`);

/**
 * KEYS stream, groups; ARGV group, consumer, idle milliseconds after which a hold is taken over, most, idle milliseconds
 * after which a consumer that holds nothing is forgotten. Answers what was taken over: id, fields, times delivered.
 *
 * Where the server has thrown the set of groups away, nobody would be told: it is looked after here.
 */
export const TAKE_OVER = script(`
if redis.call('SISMEMBER', KEYS[2], ARGV[1]) == 0 then redis.pcall('SADD', KEYS[2], ARGV[1]) end
local taken = {}
for _, held in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], 'IDLE', ARGV[3], '-', '+', ARGV[4])) do
  local entry = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], held[1])[1]
  if entry then
    taken[#taken + 1] = {entry[1], entry[2], held[4] + 1}
  else
    redis.call('XACK', KEYS[1], ARGV[1], held[1])
  end
end
for _, info in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local consumer = {}
  for n = 1, #info, 2 do consumer[info[n]] = info[n + 1] end
  if consumer.pending == 0 and consumer.idle > tonumber(ARGV[5]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer.name)
  end
end
return taken`);

/** KEYS stream; ARGV group, consumer. Forgets a consumer, but not what it holds: others take that over. */
export const LEAVE = script(`
if #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2]) > 0 then return 0 end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
return 1`);

/** KEYS any of ours. Writes, reads and deletes. */
export const PROBE = script(`
redis.call('XADD', KEYS[1], '*', 'probe', '1')
local written = redis.call('XLEN', KEYS[1])
redis.call('DEL', KEYS[1])
return written`);
