/**
 * A person's entries are a sorted set: the score is `at`, the member begins with 16 digits of the order of arrival, so
 * that equal times stay in that order, then what Lua must know of it (`i`, `o`, `q`: opted in, opted out, question; `a`,
 * `m`: scope), then the entry as JSON. Members that were added are never changed.
 */
const LATEST = `
local function latest(entries)
  local from = 0
  while true do
    local some = redis.call('ZREVRANGE', entries, from, from + 3, 'WITHSCORES')
    if #some == 0 then return nil end
    for at = 1, #some, 2 do
      if string.sub(some[at], 17, 17) ~= 'q' then return some[at], some[at + 1] end
    end
    from = from + 4
  end
end
`;

/** KEYS: entries of each person. Gives the JSON of the latest choice of each, or an empty text. */
export const LATEST_SCRIPT = `${LATEST}
local found = {}
for place, entries in ipairs(KEYS) do
  local member = latest(entries)
  found[place] = member and string.sub(member, 19) or ''
end
return found
`;

/**
 * KEYS: this call, arrivals, people, then entries and messages of the person of each change. ARGV: how long a call is
 * remembered (ms), then for each change person, at, member without its arrival, message id (with \`=\` before it, or empty).
 */
export const APPEND_SCRIPT = `
if not redis.call('SET', KEYS[1], '1', 'PX', ARGV[1], 'NX') then return 0 end
local changes = (#KEYS - 3) / 2
local arrival = redis.call('INCRBY', KEYS[2], changes) - changes
-- Before any message is marked as known: a user without the right to ZADD must not lose what it said.
local people = {}
for argument = 2, #ARGV, 4 do
  people[#people + 1], people[#people + 2] = '0', ARGV[argument]
  -- More at once would be too many arguments for Lua.
  if #people == 1000 or argument + 4 > #ARGV then
    redis.call('ZADD', KEYS[3], unpack(people))
    people = {}
  end
end
local argument = 3
for place = 4, #KEYS, 2 do
  local at, member, message = ARGV[argument], ARGV[argument + 1], ARGV[argument + 2]
  argument, arrival = argument + 4, arrival + 1
  if message == '' or redis.call('SADD', KEYS[place + 1], message) == 1 then
    redis.call('ZADD', KEYS[place], at, string.format('%016.0f', arrival) .. member)
  end
end
return 1
`;

/** KEYS: arrivals, people, entries and messages of the person, entries and messages of who is kept. ARGV: both keys. */
export const FORGET_SCRIPT = `${LATEST}
local member, at = latest(KEYS[3])
local keptMember, keptAt = latest(KEYS[5])
if keptMember and (not member or tonumber(keptAt) > tonumber(at)) then
  member, at = keptMember, keptAt
end
for place = 3, 6 do redis.call('DEL', KEYS[place]) end
redis.call('ZREM', KEYS[2], ARGV[1], ARGV[2])
if not member or string.sub(member, 17, 17) ~= 'o' then return 0 end
local scope = string.sub(member, 18, 18)
local name = scope == 'm' and 'marketing' or 'all'
local entry = '{"state":"opted-out","scope":"' .. name .. '","source":"forgotten","at":' .. at .. '}'
local arrival = string.format('%016.0f', redis.call('INCR', KEYS[1]))
redis.call('ZADD', KEYS[5], at, arrival .. 'o' .. scope .. entry)
redis.call('ZADD', KEYS[2], 0, ARGV[2])
return 1
`;

/** KEYS: entries of a person. */
export const HISTORY_SCRIPT = `return redis.call('ZRANGE', KEYS[1], 0, -1)`;

/** KEYS: people. ARGV: the lower bound, most people. */
export const PEOPLE_SCRIPT = `return redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], '+', 'LIMIT', 0, ARGV[2])`;
