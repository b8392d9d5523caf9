-- Takes a list of messages as TAKE does, of which some have a rule of doubt. It is the last rule of its message, and brings
-- further keys, see include/doubt.lua. A script of its own: a server compiles it three times as long as TAKE.
--
-- KEYS and ARGV: see take.lua
--
-- Reply: see take.lua

-- @include prelude write
-- @include taking start
  -- @include find-aliases
-- @include taking begun
-- @include doubt-formats cells
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

-- @include taking decide
-- @include fast-path
local byte = string.byte
-- @include doubt-fast
-- @include taking fast
-- @include doubt-keys
-- @include taking loop
if flush_doubt then flush_doubt() end
-- @include flush
-- @include taking finish
