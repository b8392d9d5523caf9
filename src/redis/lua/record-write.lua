-- Writes a record when the expected version is there. A command that the client library sends twice writes once.
--
-- KEYS       see include/record.lua
--
-- ARGV[1,2]  clock, see include/record.lua
-- ARGV[3]    version that must be there; empty when there must be no record
-- ARGV[4]    new version
-- ARGV[5]    milliseconds from now to the end of the record; empty to keep its end
-- ARGV[6]    text
--
-- Reply: 1 when the record holds the new text, 0 when another version is there.

-- @include record
local ends, version = load()
if version == ARGV[4] then return 1 end
if (version or '') ~= ARGV[3] then return 0 end
if ARGV[5] ~= '' then ends = now + ARGV[5] end
-- A key outlives its record: a test clock may stand still while the clock of the server goes on.
local spare = ARGV[1] == '' and 1000 or 3600000
local value = string.format('%.0f', ends) .. ' ' .. ARGV[4] .. ' ' .. ARGV[6]
redis.call('PSETEX', KEYS[1], string.format('%.0f', ends - now + spare), value)
if KEYS[2] then redis.call('DEL', KEYS[2]) end
return 1
