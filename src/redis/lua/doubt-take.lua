-- Takes a list of messages as TAKE does, of which some have a rule of doubt. It is the last rule of its message, and brings
-- further keys, see include/doubt.lua. A script of its own: a server compiles it three times as long as TAKE.
--
-- KEYS and ARGV: see take.lua
--
-- Reply: see take.lua

-- A message ends with two keys that are no strings.
local UNREAD = 2
-- @include take-start
-- @include doubt-formats cells
-- @include doubt-fast
-- @include command-format bounds
if form == 'r' then
  -- @include find-aliases
end
-- @include fast-messages
        -- @include fast-path
-- @include fast-messages-end
per_rule = per_rule + 0
-- Every other message. A function of its own: nearly none needs it.
local function decide_all()
-- @include taking general
-- @include shared-value place
-- @include last-commands write
-- @include taking start
local check_doubt, write_doubt, hold_doubt, notices_of, flush_doubt
local function make_doubt()
  -- @include helpers save
  -- @include doubt figures siege write count new letters ends judge admit
end

local check, write
local function make_kinds()
  check, write = {}, {}
  -- @include helpers stamps write save
  -- @include bucket-codec write
  -- @include window read write take
  -- @include slot read write take
  -- @include backoff read write take
  -- @include visitor-backoff write take
  -- @include once read write take
  -- @include block read write take
  -- @include distinct read write take
  -- @include known read take
end

-- @include taking prepare decide
local function fast_path(op, value, first, second, third, life)
  local written, live, wait
  -- @include fast-path
  return written, live, wait
end

-- @include taking fast
-- @include taking loop
if flush_doubt then flush_doubt() end
-- @include taking record
-- @include flush shared
-- @include taking finish
end
return decide_all()
