-- Removes a record.
--
-- KEYS       see include/record.lua
--
-- ARGV[1,2]  clock, see include/record.lua
-- ARGV[3]    version that must be there; empty for any
--
-- Reply: 1 when this command removed it, else 0.

-- @include record
local ends, version = load()
if not ends or (ARGV[3] ~= '' and ARGV[3] ~= version) then return 0 end
for at = 1, #KEYS do redis.call('DEL', KEYS[at]) end
return 1
