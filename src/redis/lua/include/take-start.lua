-- The start of TAKE: what one message needs. See prelude.lua for the arguments.

local KEYS, deadline, packed, text_count = KEYS, ARGV[1], ARGV[2], ARGV[3]
local call, pack, read, sub, byte = redis.call, struct.pack, struct.unpack, string.sub, string.byte
local seconds, micros, per_rule, kept_ms, form, home, command, rule_count, key_count, first_rule =
  read('sssssssss', packed)
-- Milliseconds that a key outlives its count. A test clock may stand still while the clock of the server goes on.
local spare = 3600000
if seconds == '' then
  local time = call('TIME')
  seconds, micros, spare = time[1], time[2], 1000
end
local time_text = seconds .. ' ' .. micros
-- Once: to make a number of a text takes as long as ten statements.
local unix, micro = seconds + 0, micros + 0
local stamp = unix * 50000 + (micro - micro % 20) / 20
local now = unix * 1000 + (micro - micro % 1000) / 1000
-- As a log of times has it, and its bytes once a rule needs them.
local tick, tick_text = now % 4294967296, nil
local values = call('MGET', unpack(KEYS, 1, form == '1' and #KEYS - UNREAD or #KEYS))
if values[1] then return '=' .. values[1] end
local alias, lives = {}, {}
