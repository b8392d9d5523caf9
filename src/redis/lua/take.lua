-- Takes a list of messages in order. Each message is taken whole or not at all.
--
-- KEYS[1]    record of this command: its reply, so that a command that is sent twice counts once
-- KEYS[2…]   counters, in the order of the rules: one per rule, or two while a secret is changed
--
-- ARGV[1…3]  clock and keys per rule, see include/prelude.lua
-- ARGV[4]    server time in milliseconds after which the command is too late, or empty
-- ARGV[5]    milliseconds to keep the record
-- ARGV[6]    not empty when a key occurs twice
-- ARGV[7…]   for each message, the number of its rules and their arguments, see below; or `=` and the number of further
--            messages that have the same arguments as the message before
--
-- An operation in upper case is in monitor mode. A `?` after it marks a window that is only noted. `+2` or `-2` at its
-- end makes it depend on the rule at place 2 (from 0), which must have found something, or nothing.
--
-- A message with a rule of doubt is for DOUBT_TAKE.
--
-- Reply: seconds and microseconds of the server, then one line per message: `g` (granted) or `r` (refused), followed
-- by the wait that a backoff has started. After each `;` comes a violation of a rule: index, reason, count, wait,
-- result. `h` and the hold of a rule of doubt, `!` and an alert that began, `?` and a fault of the outcomes follow likewise. A
-- late command gets `late` instead of the lines. `=` in front marks the reply to an earlier copy of the
-- command.

-- @include prelude write
-- @include taking start
  -- @include find-aliases
-- @include taking begun
-- Messages with a rule of doubt go to DOUBT_TAKE.
local check_doubt, write_doubt, hold_doubt, notices_of, fast_doubt = nil, nil, nil, nil, nil
local function make_doubt() end
local function further_keys() return 0 end

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
-- @include taking fast
-- @include taking loop
-- @include flush
-- @include taking finish
