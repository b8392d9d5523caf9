-- The start of every script that counts. The text of a script never changes, so a server compiles it once.
--
-- ARGV[1]    seconds of a test clock, or empty
-- ARGV[2]    microseconds of a test clock, or empty
-- ARGV[3]    keys per rule: 1, or 2 while a secret is changed (the second is the counter under the previous secret)
--
-- A rule takes `4 + ARGV[3]` arguments: its operation, three numbers or names, the longest life of its key, and the
-- name under the previous secret. The operation is in upper case in monitor mode.
--
-- A stamp is the server time in units of 20 microseconds. 48 bits hold it until 2148. Two takes with a release between
-- them never share a stamp, so a stamp identifies the take.
--
-- Each key is read once, with one MGET, and written at the end: a batch reads and writes a shared counter once.

local KEYS, ARGV = KEYS, ARGV
local call, pack, read, sub = redis.call, struct.pack, struct.unpack, string.sub
local seconds, micros = ARGV[1], ARGV[2]
if seconds == '' then
  local time = call('TIME')
  seconds, micros = time[1], time[2]
end
local stamp = seconds * 50000 + (micros - micros % 20) / 20
local now = seconds * 1000 + (micros - micros % 1000) / 1000
local per_rule = ARGV[3] + 0
local per_rule_arguments = 4 + per_rule
local values = call('MGET', unpack(KEYS))
local alias, previous = {}, {}

-- @section write
-- Milliseconds that a key outlives its count. A test clock may stand still while the clock of the server goes on.
local lives, spare = {}, ARGV[1] == '' and 1000 or 3600000
