-- Deletes a person. An opt-out survives under another key.
--
-- KEYS[1]    arrival counter
-- KEYS[2]    people
-- KEYS[3,4]  entries and messages of the person
-- KEYS[5,6]  entries and messages under the key that keeps the opt-out
--
-- ARGV[1]    key of the person
-- ARGV[2]    key that keeps the opt-out
--
-- Reply: 1 when an opt-out was kept, else 0.

-- @include consent-latest-choice
local member, at = latest(KEYS[3])
local kept_member, kept_at = latest(KEYS[5])
if kept_member and (not member or tonumber(kept_at) > tonumber(at)) then
  member, at = kept_member, kept_at
end
for index = 3, 6 do redis.call('DEL', KEYS[index]) end
redis.call('ZREM', KEYS[2], ARGV[1], ARGV[2])
if not member or string.sub(member, 17, 17) ~= 'o' then return 0 end
local scope = string.sub(member, 18, 18)
local name = scope == 'm' and 'marketing' or 'all'
local entry = '{"state":"opted-out","scope":"' .. name .. '","source":"forgotten","at":' .. at .. '}'
local arrival = string.format('%016.0f', redis.call('INCR', KEYS[1]))
redis.call('ZADD', KEYS[5], at, arrival .. 'o' .. scope .. entry)
redis.call('ZADD', KEYS[2], 0, ARGV[2])
return 1
