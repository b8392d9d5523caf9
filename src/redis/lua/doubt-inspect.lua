-- Looks at a rule of doubt without writing.
--
-- KEYS       as in include/doubt.lua
-- ARGV       see include/prelude.lua
-- text 4…    texts of the rule
--
-- Reply: the doubt about the number in whole codes, and the wait in milliseconds.

-- @include prelude
-- @include helpers
-- @include doubt-formats
-- @include doubt figures siege letters ends judge look
local count, wait = look_doubt(1, 4)
return format('%.0f %.0f', count, wait)
