-- Keeps or gives back what was taken. A settlement that is sent twice counts once, whatever else the command holds. A
-- record of `once` recognises its take by itself and needs no mark.
--
-- KEYS       for each settlement, a key that marks it as done, then the counters of its rules
--
-- ARGV[1…3]  clock and keys per rule, see include/prelude.lua
-- ARGV[4]    milliseconds to keep a mark
-- ARGV[5…]   for each settlement: number of rules, `k` (keep) or `r` (return), stamp of the take, stamp to move to or
--            empty, result with `=` in front or empty, and the arguments of the rules
--
-- Reply: none.

-- @include prelude write
-- @include find-aliases
-- @include helpers stamps write save
-- @include bucket-codec write
local give_back_doubt, flush_doubt
local function make_doubt()
  -- @include doubt-formats
  -- @include doubt figures write count settled settle
end
-- @include doubt-keys
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
while ARGV[argument] do
  local count, settle = ARGV[argument] + 0, ARGV[argument + 1] == 'k' and keep or give_back
  local taken, moved = ARGV[argument + 2] + 0, tonumber(ARGV[argument + 3])
  local result = ARGV[argument + 4]
  local is_done = values[mark]
  for rule = 0, is_done and -1 or count - 1 do
    local args = argument + 5 + rule * per_rule_arguments
    local op = string.lower(sub(ARGV[args], 1, 1))
    settle[op](mark + 1 + rule * per_rule, args, taken, moved, result)
    if op ~= 'o' then values[mark], lives[mark] = '', ARGV[4] end
  end
  argument = argument + 5 + count * per_rule_arguments
  mark = mark + 1 + count * per_rule + (count > 0 and further_keys(argument - per_rule_arguments) or 0)
end
if flush_doubt then flush_doubt() end
-- @include flush
