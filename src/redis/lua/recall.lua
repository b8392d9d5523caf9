-- Returns the outcome of a take without a reply. A take that has not arrived yet is cancelled: it will count nothing.
--
-- KEYS[1]    record of the take
-- KEYS[2…]   the value of a number that may keep it, and the one under the previous secret while a secret is changed
--
-- ARGV       see include/prelude.lua
-- text 4     milliseconds to remember the cancellation
-- text 5     name of the take in the value of the number
--
-- Reply: the reply to the take; nil when it had not arrived; empty when it was cancelled before.

-- @include prelude
local command = ARGV[5]
-- @include shared-value
-- @include command-format
-- @include last-commands
if values[1] then return values[1] end
local reply = KEYS[2] and earlier_reply(2, ARGV[4])
if not reply then call('SET', KEYS[1], '', 'PX', ARGV[4]) end
return reply
