-- Reads counters without writing.
--
-- KEYS       counters, in the order of the rules
-- ARGV[1…3]  clock and keys per rule, see include/prelude.lua
-- ARGV[4…]   arguments of the rules
--
-- Reply: one line per rule: its count, and the wait in milliseconds or nothing.

-- @include prelude
-- @include helpers stamps
-- @include bucket-codec
local look = {}
-- @include window read inspect
-- @include slot read inspect
-- @include backoff read inspect
-- @include visitor-backoff inspect
-- @include once read inspect
-- @include block read inspect
-- @include distinct read inspect
-- @include known read inspect
local lines = {}
for rule = 0, #KEYS / per_rule - 1 do
  local args = 4 + rule * per_rule_arguments
  local count, wait = look[string.lower(sub(ARGV[args], 1, 1))](1 + rule * per_rule, args)
  lines[#lines + 1] = format('%.0f', count) .. ' ' .. (wait and format('%.0f', wait) or '')
end
return table.concat(lines, '\n')
