-- Returns the outcome of a take without a reply. A take that has not arrived yet is cancelled: it will count nothing.
--
-- KEYS[1]    record of the take
-- ARGV[1]    milliseconds to remember the cancellation
--
-- Reply: the reply to the take; nil when it had not arrived; empty when it was cancelled before.

local before = redis.call('GET', KEYS[1])
if not before then redis.call('SET', KEYS[1], '', 'PX', ARGV[1]) end
return before
