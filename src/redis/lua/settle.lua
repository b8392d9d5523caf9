-- Keeps or gives back what was taken. A settlement that is sent twice counts once, whatever else the command holds. A
-- record of `once` recognises its take by itself and needs no mark.
--
-- KEYS       for each settlement, a key that marks it as done, then the keys of its rules
--
-- ARGV       see include/prelude.lua
-- text 4     milliseconds to keep a mark
-- text 5…    for each settlement: number of rules, number of keys without the mark, `k` (keep) or `r` (return), stamp of
--            the take, stamp to move to or empty, result with `=` in front or empty, and the texts of the rules
--
-- Reply: none.

-- @include prelude write
-- @include find-aliases
-- @include shared-value place rules
-- @include helpers stamps write save
-- @include bucket-codec write
local give_back_doubt, flush_doubt
local function make_doubt()
  -- @include doubt-formats
  -- @include doubt figures write count settled settle
end
local keep, give_back = {}, {}
local function nothing() end
for _, op in ipairs({ 'b', 'k', 'l', 'n', 'p', 'r', 's', 'x' }) do keep[op] = nothing end
-- @include window write settle
-- @include slot write settle
-- @include backoff write settle
-- @include visitor-backoff write settle
-- @include once write settle
-- @include block write settle
-- @include distinct write settle
-- @include known settle
function give_back.p(...)
  if not give_back_doubt then make_doubt() end
  give_back_doubt(...)
end
local argument, mark = 5, 1
while argument <= text_count do
  local count, width = ARGV[argument] + 0, ARGV[argument + 1] + 0
  local settle = ARGV[argument + 2] == 'k' and keep or give_back
  local taken, moved = ARGV[argument + 3] + 0, tonumber(ARGV[argument + 4])
  local result = ARGV[argument + 5]
  local is_done = values[mark]
  for rule = 0, is_done and -1 or count - 1 do
    local args = argument + 6 + rule * per_rule_arguments
    local op = string.lower(sub(ARGV[args], 1, 1))
    settle[op](counter_at(mark + 1, args), args, taken, moved, result)
    if op ~= 'o' then values[mark], lives[mark] = '', ARGV[4] end
  end
  argument = argument + 6 + count * per_rule_arguments
  mark = mark + 1 + width
end
if flush_doubt then flush_doubt() end
-- @include flush shared
