-- The start of every script that counts. The text of a script never changes, so a server compiles it once.
--
-- ARGV[1]    server time in milliseconds after which the command is too late, or empty
-- ARGV[2]    the texts that the scripts describe, each followed by a zero byte: one argument costs less than many
-- ARGV[3]    number of texts
--
-- From here on ARGV holds the texts, and the deadline at 0.
--
-- text 1     seconds of a test clock, or empty
-- text 2     microseconds of a test clock, or empty
-- text 3     keys per rule: 1, or 2 while a secret is changed (the second is the counter under the previous secret)
--
-- A rule takes `6 + text 3` texts: its operation, three numbers or names, the longest life of its key, the name under the
-- previous secret while there is one, the tag of its section (empty when the rule has a key of its own), and the place of its
-- key, from 0 for the first key of its message. The operation is in upper case in monitor mode.
--
-- A stamp is the server time in units of 20 microseconds. 48 bits hold it until 2148. Two takes with a release between
-- them never share a stamp, so a stamp identifies the take.
--
-- Each key is read once, with one MGET, and written at the end: a batch reads and writes a shared counter once.

local KEYS = KEYS
local call, pack, read, sub, byte = redis.call, struct.pack, struct.unpack, string.sub, string.byte
local text_count = ARGV[3] + 0
local ARGV = { [0] = ARGV[1], read(string.rep('s', text_count), ARGV[2]) }
local seconds, micros = ARGV[1], ARGV[2]
if seconds == '' then
  local time = call('TIME')
  seconds, micros = time[1], time[2]
end
local stamp = seconds * 50000 + (micros - micros % 20) / 20
local now = seconds * 1000 + (micros - micros % 1000) / 1000
local per_rule = ARGV[3] + 0
local per_rule_arguments = 6 + per_rule
local values = call('MGET', unpack(KEYS))
local alias, previous = {}, {}

-- @section write
-- Milliseconds that a key outlives its count. A test clock may stand still while the clock of the server goes on.
local lives, spare = {}, ARGV[1] == '' and 1000 or 3600000
