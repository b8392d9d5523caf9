-- Adds entries. A call that the client library sends twice adds them once.
--
-- KEYS[1]    this call
-- KEYS[2]    arrival counter
-- KEYS[3]    people
-- KEYS[4…]   for each change, the entries and the messages of its person
--
-- ARGV[1]    milliseconds to remember the call
-- ARGV[2…]   for each change: person, `at`, member without its arrival number, message ID with `=` in front or empty
--
-- Reply: 1, or 0 when the call was made before.
--
-- The entries of a person are a sorted set with `at` as score. A member begins with 16 digits of the arrival number,
-- which keeps entries of equal times in order. Two letters follow: the state (`i` opted in, `o` opted out, `q` opt-in
-- requested) and the scope (`a` all, `m` marketing). The rest is the entry as JSON. Members never change.

if not redis.call('SET', KEYS[1], '1', 'PX', ARGV[1], 'NX') then return 0 end
local changes = (#KEYS - 3) / 2
local arrival = redis.call('INCRBY', KEYS[2], changes) - changes
-- First, before any message is marked as known: without the right to ZADD the call must fail and lose no message.
local people = {}
for argument = 2, #ARGV, 4 do
  people[#people + 1], people[#people + 2] = '0', ARGV[argument]
  -- In parts: unpack has a limit.
  if #people == 1000 or argument + 4 > #ARGV then
    redis.call('ZADD', KEYS[3], unpack(people))
    people = {}
  end
end
local argument = 3
for index = 4, #KEYS, 2 do
  local at, member, message = ARGV[argument], ARGV[argument + 1], ARGV[argument + 2]
  argument, arrival = argument + 4, arrival + 1
  if message == '' or redis.call('SADD', KEYS[index + 1], message) == 1 then
    redis.call('ZADD', KEYS[index], at, string.format('%016.0f', arrival) .. member)
  end
end
return 1
