-- Reads counters without writing.
--
-- KEYS       of the rules
--
-- ARGV       see include/prelude.lua
-- text 4…    texts of the rules
--
-- Reply: one line per rule: its count, and the wait in milliseconds or nothing.

-- @include prelude
-- @include helpers stamps
-- @include find-aliases
-- @include shared-value place rules
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
local lines, args = {}, 4
while args <= text_count do
  local count, wait = look[string.lower(sub(ARGV[args], 1, 1))](counter_at(1, args), args)
  lines[#lines + 1] = format('%.0f', count) .. ' ' .. (wait and format('%.0f', wait) or '')
  args = args + per_rule_arguments
end
return table.concat(lines, '\n')
