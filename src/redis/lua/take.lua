-- Takes a list of messages in order. Each message is taken whole or not at all.
--
-- KEYS[1]    record of this command: its reply, so that a command that is sent twice counts once. It is only written when
--            the value of a number does not keep it
-- KEYS[2…]   for each message the keys of its rules: one per counter or shared value, or two while a secret is changed
--
-- ARGV       see include/prelude.lua
-- text 4     milliseconds to keep the record
-- text 5     `1` for one message, `r` when a key occurs twice, `t` to read only the time
-- text 6, 7  place and name of the record in the value of a number, see include/last-commands.lua; or empty
-- text 8…    for each message, the number of its rules, that of its keys, and the texts of its rules; or `=` and the number
--            of further messages that have the same texts as the message before
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

local UNREAD = 0
-- @include take-start
if form == 't' then return time_text end
-- Messages with a rule of doubt go to DOUBT_TAKE.
local fast_doubt = nil
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
local check_doubt, write_doubt, hold_doubt, notices_of = nil, nil, nil, nil
local function make_doubt() end

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
-- @include taking record
-- @include flush shared
-- @include taking finish
end
return decide_all()
